"""What was asked for under an idempotency key stands beside the cases, for a time; which mails were handed in."""

import datetime as dt

import sqlalchemy as sa
from alembic import op

from runtime import clock
from runtime.store import db

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KEPT = dt.timedelta(days=7)


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("asked", sa.String(length=64), nullable=False),
        sa.Column("case_id", db.Id, nullable=True),
        sa.Column("until", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_requests_case_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_requests")),
    )
    op.create_index("ix_requests_until", "requests", ["until"])
    op.add_column("external_tasks", sa.Column("delivered", sa.JSON(), nullable=True))
    _carry_over()


def _carry_over() -> None:
    """The keys of starts, until now part of the case's cause: asked:PERSON:KEY:WHAT."""
    cases = sa.table(
        "cases", sa.column("id"), sa.column("cause"), sa.column("started_at", db.Instant())
    )
    requests = sa.table(
        "requests", sa.column("key"), sa.column("asked"), sa.column("case_id"), sa.column("until", db.Instant())
    )
    bind = op.get_bind()
    recent = cases.c.started_at > clock.now() - KEPT
    found = bind.execute(sa.select(cases).where(cases.c.cause.startswith("asked:"), recent)).all()
    rows = []
    for row in found:
        key, _, asked = row.cause.removeprefix("asked:").rpartition(":")
        rows.append({"key": key, "asked": asked, "case_id": row.id, "until": row.started_at + KEPT})
    if rows:
        bind.execute(sa.insert(requests), rows)
