"""Conditions as trees: constants computed, and written back as text for readers.

Not here: whether types fit (kinds.py) and what a condition means for a case (plain.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import isodate

from runtime import expressions
from runtime.expressions import (
    Binary,
    Call,
    CannotEvaluate,
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

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")

# How tightly each operator binds; as the grammar of runtime/expressions/read.py has it.
_BINDS = {
    "or": 1,
    "and": 2,
    "not": 3,
    "==": 4,
    "!=": 4,
    "in": 5,
    "<": 5,
    "<=": 5,
    ">": 5,
    ">=": 5,
    "+": 6,
    "-": 6,
    "*": 7,
    "/": 7,
    "%": 7,
    "empty": 8,
}


def fold(node: Node) -> Node:
    """`node` with every part that needs no name computed: `-5`, `2 * 30`, `date('2026-01-31')`.

    Raises CannotEvaluate, e.g. for `1 / 0`."""
    match node:
        case Literal() | Name():
            return node
        case Unary(op, operand):
            folded: Node = Unary(op, fold(operand))
        case Binary(op, left, right):
            folded = Binary(op, fold(left), fold(right))
        case Conditional(test, then, otherwise):
            folded = Conditional(fold(test), fold(then), fold(otherwise))
        case Call(name, args):
            folded = Call(name, tuple(fold(arg) for arg in args))
        case ListOf(items):
            return ListOf(tuple(fold(item) for item in items))
        case _:
            return node
    if any(isinstance(part, Name) for part in expressions.walk(folded)):
        return folded
    return Literal(expressions.compile(render(folded), braces=False).evaluate({}))


def folds(node: Node) -> bool:
    """Whether `fold` will work."""
    try:
        fold(node)
    except CannotEvaluate:
        return False
    return True


def terms(node: Node) -> Iterator[Node]:
    """The parts that all have to hold: what stands between the outermost `and`s."""
    if isinstance(node, Binary) and node.op == "and":
        yield from terms(node.left)
        yield from terms(node.right)
    else:
        yield node


def operands(node: Node) -> Iterator[Node]:
    """What the conditions inside `node` compare, names and constants too."""
    match node:
        case Unary("empty", operand):
            yield operand
        case Unary(_, operand):
            yield from operands(operand)
        case Binary("and" | "or", left, right):
            yield from operands(left)
            yield from operands(right)
        case Binary("in", left, ListOf(items)):
            yield left
            yield from items
        case Binary(_, left, right):
            yield left
            yield right
        case Conditional(test, then, otherwise):
            yield from operands(test)
            yield from operands(then)
            yield from operands(otherwise)
        case _:
            yield node


def render(node: Node, outer: int = 0) -> str:
    """The expression as text, with no more parentheses than it needs."""
    text, binds = _render(node)
    return f"({text})" if binds < outer else text


def _render(node: Node) -> tuple[str, int]:
    match node:
        case Literal(value):
            return _constant(value)
        case Name(id):
            return id, 9
        case Unary("-", operand):
            return f"-{render(operand, 8)}", 8
        case Unary(op, operand):
            binds = _BINDS[op]
            return f"{op} {render(operand, binds)}", binds
        case Binary(op, left, right):
            binds = _BINDS[op]
            # Comparisons do not chain; the others take their like on the left.
            first = binds + 1 if binds in (4, 5) else binds
            return f"{render(left, first)} {op} {render(right, binds + 1)}", binds
        case Conditional(test, then, otherwise):
            return f"{render(test, 1)} ? {render(then)} : {render(otherwise)}", 0
        case Call(name, args):
            return f"{name}({', '.join(render(arg) for arg in args)})", 9
        case ListOf(items):
            return f"[{', '.join(render(item) for item in items)}]", 9
        case Method(of, name, args):
            return f"{render(of, 9)}.{name}({', '.join(render(arg) for arg in args)})", 9
        case Property(of, name):
            return f"{render(of, 9)}.{name}", 9
        case Index(of, key):
            return f"{render(of, 9)}[{render(key)}]", 9
        case Text(parts):
            return "".join(render(part) for part in parts), 9
    raise AssertionError(node)


def _constant(value: object) -> tuple[str, int]:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value], 9
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
        return f"'{escaped}'", 9
    if isinstance(value, dt.timedelta):
        return f"duration('{isodate.duration_isoformat(value)}')", 9
    if isinstance(value, dt.date):
        return f"date('{value.isoformat()}')", 9
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    return text, 8 if text.startswith("-") else 9
