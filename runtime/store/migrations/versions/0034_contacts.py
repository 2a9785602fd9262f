"""Contacts with suppliers and customers, and what was promised in them."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("supplier_id", db.Id, nullable=True),
        sa.Column("customer_id", db.Id, nullable=True),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.CheckConstraint("(supplier_id IS NULL) <> (customer_id IS NULL)", name=op.f("ck_contacts_party")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_contacts_customer_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["suppliers.id"], name=op.f("fk_contacts_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("number", name=op.f("uq_contacts_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_contacts_public_id")),
    )
    op.create_index(op.f("ix_contacts_customer_id"), "contacts", ["customer_id"], unique=False)
    op.create_index(op.f("ix_contacts_supplier_id"), "contacts", ["supplier_id"], unique=False)
    op.create_table(
        "contact_promises",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", db.Id, nullable=False),
        sa.Column("promised_by", sa.String(length=8), nullable=False),
        sa.Column("promise", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("closed_at", db.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_contact_promises_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_promises")),
        sa.UniqueConstraint("public_id", name=op.f("uq_contact_promises_public_id")),
    )
    op.create_index(op.f("ix_contact_promises_contact_id"), "contact_promises", ["contact_id"], unique=False)
