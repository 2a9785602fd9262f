"""What lets a contract go beyond its plan: so that nobody takes what was approved for a defect."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("purchase_contracts", sa.Column("beyond", sa.String(8)))
    op.add_column("purchase_contracts", sa.Column("deviation_approved_by", sa.String(32)))
    # Of those that are there nobody has noted it.
    op.execute("UPDATE purchase_contracts SET beyond = 'unknown'")
