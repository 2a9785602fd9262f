"""Periods of the books: the months that finance has closed, and the one way in which a posting is dated.

Every posting keeps two days: the one on which it happened, and `posting_date`, which lies in the first
period that was still open when it was written. The database itself refuses what is dated into a closed
period, and that a closed period is opened again: a correction is a posting in the open one. Not here:
what blocks a period, and closing it (closing.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import DDL, event

from runtime.ledger import append_only, documents
from runtime.store.db import Instant, Tagged, Transaction, lock_number, metadata
from runtime.store.prepared import Prepared

period_closings = sa.Table(
    "period_closings",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("period", sa.String(7), nullable=False),  # 2026-11
    sa.Column("opens", sa.Date, nullable=False),  # the first day of the next period
    sa.Column("state", sa.String(12), nullable=False),  # preparing | closed | dropped
    sa.Column("prepared_by", sa.String(32)),  # None: its timer began it
    sa.Column("closed_by", sa.String(32)),
    sa.Column("closed_at", Instant),
    sa.Column("allowed_by", sa.String(32)),  # who let it be closed with open items, and why
    sa.Column("reason", sa.Text),
    sa.Column("items", Tagged),  # list of what was open when it was closed
    sa.Column("last_postings", Tagged),  # table → id of its last posting before it was closed
    sa.Index(
        "uq_period_closings_closed",
        "period",
        unique=True,
        sqlite_where=sa.text("state = 'closed'"),
        postgresql_where=sa.text("state = 'closed'"),
    ),
    # One at a time.
    sa.Index(
        "uq_period_closings_preparing",
        "state",
        unique=True,
        sqlite_where=sa.text("state = 'preparing'"),
        postgresql_where=sa.text("state = 'preparing'"),
    ),
    # What postings are held against: copied after them (store/copying.py).
    info={"copied_last": True},
)

# The tables of postings, each with the column of its own day.
POSTINGS: dict[sa.Table, str] = {}
CLOSED = period_closings.c.state == "closed"
CLOSING = "periods"  # whoever closes a period is alone with the books


def opening() -> sa.ScalarSelect[Any]:
    """The first day that is not closed; NULL while no period ever was."""
    state = period_closings.c.state == sa.literal("closed")
    return sa.select(sa.func.max(period_closings.c.opens)).where(state).scalar_subquery()


def post(tx: Transaction, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append postings to a table of the books, each dated into the first open period that is not before its
    own day. The one way in which postings are written."""
    day = POSTINGS[table]
    if rows:
        _posting(table, tuple(rows[0])).each(tx, [{**row, "own_day": row[day]} for row in rows])


@lru_cache(maxsize=100)
def _posting(table: sa.Table, columns: tuple[str, ...]) -> Prepared:
    # In the statement itself: what is open is asked when it is written, at no further statement.
    own, opens = sa.bindparam("own_day", type_=sa.Date()), opening()
    dated = sa.case((opens > own, opens), else_=own)
    return Prepared(sa.insert(table).values(posting_date=dated), columns)


def last_postings(tx: Transaction) -> dict[str, int]:
    """Table → id of its newest posting; 0 if there is none."""
    newest = [sa.select(sa.func.max(table.c.id)).scalar_subquery().label(table.name) for table in POSTINGS]
    found = tx.first(sa.select(*newest))
    return {str(name): int(last or 0) for name, last in (found._mapping if found is not None else {}).items()}


def open_from(tx: Transaction) -> dt.date | None:
    """The first day that is not closed; None while no period ever was."""
    found: dt.date | None = tx.scalar(sa.select(opening()))
    return found


def first_day(period: str) -> dt.date:
    """Of 2026-11."""
    return dt.date(int(period[:4]), int(period[5:7]), 1)


def following(period: str) -> str:
    """2026-12 → 2027-01."""
    return of(first_day(period) + dt.timedelta(days=31))


def before(period: str) -> str:
    """2027-01 → 2026-12."""
    return of(first_day(period) - dt.timedelta(days=1))


def of(day: dt.date) -> str:
    """The period in which a day lies."""
    return f"{day:%Y-%m}"


def guards(table: str, dialect: str) -> list[str]:
    """What keeps postings of a table out of closed periods; migrations that rebuild it run them again."""
    opens = "(SELECT max(opens) FROM period_closings WHERE state = 'closed')"
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_open_period BEFORE INSERT ON {table} "
            f"WHEN NEW.posting_date < {opens} BEGIN SELECT RAISE(ABORT, '{table}: the period is closed'); END"
        ]
    # Whoever closes waits for those who post, and they for it: then what the statement saw may be over, and
    # it is said again, which dates it anew.
    return [
        "CREATE OR REPLACE FUNCTION refuse_closed_period() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN PERFORM pg_advisory_xact_lock_shared({lock_number(CLOSING)}); "
        f"IF EXISTS (SELECT 1 FROM added WHERE posting_date < {opens}) THEN "
        "RAISE EXCEPTION '%: the period is closed', TG_TABLE_NAME USING ERRCODE = 'serialization_failure'; "
        "END IF; RETURN NULL; END $$",
        f"CREATE TRIGGER {table}_open_period AFTER INSERT ON {table} REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_period()",
    ]


def seals(dialect: str) -> list[str]:
    """What keeps a closed period closed."""
    table = "period_closings"
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} WHEN OLD.state = 'closed' "
            f"BEGIN SELECT RAISE(ABORT, '{table}: the period is closed'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        append_only.REFUSE_CHANGE,
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW WHEN (OLD.state = 'closed') EXECUTE FUNCTION refuse_change()",
    ]


def guard(table: sa.Table, day: str = "business_date") -> None:
    """The table holds postings, each of a `day`: refuse rows of it in closed periods from the moment it is created."""
    POSTINGS[table] = day
    for dialect in ("sqlite", "postgresql"):
        for statement in guards(table.name, dialect):
            event.listen(table, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect=dialect))


for _dialect in ("sqlite", "postgresql"):
    for _statement in seals(_dialect):
        _sealed = DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect)
        event.listen(period_closings, "after_create", _sealed)
