"""Variables that a person types one by one, each with its kind: read as the command line and the API read them.

Not here: the answers of a form, which says itself what each is (runtime/forms)."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask import request

from runtime import values
from runtime.values import NotAValue, Value
from web import show

MOST = 50  # rows of one form
LONGEST = 128  # characters of a name
# What each kind is called; the first is the usual one.
KINDS = {
    "text": "Text",
    "number": "Number",
    "yes": "Yes",
    "no": "No",
    "date": "Date",
    "moment": "Date and time",
    "duration": "Duration",
    "nothing": "Nothing",
    "json": "List or map (JSON)",
}
WITHOUT: dict[str, Value] = {"yes": True, "no": False, "nothing": None}  # kinds that are their own value
# What is wrong with a value of a kind, by example.
WRONG = {
    "text": "This cannot be kept.",
    "number": "Write a number, as 12 or 12.50.",
    "date": "Write a date, as 2026-03-09.",
    "moment": "Write a date and a time, as 2026-03-09 14:30.",
    "duration": "Write a duration, as P3D for three days or PT2H30M.",
    "json": 'Write JSON, as ["A", 3] or {"sku": "A", "pieces": 3}.',
}
NAMES = (
    "Give the variable a name.",
    "This name stands here twice.",
    "A name has at most 128 characters.",
)


@dataclass
class Row:
    """One line of the form, as it was typed; what is wrong with its name and with its value, in English."""

    name: str = ""
    kind: str = "text"
    text: str = ""
    wrong_name: str = ""
    wrong_value: str = ""

    @property
    def wrong(self) -> bool:
        return bool(self.wrong_name or self.wrong_value)


@dataclass
class Given:
    """`values` holds what could be read."""

    rows: list[Row] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        return any(row.wrong for row in self.rows)


def given() -> Given:
    """The rows that were sent, those left empty apart."""
    sent = (request.form.getlist(part)[:MOST] for part in ("name", "kind", "value"))
    found = Given()
    for name, kind, text in zip(*sent, strict=False):
        row = Row(name.strip(), kind if kind in KINDS else "text", text)
        if not row.name and not row.text and row.kind not in WITHOUT:
            continue
        found.rows.append(row)
        if not row.name:
            row.wrong_name = NAMES[0]
        elif any(other.name == row.name for other in found.rows[:-1]):
            row.wrong_name = NAMES[1]
        elif len(row.name) > LONGEST:
            row.wrong_name = NAMES[2]
        try:
            found.values[row.name] = read(row.kind, row.text)
        except (NotAValue, ValueError, RecursionError):
            row.wrong_value = WRONG[row.kind]
    return found


def read(kind: str, text: str) -> Value:
    """What `text` is as a value of this kind; a time without a zone is one of the business zone.

    Raises NotAValue, ValueError, RecursionError."""
    if kind in WITHOUT:
        return WITHOUT[kind]
    return values.read(text if kind == "text" else _tagged(kind, text.strip()))


def _tagged(kind: str, text: str) -> Any:
    if kind == "number":
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,101}", text) else {"$decimal": text}
    if kind == "moment":
        at = dt.datetime.fromisoformat(text)
        return {"$datetime": (at if at.tzinfo else at.replace(tzinfo=show.zone())).isoformat()}
    if kind == "json":
        return json.loads(text, parse_float=Decimal, parse_constant=_not_a_number)
    return {f"${kind}": text}


def _not_a_number(name: str) -> Any:
    raise ValueError(name)


def sentences() -> list[str]:
    """All that this part says, for who translates it."""
    return [*KINDS.values(), *WRONG.values(), *NAMES]
