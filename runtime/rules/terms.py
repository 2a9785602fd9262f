"""A condition as alternatives of simple tests: what the rule engine can be asked.

`a and (b or c)` becomes the alternatives `a, b` and `a, c`. A comparison with something
that is not given is false, whichever way it points; `not` turns that; equality knows
null: `z == null` is true when z is not given. Not here: the engine (durable.py), and the
second evaluator (plain.py), which must not read this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.expressions import Binary, Conditional, ListOf, Literal, Name, Node, Unary
from runtime.rules.conditions import render
from runtime.rules.table import RuleFile
from runtime.values import Value

MAX_TESTS = 19  # with the marker that each rule begins with, the 20 that the engine is safe with
MAX_ALTERNATIVES = 40

_FLIPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True)
class Constant:
    """The right side of a test when it is written in the file."""

    value: Value


@dataclass(frozen=True)
class Test:
    """`left` is the name of an input, of a figure of let or an operand's text; so is a `right` str.

    `op`: == != < <= > >=, or given / missing, which have no right side."""

    left: str
    op: str
    right: str | Constant | None = None


Alternative = tuple[Test, ...]  # all of them hold


class TooManyAlternatives(Exception):
    """For rulefile.load alone, which makes a Problem of it."""


def alternatives(file: RuleFile, when: Node) -> tuple[Alternative, ...]:
    """The alternatives of a row's condition; none if it never holds, one empty one if it always does.

    Raises TooManyAlternatives."""
    return tuple(_spread(when, True, file.optional, lambda name: file.kind(name) == "text"))


_Ask = Callable[[str], bool]


def _spread(node: Node, wanted: bool, optional: _Ask, is_text: _Ask) -> list[Alternative]:
    """Alternatives under which `node` is `wanted`."""

    def go(part: Node, value: bool) -> list[Alternative]:
        return _spread(part, value, optional, is_text)

    match node:
        case Literal(value):
            return [()] if value is wanted else []
        case Name(id):
            return _compare("==", id, Constant(True), wanted, optional)
        case Unary("not", operand):
            return go(operand, not wanted)
        case Unary("empty", operand):
            return _empty(_side(operand), wanted, optional, is_text)
        case Binary(("and" | "or") as op, left, right):
            joined = _all if (op == "and") is wanted else _any
            return joined(go(left, wanted), go(right, wanted))
        case Conditional(test, then, otherwise):
            return _any(_all(go(test, True), go(then, wanted)), _all(go(test, False), go(otherwise, wanted)))
        case Binary("in", left, ListOf(items)):
            found = [_compare("==", _side(left), _side(item), wanted, optional) for item in items]
            joined = _any if wanted else _all
            result: list[Alternative] = [] if wanted else [()]
            for each in found:
                result = joined(result, each)
            return result
        case Binary(op, left, right):
            return _compare(op, _side(left), _side(right), wanted, optional)
    raise AssertionError(node)  # kinds.infer lets nothing else through


def _side(node: Node) -> str | Constant:
    match node:
        case Literal(value):
            return Constant(value)
        case Name(id):
            return id
    return render(node)


def _any(one: list[Alternative], other: list[Alternative]) -> list[Alternative]:
    found = list(dict.fromkeys([*one, *other]))
    if len(found) > MAX_ALTERNATIVES:
        raise TooManyAlternatives
    return found


def _all(one: list[Alternative], other: list[Alternative]) -> list[Alternative]:
    found: dict[Alternative, None] = {}
    for left in one:
        for right in other:
            both = tuple(dict.fromkeys([*left, *right]))
            if not _contradicts(both):
                found[both] = None
            if len(found) > MAX_ALTERNATIVES:
                raise TooManyAlternatives
    return list(found)


def _contradicts(tests: Alternative) -> bool:
    given = {test.left for test in tests if test.op == "given"}
    return any(test.op == "missing" and test.left in given for test in tests)


def _empty(side: str | Constant, wanted: bool, optional: _Ask, is_text: _Ask) -> list[Alternative]:
    if isinstance(side, Constant):
        return [()] if (side.value in (None, "")) is wanted else []
    missing = _compare("==", side, Constant(None), wanted, optional)
    if not is_text(side):
        return missing
    blank = _compare("==", side, Constant(""), wanted, optional)
    return _any(missing, blank) if wanted else _all(missing, blank)


def _compare(
    op: str, left: str | Constant, right: str | Constant, wanted: bool, optional: _Ask
) -> list[Alternative]:
    if isinstance(left, Constant):
        if isinstance(right, Constant):  # an item of `in` beside a constant; the rest is folded
            return [()] if (left.value == right.value) is wanted else []
        op, left, right = _FLIPPED[op], right, left
    if op in ("==", "!="):
        return _same(left, right, (op == "==") is wanted, optional)
    absent = [side for side in (left, right) if isinstance(side, str) and optional(side)]
    if isinstance(right, Constant) and right.value is None:
        return [] if wanted else [()]
    given = tuple(Test(side, "given") for side in absent)
    if wanted:
        return [(*given, Test(left, op, right))]
    return _any([(Test(side, "missing"),) for side in absent], [(*given, Test(left, _OPPOSITE[op], right))])


def _same(left: str, right: str | Constant, wanted: bool, optional: _Ask) -> list[Alternative]:
    test = Test(left, "==" if wanted else "!=", right)
    if isinstance(right, Constant):
        if right.value is None:
            if not optional(left):
                return [] if wanted else [()]
            return [(Test(left, "missing" if wanted else "given"),)]
        if not optional(left):
            return [(test,)]
        given: list[Alternative] = [(Test(left, "given"), test)]
        return given if wanted else _any([(Test(left, "missing"),)], given)
    either = [side for side in (left, right) if optional(side)]
    both: list[Alternative] = [(*(Test(side, "given") for side in either), test)]
    if len(either) < 2:
        return both if wanted else _any([(Test(side, "missing"),) for side in either], both)
    if wanted:
        return _any(both, [(Test(left, "missing"), Test(right, "missing"))])
    one_only: list[Alternative] = [
        (Test(left, "missing"), Test(right, "given")),
        (Test(left, "given"), Test(right, "missing")),
    ]
    return _any(both, one_only)
