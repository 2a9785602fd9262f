"""A form that stands inside a diagram (camunda:formData), as the form that a file would give.

Its fields become the schema of a `.form` file and are read as one, so that it is shown,
checked and kept exactly alike; its default values become known where the case knows none.

Not here: which types and constraints there are (bpmn/lint/form_field.py)."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Protocol

from runtime import formulas
from runtime.errors import Invalid, Problem
from runtime.forms.kinds import CHOICES, DATES, READERS, Refused, Today
from runtime.forms.model import MAX_TEXT, Field, Form
from runtime.forms.read import load
from runtime.forms.texts import LANGUAGES
from runtime.values import Value

PATTERN = "dd/MM/yyyy"  # Camunda's, where a date has none
# The letters of a date pattern and what Python calls them.
_DIRECTIVES = {
    "yyyy": "%Y", "yy": "%y", "MM": "%m", "M": "%m", "dd": "%d", "d": "%d",
    "HH": "%H", "H": "%H", "mm": "%M", "m": "%M", "ss": "%S", "s": "%S",
}  # fmt: skip
_LIMITS = {"min": "min", "max": "max", "minlength": "minLength", "maxlength": "maxLength"}
_NAMES = ("name_en", "name_zh_hant")
_DATE = {"subtype": "date"}
_MOMENT = {"subtype": "datetime", "timeSerializingFormat": "utc_offset", "use24h": True, "timeLabel": "时间"}
_TIME = {"time_name_en": "Time", "time_name_zh_hant": "時間"}
_PIECE = re.compile(r"'([^']*)'|([A-Za-z])\2*|[^A-Za-z']+")


class DefaultDoesNotFit(Invalid):
    """The default value of {field} does not fit: {value}."""

    code = "form.default"


class DiagramField(Protocol):
    """What is read of bpmn.model.FormField."""

    @property
    def id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def default(self) -> str: ...
    @property
    def date_pattern(self) -> str: ...
    @property
    def values(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def constraints(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def properties(self) -> Mapping[str, str]: ...
    @property
    def line(self) -> int: ...


def from_fields(
    key: str, fields: Sequence[DiagramField], file: str = ""
) -> tuple[Form | None, list[Problem]]:
    """The form of an element's fields, and what is to be said of it, each at its field's line."""
    schema = {"id": key, "type": "default", "components": [_component(*each) for each in enumerate(fields)]}
    form, problems = load(json.dumps(schema, ensure_ascii=False), file)
    lines = {field.id: field.line for field in fields}
    first = fields[0].line if fields else 0
    placed = [replace(problem, line=lines.get(problem.where, first)) for problem in problems]
    if form is None:
        return None, placed
    defaults = {}
    for field in fields:
        if field.default:
            defaults[field.id] = (field.default, field.date_pattern)
        elif field.type == "boolean" and "required" in _limits(field):
            # Camunda asks for an answer, which an empty box is; form-js would ask for a tick.
            defaults[field.id] = ("${false}", "")
    for read in form.fields:
        text, pattern = defaults.get(read.key, ("", ""))
        if text and not formulas.computes(text):
            try:
                default(read, text, pattern, dt.UTC)
            except DefaultDoesNotFit as error:
                found = Problem(error.code, error.message, read.key, error.params, file=file)
                placed.append(replace(found, line=lines[read.key]))
    if any(problem.severity == "error" for problem in placed):
        return None, placed
    return replace(form, defaults=defaults), placed


def default(field: Field, value: Value, pattern: str, zone: dt.tzinfo) -> Value:
    """A default value as its field would have it; text may be a date in the field's own pattern.

    Raises DefaultDoesNotFit."""
    if value is None:
        return None
    try:
        if field.kind in CHOICES:
            return CHOICES[field.kind](value, field, [option.value for option in field.options])
        if field.kind in DATES:
            return DATES[field.kind](_moment(value, field, pattern, zone), field, Today(dt.date.min, dt.date.max))
        if field.kind == "boolean" and isinstance(value, str):
            value = {"true": True, "false": False}.get(value.strip().lower(), value)
        if field.kind == "text" and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            value = format(value, "f") if isinstance(value, Decimal) else str(value)
        return READERS[field.kind](value, field)
    except Refused:
        raise DefaultDoesNotFit(field=field.key, value=str(value)[:80]) from None


def _moment(value: Value, field: Field, pattern: str, zone: dt.tzinfo) -> Value:
    if isinstance(value, str) and (directives := strptime(pattern or PATTERN)):
        try:
            read = dt.datetime.strptime(value.strip(), directives).replace(tzinfo=zone)
        except ValueError:
            return value
        return read if field.kind == "date-time" else read.date()
    if isinstance(value, dt.datetime) and field.kind == "date":
        return value.astimezone(zone).date()
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime) and field.kind == "date-time":
        return dt.datetime.combine(value, dt.time.min, zone)
    return value


def strptime(pattern: str) -> str:
    """A Java date pattern as Python's; "" when a letter of it is not known here."""
    made = ""
    for piece in _PIECE.finditer(pattern):
        if piece[1] is not None:
            made += (piece[1] or "'").replace("%", "%%")
        elif piece[2]:
            if piece[0] not in _DIRECTIVES:
                return ""
            made += _DIRECTIVES[piece[0]]
        else:
            made += piece[0].replace("%", "%%")
    return made


def _limits(field: DiagramField) -> dict[str, str]:
    return {name: config or "true" for name, config in field.constraints}


def _component(number: int, field: DiagramField) -> dict[str, Any]:
    """The form-js component of a field."""
    limits = _limits(field)
    validate: dict[str, Any] = {to: int(limits[name]) for name, to in _LIMITS.items() if name in limits}
    if "required" in limits and field.type != "boolean":
        validate["required"] = True
    component: dict[str, Any] = {
        "id": f"field_{number}",
        "key": field.id,
        "properties": {name: text for name, text in field.properties.items() if name in _NAMES},
        "validate": validate,
        "readonly": "readonly" in limits,
        ("dateLabel" if field.type == "date" else "label"): field.label or field.id,
    }
    if field.type == "long":
        component["properties"]["type"] = "integer"
        return component | {"type": "number", "decimalDigits": 0}
    if field.type == "boolean":
        return component | {"type": "checkbox"}
    if field.type == "date":
        component["properties"] |= _TIME if with_time(field.date_pattern) else {}
        return component | {"type": "datetime"} | (_MOMENT if with_time(field.date_pattern) else _DATE)
    if field.type == "enum":
        return component | {"type": "select", "values": [_option(field, *value) for value in field.values]}
    long_text = int(limits.get("maxlength", 0)) > MAX_TEXT["textfield"]
    return component | {"type": "textarea" if long_text else "textfield"}


def _option(field: DiagramField, value: str, label: str) -> dict[str, str]:
    beside = {f"label{tail}": field.properties.get(f"{value}{tail}", "") for tail in LANGUAGES.values()}
    return {"value": value, "label": label or value, **{name: text for name, text in beside.items() if text}}


def with_time(pattern: str) -> bool:
    """Whether a date pattern asks for a time of day too."""
    return bool(re.search("[Hms]", re.sub("'[^']*'", "", pattern)))
