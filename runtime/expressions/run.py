"""What a tree means: each node becomes a closure over (names, functions), once.

Not here: the operators themselves (arithmetic.py)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal, DecimalException, DivisionByZero
from typing import Any

from runtime.expressions import arithmetic
from runtime.expressions.arithmetic import CONTEXT, MAX_TEXT, bounded, kind, mismatch
from runtime.expressions.errors import (
    DividedByZero,
    Mismatch,
    OutOfRange,
    TooLarge,
    UnknownFunction,
    UnknownName,
    WrongArguments,
)
from runtime.expressions.functions import METHODS, PURE
from runtime.expressions.tree import (
    Binary,
    Call,
    Conditional,
    Index,
    ListOf,
    Literal,
    Method,
    Name,
    Node,
    Property,
    Text,
    Unary,
)
from runtime.values import Value

__all__ = ["CONTEXT", "Run", "check_result", "prepare"]

Names = Mapping[str, Value]
Functions = Mapping[str, Callable[..., Value]]
Run = Callable[[Names, Functions], Value]

_ARITHMETIC: dict[str, Callable[[Value, Value], Value]] = {
    "+": arithmetic.add,
    "-": arithmetic.subtract,
    "*": arithmetic.multiply,
    "/": arithmetic.divide,
    "%": arithmetic.remainder,
    "in": arithmetic.contains,
}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def check_result(value: Value) -> Value:
    """`value`, if a case can hold it."""
    if not arithmetic.is_value(value):
        raise Mismatch(op="=", kinds=kind(value))
    return value


def prepare(node: Node) -> Run:
    """The closure that evaluates `node`."""
    match node:
        case Literal(value):
            return lambda names, functions: value
        case Name(id):
            return _name(id)
        case Unary(op, operand):
            return _unary(op, prepare(operand))
        case Binary(op, left, right):
            return _binary(op, prepare(left), prepare(right))
        case Conditional(test, then, otherwise):
            return _conditional(prepare(test), prepare(then), prepare(otherwise))
        case Call(name, args):
            return _call(name, [prepare(arg) for arg in args])
        case Method(of, name, args):
            return _method(prepare(of), name, [prepare(arg) for arg in args])
        case Property(of, name):
            return _index(prepare(of), lambda names, functions: name, "." + name)
        case Index(of, key):
            return _index(prepare(of), prepare(key), "[]")
        case ListOf(items):
            return _list([prepare(item) for item in items])
        case Text(parts):
            return _text([prepare(part) for part in parts])
    raise AssertionError(node)


def _name(id: str) -> Run:
    def run(names: Names, functions: Functions) -> Value:
        try:
            return names[id]
        except KeyError:
            raise UnknownName(name=id) from None

    return run


def _boolean(op: str, value: Value) -> bool:
    if value is True or value is False:
        return value
    raise mismatch(op, value)


def _unary(op: str, operand: Run) -> Run:
    if op == "not":
        return lambda names, functions: not _boolean("not", operand(names, functions))
    if op == "empty":
        return lambda names, functions: arithmetic.is_empty(operand(names, functions))
    return lambda names, functions: arithmetic.negative(operand(names, functions))


def _binary(op: str, left: Run, right: Run) -> Run:
    if op == "and":
        return lambda names, functions: (
            _boolean("and", left(names, functions)) and _boolean("and", right(names, functions))
        )
    if op == "or":
        return lambda names, functions: (
            _boolean("or", left(names, functions)) or _boolean("or", right(names, functions))
        )
    if op in ("==", "!="):
        wanted = op == "=="
        return lambda names, functions: (
            arithmetic.equal(op, left(names, functions), right(names, functions)) is wanted
        )
    if op in _ORDER:
        compare = _ORDER[op]

        def run(names: Names, functions: Functions) -> Value:
            one, other = left(names, functions), right(names, functions)
            arithmetic.ordered(op, one, other)
            try:
                return compare(one, other)
            except (TypeError, DecimalException):  # a date-time without a zone, NaN
                raise mismatch(op, one, other) from None

        return run
    compute = _ARITHMETIC[op]
    exactly = arithmetic.EXACTLY.get(op, compute)

    def calculate(names: Names, functions: Functions) -> Value:
        one, other = left(names, functions), right(names, functions)
        try:
            # Most formulas are of prices, pieces and days.
            return exactly(one, other) if type(one) is Decimal is type(other) else compute(one, other)
        except DivisionByZero:
            raise DividedByZero() from None
        except (DecimalException, OverflowError):
            raise OutOfRange(op=op) from None
        except TypeError:  # durations and date-times that Python will not combine
            raise mismatch(op, one, other) from None

    return calculate


def _conditional(test: Run, then: Run, otherwise: Run) -> Run:
    return lambda names, functions: (
        then(names, functions) if _boolean("?", test(names, functions)) else otherwise(names, functions)
    )


def _call(name: str, args: list[Run]) -> Run:
    def run(names: Names, functions: Functions) -> Value:
        function = functions.get(name) or PURE.get(name)
        if function is None:
            raise UnknownFunction(name=name)
        return _apply(name, function, [arg(names, functions) for arg in args])

    return run


def _method(of: Run, name: str, args: list[Run]) -> Run:
    by_kind = METHODS[name]

    def run(names: Names, functions: Functions) -> Value:
        value = of(names, functions)
        method = by_kind.get(kind(value))
        if method is None:
            raise mismatch(name, value)
        return _apply(name, method, [value, *(arg(names, functions) for arg in args)])

    return run


def _apply(name: str, function: Callable[..., Value], args: list[Value]) -> Value:
    try:
        return bounded(function(*args))
    except (DecimalException, OverflowError):
        raise OutOfRange(op=name) from None
    except (TypeError, ValueError):
        raise WrongArguments(name=name) from None


def _index(of: Run, key: Run, shown: str) -> Run:
    """As in JUEL, what a map or list does not have is null; null itself has nothing."""

    def run(names: Names, functions: Functions) -> Value:
        value, wanted = of(names, functions), key(names, functions)
        kinds = kind(value), kind(wanted)
        if kinds == ("map", "text"):
            return value.get(wanted)
        if kinds[0] == "list" and type(wanted) is int:
            return value[wanted] if 0 <= wanted < len(value) else None
        raise mismatch(shown, value, wanted) if value is None or shown == "[]" else mismatch(shown, value)

    return run


def _list(items: list[Run]) -> Run:
    return lambda names, functions: [item(names, functions) for item in items]


def _text(parts: list[Run]) -> Run:
    def run(names: Names, functions: Functions) -> Value:
        pieces: list[str] = []
        length = 0
        for part in parts:
            piece = arithmetic.as_text(part(names, functions))
            length += len(piece)
            if length > MAX_TEXT:
                raise TooLarge()
            pieces.append(piece)
        return "".join(pieces)

    return run
