"""Sales orders that were taken over from another system keep the number that their customer knows them by."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sales_orders", sa.Column("reference", sa.String(length=64), nullable=True))
    op.create_index(
        "uq_sales_orders_reference",
        "sales_orders",
        ["customer_id", "reference"],
        unique=True,
        sqlite_where=sa.text("reference IS NOT NULL"),
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
