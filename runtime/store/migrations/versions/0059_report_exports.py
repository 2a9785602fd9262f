"""Which report an approved export lets its requester take away, and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("data_exports", sa.Column("report", sa.String(length=32), nullable=True))
    op.add_column("data_exports", sa.Column("valid_until", sa.Date(), nullable=True))
