"""By which case a leave was taken back or ended early, and when: the page of the leave says so."""

import re

import sqlalchemy as sa
from alembic import op

from runtime.store.db import Instant

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

_NUMBER = re.compile(r"LV-\d{4}-\d{4,}")


def upgrade() -> None:
    op.add_column("leaves", sa.Column("ended_by", sa.String(32)))
    op.add_column("leaves", sa.Column("ended_at", Instant))
    op.create_index(
        "ix_leaves_ended",
        "leaves",
        ["case"],
        sqlite_where=sa.text("ended_by IS NOT NULL"),
        postgresql_where=sa.text("ended_by IS NOT NULL"),
    )
    _known()


def _known() -> None:
    """Cases of earlier days say in their title which leave they were about."""
    leaves = sa.table("leaves", *(sa.column(name) for name in ("number", "ended_by")), sa.column("ended_at", Instant))
    cases = sa.table(
        "cases", *(sa.column(name) for name in ("id", "public_id", "process", "end_event")),
        sa.column("title", sa.Text), sa.column("ended_at", Instant),
    )  # fmt: skip
    bind = op.get_bind()
    over = cases.c.end_event.in_(("leave_taken_back", "leave_ended_early"))
    done = sa.select(cases).where(cases.c.process == "leave_withdrawal", over).order_by(cases.c.id)
    for case in bind.execute(done).all():
        found = _NUMBER.search(str(case.title))
        if found is not None:
            which = sa.update(leaves).where(leaves.c.number == found[0])
            bind.execute(which.values(ended_by=case.public_id, ended_at=case.ended_at))
