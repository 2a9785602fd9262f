"""What open orders from Excel have in common, bought or sold: rows that make an order, what is left of it, whom it is
with.

Not here: what an order becomes (purchase_import.py, sales_import.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from runtime.ledger import catalogue, documents
from runtime.ledger.import_kinds import Compared, Finding, Line, Row, Rows, Total
from runtime.store.db import Transaction

MOST_ROWS = 100  # each order is a document, a commitment or a credit check, and a case
Key = tuple[str, str]  # party, number


@dataclass(frozen=True)
class Orders:
    """The sheet of a kind and its columns: with whom, which number, how much was done, what all rows of an order say
    alike; `parties`: their table."""

    sheet: str
    party: str
    number: str
    done: str
    alike: tuple[str, ...]
    parties: sa.Table

    def rows(self, rows: Rows) -> Sequence[Row]:
        return rows.get(self.sheet, ())

    def by_order(self, rows: Rows) -> dict[Key, list[Row]]:
        found: dict[Key, list[Row]] = {}
        for row in self.rows(rows):
            if row[self.party] is not None and row[self.number] is not None:
                found.setdefault((row[self.party], row[self.number]), []).append(row)
        return found

    def left(self, row: Row) -> int:
        """Pieces that are still to move; 0 while that cannot be read."""
        return max((row["ordered"] or 0) - (row[self.done] or 0), 0)

    def amount(self, row: Row) -> Decimal:
        """CNY of what is left, to the fen."""
        return documents.amount_of([(self.left(row), row["price"] or Decimal(0))])

    def judge(self, tx: Transaction, rows: Rows, known: set[Key], unknown: str) -> Iterator[Finding]:
        """What is wrong with orders of either kind. `known`: those that the books have; `unknown`: the problem of a
        party that they do not have."""
        parties = {row.code: row for row in tx.all(sa.select(self.parties))}
        components = {row.sku: row for row in tx.all(sa.select(catalogue.components))}
        for row in self.rows(rows):
            party, sku = row[self.party], row["component"]
            if party is not None and party not in parties:
                yield self._found(unknown, row, self.party)
            elif party is not None and not parties[party].active:
                yield self._found("blocked", row, self.party)
            if sku is not None and sku not in components:
                yield self._found("unknown_component", row, "component")
            elif sku is not None and components[sku].state != "listed":
                yield self._found("delisted", row, "component")
            if row["ordered"] is not None and (row[self.done] or 0) >= row["ordered"]:
                yield self._found("nothing_open", row, self.done)
            elif (row["paid"] or 0) > self.amount(row) and row["price"] is not None:
                yield self._found("paid_too_much", row, "paid")
        for key, mine in self.by_order(rows).items():
            if key in known:
                yield self._found("in_books", mine[0], self.number)
            for row in mine[1:]:
                for column in self.alike:
                    if row[column] != mine[0][column]:
                        yield self._found("differs_in_order", row, column)

    def _found(self, problem: str, row: Row, column: str) -> Finding:
        return Finding(problem, self.sheet, row, column, row.cells.get(column, ""))

    def totals(self, tx: Transaction, rows: Rows) -> list[Total]:
        """Rows, pieces that are left and their value, of each party."""
        names, found = self._names(tx), dict[str, list[Row]]()
        for row in self.rows(rows):
            found.setdefault(row[self.party] or row.cells.get(self.party, ""), []).append(row)
        return [
            Total(
                names.get(code, code),
                len(mine),
                sum(map(self.left, mine)),
                sum((self.amount(row) for row in mine), Decimal(0)),
            )
            for code, mine in sorted(found.items())
        ]

    def lines(self, tx: Transaction, rows: Rows) -> list[Line]:
        return [
            Line(
                self.sheet,
                row.number,
                f"{row[self.number] or ''} · {row[self.party] or ''}",
                str(row["component"] or ""),
                self.left(row),
                self.amount(row),
            )
            for row in self.rows(rows)
        ]

    def compare(
        self, tx: Transaction, rows: Rows, books: Mapping[tuple[str, str, str], Sequence[Any]], day: str
    ) -> list[Compared]:
        """Of each party rows and pieces; and how many rows stand in the books exactly as in the file. `books`: party,
        number and component → pieces, price, day (the file's column of that name)."""
        names = self._names(tx)
        file = {(row[self.party], row[self.number], row["component"]): row for row in self.rows(rows)}
        found: list[Compared] = []
        for code in sorted({key[0] for key in file}):
            mine = [key for key in file if key[0] == code]
            there = [key for key in mine if key in books]
            name, pieces = names.get(code, code), sum(int(books[key][0]) for key in there)
            found.append(Compared(name, "rows", len(mine), len(there)))
            found.append(Compared(name, "pieces", sum(self.left(file[key]) for key in mine), pieces))
        same = sum(
            key in books and tuple(books[key]) == (self.left(row), row["price"], row[day]) for key, row in file.items()
        )
        return [*found, Compared("", "matched_rows", len(file), same)]

    def _names(self, tx: Transaction) -> dict[str, str]:
        return {row.code: catalogue.name(row) for row in tx.all(sa.select(self.parties))}
