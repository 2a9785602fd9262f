"""What an operation of the books may be handed: kinds of input and their strict check.

An operation's parameters say their kind by type hint: `Pieces`, `Money`, `Person`, a
TypedDict for the rows of a list. Nothing is coerced but an integer to an amount and a
whole amount to pieces. Not here: which operations there are (operations.py)."""

from __future__ import annotations

import datetime as dt
import inspect
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from runtime.errors import Invalid
from runtime.values import File, Value

# Whole pieces of a component, never negative; `Change` is a signed difference of pieces.
Pieces = Annotated[int, "pieces"]
Change = Annotated[int, "change"]
Money = Annotated[Decimal, "money"]  # CNY, never negative, at most four decimal places
Measure = Annotated[Decimal, "measure"]  # any other figure that is not negative, such as days
Figure = Annotated[Decimal, "figure"]  # a measurement of either sign
Score = Annotated[Decimal, "score"]  # 0 to 100
Anything = Annotated[Any, "value"]  # any value, as it is
Person = Annotated[str, "person"]  # a person's public id
Share = Annotated[Decimal, "percent"]  # 0 to 1,000, in percent

MOST_PIECES = 1_000_000_000
MOST_MONEY = Decimal(1_000_000_000_000)
MOST_TEXT = 10_000
MOST_ROWS = 500
MOST_FIGURES = 10_000


class UnknownInput(Invalid):
    """The operation {topic} takes no input {input}."""

    code = "operation.unknown_input"


class MissingInput(Invalid):
    """The operation {topic} needs the input {input}."""

    code = "operation.missing_input"


class WrongInput(Invalid):
    """The input {input} of {topic} must be {expected}, not {given}."""

    code = "operation.wrong_input"


class FractionOfAPiece(Invalid):
    """Components are counted in whole pieces: {given} ({input})."""

    code = "quantity.fraction"


class NegativeQuantity(Invalid):
    """A quantity cannot be negative: {given} ({input})."""

    code = "quantity.negative"


class TooManyPieces(Invalid):
    """More pieces than the books can hold: {given} ({input})."""

    code = "quantity.too_large"


class NegativeAmount(Invalid):
    """An amount cannot be negative: {given} ({input})."""

    code = "amount.negative"


class AmountOutOfRange(Invalid):
    """The figure {given} is outside {low} to {high} ({input})."""

    code = "amount.out_of_range"


class TooManyDecimals(Invalid):
    """The figure {given} has more than four decimal places ({input})."""

    code = "amount.too_many_decimals"


class TextTooLong(Invalid):
    """The text is longer than {most} characters ({input})."""

    code = "text.too_long"


class BlankText(Invalid):
    """Something must be written here ({input})."""

    code = "text.blank"


class TooManyRows(Invalid):
    """More than {most} rows ({input})."""

    code = "rows.too_many"


@dataclass(frozen=True)
class Input:
    """One input: `kind` is its name for people, `fields` those of the rows of a list."""

    kind: str
    required: bool
    check: Callable[[Value, str, str], Value]
    fields: Mapping[str, Input] | None = None


def of_function(function: Callable[..., Any]) -> dict[str, Input]:
    """The inputs of an operation: every parameter but the first, which is the call."""
    hints = get_type_hints(function, include_extras=True)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return {p.name: _input(hints[p.name], p.default is inspect.Parameter.empty) for p in parameters}


def outputs_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Name → type of what an operation gives, if it says so by a TypedDict."""
    given = get_type_hints(function).get("return")
    return dict(get_type_hints(given)) if is_typeddict(given) else {}


def check(topic: str, inputs: Mapping[str, Input], given: Mapping[str, Value]) -> dict[str, Value]:
    """The given values, checked; a null is as good as absent. Raises Invalid, naming topic and input."""
    for name in given:
        if name not in inputs:
            raise UnknownInput(topic=topic, input=name)
    return _row(topic, inputs, given, "")


def rows(topic: str, hint: Any, given: Value, name: str, most: int) -> list[dict[str, Value]]:
    """A list of maps checked against a TypedDict, where more than a form's rows are expected."""
    checked: list[dict[str, Value]] = _list(hint, True, most).check(given, topic, name)
    return checked


def _row(topic: str, fields: Mapping[str, Input], given: Mapping[str, Value], path: str) -> dict[str, Value]:
    values = {}
    for name, field in fields.items():
        value = given.get(name)
        if value is None:
            if field.required:
                raise MissingInput(topic=topic, input=path + name)
            continue
        values[name] = field.check(value, topic, path + name)
        if field.required and isinstance(value, str) and not value.strip():
            raise BlankText(input=path + name)
    return values


def _input(hint: Any, required: bool) -> Input:
    if get_origin(hint) is NotRequired:
        return _input(get_args(hint)[0], False)
    if get_origin(hint) in (Union, types.UnionType):
        kinds = [_input(part, required) for part in get_args(hint) if part is not type(None)]
        if len(kinds) == 1:
            return kinds[0]
        return Input(" | ".join(kind.kind for kind in kinds), required, _any_of(kinds))
    if get_origin(hint) is Annotated:
        kind = get_args(hint)[1]
        return Input(kind, required, _ANNOTATED[kind])
    if get_origin(hint) is Literal:
        return Input("choice", required, _choice(get_args(hint)))
    if get_origin(hint) is list:
        return _list(get_args(hint)[0], required)
    if get_origin(hint) in (dict, Mapping):
        return Input("map", required, _plain(Mapping, "a map"))
    return Input(_PLAIN[hint][0], required, _PLAIN[hint][1])


