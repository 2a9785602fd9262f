"""What can be called: the methods that values have, and functions that need nothing but values.

METHODS are those that JUEL gives on Java's String, List and Map, and Joda's on dates
(`dateTime().plusDays(3)`). Regular expressions are not among them, since one can run for ever.

Not here: functions that know the case or the clock (`now`, `execution.getVariable`); the
engine hands them in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

import isodate

from runtime.expressions.arithmetic import (
    CONTEXT,
    MAX_TEXT,
    add,
    as_text,
    bounded,
    divide,
    kind,
    mismatch,
    ordered,
    same,
)
from runtime.expressions.errors import OutOfRange, TooLarge, WrongArguments
from runtime.values import Value

Function = Callable[..., Value]


def _whole(value: Value, name: str) -> int:
    if type(value) is not int:
        raise WrongArguments(name=name)
    return value


def _word(value: Value, name: str) -> str:
    if kind(value) != "text":
        raise WrongArguments(name=name)
    return str(value)


def _substring(text: str, begin: Value, end: Value = None) -> str:
    first = _whole(begin, "substring")
    last = len(text) if end is None else _whole(end, "substring")
    if not 0 <= first <= last <= len(text):
        raise OutOfRange(op="substring")
    return text[first:last]


def _replace(text: str, old: Value, new: Value) -> str:
    old, new = _word(old, "replace"), _word(new, "replace")
    if len(text) + text.count(old) * len(new) > MAX_TEXT:
        raise TooLarge()
    return text.replace(old, new)


def _get(items: list[Value], index: Value) -> Value:
    if not 0 <= _whole(index, "get") < len(items):
        raise OutOfRange(op="get")
    return items[index]


def _index_of(items: list[Value], wanted: Value) -> int:
    return next((index for index, item in enumerate(items) if same(item, wanted)), -1)


def _later(unit: str, sign: int) -> Function:
    """plusDays, minusMonths …; hours only on date-times. The last day of a month is kept."""
    name = ("plus" if sign > 0 else "minus") + unit.capitalize()

    def move(start: dt.date, count: Value) -> dt.date:
        pieces = {unit: sign * _whole(count, name)}
        try:
            return start + isodate.Duration(**pieces)
        except (OverflowError, ValueError):
            raise OutOfRange(op=name) from None

    return move


METHODS: dict[str, dict[str, Function]] = {
    "contains": {
        "text": lambda text, part: _word(part, "contains") in text,
        "list": lambda items, wanted: any(same(item, wanted) for item in items),
    },
    "startsWith": {"text": lambda text, part: text.startswith(_word(part, "startsWith"))},
    "endsWith": {"text": lambda text, part: text.endswith(_word(part, "endsWith"))},
    "isEmpty": {of: lambda value: len(value) == 0 for of in ("text", "list", "map")},
    "length": {"text": len},
    "size": {"list": len, "map": len},
    "equals": {
        of: lambda value, other: same(value, other)
        for of in ("text", "number", "boolean", "date", "date-time", "duration", "list", "map", "file")
    },
    "equalsIgnoreCase": {
        "text": lambda text, other: text.casefold() == _word(other, "equalsIgnoreCase").casefold()
    },
    "toUpperCase": {"text": lambda text: text.upper()},
    "toLowerCase": {"text": lambda text: text.lower()},
    "trim": {"text": lambda text: text.strip()},
    "concat": {"text": lambda text, other: bounded(text + _word(other, "concat"))},
    "substring": {"text": _substring},
    "replace": {"text": _replace},
    "indexOf": {
        "text": lambda text, part: text.find(_word(part, "indexOf")),
        "list": _index_of,
    },
    "toString": dict.fromkeys(("text", "number", "boolean", "date", "date-time", "duration"), as_text),
    "get": {"list": _get, "map": lambda items, key: items.get(_word(key, "get"))},
    "getOrDefault": {"map": lambda items, key, default: items.get(_word(key, "getOrDefault"), default)},
    "containsKey": {"map": lambda items, key: _word(key, "containsKey") in items},
    "containsValue": {"map": lambda items, wanted: any(same(item, wanted) for item in items.values())},
    "keySet": {"map": lambda items: list(items)},
    "values": {"map": lambda items: list(items.values())},
    "toDate": {"date": lambda date: date, "date-time": lambda moment: moment},
}
for _unit in ("years", "months", "weeks", "days", "hours", "minutes", "seconds"):
    _of = ("date-time",) if _unit in ("hours", "minutes", "seconds") else ("date", "date-time")
    METHODS["plus" + _unit.capitalize()] = {of: _later(_unit, 1) for of in _of}
    METHODS["minus" + _unit.capitalize()] = {of: _later(_unit, -1) for of in _of}


def _number(value: Value, op: str) -> Decimal:
    if kind(value) != "number":
        raise mismatch(op, value)
    return Decimal(value)


def square_root(value: Value) -> Decimal:
    number = _number(value, "sqrt")
    if number < 0:
        raise OutOfRange(op="sqrt")
    return CONTEXT.sqrt(number)


def absolute(value: Value) -> Value:
    return abs(value) if type(value) is int else CONTEXT.abs(_number(value, "abs"))


def _to_whole(value: Value, op: str, rounding: str) -> int:
    number = _number(value, op)
    if number.adjusted() > 34:
        raise TooLarge()
    whole: int = bounded(int(number.to_integral_value(rounding)))
    return whole


def round_off(value: Value, places: Value = 0) -> Value:
    """To `places` decimals (−10 … 20), half away from zero as in commerce; an integer for 0 or less."""
    if not -10 <= _whole(places, "round") <= 20:
        raise OutOfRange(op="round")
    if places <= 0:
        scale = 10**-places
        return _to_whole(divide(value, scale), "round", ROUND_HALF_UP) * scale
    number = _number(value, "round")
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, CONTEXT)


def _extreme(op: str, values: tuple[Value, ...], better: Callable[[Any, Any], bool]) -> Value:
    items = values[0] if len(values) == 1 and kind(values[0]) == "list" else values
    if not items:
        raise WrongArguments(name=op)
    best = items[0]
    for item in items:
        ordered(op, best, item)
        if better(item, best):
            best = item
    return best


def total(items: Value) -> Value:
    """The sum of a list; 0 for an empty one."""
    if kind(items) != "list":
        raise mismatch("sum", items)
    result: Value = 0
    for item in items:
        result = add(result, item)
    return result


def read_date(text: Value) -> dt.date:
    return dt.date.fromisoformat(_word(text, "date"))


def read_duration(text: Value) -> Value:
    try:
        return isodate.parse_duration(_word(text, "duration"))
    except (isodate.ISO8601Error, OverflowError):
        raise WrongArguments(name="duration") from None


def read_number(text: Value) -> Decimal:
    try:
        number = Decimal(_word(text, "number").strip())
    except ArithmeticError:
        raise WrongArguments(name="number") from None
    if not number.is_finite() or abs(number.adjusted()) > 34 or len(number.as_tuple().digits) > 34:
        raise WrongArguments(name="number")
    return number


def in_days(duration: Value) -> Decimal:
    """A duration in days, with decimals. One in months or years has no length in days."""
    if type(duration) is not dt.timedelta:
        raise mismatch("days", duration)
    days: Decimal = divide(duration, dt.timedelta(days=1))
    return days


PURE: Mapping[str, Function] = {
    "sqrt": square_root,
    "abs": absolute,
    "ceil": lambda value: _to_whole(value, "ceil", ROUND_CEILING),
    "floor": lambda value: _to_whole(value, "floor", ROUND_FLOOR),
    "round": round_off,
    "min": lambda *values: _extreme("min", values, lambda item, best: bool(item < best)),
    "max": lambda *values: _extreme("max", values, lambda item, best: bool(item > best)),
    "sum": total,
    "date": read_date,
    "duration": read_duration,
    "days": in_days,
    "number": read_number,
    "text": as_text,
}
