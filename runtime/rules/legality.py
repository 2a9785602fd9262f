"""What the law asks of a change to a rule, told as facts: whether it takes from wages, dismisses, reaches back.

Pure: read off the two tables. Not here: what follows from the facts (rules/legality.yaml)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TypedDict

from runtime.rules.table import UNSET, Cell, Default, Field, RuleFile

# Clauses on conduct, appraisal and pay: there a table speaks about people.
ABOUT_PEOPLE = ("三(五)", "四(", "五(")
MONEY = frozenset(("CNY", "%"))
_FINE = re.compile(r"(?<![a-z])fine|penalt|deduct|forfeit|罚|罰|扣", re.IGNORECASE)
_DISMISSAL = re.compile(
    r"dismiss|terminat|(?<![a-z])fired?(?![a-z])|辞退|辭退|开除|開除|解雇|解僱|解除劳动|解除勞動",
    re.IGNORECASE,
)


class Facts(TypedDict):
    """`backdated_days`: by how many days the change reaches back; `fills_only`: nothing but unset figures is
    entered, so nobody is judged otherwise than before."""

    about_people: bool
    takes_from_wages: bool
    dismisses: bool
    backdated_days: int
    fills_only: bool


def examine(before: RuleFile, after: RuleFile, today: dt.date) -> Facts:
    """What the law looks at when `after` takes the place of `before`."""
    people = any(file.clause.startswith(ABOUT_PEOPLE) for file in (before, after))
    return {
        "about_people": people,
        "takes_from_wages": people and _takes_from_wages(after),
        "dismisses": people and _dismisses(after),
        "backdated_days": max((today - after.effective_from).days, 0),
        "fills_only": _fills_only(before, after),
    }


def _takes_from_wages(file: RuleFile) -> bool:
    """An amount or percentage of money is called a fine, is negative somewhere, or may become so."""
    for field in file.outputs.values():
        if field.unit not in MONEY:
            continue
        if any(_FINE.search(text) for text in (field.id, *field.names.values())):
            return True
        if field.minimum is not None and field.minimum < 0:
            return True
        if field.formula is not None and "-" in field.formula.text:
            return True
        for cell in _cells(file, field.id):
            if isinstance(cell, (int, Decimal)) and cell < 0:
                return True
            if not isinstance(cell, (int, Decimal)) and "-" in str(getattr(cell, "text", "")):
                return True
    return False


def _dismisses(file: RuleFile) -> bool:
    """An output, or a value that one may take, is a dismissal: nobody is dismissed by a table."""
    return any(_DISMISSAL.search(text) for field in file.outputs.values() for text in _words(file, field))


def _words(file: RuleFile, field: Field) -> Iterator[str]:
    yield from (field.id, *field.names.values())
    for choice in field.choices:
        yield from (str(choice.value), *choice.names.values())
    yield from (cell for cell in _cells(file, field.id) if isinstance(cell, str))


def _cells(file: RuleFile, output: str) -> Iterator[Cell]:
    for then in _thens(file).values():
        if output in then:
            yield then[output]


def _thens(file: RuleFile) -> dict[str, Mapping[str, Cell]]:
    found = {row.id: row.then for row in file.rows}
    if isinstance(file.default, Default):
        found[""] = file.default.then
    return found


def _fills_only(before: RuleFile, after: RuleFile) -> bool:
    """Every cell that was set says the same, every row fits the same cases, and something was unset."""
    old, new = _thens(before), _thens(after)
    if list(old) != list(new) or before.hit != after.hit or not _same_questions(before, after):
        return False
    filled = False
    for row, then in old.items():
        if then.keys() != new[row].keys():
            return False
        for output, cell in then.items():
            if cell is UNSET:
                filled = filled or new[row][output] is not UNSET
            elif _said(cell) != _said(new[row][output]):
                return False
    return filled


def _same_questions(before: RuleFile, after: RuleFile) -> bool:
    def asked(file: RuleFile) -> list[object]:
        fields = [*file.inputs.values(), *file.outputs.values()]
        return [
            [(row.id, str(row.when)) for row in file.rows],
            [(each.id, each.formula.text) for each in file.let.values()],
            [
                (each.id, each.type, each.minimum, each.maximum, each.decimals, each.required)
                for each in fields
            ],
            [each.formula.text for each in file.outputs.values() if each.formula],
        ]

    return asked(before) == asked(after)


def _said(cell: Cell) -> object:
    return getattr(cell, "text", cell)
