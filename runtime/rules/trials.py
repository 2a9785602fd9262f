"""A rule file tried before it is published: its examples, and both evaluators side by side.

Not here: proofs (analyse.py)."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import chain

from runtime.errors import Problem
from runtime.expressions import Binary, ListOf, Literal, Name, walk
from runtime.rules import durable, evaluate, facts, plain
from runtime.rules.conditions import COMPARISONS
from runtime.rules.facts import FigureFailed, InputsInvalid
from runtime.rules.problems import problem
from runtime.rules.table import Field, RuleFile, too_large
from runtime.values import Value

CASES = 2_000
_LAST = dt.date.max.toordinal()


def examples(file: RuleFile, name: str = "") -> list[Problem]:
    """What the examples expect and the table does not do; rows that no example reaches."""
    found: list[Problem] = []
    ruleset = evaluate.compile(file)
    reached: set[str] = set()
    for example in file.examples:
        tell = partial(problem, file=name, line=example.line, column=1)
        try:
            decision = evaluate.decide(ruleset, example.given)
        except InputsInvalid as error:
            found.append(tell("rule_file.example_invalid"))
            found += [replace(each, file=name, line=example.line, column=1) for each in error.problems]
            continue
        reached.update(decision.hits or ("default",))
        if example.then is None:
            if decision.refusal is None:
                found.append(tell("rule_file.example_not_refused"))
            continue
        if decision.refusal is not None:
            found.append(tell("rule_file.example_refused"))
            # The refusal's own sentence, so that its own translations serve.
            found.append(
                Problem(
                    rule=decision.refusal.code,
                    message=decision.refusal.message,
                    file=name,
                    where=f"{example.line}:1",
                    params=decision.refusal.params,
                    line=example.line,
                    column=1,
                )
            )
            continue
        for output, expected in example.then.items():
            if decision.outputs[output] != expected:
                shown = _show(decision.outputs[output])
                found.append(
                    tell("rule_file.example_failed", output=output, expected=_show(expected), found=shown)
                )
    for row in file.rows:
        if row.id not in reached:
            found.append(problem("rule_file.row_untested", file=name, line=row.line, column=1, row=row.id))
    return found


def side_by_side(file: RuleFile, name: str = "", cases: int = CASES) -> list[Problem]:
    """The first case that the rule engine and plain Python decide differently, if there is one.

    Cases are drawn around the figures of the table by a generator seeded with its text:
    the same file is always tried with the same cases."""
    handle = durable.Handle(durable.compile(file))
    for given in draw(file, cases):
        try:
            of = facts.gather(file, given)
        except FigureFailed:
            continue
        if handle.hits(of) != plain.hits(file, of):
            case = describe(given)
            return [problem("rule_file.evaluators_differ", file=name, line=1, column=1, case=case)]
    handle.retire()
    return []


def describe(given: object) -> str:
    """A case for readers: `amount = 500000, over_budget = true`."""
    assert isinstance(given, dict)
    return ", ".join(f"{name} = {_show(value)}" for name, value in given.items())


def _show(value: Value) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, list):
        return f"[{', '.join(_show(item) for item in value)}]"
    return str(value)


def draw(file: RuleFile, cases: int, seed: str = "") -> Iterator[dict[str, Value]]:
    """Cases that crowd around the edges of the table: its constants, a step beside them, its ranges."""
    source = random.Random(f"{file.sha256}{seed}")
    edges = {name: _edges(file, field) for name, field in file.inputs.items()}
    for _ in range(cases):
        given: dict[str, Value] = {}
        for name, field in file.inputs.items():
            if not field.required and source.random() < 0.25:
                given[name] = None
            elif edges[name] and (field.choices or source.random() < 0.7):
                given[name] = source.choice(edges[name])
            else:
                given[name] = _anything(field, source)
        yield given


def _edges(file: RuleFile, field: Field) -> list[Value]:
    """Values worth trying for an input, all of them allowed."""
    if field.choices:
        return list(field.values)
    if field.type == "boolean":
        return [True, False]
    constants = [value for row in file.rows for value in _constants(row.when, field.id)]
    numbers = [value for row in file.rows for value in _numbers(row.when)]
    wanted: list[Value] = [field.minimum, field.maximum, *constants]
    found: list[Value] = []
    if field.type == "text":
        found = [*constants, "", "甲", 'quote " and \\']
    elif field.type == "date":
        for number in (day.toordinal() for day in wanted if day):
            found += [dt.date.fromordinal(number + step) for step in (-1, 0, 1) if 0 < number + step <= _LAST]
    else:
        step = 1 if field.type == "integer" else Decimal(1).scaleb(-min(field.decimals or 4, 4))
        for number in chain((each for each in wanted if each is not None), numbers):
            at = int(number) if field.type == "integer" else Decimal(number)
            found += [at - step, at, at + step]
    return [value for value in dict.fromkeys(found) if _allowed(field, value)]


def _constants(when: object, name: str) -> Iterator[Value]:
    """What a condition compares an input with directly."""
    for node in walk(when):  # type: ignore[arg-type]
        if isinstance(node, Binary) and node.op in (*COMPARISONS, "in"):
            sides = (node.left, node.right)
            if Name(name) in sides:
                for side in sides:
                    for item in side.items if isinstance(side, ListOf) else (side,):
                        if isinstance(item, Literal) and item.value is not None:
                            yield item.value


def _numbers(when: object) -> Iterator[Value]:
    for node in walk(when):  # type: ignore[arg-type]
        if isinstance(node, Literal) and type(node.value) in (int, Decimal):
            yield node.value


def _allowed(field: Field, value: Value) -> bool:
    if field.type == "text":
        return True
    return not too_large(value) and field.in_range(value)


def _anything(field: Field, source: random.Random) -> Value:
    if field.type == "boolean":
        return source.random() < 0.5
    if field.type == "text":
        return "".join(source.choice('abc甲乙 "\\') for _ in range(source.randrange(6)))
    if field.type == "date":
        low = (field.minimum or dt.date(2000, 1, 1)).toordinal()
        high = (field.maximum or dt.date(2050, 1, 1)).toordinal()
        return dt.date.fromordinal(source.randint(low, max(low, high)))
    low = int(field.minimum) if field.minimum is not None else -(10**6)
    high = int(field.maximum) if field.maximum is not None else max(low, 0) + 10**6
    if source.random() < 0.5:  # small numbers meet more edges than large ones
        high = min(high, low + 200)
    if field.type == "integer":
        return source.randint(low, max(low, high))
    places = min(field.decimals, 6) if field.decimals is not None else source.choice((0, 1, 2, 4, 6))
    value = Decimal(source.randint(low * 10**places, max(low, high) * 10**places)).scaleb(-places)
    return value if _allowed(field, value) else Decimal(field.minimum or 0)