def _list(hint: Any, required: bool, most: int = MOST_ROWS) -> Input:
    fields = None
    if is_typeddict(hint):
        hints = get_type_hints(hint, include_extras=True)
        fields = {name: _input(part, True) for name, part in hints.items()}
        check_one = _row_check(fields)
    else:
        check_one = _input(hint, True).check
        # A column of figures, such as a demand series, is longer than what a person types.
        most = max(most, MOST_FIGURES) if hint is Pieces else most

    def check_all(value: Value, topic: str, path: str) -> Value:
        if not isinstance(value, (list, tuple)):
            raise _wrong(topic, path, "a list", value)
        if len(value) > most:
            raise TooManyRows(input=path, most=most)
        return [check_one(item, topic, f"{path}[{index}]") for index, item in enumerate(value)]

    return Input("list", required, check_all, fields)


def _row_check(fields: Mapping[str, Input]) -> Callable[[Value, str, str], Value]:
    def check_one(value: Value, topic: str, path: str) -> Value:
        if not isinstance(value, Mapping):
            raise _wrong(topic, path, "a map", value)
        # A row of a form also shows what the reader needs; what is not asked for is left out.
        return _row(topic, fields, value, path + ".")

    return check_one


def _any_of(kinds: list[Input]) -> Callable[[Value, str, str], Value]:
    def check_one(value: Value, topic: str, path: str) -> Value:
        for kind in kinds:
            try:
                return kind.check(value, topic, path)
            except WrongInput:
                continue
        raise _wrong(topic, path, " or ".join(kind.kind for kind in kinds), value)

    return check_one


def _choice(choices: tuple[str, ...]) -> Callable[[Value, str, str], Value]:
    def check_one(value: Value, topic: str, path: str) -> Value:
        if not isinstance(value, str) or value not in choices:
            raise _wrong(topic, path, " | ".join(choices), value)
        return value

    return check_one


def _plain(type_: Any, expected: str) -> Callable[[Value, str, str], Value]:
    def check_one(value: Value, topic: str, path: str) -> Value:
        # A truth value is no number, a date-time no date.
        odd = isinstance(value, bool) if type_ is not bool else False
        odd = odd or (type_ is dt.date and isinstance(value, dt.datetime))
        if odd or not isinstance(value, type_):
            raise _wrong(topic, path, expected, value)
        return value

    return check_one


def _text(value: Value, topic: str, path: str) -> Value:
    if not isinstance(value, str):
        raise _wrong(topic, path, "text", value)
    if len(value) > MOST_TEXT:
        raise TextTooLong(input=path, most=MOST_TEXT)
    if "\0" in value:
        raise _wrong(topic, path, "text", "NUL")
    return value


def _person(value: Value, topic: str, path: str) -> Value:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{32}", value):
        raise _wrong(topic, path, "a person's id", value)
    return value


def _change(value: Value, topic: str, path: str) -> Value:
    number = _decimal(value, topic, path)
    if number != number.to_integral_value():
        raise FractionOfAPiece(input=path, given=value)
    if abs(number) > MOST_PIECES:
        raise TooManyPieces(input=path, given=value)
    return int(number)


def _pieces(value: Value, topic: str, path: str) -> Value:
    if _decimal(value, topic, path) < 0:
        raise NegativeQuantity(input=path, given=value)
    return _change(value, topic, path)


def _decimal(value: Value, topic: str, path: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise _wrong(topic, path, "a number", value)
    number = Decimal(value)
    if not number.is_finite():
        raise _wrong(topic, path, "a number", value)
    # Before anything is computed with it: 1E+400 is one short word.
    if number and number.adjusted() > 30:
        raise AmountOutOfRange(input=path, given=f"1E+{number.adjusted()}", low=0, high=MOST_MONEY)
    return number


def _between(low: int, high: Decimal) -> Callable[[Value, str, str], Value]:
    def check_one(value: Value, topic: str, path: str) -> Value:
        number = _decimal(value, topic, path)
        if number < low and low == 0:
            raise NegativeAmount(input=path, given=value)
        if not low <= number <= high:
            raise AmountOutOfRange(input=path, given=value, low=low, high=high)
        if number != number.quantize(Decimal("0.0001")):
            raise TooManyDecimals(input=path, given=value)
        return number

    return check_one


def _integer(value: Value, topic: str, path: str) -> Value:
    return _plain(int, "a whole number")(value, topic, path)


def _wrong(topic: str, path: str, expected: str, value: Value) -> WrongInput:
    given = value if isinstance(value, str) and len(value) <= 40 else type(value).__name__
    return WrongInput(topic=topic, input=path, expected=expected, given=given)


_ANNOTATED: Mapping[str, Callable[[Value, str, str], Value]] = {
    "pieces": _pieces,
    "change": _change,
    "money": _between(0, MOST_MONEY),
    "measure": _between(0, Decimal(1_000_000_000)),
    "figure": _between(-1_000_000_000, Decimal(1_000_000_000)),
    "score": _between(0, Decimal(100)),
    "percent": _between(0, Decimal(1000)),
    "person": _person,
    "value": lambda value, topic, path: value,
}
_PLAIN: Mapping[Any, tuple[str, Callable[[Value, str, str], Value]]] = {
    str: ("text", _text),
    bool: ("boolean", _plain(bool, "yes or no")),
    int: ("integer", _integer),
    dt.date: ("date", _plain(dt.date, "a date")),
    dt.datetime: ("date-time", _plain(dt.datetime, "a date-time")),
    File: ("file", _plain(File, "a file")),
}
