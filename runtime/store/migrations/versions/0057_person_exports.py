"""Whose data an export of all that is held on one person holds."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("data_exports", sa.Column("person", sa.String(length=32), nullable=True))
