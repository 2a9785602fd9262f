"""What a case brings to a rule: checked strictly, then the figures of `let` computed.

Shared by both evaluators, so that they can only differ in which row fits. Not here:
rows (plain.py, durable.py) and outputs (outcome.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from runtime.errors import Invalid, Problem, fill
from runtime.expressions import CannotEvaluate
from runtime.rules.kinds import kind_of
from runtime.rules.problems import problem
from runtime.rules.reading import has_more_decimals
from runtime.rules.table import LONGEST, Derived, Field, RuleFile, compared, too_large
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
