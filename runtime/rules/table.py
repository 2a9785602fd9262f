"""What a rule file says, as frozen data. Read it with rulefile.load.

Not here: how it is read (rulefile.py) and what it decides (plain.py, durable.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from runtime.expressions import Expression, Node
from runtime.values import Value

Names = Mapping[str, str]  # language -> text: zh_Hans (the file's `name`), en, zh_Hant

TYPES = ("text", "boolean", "integer", "decimal", "date")
COMPARED_DECIMALS = 4  # conditions compare numbers to this many decimals; durable.py scales by 10^4
_COMPARED = Decimal(1).scaleb(-COMPARED_DECIMALS)
LARGEST = 10**14  # of a number that enters a decision: times 10^4 it still fits 64 bits
LONGEST = 1_000  # characters of a text that enters a decision


@dataclass(frozen=True)
class Choice:
    """One of the values that a field may have, with its name for readers."""

    value: Value
    names: Names


@dataclass(frozen=True)
class Field:
    """An input or an output."""

    id: str
    type: str  # one of TYPES
    names: Names
    descriptions: Names = field(default_factory=dict)
    unit: str = ""  # what one of it is: CNY, pieces, days
    required: bool = True  # inputs only
    minimum: Value = None
    maximum: Value = None
    choices: tuple[Choice, ...] = ()
    decimals: int | None = None  # input: at most so many; output: rounded to, half away from zero
    formula: Expression | None = None  # outputs only: computed from the row's other outputs
    line: int = 0

    @property
    def values(self) -> tuple[Value, ...]:
        return tuple(choice.value for choice in self.choices)

    def in_range(self, value: Value) -> bool:
        return (self.minimum is None or value >= self.minimum) and (
            self.maximum is None or value <= self.maximum
        )


@dataclass(frozen=True)
class Derived:
    """A figure of `let`, computed before any row is looked at; null if it needs what is not given."""

    id: str
    formula: Expression
    kind: str  # a type of TYPES, or duration
    optional: bool  # may be null
    names: Names = field(default_factory=dict)
    unit: str = ""
    line: int = 0


class Unset:
    """The policy names this figure and does not say it. A decision that needs it is refused."""

    def __repr__(self) -> str:
        return "unset"


UNSET = Unset()
Cell = Value | Expression | Unset  # what a row's `then` says for one output


@dataclass(frozen=True)
class Row:
    """One rule of the table."""

    id: str
    names: Names
    when: Node  # as it is compared: constants computed, `= …` read
    then: Mapping[str, Cell]
    because: Names
    line: int = 0


@dataclass(frozen=True)
class Refusing:
    """The default that decides nothing and says why."""

    messages: Names


@dataclass(frozen=True)
class Default:
    """What is decided when no row fits."""

    then: Mapping[str, Cell]
    because: Names
    line: int = 0


@dataclass(frozen=True)
class Example:
    """A test that the file brings along: `then` is None where a refusal is expected."""

    given: Mapping[str, Value]
    then: Mapping[str, Value] | None
    line: int = 0


@dataclass(frozen=True)
class RuleFile:
    """A checked decision table. `text` is the file as written, `sha256` that of its UTF-8."""

    key: str  # the file's `rule`: what diagrams and decisions name it by
    names: Names
    descriptions: Names
    owner: str
    clause: str
    effective_from: dt.date
    samples: bool  # figures that the policy leaves open are samples, to be settled by the owner
    inputs: Mapping[str, Field]
    let: Mapping[str, Derived]
    outputs: Mapping[str, Field]
    hit: str  # first | collect
    rows: tuple[Row, ...]
    default: Default | Refusing | None
    examples: tuple[Example, ...]
    operands: Mapping[str, Derived]  # arithmetic inside conditions, by its text: "a + b"
    text: str = field(repr=False)
    sha256: str = ""

    def row(self, id: str) -> Row:
        return next(row for row in self.rows if row.id == id)

    def optional(self, name: str) -> bool:
        """Whether `name` (an input, a figure of let, an operand's text) may be null."""
        if name in self.inputs:
            return not self.inputs[name].required
        return (self.let.get(name) or self.operands[name]).optional

    def kind(self, name: str) -> str:
        """The type of an input, a figure of let or an operand's text."""
        if name in self.inputs:
            return self.inputs[name].type
        return (self.let.get(name) or self.operands[name]).kind


def compared(value: Value) -> Value:
    """`value` as conditions compare it: numbers to four decimals, half to even.

    The one place where this is said: both evaluators and the proofs stand on it."""
    return value.quantize(_COMPARED) if isinstance(value, Decimal) else value


def too_large(value: Value, limit: int = LARGEST) -> bool:
    """Whether `value` is a number beyond what enters a decision."""
    return isinstance(value, (int, Decimal)) and not -limit <= value <= limit
