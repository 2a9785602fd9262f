"""Numbers that others gave (of contracts, invoices, parcels and orders) are found by how they begin."""

from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

COLUMNS = [
    ("purchase_contracts", "contract_no"),
    ("settlements", "invoice"),
    ("shipments", "tracking"),
    ("sales_orders", "reference"),
]


def upgrade() -> None:
    for table, column in COLUMNS:
        op.create_index(f"ix_{table}_{column}", table, [column], postgresql_ops={column: "varchar_pattern_ops"})
