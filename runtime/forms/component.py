"""What one component of a form may say. What is not proven here is refused, never ignored.

Not here: the file around them (read.py), what a choice may be one of (choices.py), texts and languages (texts.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from runtime import v8
from runtime.errors import Invalid
from runtime.forms.choices import read_options, read_source
from runtime.forms.findings import Findings, names_in
from runtime.forms.model import MAX_DECIMALS, MAX_MONEY, MAX_TEXT, Field
from runtime.forms.texts import check_label, check_texts, names_of

_COMMON = frozenset("id type layout appearance properties conditional".split())
_ANSWERED = _COMMON | set("key label description disabled readonly validate defaultValue".split())
ATTRIBUTES: dict[str, frozenset[str]] = {
    "textfield": _ANSWERED,
    "textarea": _ANSWERED,
    "number": _ANSWERED | {"decimalDigits", "increment", "serializeToString"},
    "checkbox": _ANSWERED,
    "radio": _ANSWERED | {"values"},
    "select": _ANSWERED | {"values", "searchable"},
    "checklist": _ANSWERED | {"values"},
    "datetime": _ANSWERED
    | set(
        "subtype dateLabel timeLabel use24h timeInterval timeSerializingFormat disallowPassedDates".split()
    ),
    "filepicker": _ANSWERED | {"multiple", "accept"},
    "group": _COMMON | set("label path components showOutline verticalAlignment".split()),
    "dynamiclist": _COMMON
    | set(
        "label path components showOutline verticalAlignment isRepeating allowAddRemove "
        "defaultRepetitions disableCollapse nonCollapsedItems".split()
    ),
    "expression": _COMMON | set("key expression computeOn".split()),
    "text": _COMMON | {"text"},
    "table": _COMMON | set("label columns dataSource rowCount".split()),
    "separator": _COMMON,
    "spacer": _COMMON | {"height"},
}
KINDS = {
    "textfield": "text",
    "textarea": "text",
    "checkbox": "boolean",
    "radio": "choice",
    "select": "choice",
    "checklist": "choices",
    "filepicker": "file",
    "group": "group",
    "dynamiclist": "rows",
    "expression": "computed",
}
_CHECKS: dict[str, frozenset[str]] = {
    "text": frozenset("required minLength maxLength pattern patternErrorMessage validationType".split()),
    "decimal": frozenset(["required", "min", "max"]),
    "integer": frozenset(["required", "min", "max"]),
}
_ACCEPTED = re.compile(r"\.[^\s/*.]+|[a-z0-9.+-]+/([a-z0-9.+-]+|\*)")
_KEY = re.compile(r"(?!__)[^\W\d]\w*")


def read_components(
    components: list[Any], findings: Findings, *, in_rows: bool = False, taken: set[str] | None = None
) -> tuple[Field, ...]:
    """The fields of a list of components. `taken` holds the keys of this level of the answers."""
    taken = set() if taken is None else taken
    fields = [_component(item, findings, in_rows, taken) for item in components]
    found = tuple(each for each in fields if each is not None)
    kinds = {each.key: each.kind for each in found}
    for item, each in zip(components, fields, strict=True):
        if each is not None and each.not_before and kinds.get(each.not_before) != each.kind:
            findings.add("form.not_before", "not_before names a datetime of the same kind beside this one.", item)
    hiding = {each.key: names_in(each.hide) for each in found if each.hide}
    for item, each in zip(components, fields, strict=True):
        if each is None or each.key not in hiding:
            continue
        for other in sorted(hiding.keys() & hiding[each.key] - {each.key}):
            if each.key in hiding[other]:
                findings.add(
                    "form.hide_each_other",
                    "This field and {other} can hide each other: if both are sent, both are lost.",
                    item,
                    severity="warning",
                    other=other,
                )
    return found


def _component(item: Any, findings: Findings, in_rows: bool, taken: set[str]) -> Field | None:
    if not isinstance(item, dict) or not isinstance(item.get("type"), str):
        place = item if isinstance(item, dict) else None
        findings.add("form.not_a_component", "A component needs a type.", place)
        return None
    of_type = item["type"]
    if of_type not in ATTRIBUTES:
        findings.add(
            "form.unknown_component",
            "The component type {type} is not accepted; accepted are {accepted}.",
            item,
            type=of_type,
            accepted=", ".join(sorted(ATTRIBUTES)),
        )
        return None
    for name in sorted(item.keys() - ATTRIBUTES[of_type]):
        findings.add("form.unknown_attribute", "{name} is not known here.", item, name=name)
    for name in ("properties", "validate", "conditional", "appearance"):
        if not isinstance(item.get(name, {}), dict):
            findings.add("form.not_a_map", "{name} must be a map.", item, name=name)
            return None
    names = check_texts(item, findings)
    hide = _hide(item, findings)
    if of_type in ("text", "table", "separator", "spacer"):
        _shown_only(item, findings)
        return None
    kind = _kind(item, findings)
    key = _key(item, findings, taken)
    readonly = _flag(item, "readonly", findings) | _flag(item, "disabled", findings)
    inner: tuple[Field, ...] = ()
    if of_type in ("group", "dynamiclist"):
        inner = _inner(item, findings, in_rows, taken)
    options = read_options(item, findings)
    if of_type == "filepicker" and not isinstance(item.get("multiple", False), bool):
        findings.add("form.not_plain", "{name} must be true or false.", item, name="multiple")
    made = Field(
        type=of_type,
        kind=kind,
        key=key,
        names=names,
        readonly=readonly,
        hide=hide,
        decimals=_decimals(item, kind, findings),
        step=_number(item, "increment", item, findings),
        as_text=item.get("serializeToString") is True,
        currency=str(item.get("properties", {}).get("currency", "")),
        options=options,
        source=read_source(item, findings),
        no_past=_flag(item, "disallowPassedDates", findings),
        no_future=_no_future(item, findings),
        not_before=_not_before(item, findings),
        required_if=_required_if(item, findings),
        obstacle=str(item.get("properties", {}).get("obstacle", "")),
        multiple=item.get("multiple") is True,
        accept=_accept(item, findings),
        fixed=item.get("allowAddRemove") is False or item.get("isRepeating") is False,
        expression=_expression(item, findings),
        fields=inner,
        **_checks(item, kind, findings),
    )
    _judge(made, item, findings)
    return made


def _accept(item: Mapping[str, Any], findings: Findings) -> tuple[str, ...]:
    """As of an input of HTML: endings and media types, with commas between."""
    given = item.get("accept", "")
    accept = tuple(each.strip().lower() for each in given.split(",")) if isinstance(given, str) and given else ()
    if not isinstance(given, str) or not all(_ACCEPTED.fullmatch(each) for each in accept):
        findings.add(
            "form.accept",
            "accept holds endings (.pdf) and media types (image/png, image/*), with commas between.",
            item,
        )
    return accept


def _no_future(item: Mapping[str, Any], findings: Findings) -> bool:
    """form-js has no such check: a property of our own, which the server holds."""
    given = item.get("properties", {}).get("no_future")
    if given is not None and (given != "true" or item["type"] != "datetime"):
        findings.add("form.no_future", "no_future is a property of a datetime, and its value is true.", item)
    return bool(given == "true")


def _not_before(item: Mapping[str, Any], findings: Findings) -> str:
    """The key of the field that this one must not lie before; a property of our own, which both sides hold."""
    given = item.get("properties", {}).get("not_before", "")
    if not given:
        return ""
    if item["type"] != "datetime" or item.get("subtype") == "time":
        findings.add("form.not_before", "not_before names a datetime of the same kind beside this one.", item)
        return ""
    return str(given)


def _required_if(item: Mapping[str, Any], findings: Findings) -> str:
    """form-js asks always or never: a property of our own, which both sides hold."""
    given = item.get("properties", {}).get("required_if", "")
    if not given:
        return ""
    if "validate" not in ATTRIBUTES[item["type"]] or (item.get("validate") or {}).get("required"):
        findings.add("form.required_if", "required_if is a property of a field that is not asked for always.", item)
        return ""
    if not isinstance(given, str) or not given.lstrip().startswith("="):
        findings.add("form.not_feel", "{name} must be FEEL and begin with =.", item, name="required_if")
        return ""
    return findings.feel(given, item)


def _judge(made: Field, item: Mapping[str, Any], findings: Findings) -> None:
    """What only the whole of a field shows."""
    if made.kind == "rows" and not made.fixed and any(inner.readonly for inner in made.walk()):
        findings.add(
            "form.readonly_in_rows",
            "A list with read-only fields cannot let rows be added or removed: the rows would be mixed up.",
            item,
        )
    if made.kind == "decimal" and not made.as_text:
        findings.add(
            "form.inexact_number",
            "This number is not exact in the browser: set serializeToString.",
            item,
            severity="warning",
        )
    if made.kind == "computed" and re.search(r"[-+*/]", made.expression):
        findings.add(
            "form.inexact_computation",
            "FEEL computes in floating point: show this value, and compute money in the process.",
            item,
            severity="warning",
        )
    if made.pattern and not (item.get("validate") or {}).get("patternErrorMessage"):
        findings.add(
            "form.pattern_unexplained",
            "Whoever errs is shown the pattern itself: say with patternErrorMessage what is asked for.",
            item,
            severity="warning",
        )
    if made.minimum is not None and made.maximum is not None and made.minimum > made.maximum:
        findings.add("form.nothing_fits", "The smallest value is larger than the largest.", item)
    if made.max_length and made.min_length > made.max_length:
        findings.add("form.nothing_fits", "The smallest value is larger than the largest.", item)


def _hide(item: Mapping[str, Any], findings: Findings) -> str:
    conditional = item.get("conditional", {})
    hide = conditional.get("hide")
    for name in conditional.keys() - {"hide"}:
        findings.add("form.unknown_attribute", "{name} is not known here.", item, name=f"conditional.{name}")
    if hide in (None, ""):
        return ""
    if not isinstance(hide, str) or not hide.lstrip().startswith("="):
        findings.add("form.not_feel", "{name} must be FEEL and begin with =.", item, name="conditional.hide")
        return ""
    return findings.feel(hide, item)


def _shown_only(item: Mapping[str, Any], findings: Findings) -> None:
    if item["type"] != "table":
        return
    source = item.get("dataSource")
    if not isinstance(source, str) or not source.lstrip().startswith("="):
        findings.add("form.not_feel", "{name} must be FEEL and begin with =.", item, name="dataSource")
    else:
        findings.feel(source, item)
    columns = item.get("columns")
    if not isinstance(columns, list) or not all(
        isinstance(column, dict)
        and isinstance(column.get("key"), str)
        and isinstance(column.get("label"), str)
        for column in columns
    ):
        findings.add("form.columns", "A table needs columns with key and label.", item)
        return
    for column in columns:
        for text in names_of(column, "label", column, "label").values():
            check_label(text, item, findings)


def _kind(item: Mapping[str, Any], findings: Findings) -> str:
    if item["type"] == "number":
        asked = item.get("properties", {}).get("type")
        if asked not in (None, "decimal", "integer"):
            findings.add("form.number_type", "A number's type is decimal or integer.", item)
        if asked == "integer" and item.get("decimalDigits") not in (None, 0):
            findings.add("form.number_type", "A number's type is decimal or integer.", item)
        return (
            "integer"
            if asked == "integer" or (asked is None and item.get("decimalDigits") == 0)
            else "decimal"
        )
    if item["type"] != "datetime":
        return KINDS[item["type"]]
    subtype = item.get("subtype")
    if subtype not in ("date", "time", "datetime"):
        findings.add("form.datetime", "subtype is date, time or datetime.", item)
        return "date"
    zoned = item.get("timeSerializingFormat", "utc_offset") in ("utc_offset", "utc_normalized")
    if subtype == "datetime" and not zoned:
        findings.add(
            "form.datetime_zone", "A date-time needs a zone: set timeSerializingFormat to UTC.", item
        )
    if subtype == "time" and item.get("timeSerializingFormat") != "no_timezone":
        findings.add(
            "form.time_zone", "A time of day has no zone: set timeSerializingFormat to no_timezone.", item
        )
    return {"datetime": "date-time"}.get(subtype, subtype)


def _key(item: Mapping[str, Any], findings: Findings, taken: set[str]) -> str:
    name = "path" if item["type"] in ("group", "dynamiclist") else "key"
    key = item.get(name)
    if item["type"] == "group" and key in (None, ""):
        return ""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        findings.add("form.key", "A field needs a key of letters, digits and _.", item)
        return ""
    if key in taken:
        findings.add("form.key_taken", "Two fields have the key {key}.", item, key=key)
    taken.add(key)
    findings.reads.add(key)
    return key


def _inner(item: Mapping[str, Any], findings: Findings, in_rows: bool, taken: set[str]) -> tuple[Field, ...]:
    components = item.get("components")
    if not isinstance(components, list):
        findings.add("form.no_components", "A group or list needs components.", item)
        return ()
    rows = item["type"] == "dynamiclist"
    if rows and in_rows:
        findings.add("form.rows_in_rows", "A list inside a list is not accepted.", item)
    flat = item["type"] == "group" and not item.get("path")
    return read_components(components, findings, in_rows=in_rows or rows, taken=taken if flat else set())


def _flag(item: Mapping[str, Any], name: str, findings: Findings) -> bool:
    value = item.get(name, False)
    if not isinstance(value, bool):
        findings.add("form.not_plain", "{name} must be true or false.", item, name=name)
        return True
    return value


def _number(
    holder: Mapping[str, Any], name: str, item: Mapping[str, Any], findings: Findings
) -> Decimal | None:
    value = holder.get(name)
    if value in (None, ""):
        return None
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else None
    except ArithmeticError:
        number = None
    if number is None or not number.is_finite():
        findings.add("form.not_a_number", "{name} must be a number.", item, name=name)
        return None
    return number


def _decimals(item: Mapping[str, Any], kind: str, findings: Findings) -> int:
    digits = item.get("decimalDigits", 0 if kind == "integer" else MAX_DECIMALS)
    if type(digits) is not int or not 0 <= digits <= MAX_DECIMALS:
        findings.add("form.decimals", "decimalDigits lies between 0 and {limit}.", item, limit=MAX_DECIMALS)
        return 0
    return digits


def _checks(item: Mapping[str, Any], kind: str, findings: Findings) -> dict[str, Any]:
    """The limits that `validate` sets."""
    given = item.get("validate", {})
    allowed = _CHECKS.get(kind, frozenset(["required"]))
    for name in sorted(given.keys() - allowed):
        findings.add("form.unknown_attribute", "{name} is not known here.", item, name=f"validate.{name}")
    for name, value in given.items():
        if isinstance(value, str) and value.startswith("="):
            findings.add("form.not_plain_value", "{name} must be a plain value, not FEEL.", item, name=name)
            return {}
    limits: dict[str, Any] = {"required": given.get("required") is True}
    if kind == "text":
        for name, to in (("minLength", "min_length"), ("maxLength", "max_length")):
            number = _number(given, name, item, findings)
            if number is not None:
                limits[to] = max(0, min(int(number), MAX_TEXT[item["type"]]))
        limits.setdefault("max_length", MAX_TEXT[item["type"]])
        limits["pattern"] = _pattern(given.get("pattern") or "", item, findings)
        form = given.get("validationType") or ""
        if form not in ("", "custom", "email", "phone"):
            findings.add("form.validation_type", "validationType is email or phone.", item)
        limits["format"] = form if form in ("email", "phone") else ""
    if kind in ("decimal", "integer"):
        limits["minimum"], limits["maximum"] = (
            _number(given, "min", item, findings),
            _number(given, "max", item, findings),
        )
        if limits["maximum"] is None and item.get("properties", {}).get("currency"):
            limits["maximum"] = MAX_MONEY
    return limits


def _pattern(pattern: Any, item: Mapping[str, Any], findings: Findings) -> str:
    if not pattern:
        return ""
    if not isinstance(pattern, str) or len(pattern) > 500:
        findings.add("form.pattern", "A pattern is text of at most {limit} characters.", item, limit=500)
        return ""
    try:
        v8.shared().matches(pattern, "")
    except Invalid as error:
        findings.add(error.code, error.message, item, **error.params)
    return pattern


def _expression(item: Mapping[str, Any], findings: Findings) -> str:
    if item["type"] != "expression":
        return ""
    text = item.get("expression")
    if not isinstance(text, str) or not text.lstrip().startswith("="):
        findings.add("form.not_feel", "{name} must be FEEL and begin with =.", item, name="expression")
        return ""
    return findings.feel(text, item)
