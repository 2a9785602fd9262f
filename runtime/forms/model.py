"""A form that has been read and found good: its fields, and the schema as the file has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

# Lists of the books that can fill the options of a field.
# `every_…`: also those that are blocked, closed or not listed.
SOURCES = frozenset(
    [
        "components",
        "suppliers",
        "customers",
        "warehouses",
        "people",
        "other_people",  # all but the reader
        "staying_people",  # all but those of whom a leaving is under way
        "new_superiors",  # of those: all but whoever reports to `leaver`, directly or through others
        "every_supplier",
        "every_customer",
        "every_warehouse",
        "every_person",
        "open_orders",
        "own_leaves",
        "own_notices",
        "shipped_orders",
    ]
)

# What the books can say against beginning something (ledger/obstacles.py).
OBSTACLES = frozenset(["closing_under_way"])

MAX_NUMBER = Decimal(10) ** 15
MAX_DECIMALS = 10
# Of a field with `currency`, as the books hold it: more would be taken here, and stop the case there.
MAX_MONEY = Decimal(10) ** 12
MAX_TEXT = {"textfield": 1_000, "textarea": 20_000}  # characters
MAX_ROWS = 500
YEARS = (1900, 2200)


@dataclass(frozen=True)
class Option:
    """One choice. `value` is text, a whole number or a boolean."""

    value: Any
    names: Mapping[str, str]


@dataclass(frozen=True)
class Field:
    """One component that holds an answer, or others that do (group, dynamiclist).

    `kind`: text, decimal, integer, boolean, choice, choices, date, date-time, time, file, rows,
    group or computed. `path` is "" for a group that adds no level to the answers."""

    type: str
    kind: str
    key: str
    names: Mapping[str, str]
    required: bool = False
    readonly: bool = False  # or disabled: shown, never taken from answers
    hide: str = ""  # FEEL
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    decimals: int = MAX_DECIMALS
    step: Decimal | None = None
    min_length: int = 0
    max_length: int = 0
    pattern: str = ""  # JavaScript's regular expression
    format: str = ""  # email, phone
    as_text: bool = False  # a number that travels as text (serializeToString)
    currency: str = ""
    options: tuple[Option, ...] = ()
    source: str = ""
    no_past: bool = False
    no_future: bool = False
    required_if: str = ""  # FEEL
    not_before: str = ""  # the key of a date beside it
    obstacle: str = ""  # one of OBSTACLES; it holds what the books say against sending the form
    multiple: bool = False
    accept: tuple[str, ...] = ()  # of files: ".pdf", "image/png" or "image/*"; () takes all that may be uploaded
    fixed: bool = False  # rows cannot be added or removed
    expression: str = ""  # FEEL
    fields: tuple[Field, ...] = ()

    def walk(self) -> Iterator[Field]:
        """This field and all below it."""
        yield self
        for inner in self.fields:
            yield from inner.walk()

    def only_read(self) -> Field:
        return replace(self, readonly=True, fields=tuple(each.only_read() for each in self.fields))


@dataclass(frozen=True)
class Table:
    """A table some of whose columns hold codes: of the books (column → source), or among options that
    the column lists itself. `rows` is its variable; as `shown` the browser gets the rows, with names for codes."""

    id: str
    rows: str
    columns: tuple[str, ...]
    sources: Mapping[str, str]
    options: Mapping[str, tuple[Option, ...]]
    shown: str


@dataclass(frozen=True)
class Form:
    """`reads` are the variables that the browser needs: the fields' own and those in FEEL.

    `sources` are those that an answer may choose from, `tables` what named columns show."""

    id: str
    fields: tuple[Field, ...]
    sources: frozenset[str]
    reads: frozenset[str]
    schema: Mapping[str, Any] = field(repr=False)
    tables: tuple[Table, ...] = ()
    # Of a form inside a diagram: field → default value as written, and its date pattern.
    defaults: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def walk(self) -> Iterator[Field]:
        for each in self.fields:
            yield from each.walk()

    @property
    def verdicts(self) -> list[str]:
        """What somebody decides: a choice by buttons that must be made, and boxes to tick; and what they remark."""
        return [
            each.key
            for each in keyed(self.fields)
            if not each.readonly and (each.type == "checkbox" or (each.type == "radio" and each.required))
        ] + [each.key for each in self.remarks]

    @property
    def remarks(self) -> list[Field]:
        """Texts that only some verdicts need: reasons for no, remarks on yes."""
        return [each for each in keyed(self.fields) if each.kind == "text" and each.required_if and not each.readonly]

    def only_read(self) -> Form:
        """The same form where nothing is asked."""
        return replace(self, fields=tuple(each.only_read() for each in self.fields))

    @property
    def files(self) -> list[str]:
        """Its fields that show files, but for those in rows."""
        return [each.key for each in keyed(self.fields) if each.kind == "file" and each.readonly]

    @property
    def asked(self) -> tuple[str, ...]:
        """The variables that an answer can write."""
        return tuple(each.key for each in keyed(self.fields) if not each.readonly and each.kind != "computed")


def keyed(fields: Sequence[Field]) -> list[Field]:
    """The fields of one level of the answers: a group without a path opens into its own."""
    return [inner for field in fields for inner in ([field] if field.key else keyed(field.fields))]
