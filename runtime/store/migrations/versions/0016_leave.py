"""Leave and what people are entitled to; cases that only human resources and their subject see."""

import sqlalchemy as sa
from alembic import op

from runtime.ledger.append_only import statements
from runtime.store.db import Exact, Id, Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

GRANTS = [
    ("*", "read", "hr_case", "own", "*"),
    ("*", "read", "hr_case", "assigned", "title,status,diagram,tasks"),
    ("hr", "read", "hr_case", "any", "*"),
]


def upgrade() -> None:
    off = sa.text("false" if op.get_bind().dialect.name == "postgresql" else "0")
    op.add_column("cases", sa.Column("hr_only", sa.Boolean(), nullable=False, server_default=off))
    # An installation that has grants has those that came with it; a new one gets them all when it is made.
    grants = sa.table(
        "grants", *(sa.column(name) for name in ("group", "verb", "kind", "relation", "fields"))
    )
    bind = op.get_bind()
    if bind.execute(sa.select(grants.c.group).limit(1)).first() is not None:
        names = ("group", "verb", "kind", "relation", "fields")
        bind.execute(sa.insert(grants), [dict(zip(names, row, strict=True)) for row in GRANTS])
    op.create_table(
        "leave_entitlements",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_leave_entitlements"),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("days", Exact(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.String(32), nullable=False),
        sa.Column("approved_by", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
    )
    op.create_index("ix_leave_entitlements_person", "leave_entitlements", ["person", "kind", "year"])
    for statement in statements("leave_entitlements", bind.dialect.name):
        op.execute(statement)
    op.create_table(
        "leaves",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_leaves"),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("starts_at_noon", sa.Boolean(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("ends_at_noon", sa.Boolean(), nullable=False),
        sa.Column("workdays", Exact(), nullable=False),
        sa.Column("days", Exact()),
        sa.Column("statutory", sa.Boolean(), nullable=False, server_default=off),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("deputy", sa.String(32)),
        sa.Column("approved_by", sa.String(32)),
        sa.Column("decided_at", Instant()),
        sa.Column("note_accepted", sa.Boolean()),
        sa.UniqueConstraint("public_id", name="uq_leaves_public_id"),
        sa.UniqueConstraint("number", name="uq_leaves_number"),
    )
    op.create_index("ix_leaves_person_last_day", "leaves", ["person", "last_day"])
