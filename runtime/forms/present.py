"""A form as the reader's browser gets it: the schema in one language, the values as plain JSON.

Not here: reading the file (read.py), checking what comes back (answers.py)."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from decimal import Context, Decimal
from typing import Any

import isodate

from runtime import i18n
from runtime.forms.model import MAX_MONEY, Field, Form, Table, keyed
from runtime.forms.texts import TEXTS, names_of
from runtime.values import File, Value


def localise(form: Form, language: str, options: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """The form-js schema in `language`, its choices filled in from `options` (source → value, label).

    Read-only and disabled stay as the file has them."""
    schema: dict[str, Any] = copy.deepcopy(dict(form.schema))
    schema.pop("properties", None)
    tables = {table.id: table for table in form.tables}
    for component in schema["components"]:
        _localise(component, language, options, tables)
    return schema


def _localise(
    component: dict[str, Any],
    language: str,
    options: Mapping[str, Sequence[Mapping[str, Any]]],
    tables: Mapping[str, Table],
) -> None:
    properties = component.pop("properties", {})
    for place, stem in TEXTS.items():
        holder = component if len(place) == 1 else component.get(place[0], {})
        if place[-1] in holder:
            names = names_of(holder, place[-1], properties, stem)
            holder[place[-1]] = i18n.label(language, names)
    if component["type"] == "number":
        _number(component, properties)
    if component["type"] == "dynamiclist":
        _list(component)
    # form-js would empty the field without a word, by the browser's clock; the server says what is wrong and keeps it.
    component.pop("disallowPassedDates", None)
    # What the browser holds, too, though form-js does not know it (web/frontend/src/shared/checks.js).
    if held := {name: properties[name] for name in ("required_if", "not_before") if properties.get(name)}:
        component["properties"] = held
    if properties.get("source"):
        component["values"] = [
            {"value": option["value"], "label": _as_label(option["label"])}
            for option in options.get(properties["source"], ())
        ]
    else:
        for option in component.get("values", ()):
            _relabel(option, language)
    for column in component.get("columns", ()):
        _relabel(column, language)
        column.pop("source", None)
        column.pop("values", None)
    if component.get("id") in tables:
        component["dataSource"] = f"={tables[component['id']].shown}"
    for inner in component.get("components", ()):
        _localise(inner, language, options, tables)


def _number(component: dict[str, Any], properties: Mapping[str, str]) -> None:
    if properties.get("type") == "integer":
        component["decimalDigits"] = 0
    if properties.get("currency"):
        component.setdefault("appearance", {}).setdefault("prefixAdorner", properties["currency"])
        component.setdefault("validate", {}).setdefault("max", int(MAX_MONEY))


def _list(component: dict[str, Any]) -> None:
    # form-js folds all rows but the first five away; a field that must be filled in would be missed there.
    if any("key" in inner and not inner.get("readonly") for inner in component.get("components", ())):
        component.setdefault("disableCollapse", True)


def _relabel(item: dict[str, Any], language: str) -> None:
    names = names_of(item, "label", item, "label")
    item["label"] = i18n.label(language, names, str(item.get("value", item.get("key", ""))))
    for tail in ("_en", "_zh_hant"):
        item.pop("label" + tail, None)


def _as_label(text: str) -> str:
    """What somebody typed into the books, so that form-js does not take it for a template."""
    return text.replace("{{", "{\u2060{")


def held(form: Form, known: Mapping[str, Value]) -> dict[str, set[str]]:
    """Source → the codes that the form shows already, which need a name even where nobody may choose them
    any more: a component that was delisted, a person who left."""
    found: dict[str, set[str]] = {}
    _held(form.fields, known, found)
    for table in form.tables:
        for row in _rows(known.get(table.rows)):
            for column, source in table.sources.items():
                _add(found, source, row.get(column))
    return found


def _held(fields: Sequence[Field], known: Mapping[str, Value], found: dict[str, set[str]]) -> None:
    for field in keyed(fields):
        value = known.get(field.key)
        if field.source:
            for code in value if isinstance(value, (list, tuple)) else [value]:
                _add(found, field.source, code)
        elif field.fields:
            for row in [value] if isinstance(value, Mapping) else _rows(value):
                _held(field.fields, row, found)


def _add(found: dict[str, set[str]], source: str, code: Value) -> None:
    if isinstance(code, str) and code:
        found.setdefault(source, set()).add(code)


def _rows(value: Value) -> list[Mapping[str, Value]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, (list, tuple)) else []


def for_browser(
    form: Form,
    known: Mapping[str, Value],
    options: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    language: str = i18n.DEFAULT,
    *,
    exact: bool = False,
    files: Collection[str] = (),
) -> dict[str, Any]:
    """The values of the form's fields, and of the variables that its FEEL reads, as plain JSON.

    `files`: fields of which the reader may open the files, and is told where they are.

    With `options` also the rows of tables that show names for codes, in `language`, as `localise` makes the
    tables read them. `exact`: for programs, whose numbers may stay Decimals. Nothing else of the case
    leaves the server."""
    found = {field.key: field for field in keyed(form.fields)}
    data = {name: plain(known[name], found.get(name), exact) for name in sorted(form.reads) if name in known}
    data |= {name: _to_open(known[name]) for name in files if name in data}
    if options is not None:
        # As the case knows them: a list of the same rows may show less of each than the table beside it.
        data |= {
            table.shown: _named(table, plain(known.get(table.rows), None, exact), options, language)
            for table in form.tables
        }
    return data


def _to_open(value: Value) -> Any:
    if isinstance(value, File):
        return {"name": value.name, "size": value.size, "sha256": value.sha256}
    return [_to_open(item) for item in value] if isinstance(value, (list, tuple)) else plain(value, None)


def _named(
    table: Table, rows: Any, options: Mapping[str, Sequence[Mapping[str, Any]]], language: str
) -> list[dict[str, Any]]:
    names: dict[str, dict[Any, str]] = {
        column: {option["value"]: option["label"] for option in options.get(source, ())}
        for column, source in table.sources.items()
    }
    for column, listed in table.options.items():
        names[column] = {
            option.value: i18n.label(language, dict(option.names), str(option.value)) for option in listed
        }

    def shown(column: str, value: Any) -> Any:
        return names.get(column, {}).get(value, value) if isinstance(value, (str, int)) else value

    return [
        {column: shown(column, row[column]) for column in table.columns if column in row}
        for row in _rows(rows)
    ]


def _as_read(value: Decimal, field: Field) -> Decimal:
    """What is only read: money with all the decimals of its field (¥740195.10, not ¥740195.1), anything
    else with none that say nothing (1 day, not 1.0)."""
    _, digits, exponent = value.as_tuple()
    if not field.readonly or not isinstance(exponent, int):
        return value
    if not field.currency:
        return value.normalize(Context(prec=len(digits)))
    return value.quantize(Decimal(1).scaleb(-field.decimals)) if -exponent < field.decimals else value


def plain(value: Value, field: Field | None, exact: bool = False) -> Any:
    """Without a field, numbers are what FEEL in the browser computes with."""
    if isinstance(value, Decimal):
        if exact and not (field is not None and field.as_text):
            return value
        if field is not None and field.as_text:
            return format(_as_read(value, field), "f")
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if field is not None and field.as_text else value
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, (dt.timedelta, isodate.Duration)):
        return isodate.duration_isoformat(value)
    if isinstance(value, File):
        return {"name": value.name, "size": value.size}
    if isinstance(value, Mapping):
        inner = {each.key: each for each in keyed(field.fields)} if field is not None else {}
        # Of a group or a row only what the form shows; of other maps all, since FEEL may read it.
        return {
            key: plain(item, inner.get(key), exact)
            for key, item in value.items()
            if not inner or key in inner
        }
    if isinstance(value, (list, tuple)):
        return [plain(item, field, exact) for item in value]
    return value
