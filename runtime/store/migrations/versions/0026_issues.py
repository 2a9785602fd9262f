"""Issues of customers: remedies, returns, credits, replacements; credits in the sales facts."""

import sqlalchemy as sa
from alembic import op

from runtime.ledger import append_only
from runtime.store import db

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


FACTS = "sales_facts"


def _facts_of_credits() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.add_column(FACTS, sa.Column("credit_id", db.Id, nullable=True))
        op.create_foreign_key("fk_sales_facts_credit_id", FACTS, "sales_credits", ["credit_id"], ["id"])
        op.drop_constraint("uq_sales_facts_settlement_id_component_id", FACTS, type_="unique")
    else:
        # SQLite drops no constraint in place. Nothing refers to the table, so it is made anew.
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {FACTS}_no_{verb}")
        op.execute("DROP INDEX ix_sales_facts_settled_on")
        op.execute(f"ALTER TABLE {FACTS} RENAME TO former_facts")
        op.create_table(
            FACTS,
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("settlement_id", sa.Integer(), nullable=False),
            sa.Column("customer_id", sa.Integer(), nullable=False),
            sa.Column("component_id", sa.Integer(), nullable=False),
            sa.Column("quantity", sa.BigInteger(), nullable=False),
            sa.Column("amount", db.Exact(), nullable=False),
            sa.Column("settled_on", sa.Date(), nullable=False),
            sa.Column("credit_id", sa.Integer()),
            sa.ForeignKeyConstraint(
                ["settlement_id"], ["settlements.id"], name="fk_sales_facts_settlement_id"
            ),
            sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_sales_facts_customer_id"),
            sa.ForeignKeyConstraint(["component_id"], ["components.id"], name="fk_sales_facts_component_id"),
            sa.ForeignKeyConstraint(["credit_id"], ["sales_credits.id"], name="fk_sales_facts_credit_id"),
            sa.PrimaryKeyConstraint("id", name="pk_sales_facts"),
        )
        op.execute(f"INSERT INTO {FACTS} SELECT *, NULL FROM former_facts")
        op.execute("DROP TABLE former_facts")
        op.create_index("ix_sales_facts_settled_on", FACTS, ["settled_on"])
        for statement in append_only.statements(FACTS, "sqlite"):
            op.execute(statement)
    for name, first, which in (
        ("uq_sales_facts_sold", "settlement_id", "credit_id IS NULL"),
        ("uq_sales_facts_credited", "credit_id", "credit_id IS NOT NULL"),
    ):
        op.create_index(
            name,
            FACTS,
            [first, "component_id"],
            unique=True,
            sqlite_where=sa.text(which),
            postgresql_where=sa.text(which),
        )


