"""What all documents of the books share: ids, numbers, a lifecycle as a table, money in whole fen.

Not here: any one document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid, NotFound
from runtime.ledger.inputs import MOST_MONEY
from runtime.ledger.operations import refuse
from runtime.store import db
from runtime.store.db import AmountTooLarge, Id, Instant, Transaction, metadata
from runtime.store.prepared import Prepared

document_numbers = sa.Table(
    "document_numbers",
    metadata,
    sa.Column("prefix", sa.String(4), primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)


class NoSuchDocument(NotFound):
    """The books have no {kind} {document}."""

    code = "document.unknown"


class NotPossibleNow(Conflict):
    """{document} has moved on (it is {state}): this can no longer be done with it."""

    code = "document.moved_on"


class NoLines(Invalid):
    """A document needs at least one line with a quantity."""

    code = "document.no_lines"


class ComponentTwice(Invalid):
    """The component {component} stands on two lines; put it on one."""

    code = "document.component_twice"


class QuantityNotPositive(Invalid):
    """The quantity of {component} must be at least one piece."""

    code = "document.quantity_not_positive"


class NothingChanges(Invalid):
    """Nothing would change."""

    code = "document.nothing_changes"


class SamePerson(Conflict):
    """Whoever drafts something cannot also approve it."""

    code = "document.same_person"


def columns() -> list[sa.Column[Any]]:
    """Of every document: `id` inside, `public_id` outside, the case that made it and when."""
    return [
        sa.Column("id", Id, primary_key=True),
        sa.Column("public_id", sa.String(32), nullable=False, unique=True),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant, nullable=False),
    ]


def next_number(tx: Transaction, prefix: str, year: int) -> str:
    """The next number of a series of a year, without gaps: PP-2026-0001."""
    found = _counting(tx.connection.dialect.name).one(tx, b_prefix=prefix, b_year=year)
    assert found is not None
    return f"{prefix}-{year}-{found[0]:04d}"


@lru_cache(maxsize=2)
def _counting(dialect: str) -> Prepared:
    return Prepared(
        db.upsert_of(dialect, document_numbers)
        .values(prefix=sa.bindparam("b_prefix"), year=sa.bindparam("b_year"), last=sa.literal_column("1"))
        .on_conflict_do_update(index_elements=["prefix", "year"], set_={"last": document_numbers.c.last + 1})
        .returning(document_numbers.c.last)
    )


def add_missing(tx: Transaction, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows whose key is not there yet; two transactions that add the same one do not collide."""
    if rows:
        _adding_missing(tx.connection.dialect.name, table, tuple(rows[0])).each(tx, rows)


@lru_cache(maxsize=100)
def _adding_missing(dialect: str, table: sa.Table, columns: tuple[str, ...]) -> Prepared:
    return Prepared(db.upsert_of(dialect, table).on_conflict_do_nothing(), columns)


def add(tx: Transaction, table: sa.Table, **values: Any) -> int:
    """A new row; its inner id."""
    found = _adding(table, tuple(values)).one(tx, **values)
    assert found is not None
    return int(found[0])


@lru_cache(maxsize=500)
def _adding(table: sa.Table, columns: tuple[str, ...]) -> Prepared:
    return Prepared(sa.insert(table).returning(table.c.id), columns)


def get(tx: Transaction, table: sa.Table, document: str) -> Any:
    """The document's row, held until the transaction ends. Raises NoSuchDocument."""
    row = _held(table).first(tx, b_document=document)
    if row is None:
        raise NoSuchDocument(kind=table.name, document=document)
    return row


@lru_cache(maxsize=200)
def _held(table: sa.Table) -> Prepared:
    return Prepared(sa.select(table).where(table.c.public_id == sa.bindparam("b_document")).with_for_update())


def change(
    tx: Transaction, table: sa.Table, row: Any, state: str, lifecycle: Mapping[str, set[str]], **values: Any
) -> None:
    """Take a document to another state, and write what comes with it. Raises NotPossibleNow."""
    if state not in lifecycle.get(row.state, set()):
        raise NotPossibleNow(document=getattr(row, "number", row.public_id), state=row.state)
    _changing(table, ("state", *values)).run(tx, b_id=row.id, state=state, **values)


@lru_cache(maxsize=500)
def _changing(table: sa.Table, columns: tuple[str, ...]) -> Prepared:
    return Prepared(sa.update(table).where(table.c.id == sa.bindparam("b_id")), columns)


def require_state(row: Any, *states: str) -> None:
    """Raises NotPossibleNow if the document is in none of the states."""
    if row.state not in states:
        raise NotPossibleNow(document=getattr(row, "number", row.public_id), state=row.state)


def update_rows(tx: Transaction, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add to columns of many rows in one statement: each row has `row_id` and column → amount to add.

    All rows name the same columns."""
    changes = list(rows)
    if not changes:
        return
    names = [name for name in changes[0] if name != "row_id"]
    given = [{"row_id": row["row_id"], **{f"by_{name}": row[name] for name in names}} for row in changes]
    _raising(table, tuple(names)).each(tx, given)


@lru_cache(maxsize=200)
def _raising(table: sa.Table, names: tuple[str, ...]) -> Prepared:
    more = {name: table.c[name] + sa.bindparam(f"by_{name}") for name in names}
    return Prepared(sa.update(table).where(table.c.id == sa.bindparam("row_id")).values(more))



def check_lines(lines: Iterable[Mapping[str, Any]]) -> None:
    """At least one line, each component once, each quantity positive. BPMN error: bad_lines."""
    seen: set[str] = set()
    for line in lines:
        if line["component"] in seen:
            raise refuse("bad_lines", ComponentTwice(component=line["component"]))
        if line["quantity"] < 1:
            raise refuse("bad_lines", QuantityNotPositive(component=line["component"]))
        seen.add(line["component"])
    if not seen:
        raise refuse("bad_lines", NoLines())


def amount_of(priced: Iterable[tuple[int, Decimal]]) -> Decimal:
    """The value in CNY of (pieces, price) lines, each line rounded to the fen. Raises AmountTooLarge."""
    total = Decimal(0)
    for pieces, price in priced:
        total += (pieces * price).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if total > MOST_MONEY:
        raise AmountTooLarge(amount=total)
    return total


def typed_amount(priced: Iterable[tuple[int, Decimal]]) -> Decimal:
    """`amount_of` lines that somebody typed and can put right. BPMN error: bad_lines."""
    try:
        return amount_of(priced)
    except AmountTooLarge as large:
        raise refuse("bad_lines", large) from large
