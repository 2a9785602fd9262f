"""Which rows fit, in plain Python from the rule file itself.

The oracle that the rule engine is measured against at publishing and in tests, its
stand-in when it fails, and the source of every trace. It reads conditions as the file
has them, never the compiled form (terms.py, durable.py), so that a mistake there shows.

A comparison with something that is not given is false; equality knows null."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass

from runtime.expressions import Binary, Conditional, ListOf, Literal, Name, Node, Unary
from runtime.rules.conditions import operands, render, terms
from runtime.rules.facts import Facts
from runtime.rules.table import RuleFile
from runtime.values import Value

_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True)
class Passed:
    """A row that did not fit, and why: each false term with the values it looked at."""

    row: str
    false: tuple[tuple[str, Mapping[str, Value]], ...]


def hits(file: RuleFile, facts: Facts) -> tuple[str, ...]:
    """Ids of the rows that fit: the first one, or all for `collect`."""
    found: list[str] = []
    for row in file.rows:
        if holds(row.when, facts.compared):
            found.append(row.id)
            if file.hit == "first":
                break
    return tuple(found)


def trace(file: RuleFile, facts: Facts) -> tuple[Passed, ...]:
    """The rows that were looked at and did not fit, in order, each with its false terms."""
    passed: list[Passed] = []
    for row in file.rows:
        false = tuple(
            (render(term), _looked_at(term, facts.compared))
            for term in terms(row.when)
            if not holds(term, facts.compared)
        )
        if false:
            passed.append(Passed(row.id, false))
        elif file.hit == "first":
            break
    return tuple(passed)


def compared_names(file: RuleFile) -> tuple[str, ...]:
    """The names and operands that any condition looks at: cases that agree in them fit the same rows, for
    the same reasons."""
    return tuple(dict.fromkeys(
        render(side) for row in file.rows for term in terms(row.when)
        for side in operands(term) if not isinstance(side, Literal)
    ))  # fmt: skip


def _looked_at(term: Node, values: Mapping[str, Value]) -> dict[str, Value]:
    """The names and operands of a term with their values, as compared."""
    sides = (side for side in operands(term) if not isinstance(side, Literal))
    return {text: values[text] for text in dict.fromkeys(render(side) for side in sides)}


def holds(node: Node, values: Mapping[str, Value]) -> bool:
    """Whether a condition holds; `values` has every name and operand as it is compared."""
    match node:
        case Literal(value):
            return value is True
        case Name(id):
            return values[id] is True
        case Unary("not", inner):
            return not holds(inner, values)
        case Unary("empty", inner):
            return _side(inner, values) in (None, "")
        case Binary("and", left, right):
            return holds(left, values) and holds(right, values)
        case Binary("or", left, right):
            return holds(left, values) or holds(right, values)
        case Conditional(test, then, otherwise):
            return holds(then if holds(test, values) else otherwise, values)
        case Binary("in", left, ListOf(items)):
            return any(_same(_side(left, values), _side(item, values)) for item in items)
        case Binary("==", left, right):
            return _same(_side(left, values), _side(right, values))
        case Binary("!=", left, right):
            return not _same(_side(left, values), _side(right, values))
        case Binary(op, left, right):
            one, other = _side(left, values), _side(right, values)
            return one is not None and other is not None and bool(_ORDER[op](one, other))
    raise AssertionError(node)  # kinds.infer lets nothing else through


def _side(node: Node, values: Mapping[str, Value]) -> Value:
    match node:
        case Literal(value):
            return value
        case Name(id):
            return values[id]
    return values[render(node)]


def _same(one: Value, other: Value) -> bool:
    # True == 1 in Python; the types of both sides were checked, this is for null.
    return one is other if one is None or other is None else bool(one == other)
