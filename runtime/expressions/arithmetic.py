"""Kinds of values and what the operators do with them; nothing is coerced in silence.

Integers and decimals mix, exactly up to 34 digits, and `/` always gives a decimal. All other
kinds stay among themselves: 1 == '1' is an error and not false. Dates and durations combine as
a calendar does.

Not here: names, calls and short circuits (run.py), methods and functions (functions.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    Underflow,
)
from typing import Any

import isodate

from runtime.expressions.errors import DividedByZero, Mismatch, NullOperand, OutOfRange, TooLarge
from runtime.values import File, Value

# As wide as IEEE decimal128: sums and products of money are exact, only quotients are rounded.
CONTEXT = Context(
    prec=34,
    rounding=ROUND_HALF_EVEN,
    Emin=-999,
    Emax=999,
    traps=[InvalidOperation, DivisionByZero, Overflow, Underflow],
)
# Of two decimals, as the operators below compute them.
EXACTLY = {"+": CONTEXT.add, "-": CONTEXT.subtract, "*": CONTEXT.multiply}
MAX_INTEGER = 10**34  # beyond this, mixing with a decimal would lose digits
MAX_TEXT = 1_000_000  # characters
MAX_ITEMS = 100_000

_KINDS: dict[type, str] = {
    bool: "boolean",
    int: "number",
    Decimal: "number",
    str: "text",
    dt.datetime: "date-time",
    dt.date: "date",
    dt.timedelta: "duration",
    isodate.Duration: "duration",
    list: "list",
    tuple: "list",
    dict: "map",
    File: "file",
    type(None): "null",
}
_ORDERED = frozenset({int, Decimal, str, dt.datetime, dt.date, dt.timedelta})


def kind(value: Any) -> str:
    """text, boolean, number, date, date-time, duration, list, map, file or null.

    Anything else, a float for one, is told by the name of its Python type and goes with nothing."""
    found = _KINDS.get(type(value))
    if found:
        return found
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "map"
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return "list"
    return type(value).__name__


def is_value(value: Any) -> bool:
    """Whether a case can hold `value` (its outermost kind)."""
    return type(value) in _KINDS or kind(value) in ("text", "map", "list")


def mismatch(op: str, *values: Any) -> NullOperand | Mismatch:
    """The error of an operator and operands that do not go together."""
    if any(value is None for value in values):
        return NullOperand(op=op)
    return Mismatch(op=op, kinds=" + ".join(kind(value) for value in values))


def bounded(value: Value) -> Value:
    """`value`, unless it is larger than a case may hold. Raises TooLarge."""
    kind_of = type(value)
    if kind_of is int and not -MAX_INTEGER < value < MAX_INTEGER:
        raise TooLarge()
    if kind_of is str and len(value) > MAX_TEXT:
        raise TooLarge()
    if kind_of is list and len(value) > MAX_ITEMS:
        raise TooLarge()
    return value


def both_numbers(left: Any, right: Any) -> bool:
    return _KINDS.get(type(left)) == "number" == _KINDS.get(type(right))


def add(left: Value, right: Value) -> Value:
    if type(left) is int and type(right) is int:
        return bounded(left + right)
    if both_numbers(left, right):
        return CONTEXT.add(left, right)
    kinds = kind(left), kind(right)
    if kinds == ("text", "text"):
        return bounded(left + right)
    if kinds == ("duration", "date"):
        return _move(right, left, "+", left)
    if kinds in (("date", "duration"), ("date-time", "duration"), ("duration", "duration")):
        return _move(left, right, "+", right)
    if kinds == ("duration", "date-time"):
        return _move(right, left, "+", left)
    raise mismatch("+", left, right)


def subtract(left: Value, right: Value) -> Value:
    if type(left) is int and type(right) is int:
        return bounded(left - right)
    if both_numbers(left, right):
        return CONTEXT.subtract(left, right)
    kinds = kind(left), kind(right)
    if kinds in (("date", "date"), ("date-time", "date-time")):
        return left - right
    if kinds in (("date", "duration"), ("date-time", "duration"), ("duration", "duration")):
        return _move(left, -right, "-", right)
    raise mismatch("-", left, right)


def _move(start: Value, by: Value, op: str, shown: Value) -> Value:
    """`start` moved by a duration; a date only by whole days, since hours would get lost."""
    days_only = by if isinstance(by, dt.timedelta) else by.tdelta
    if type(start) is dt.date and days_only % dt.timedelta(days=1):
        raise mismatch(op, start, shown)
    try:
        return start + by
    except (OverflowError, ValueError):
        raise OutOfRange(op=op) from None


def multiply(left: Value, right: Value) -> Value:
    if type(left) is int and type(right) is int:
        return bounded(left * right)
    if both_numbers(left, right):
        return CONTEXT.multiply(left, right)
    for duration, count in ((left, right), (right, left)):
        if kind(duration) == "duration" and type(count) is int:
            try:
                return duration * count
            except OverflowError:
                raise OutOfRange(op="*") from None
    raise mismatch("*", left, right)


def divide(left: Value, right: Value) -> Value:
    """Always a decimal, for numbers; how often one duration fits into another, for durations."""
    if type(left) is dt.timedelta and type(right) is dt.timedelta:
        return divide(left // dt.timedelta.resolution, right // dt.timedelta.resolution)
    if not both_numbers(left, right):
        raise mismatch("/", left, right)
    if right == 0:
        raise DividedByZero()
    return CONTEXT.divide(left, right)


def remainder(left: Value, right: Value) -> Value:
    """With the sign of the left operand, as in Java and in the decimal module."""
    if not both_numbers(left, right):
        raise mismatch("%", left, right)
    if right == 0:
        raise DividedByZero()
    if type(left) is int and type(right) is int:
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    return CONTEXT.remainder(left, right)


def negative(value: Value) -> Value:
    if _KINDS.get(type(value)) == "number":
        return -value if type(value) is int else CONTEXT.minus(value)
    if kind(value) == "duration":
        return -value
    raise mismatch("-", value)


def ordered(op: str, left: Value, right: Value) -> None:
    """Raise unless `left` and `right` can be compared by size."""
    if type(left) is type(right) and type(left) in _ORDERED:
        return
    if both_numbers(left, right):
        return
    if kind(left) == kind(right) == "text":
        return
    raise mismatch(op, left, right)


def equal(op: str, left: Value, right: Value) -> bool:
    """Equality of two values of one kind, or with null. Raises Mismatch for two kinds."""
    if left is None or right is None:
        return left is right
    if kind(left) != kind(right) or not (is_value(left) and is_value(right)):
        raise mismatch(op, left, right)
    return same(left, right)


def same(left: Value, right: Value) -> bool:
    """Equality inside lists and maps, where different kinds are simply different: 1 is not true."""
    kind_of = kind(left)
    if kind_of != kind(right):
        return False
    if kind_of == "list":
        return len(left) == len(right) and all(map(same, left, right))
    if kind_of == "map":
        return len(left) == len(right) and all(
            key in right and same(item, right[key]) for key, item in left.items()
        )
    return bool(left == right)


def contains(left: Value, right: Value) -> bool:
    """Whether `left` is an item of a list, a key of a map or a part of a text."""
    kinds = kind(left), kind(right)
    if kinds[1] == "list":
        return any(same(left, item) for item in right)
    if kinds in (("text", "map"), ("text", "text")):
        return left in right
    raise mismatch("in", left, right)


def is_empty(value: Value) -> bool:
    """null, empty text, empty list or empty map."""
    return value is None or (kind(value) in ("text", "list", "map") and len(value) == 0)


def as_text(value: Value) -> str:
    """A value inside text: numbers plain, dates and durations as ISO 8601, date-times in UTC."""
    match kind(value):
        case "text":
            return str(value)
        case "boolean":
            return "true" if value else "false"
        case "number":
            return format(value, "f") if isinstance(value, Decimal) else str(value)
        case "date":
            return str(value.isoformat())
        case "date-time":
            return str(value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"))
        case "duration":
            return str(isodate.duration_isoformat(value))
    raise mismatch("${}", value)