def upgrade() -> None:
    with op.batch_alter_table("sales_issues") as issues:
        issues.add_column(sa.Column("number", sa.String(length=20), nullable=True))
        issues.add_column(sa.Column("state", sa.String(length=16), server_default="solved", nullable=False))
        issues.add_column(sa.Column("evidence", db.Tagged(), nullable=True))
        issues.add_column(sa.Column("closed_at", db.Instant(timezone=True), nullable=True))
        issues.create_unique_constraint("uq_sales_issues_number", ["number"])
    op.create_table(
        "sales_remedies",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("issue_id", db.Id, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=True),
        sa.Column("amount", db.Exact(), nullable=False),
        sa.Column("proposed_by", sa.String(length=32), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["issue_id"], ["sales_issues.id"], name=op.f("fk_sales_remedies_issue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_remedies")),
        sa.UniqueConstraint("issue_id", "round", name=op.f("uq_sales_remedies_issue_id_round")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sales_remedies_public_id")),
    )
    op.create_table(
        "sales_credits",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("order_id", db.Id, nullable=False),
        sa.Column("remedy_id", db.Id, nullable=False),
        sa.Column("settlement_id", db.Id, nullable=True),
        sa.Column("amount", db.Exact(), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_sales_credits_amount")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_orders.id"], name=op.f("fk_sales_credits_order_id")),
        sa.ForeignKeyConstraint(
            ["remedy_id"], ["sales_remedies.id"], name=op.f("fk_sales_credits_remedy_id")
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlements.id"], name=op.f("fk_sales_credits_settlement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_credits")),
        sa.UniqueConstraint("number", name=op.f("uq_sales_credits_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sales_credits_public_id")),
        sa.UniqueConstraint("remedy_id", name=op.f("uq_sales_credits_remedy_id")),
    )
    op.create_index(op.f("ix_sales_credits_order_id"), "sales_credits", ["order_id"], unique=False)
    op.create_table(
        "sales_remedy_lines",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("remedy_id", db.Id, nullable=False),
        sa.Column("component_id", db.Id, nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_sales_remedy_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_sales_remedy_lines_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["remedy_id"], ["sales_remedies.id"], name=op.f("fk_sales_remedy_lines_remedy_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_remedy_lines")),
        sa.UniqueConstraint(
            "remedy_id", "component_id", name=op.f("uq_sales_remedy_lines_remedy_id_component_id")
        ),
    )
    op.create_table(
        "sales_replacements",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("remedy_id", db.Id, nullable=False),
        sa.Column("warehouse_id", db.Id, nullable=False),
        sa.Column("carrier", sa.String(length=200), nullable=False),
        sa.Column("tracking", sa.String(length=200), nullable=False),
        sa.Column("shipped_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["remedy_id"], ["sales_remedies.id"], name=op.f("fk_sales_replacements_remedy_id")
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"], ["warehouses.id"], name=op.f("fk_sales_replacements_warehouse_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_replacements")),
        sa.UniqueConstraint("number", name=op.f("uq_sales_replacements_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sales_replacements_public_id")),
        sa.UniqueConstraint("remedy_id", name=op.f("uq_sales_replacements_remedy_id")),
    )
    op.create_table(
        "sales_returns",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("shipment_id", db.Id, nullable=False),
        sa.Column("remedy_id", db.Id, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("photos", db.Tagged(), nullable=True),
        sa.Column("inspected_by", sa.String(length=32), nullable=False),
        sa.Column("disposition", sa.String(length=16), nullable=True),
        sa.Column("disposed_by", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["remedy_id"], ["sales_remedies.id"], name=op.f("fk_sales_returns_remedy_id")
        ),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipments.id"], name=op.f("fk_sales_returns_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_returns")),
        sa.UniqueConstraint("number", name=op.f("uq_sales_returns_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sales_returns_public_id")),
        sa.UniqueConstraint("remedy_id", name=op.f("uq_sales_returns_remedy_id")),
    )
    op.create_index(op.f("ix_sales_returns_shipment_id"), "sales_returns", ["shipment_id"], unique=False)
    op.create_table(
        "sales_credit_lines",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("credit_id", db.Id, nullable=False),
        sa.Column("component_id", db.Id, nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount", db.Exact(), nullable=False),
        sa.CheckConstraint("quantity >= 0 AND amount >= 0", name=op.f("ck_sales_credit_lines_not_negative")),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_sales_credit_lines_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["credit_id"], ["sales_credits.id"], name=op.f("fk_sales_credit_lines_credit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_credit_lines")),
        sa.UniqueConstraint(
            "credit_id", "component_id", name=op.f("uq_sales_credit_lines_credit_id_component_id")
        ),
    )
    op.create_table(
        "sales_return_lines",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("return_id", db.Id, nullable=False),
        sa.Column("component_id", db.Id, nullable=False),
        sa.Column("good", sa.BigInteger(), nullable=False),
        sa.Column("bad", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "good >= 0 AND bad >= 0 AND good + bad > 0", name=op.f("ck_sales_return_lines_pieces")
        ),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_sales_return_lines_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["return_id"], ["sales_returns.id"], name=op.f("fk_sales_return_lines_return_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_return_lines")),
        sa.UniqueConstraint(
            "return_id", "component_id", name=op.f("uq_sales_return_lines_return_id_component_id")
        ),
    )
    _facts_of_credits()
