"""What can be brought in from Excel: kinds, their sheets and columns, and what a kind has to know about itself.

The template that people fill in and what is read from it are made from the same columns. English is the key of
headings and explanations (i18n); a heading is known in every language. Not here: how cells are read
(import_cells.py), the case of an import (imports.py), the kinds themselves (opening_import.py, and
commands/people_import.py, since people are written by audited commands)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from runtime import i18n
from runtime.errors import NotFound
from runtime.ledger.operations import Call
from runtime.store.db import Transaction

MOST_ROWS = 2_000  # of a sheet, unless it says otherwise

CellKind = Literal[
    "text", "code", "username", "email", "pieces", "money", "measure", "date", "yes_no", "choice", "list"
]


class UnknownImport(NotFound):
    """There is no import of the kind {kind}."""

    code = "import.unknown"


@dataclass(frozen=True)
class Column:
    """`explain`: what goes in, for the template; `example`: a cell as somebody would fill it in; `choices`: word →
    its name by language; `more_than_zero` and `most` (characters) hold for the kinds that have them."""

    key: str
    heading: str
    kind: CellKind
    explain: str
    example: str = ""
    must: bool = False
    most: int = 100
    more_than_zero: bool = False
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class SheetOf:
    """`unique`: its columns that may not stand on two rows together; `must`: at least one row; `most`: rows."""

    key: str
    title: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...]
    must: bool = False
    most: int = MOST_ROWS

    def column(self, key: str) -> Column:
        return next(column for column in self.columns if column.key == key)


@dataclass(frozen=True)
class Row:
    """`number` as Excel counts it; `values` by column, an empty cell is None; `cells`: column → text as it stands."""

    number: int
    values: Mapping[str, Any]
    cells: Mapping[str, str]

    def __getitem__(self, key: str) -> Any:
        return self.values.get(key)


Rows = Mapping[str, Sequence[Row]]  # by sheet


@dataclass(frozen=True)
class Finding:
    """Something that cannot be taken in as it stands: `problem` is one of PROBLEMS; `column` None: the whole row,
    `row` None: the whole sheet, `sheet` None: the file. `found`: what stands there."""

    problem: str
    sheet: str | None = None
    row: Row | int | None = None
    column: str | None = None
    found: str = ""


@dataclass(frozen=True)
class Total:
    """A part of the file, for people to compare: `what` by name. `quantity` in pieces, `amount` in CNY."""

    what: str
    count: int
    quantity: int | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class Line:
    """A row of the file as whoever reviews it reads it."""

    sheet: str
    row: int
    what: str
    detail: str = ""
    quantity: int | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class Compared:
    """After it was taken: what the file says, and the books. `unit`: rows | pieces | matched_rows."""

    what: str
    unit: str
    file: int
    books: int


@dataclass(frozen=True)
class Hands:
    """Who brings it in and who approved it."""

    importer: str
    reviewer: str


@dataclass(frozen=True)
class Kind:
    """What a kind of import does. `measures`: which control totals there are, of count, quantity and amount;
    `counted`: the sheet that they are about.

    judge: what cannot be taken, beside single cells and what stands twice. totals: by parts. take: write it all,
    `document` is the import's public id. compare: what the books say of it now. groups: who may begin it."""

    name: str
    title: str
    sheets: tuple[SheetOf, ...]
    counted: str
    measures: tuple[str, ...]
    groups: Collection[str]
    judge: Callable[[Call, Rows], Iterator[Finding]]
    totals: Callable[[Transaction, Rows], list[Total]]
    lines: Callable[[Transaction, Rows], list[Line]]
    take: Callable[[Call, Rows, str, Hands], None]
    compare: Callable[[Transaction, Rows, str], list[Compared]]

    def sheet(self, key: str) -> SheetOf:
        return next(sheet for sheet in self.sheets if sheet.key == key)


KINDS: dict[str, Kind] = {}

# Every problem there is; the forms have its sentence and what to do in the reader's language.
PROBLEMS = (
    # of the file
    *("not_a_workbook", "locked", "macros", "links", "too_large", "too_many_sheets", "damaged", "too_slow"),
    *("same_file", "empty"),
    # of a sheet
    *("unknown_sheet", "sheet_twice", "sheet_missing", "column_missing", "unknown_column", "column_twice"),
    *("too_many_rows", "too_many_columns"),
    # of a cell
    *("formula", "error_value", "missing", "not_a_number", "not_whole", "negative", "not_more_than_zero"),
    *(
        "too_large_number",
        "too_many_decimals",
        "not_a_date",
        "odd_date",
        "too_long",
        "bad_code",
        "bad_username",
    ),
    *("bad_email", "not_a_choice", "not_yes_or_no"),
    # against the rest of the file, and the books
    *("twice", "in_books", "unknown_component", "unknown_supplier", "unknown_warehouse", "closed", "blocked"),
    *("delisted", "counted_already", "unknown_group", "unknown_superior", "circular"),
    *("nothing_open", "differs_in_order", "in_the_future", "over_budget", "budget_frozen"),
    *("unknown_customer", "paid_too_much"),
)


def kind_of(name: str) -> Kind:
    """Raises UnknownImport."""
    if name not in KINDS:
        raise UnknownImport(kind=name[:40])
    return KINDS[name]


def known_as(word: str) -> frozenset[str]:
    """A heading, title or choice in every language, folded."""
    return frozenset(fold(i18n.say(language, word)) for language in i18n.LANGUAGES)


def fold(text: str) -> str:
    """How headings are compared: without case, space and the mark of what must be filled."""
    return "".join(text.casefold().split()).rstrip("*＊")
