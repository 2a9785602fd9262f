"""Cases of which somebody did a step in the place of who was away: they do no step of another lane."""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("stood_in", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE cases SET stood_in = true WHERE id IN"
        " (SELECT case_id FROM user_tasks WHERE principal_id IS NOT NULL AND completed_by IS NOT NULL)"
    )
