"""What a case brings to a rule: checked strictly, then the figures of `let` computed.

Shared by both evaluators, so that they can only differ in which row fits. Not here:
rows (plain.py, durable.py) and outputs (outcome.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from runtime.errors import Invalid, Problem, fill
from runtime.expressions import CannotEvaluate
from runtime.rules.kinds import kind_of
from runtime.rules.problems import problem
from runtime.rules.reading import has_more_decimals
from runtime.rules.table import LARGEST, LONGEST, Derived, Field, RuleFile, compared, too_large
from runtime.values import Value


class InputsInvalid(Invalid):
    """What was given to the rule {rule} does not fit: {reason}

    `problems` has one entry for each input."""

    code = "decision.inputs_invalid"


class FigureFailed(Exception):
    """A figure of let has no value for this case; becomes a refusal of the decision."""

    def __init__(self, figure: str, reason: CannotEvaluate | str) -> None:
        super().__init__(figure, reason)
        self.figure, self.reason = figure, reason


@dataclass(frozen=True)
class Facts:
    """One case as a rule sees it; every declared name is there, null where nothing is given."""

    inputs: Mapping[str, Value]
    values: Mapping[str, Value]  # inputs and let, as exact as they are
    compared: Mapping[str, Value]  # the same and the operands, as conditions compare them


class Intake:
    """Facts of very many cases of one file. What is the same for all is found once: which of a case's
    inputs can be seen to fit at a glance, and what conditions look at.

    Only for cases about which nothing is unusual: for any other `take` gives None, and `gather` says why."""

    def __init__(self, file: RuleFile, looked_at: tuple[str, ...]) -> None:
        self._names = file.inputs.keys()
        self._checks = [(name, _glance(field)) for name, field in file.inputs.items()]
        self._figures = tuple(file.let.values())
        self._operands = tuple(file.operands.values())
        self._looked_at = looked_at

    def take(self, given: Mapping[str, Value]) -> tuple[dict[str, Value], tuple[Value, ...]] | None:
        """Inputs and figures of a case, and what conditions look at, as they compare it."""
        if not given.keys() <= self._names:
            return None
        values: dict[str, Value] = {}
        try:
            for name, fits in self._checks:
                value = given.get(name)
                if not fits(value):
                    return None
                values[name] = value
            for figure in self._figures:
                values[figure.id] = _compute(figure, values)
            seen = values
            if self._operands:
                seen = {**values, **{operand.id: _compute(operand, values) for operand in self._operands}}
            return values, tuple([compared(seen[name]) for name in self._looked_at])
        except (FigureFailed, ArithmeticError):  # what is no number cannot be compared
            return None


def _glance(field: Field) -> Callable[[Value], bool]:
    """Whether a value plainly is one of the field's, as it stands."""
    optional, choices = not field.required, frozenset(field.values)
    kind = {"decimal": Decimal, "integer": int, "boolean": bool}.get(field.type)
    if field.decimals is not None:
        return lambda value: value is None and optional
    if field.type == "text" and choices:
        # What the file names is short enough.
        return lambda value: optional if value is None else type(value) is str and value in choices
    if kind is None:
        return lambda value: value is None and optional
    low: Value = -LARGEST if field.minimum is None else max(field.minimum, -LARGEST)
    high: Value = LARGEST if field.maximum is None else min(field.maximum, LARGEST)

    def fits(value: Value) -> bool:
        if value is None:
            return optional
        return type(value) is kind and bool(low <= value <= high) and (not choices or value in choices)

    return fits


def gather(file: RuleFile, given: Mapping[str, Value]) -> Facts:
    """The facts of a case. Raises InputsInvalid with every problem, and FigureFailed."""
    inputs = normalise(file, given)
    values = dict(inputs)
    for figure in file.let.values():
        values[figure.id] = _compute(figure, values)
    compare = {name: compared(value) for name, value in values.items()}
    for operand in file.operands.values():
        compare[operand.id] = compared(_compute(operand, values))
    return Facts(inputs, values, compare)


def normalise(file: RuleFile, given: Mapping[str, Value]) -> dict[str, Value]:
    """Every input of the file in its type: integers serve as decimals, and nothing else is converted.

    Raises InputsInvalid with every problem."""
    found: list[Problem] = [
        problem("decision.unknown_input", name=str(name)[:80]) for name in given if name not in file.inputs
    ]
    inputs: dict[str, Value] = {}
    for name, field in file.inputs.items():
        value = given.get(name)
        if value is None:
            inputs[name] = None
            if field.required:
                found.append(problem("decision.missing_input", name=name))
            continue
        inputs[name] = value = _typed(field, value)
        wrong = _wrong(field, value)
        if wrong:
            found.append(wrong)
    if found:
        reason = " ".join(fill(each.message, each.params) for each in found)
        raise InputsInvalid(found, rule=file.key, reason=reason)
    return inputs


def _typed(field: Field, value: Value) -> Value:
    if field.type == "decimal" and type(value) is int:
        return Decimal(value)
    if field.type == "integer" and isinstance(value, Decimal) and value.is_finite() and value == int(value):
        return int(value)  # the books keep pieces as decimals
    if field.type == "text" and isinstance(value, str):
        return str(value)
    return value


def _wrong(field: Field, value: Value) -> Problem | None:
    name = field.id
    if kind_of(value) != field.type or (isinstance(value, Decimal) and not value.is_finite()):
        kind = kind_of(value) or type(value).__name__
        return problem("decision.not_of_type", name=name, type=field.type, kind=kind)
    if isinstance(value, str):
        if len(value) > LONGEST or "\0" in value:
            return problem("decision.too_long", name=name, limit=LONGEST)
    elif too_large(value):
        return problem("decision.too_large", name=name)
    if field.minimum is not None and value < field.minimum:
        return problem("decision.below", name=name, limit=str(field.minimum))
    if field.maximum is not None and value > field.maximum:
        return problem("decision.above", name=name, limit=str(field.maximum))
    if field.decimals is not None and has_more_decimals(value, field.decimals):
        return problem("decision.too_many_decimals", name=name, limit=field.decimals)
    if field.choices and value not in field.values:
        values = ", ".join(str(choice) for choice in field.values)
        return problem("decision.not_a_choice", name=name, values=values)
    return None


def _compute(figure: Derived, values: Mapping[str, Value]) -> Value:
    """A figure; null if it needs what is not given. Raises FigureFailed."""
    try:
        value = figure.formula.evaluate(values)
    except CannotEvaluate as error:
        if any(values[name] is None for name in figure.formula.names):
            return None
        raise FigureFailed(figure.id, error) from None
    if too_large(value):
        raise FigureFailed(figure.id, f"{figure.formula.text} > 10^14")
    if figure.kind == "decimal" and type(value) is int:
        return Decimal(value)
    if isinstance(value, dt.datetime):  # cannot come from the types of rules; refuse rather than guess
        raise FigureFailed(figure.id, figure.formula.text)
    return value
