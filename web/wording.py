"""Conditions of a rule as a reader says them: names instead of ids, ≥ instead of >=.

Only for reading. What a rule means is decided in runtime/rules, from the file itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from runtime.queries.rules import Table
from web import current, show

_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[^\W\d]\w*|\d+(?:\.\d+)?|>=|<=|==|!=|&&|\|\||\*|-(?=\d)|.', re.S
)
_SIGNS = {">=": "≥", "<=": "≤", "==": "=", "!=": "≠", "*": "×", "-": "−", "&&": "and", "||": "or"}
_SPOKEN = {"and", "or", "not", "in", "true", "false", "null"}


def wording(names: Mapping[str, str]) -> Callable[[str | None], str]:
    """A function from an expression's text to its reading; `names`: id → label."""

    def told(text: str | None) -> str:
        return "".join(_told(token, names) for token in _TOKEN.findall(text or ""))

    return told


def of_tables(*tables: Table) -> Callable[[str | None], str]:
    """The same for what stands in these tables."""
    every = [column for table in tables for column in (*table.inputs, *table.outputs)]
    names = {column.id: column.label for column in every}
    names |= {each.id: each.label for table in tables for each in table.derived}
    # A value that the file names is told by its name: excellent → 优秀.
    names |= {f"'{value}'": label for column in every for value, label in column.choices.items()}
    return wording(names)


def _told(token: str, names: Mapping[str, str]) -> str:
    if token in names:
        return names[token]
    token = _SIGNS.get(token, token)
    if token in _SPOKEN:
        return current.say(token)
    if token[:1].isdigit():
        return show.number(Decimal(token))
    if token[:1] in "\"'" and len(token) > 1:
        return f"“{token[1:-1]}”"
    return token
