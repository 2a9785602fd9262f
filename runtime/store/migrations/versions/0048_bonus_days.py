"""The days that a bonus is paid for."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bonuses", sa.Column("due_days", db.Exact(), nullable=True))
    op.add_column("bonuses", sa.Column("attended_days", db.Exact(), nullable=True))
    op.add_column("bonuses", sa.Column("outside_days", db.Exact(), nullable=True))
    op.add_column("bonuses", sa.Column("statutory_leave_days", db.Exact(), nullable=True))
    op.add_column("bonuses", sa.Column("other_leave_days", db.Exact(), nullable=True))
    op.add_column("bonuses", sa.Column("absence_days", db.Exact(), nullable=True))
