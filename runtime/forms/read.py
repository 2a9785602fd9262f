"""Reading a `.form` file: JSON from strangers, its ids and keys, and every problem at once.

Not here: what one component may say (component.py)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from runtime.errors import Problem
from runtime.forms.choices import check_obstacles, read_table
from runtime.forms.component import Findings, read_components
from runtime.forms.model import Form

MAX_LENGTH = 1_000_000  # characters
MAX_COMPONENTS = 500
MAX_DEPTH = 30  # of JSON
_ID = re.compile(r"[^\W\d][\w.-]*")
_KNOWN = frozenset(
    "$schema id type components schemaVersion exporter executionPlatform executionPlatformVersion "
    "versionTag properties".split()
)


class _Twice(ValueError):
    """A key stands twice in one JSON object."""


def load(text: str | bytes, file: str) -> tuple[Form | None, list[Problem]]:
    """The form and what is to be said of it; None when one of the problems is an error.

    Raises v8.FeelMissing when the form has FEEL or patterns and there is nothing to check them."""
    findings = Findings(file)
    data = _json(text, findings)
    form = _form(data, findings) if data is not None else None
    if any(problem.severity == "error" for problem in findings.problems):
        form = None
    return form, findings.problems


def _json(text: str | bytes, findings: Findings) -> dict[str, Any] | None:
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError:
            findings.add("form.not_utf8", "This file is not in UTF-8.")
            return None
    if len(text) > MAX_LENGTH:
        findings.add("form.too_large", "A form may have at most {limit} characters.", limit=MAX_LENGTH)
        return None
    findings.text = text
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_float=Decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        findings.problems.append(
            Problem(
                "form.not_json",
                "This is not JSON: {reason}.",
                params={"reason": error.msg},
                file=findings.file,
                line=error.lineno,
                column=error.colno,
            )
        )
        return None
    except _Twice as error:
        key = str(error)
        findings.add("form.key_twice", "The key {key} stands twice in one object.", key=key)
        return None
    except (ValueError, ArithmeticError, RecursionError):
        findings.add("form.not_json", "This is not JSON: {reason}.", reason="a value that JSON does not have")
        return None
    if not isinstance(data, dict) or _deep(data):
        findings.add("form.not_a_form", "This is not a form of form-js.")
        return None
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1))
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _deep(data: Any) -> bool:
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for item in level
            if isinstance(item, (dict, list))
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True


def _form(data: dict[str, Any], findings: Findings) -> Form | None:
    for name in data.keys() - _KNOWN:
        findings.add("form.unknown_attribute", "{name} is not known here.", name=name)
    form_id, components = data.get("id"), data.get("components")
    if not isinstance(form_id, str) or not _ID.fullmatch(form_id):
        findings.add("form.id", "The form needs an id of letters, digits, _ . and -.")
        form_id = ""
    if not isinstance(components, list) or data.get("type", "default") != "default":
        findings.add("form.not_a_form", "This is not a form of form-js.")
        return None
    everything = list(_all(components))
    if len(everything) > MAX_COMPONENTS:
        findings.add(
            "form.too_many_components", "A form may have at most {limit} components.", limit=MAX_COMPONENTS
        )
        return None
    ids = [item["id"] for item in everything if isinstance(item.get("id"), str)]
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        findings.add("form.id_twice", "The id {id} is given twice.", {"id": twice}, id=twice)
    fields = read_components(components, findings)
    check_obstacles(components, everything, findings)
    sources = frozenset(field.source for field in _walk(fields) if field.source and not field.readonly)
    tables = tuple(
        made for place, item in enumerate(everything) if (made := read_table(item, place, findings))
    )
    return Form(form_id, fields, sources, frozenset(findings.reads), data, tables)


def _walk(fields: Any) -> Iterator[Any]:
    for field in fields:
        yield from field.walk()


def _all(components: list[Any]) -> Iterator[dict[str, Any]]:
    for item in components:
        if isinstance(item, dict):
            yield item
            inner = item.get("components")
            if isinstance(inner, list):
                yield from _all(inner)
