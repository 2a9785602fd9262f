"""What a choice, and a column of a table, may be one of: a source of the books, or options that it lists itself.

Not here: every other component (component.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from runtime.forms.findings import Findings
from runtime.forms.model import OBSTACLES, SOURCES, Option, Table
from runtime.forms.texts import check_label, names_of

_VARIABLE = re.compile(r"=\s*((?!__)[^\W\d]\w*)\s*")


def read_source(item: Mapping[str, Any], findings: Findings) -> str:
    source = item.get("properties", {}).get("source", "")
    if not source:
        return ""
    if item["type"] not in ("select", "radio", "checklist"):
        findings.add(
            "form.source_needs_choice", "Only select, radio and checklist take options from a source.", item
        )
    return str(source) if _known_source(source, item, findings) else ""


def check_obstacles(top: list[Any], everything: Iterable[Mapping[str, Any]], findings: Findings) -> None:
    """`obstacle`, a property of our own: what the books say against sending the form stands in this field, and
    refuses it."""
    for item in everything:
        properties = item.get("properties")
        obstacle = properties.get("obstacle") if isinstance(properties, dict) else None
        if obstacle is None:
            continue
        fits = item.get("type") == "textarea" and item.get("readonly") is True and item in top
        if not fits or not isinstance(obstacle, str) or obstacle not in OBSTACLES:
            findings.add(
                "form.obstacle",
                "obstacle is a property of a read-only textarea outside of lists and groups; known are {known}.",
                dict(item),
                known=", ".join(sorted(OBSTACLES)),
            )


def read_options(item: Mapping[str, Any], findings: Findings) -> tuple[Option, ...]:
    if item["type"] not in ("select", "radio", "checklist") or item.get("properties", {}).get("source"):
        return ()
    return _listed(item.get("values"), item, findings)


def read_table(item: Mapping[str, Any], place: int, findings: Findings) -> Table | None:
    """A table that shows names for codes, at this place among the components; None for every other component."""
    columns = item.get("columns") if item.get("type") == "table" else None
    if not isinstance(columns, list):
        return None
    columns = [column for column in columns if isinstance(column, dict)]
    sources = {str(column.get("key")): column["source"] for column in columns if column.get("source")}
    for source in sources.values():
        _known_source(source, item, findings)
    options = {
        str(column.get("key")): _listed(column["values"], item, findings)
        for column in columns
        if "values" in column
    }
    rows = _VARIABLE.fullmatch(str(item.get("dataSource", "")))
    if not sources and not options:
        return None
    if not rows:
        findings.add(
            "form.named_column",
            "A table whose columns have a source or values shows one variable: dataSource must be = and its name.",
            item,
        )
        return None
    keys = tuple(str(column.get("key")) for column in columns)
    # Not by its id, which need not be a name of FEEL.
    return Table(str(item.get("id", "")), rows[1], keys, sources, options, f"shown_rows_{place}")


def _known_source(source: Any, item: Mapping[str, Any], findings: Findings) -> bool:
    if isinstance(source, str) and source in SOURCES:
        return True
    findings.add(
        "form.unknown_source",
        "The source {source} is not known; known are {known}.",
        item,
        source=source,
        known=", ".join(sorted(SOURCES)),
    )
    return False


def _listed(values: Any, item: Mapping[str, Any], findings: Findings) -> tuple[Option, ...]:
    if not isinstance(values, list) or not values:
        findings.add("form.no_options", "A choice needs options or a source.", item)
        return ()
    options = []
    for each in values:
        if (
            not isinstance(each, dict)
            or not isinstance(each.get("value"), (str, bool, int))
            or each["value"] == ""
        ):
            findings.add("form.option", "An option needs a value and a label.", item)
            continue
        names = names_of(each, "label", each, "label")
        for text in names.values():
            check_label(text, item, findings)
        options.append(Option(each["value"], names))
    given = [(type(option.value), option.value) for option in options]
    if len(set(given)) < len(given):
        findings.add("form.option_twice", "Two options have the same value.", item)
    return tuple(options)
