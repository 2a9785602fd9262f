"""Why a task was given to somebody else is told like a comment."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("comments", sa.Column("kind", sa.String(length=12), server_default="said", nullable=False))
