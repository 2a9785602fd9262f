"""From the rows that fit to outputs, or to a refusal in three languages.

Not here: which rows fit (plain.py, durable.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache

from runtime import i18n
from runtime.errors import GuichengError, Invalid
from runtime.expressions import CannotEvaluate, Expression
from runtime.rules.facts import Facts, FigureFailed
from runtime.rules.kinds import kind_of
from runtime.rules.table import LARGEST, Cell, Default, Field, Refusing, RuleFile, Unset, too_large
from runtime.values import Value

_ROUNDING = Context(prec=50, rounding=ROUND_HALF_UP)


class RuleRefused(Invalid):
    """The rule {rule} does not decide this case."""

    code = "rule.refused"


class OutputUnset(RuleRefused):
    """The rule {rule} has no value for {output} in its row {row} yet. Until somebody enters it, nothing is
    decided."""

    code = "rule.output_unset"


class RefusedByDefault(RuleRefused):
    """{reason}"""

    code = "rule.refused_by_default"


class NoRowFits(RuleRefused):
    """No row of the rule {rule} fits this case, and it has no default."""

    code = "rule.no_row_fits"


class FigureMissing(RuleRefused):
    """The rule {rule} cannot compute {figure}: {reason}"""

    code = "rule.figure_missing"


class OutputMissing(RuleRefused):
    """The row {row} of the rule {rule} gives no value for {output}: {reason}"""

    code = "rule.output_missing"


class OutputUnfit(RuleRefused):
    """The rule {rule} computes {value} for {output} in its row {row}; that output does not allow it."""

    code = "rule.output_unfit"


@dataclass(frozen=True)
class Outcome:
    """Outputs by name (for `collect` a list each, in row order), or why there are none."""

    outputs: Mapping[str, Value] = field(default_factory=dict)
    because: tuple[tuple[str, Mapping[str, str]], ...] = ()  # row id (or "default") -> reason by language
    refusal: RuleRefused | None = None
    messages: Mapping[str, str] | None = None  # the refusal by language


def settle(file: RuleFile, hits: Iterable[str], facts: Facts) -> Outcome:
    """What the rows `hits` decide, or the default if there are none."""
    rows = [file.row(id) for id in hits]
    because = tuple((row.id, row.because) for row in rows)
    try:
        if rows:
            found = [Cells(file, row.id, row.then).outputs(facts.values) for row in rows]
        elif isinstance(file.default, Default):
            because = (("default", file.default.because),)
            found = [Cells(file, "default", file.default.then).outputs(facts.values)]
        elif isinstance(file.default, Refusing):
            messages = file.default.messages
            reason = i18n.label("en", dict(messages))
            return Outcome(refusal=RefusedByDefault(rule=file.key, reason=reason), messages=messages)
        else:
            raise NoRowFits(rule=file.key)
    except RuleRefused as refusal:
        return replace(refused(file, refusal), because=because)
    if file.hit == "collect":
        return Outcome({name: [each[name] for each in found] for name in file.outputs}, because)
    return Outcome(found[0], because)


def refused(file: RuleFile, refusal: RuleRefused) -> Outcome:
    """The outcome of a refusal: its sentence in each language, with the names that people know."""
    messages: dict[str, str] = {}
    for language in i18n.LANGUAGES:
        params = {name: _told(file, language, name, value) for name, value in refusal.params.items()}
        messages[language] = i18n.say(language, refusal.message, **params)
    return Outcome(refusal=refusal, messages=messages)


def figure_failed(file: RuleFile, error: FigureFailed) -> Outcome:
    """The outcome when a figure of let cannot be computed for a case."""
    return refused(file, FigureMissing(rule=file.key, figure=error.figure, reason=error.reason))


def _told(file: RuleFile, language: str, param: str, value: Value) -> Value:
    if isinstance(value, GuichengError):
        return i18n.say(language, value.message, **value.params)
    names: Mapping[str, str] = {}
    if param == "rule":
        names = file.names
    elif param == "row":
        names = next((row.names for row in file.rows if row.id == value), {})
    elif param == "output":
        names = file.outputs[value].names
    elif param == "figure" and value in file.let:
        names = file.let[value].names
    return i18n.label(language, dict(names), str(value))


class Cells:
    """What one row, or the default, gives out; what is the same for every case is found once."""

    def __init__(self, file: RuleFile, row: str, then: Mapping[str, Cell]) -> None:
        self._file, self._row = file, row
        self._fixed: dict[str, Value] = {}
        self._asked: list[tuple[Field, Expression | Unset]] = []
        for name, cell in then.items():
            if isinstance(cell, (Expression, Unset)):
                self._asked.append((file.outputs[name], cell))
            else:
                self._fixed[name] = _fit(file, row, file.outputs[name], cell)
        self._formulas = [
            (output, output.formula, _plainly(output)) for output in file.outputs.values() if output.formula
        ]

    def outputs(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """All outputs in file order; the formulas see the row's own as they are given out.

        Raises OutputUnset, OutputMissing, OutputUnfit."""
        file, row = self._file, self._row
        found = dict(self._fixed)
        for output, cell in self._asked:
            if isinstance(cell, Unset):
                raise OutputUnset(rule=file.key, row=row, output=output.id, owner=file.owner)
            found[output.id] = _fit(file, row, output, _evaluate(file, row, output.id, cell, values))
        if self._formulas:
            seen = {**values, **found}
            for output, formula, plainly in self._formulas:
                value = _evaluate(file, row, output.id, formula, seen)
                given = plainly(value)
                if given is None:
                    given = _fit(file, row, output, value)
                seen[output.id] = found[output.id] = given
        return {name: found[name] for name in file.outputs}


def _evaluate(file: RuleFile, row: str, name: str, cell: Expression, values: Mapping[str, Value]) -> Value:
    try:
        return cell.evaluate(values)
    except CannotEvaluate as error:
        raise OutputMissing(rule=file.key, row=row, output=name, reason=error) from None


def _fit(file: RuleFile, row: str, output: Field, value: Value) -> Value:
    """The value as its output is declared: rounded, in range, never null."""
    if value is None:
        raise OutputMissing(rule=file.key, row=row, output=output.id, reason="null")
    if output.type == "decimal" and type(value) is int:
        value = Decimal(value)
    if kind_of(value) != output.type or too_large(value, LARGEST * LARGEST):
        raise _unfit(file, row, output, value)
    if output.decimals is not None and isinstance(value, Decimal):
        value = value.quantize(_places(output.decimals), context=_ROUNDING)
    if (output.choices and value not in output.values) or not output.in_range(value):
        raise _unfit(file, row, output, value)
    return value


def _plainly(output: Field) -> Callable[[Value], Value]:
    """What `_fit` gives for most values, found at a glance; None where it must look closer."""
    if output.type != "decimal" or output.choices:
        return lambda value: None
    low: Value = -LARGEST if output.minimum is None else max(output.minimum, -LARGEST)
    high: Value = LARGEST if output.maximum is None else min(output.maximum, LARGEST)
    places = None if output.decimals is None else _places(output.decimals)

    def fit(value: Value) -> Value:
        # What is no number lies between no two.
        if type(value) is not Decimal or value.is_nan():
            return None
        given = value if places is None else value.quantize(places, context=_ROUNDING)
        return given if low <= given <= high else None

    return fit


def _unfit(file: RuleFile, row: str, output: Field, value: Value) -> OutputUnfit:
    return OutputUnfit(rule=file.key, row=row, output=output.id, value=str(value)[:80])


@cache
def _places(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)
