"""Forms: what a file may say, what a browser gets, what comes back and is taken."""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runtime import clock, forms, i18n, v8
from runtime.errors import Problem
from runtime.values import File

ROOT = Path(__file__).resolve().parents[2]
D = Decimal
TODAY = dt.date(2026, 11, 23)
OPTIONS = {"suppliers": [{"value": "s-1", "label": "晶科 {{7*7}}"}, {"value": "s-2", "label": "Trina"}]}
PHOTO = {"$file": {"sha256": "a" * 64, "name": "检验.jpg", "media_type": "image/jpeg", "size": 12}}

OTHERS = (".pdf", ".png, .xlsx", "image/png", "application/*", "image/jp", ".jp")  # which take no such photo
ITS = (".jpg", ".pdf,.JPG", "image/jpeg", "image/*, .pdf")


@pytest.fixture(scope="module", autouse=True)
def feel() -> Iterator[None]:
    v8.use(ROOT / "web" / "static" / "dist" / "feelin.js")
    yield
    v8.shared().close()


def text_of(*components: dict[str, Any], **more: Any) -> str:
    numbered = [{"id": f"c{index}", **each} for index, each in enumerate(components)]
    return json.dumps({"id": "some_form", "type": "default", "components": numbered, **more})


def problems_of(*components: dict[str, Any], **more: Any) -> list[Problem]:
    return forms.load(text_of(*components, **more), "some.form")[1]


def form_of(*components: dict[str, Any]) -> forms.Form:
    form, problems = forms.load(text_of(*components), "some.form")
    assert form is not None, problems
    return form


def taken(form: forms.Form, answers: Any, known: Any = None) -> dict[str, Any]:
    return forms.validate(form, answers, known or {}, OPTIONS, today=TODAY)


def refused(form: forms.Form, answers: Any, known: Any = None) -> dict[str, str]:
    """Where → rule."""
    with pytest.raises(forms.FormInvalid) as found:
        taken(form, answers, known)
    assert all(problem.message for problem in found.value.problems)
    return {problem.where: problem.rule.removeprefix("answer.") for problem in found.value.problems}


def field(type: str, key: str = "x", **more: Any) -> dict[str, Any]:
    return {"type": type, "key": key, "label": "名称", **more}


NUMBER = field("number", serializeToString=True)
MONEY = field("number", serializeToString=True, properties={"currency": "¥"})
WHOLE = field("number", properties={"type": "integer"})
SELECT = field(
    "select", values=[{"value": "a", "label": "甲", "label_en": "A"}, {"value": "b", "label": "乙"}]
)
NAMED = {"key": "supplier", "label": "供应商", "source": "suppliers"}
LINES = {
    "type": "dynamiclist",
    "path": "lines",
    "label": "明细",
    "components": [
        field("textfield", "product", id="l1", validate={"required": True}),
        field("number", "quantity", id="l2", properties={"type": "integer"}, validate={"min": 1}),
    ],
}
FIXED = {
    **LINES,
    "allowAddRemove": False,
    "components": [
        field("textfield", "product", id="l1", readonly=True),
        field("number", "quantity", id="l2", properties={"type": "integer"}, validate={"required": True}),
    ],
}


# -- the file ----------------------------------------------------------------------------------


def test_a_form_of_every_accepted_component_is_read() -> None:
    form, problems = forms.load(
        text_of(
            field("textfield", "name", validate={"pattern": "^[A-Z]", "patternErrorMessage": "大写"}),
            field("textarea", "note", validate={"maxLength": 100}),
            field("number", "price", serializeToString=True, decimalDigits=2, properties={"currency": "CNY"}),
            field("number", "pieces", decimalDigits=0, increment=10),
            field("checkbox", "agreed"),
            field("radio", "size", values=SELECT["values"]),
            field("select", "supplier", properties={"source": "suppliers"}),
            field("checklist", "marks", values=SELECT["values"]),
            {"type": "datetime", "key": "due", "subtype": "date", "dateLabel": "日期"},
            {"type": "datetime", "key": "at", "subtype": "datetime", "dateLabel": "时间"},
            field("filepicker", "photos", multiple=True),
            {"type": "text", "text": "## 订单 {{order_no}}\n{{#if urgent}}急{{/if}} [政策](https://x.test)"},
            {
                "type": "group",
                "label": "组",
                "path": "address",
                "components": [field("textfield", "city", id="g")],
            },
            {"type": "group", "label": "组", "components": [field("textfield", "plain", id="h")]},
            LINES,
            {"type": "expression", "key": "big", "expression": "=pieces > limit", "computeOn": "change"},
            {"type": "table", "label": "表", "dataSource": "=rows", "columns": [{"key": "a", "label": "甲"}]},
            {"type": "separator"},
            {"type": "spacer", "height": 20},
            schemaVersion=19,
            executionPlatform="Camunda Platform",
            exporter={"name": "Camunda Modeler"},
        ),
        "some.form",
    )
    assert problems == []
    assert form is not None
    assert form.id == "some_form"
    assert form.sources == {"suppliers"}
    assert {"order_no", "urgent", "limit", "rows", "price", "address", "city", "lines"} <= form.reads
    assert {each.key: each.kind for each in form.walk() if each.key} == {
        "name": "text",
        "note": "text",
        "price": "decimal",
        "pieces": "integer",
        "agreed": "boolean",
        "size": "choice",
        "supplier": "choice",
        "marks": "choices",
        "due": "date",
        "at": "date-time",
        "photos": "file",
        "address": "group",
        "city": "text",
        "plain": "text",
        "lines": "rows",
        "product": "text",
        "quantity": "integer",
        "big": "computed",
    }


@pytest.mark.parametrize(
    ("component", "rule"),
    [
        ({"type": "html", "content": "<b>"}, "form.unknown_component"),
        ({"type": "iframe", "url": "http://x"}, "form.unknown_component"),
        ({"type": "image", "source": "http://x"}, "form.unknown_component"),
        ({"type": "button", "action": "submit"}, "form.unknown_component"),
        ({"type": 7}, "form.not_a_component"),
        (field("textfield", onclick="x()"), "form.unknown_attribute"),
        (field("textfield", validate={"regex": "a"}), "form.unknown_attribute"),
        (field("number", serializeToString=True, validate={"minLength": 1}), "form.unknown_attribute"),
        (field("select", valuesKey="x"), "form.unknown_attribute"),
        (field("select", valuesExpression="=x"), "form.unknown_attribute"),
        (field("textfield", conditional={"show": "=x"}), "form.unknown_attribute"),
        (field("textfield", conditional={"hide": "x > 1"}), "form.not_feel"),
        (field("textfield", conditional={"hide": "=x >"}), "feel.malformed"),
        ({"type": "expression", "key": "x", "expression": "=("}, "feel.malformed"),
        ({"type": "expression", "key": "x", "expression": "1"}, "form.not_feel"),
        ({"type": "table", "dataSource": "rows", "columns": []}, "form.not_feel"),
        ({"type": "table", "dataSource": "=rows", "columns": [{"key": 1}]}, "form.columns"),
        ({"type": "table", "dataSource": "=rows[1]", "columns": [NAMED]}, "form.named_column"),
        ({"type": "table", "dataSource": "=rows", "columns": [NAMED | {"values": []}]}, "form.no_options"),
        ({"type": "table", "dataSource": "=rows", "columns": [NAMED | {"source": "wages"}]}, "form.unknown_source"),
        ({"type": "table", "dataSource": "=rows", "columns": [NAMED | {"source": ["x"]}]}, "form.unknown_source"),
        ({"type": "text", "text": "{{1 +}}"}, "feel.malformed"),
        ({"type": "text", "text": "<img src=x onerror=alert(1)>"}, "form.html"),
        ({"type": "text", "text": "[x](javascript:alert(1))"}, "form.html"),
        ({"type": "text", "text": "[x](java\nscript:alert(1))"}, "form.html"),
        ({"type": "text", "text": "fine", "properties": {"text_en": "</p><script>"}}, "form.html"),
        (field("textfield", label="{{7*7}}"), "form.template_in_label"),
        (field("textfield", description="=secret"), "form.template_in_label"),
        (field("textfield", properties={"name_en": "{{x}}"}), "form.template_in_label"),
        (field("select", values=[{"value": "a", "label": "{{x}}"}]), "form.template_in_label"),
        (field("textarea", readonly=True, properties={"obstacle": "the_weather"}), "form.obstacle"),
        (field("textarea", properties={"obstacle": "closing_under_way"}), "form.obstacle"),
        (field("textfield", readonly=True, properties={"obstacle": "closing_under_way"}), "form.obstacle"),
        (field("textfield", "a.b"), "form.key"),
        (field("textfield", "__class__"), "form.key"),
        (field("textfield", ""), "form.key"),
        (field("textfield", readonly="=x"), "form.not_plain"),
        (field("textfield", disabled="yes"), "form.not_plain"),
        (field("textfield", validate={"minLength": "=x"}), "form.not_plain_value"),
        (field("textfield", validate={"minLength": "many"}), "form.not_a_number"),
        (field("textfield", validate={"minLength": 5, "maxLength": 4}), "form.nothing_fits"),
        (field("number", serializeToString=True, validate={"min": 5, "max": 4}), "form.nothing_fits"),
        (field("textfield", validate={"pattern": "("}), "pattern.malformed"),
        (field("textfield", validate={"pattern": "a" * 501}), "form.pattern"),
        (field("textfield", validate={"validationType": "iban"}), "form.validation_type"),
        (field("number", properties={"type": "float"}), "form.number_type"),
        (field("number", decimalDigits=2, properties={"type": "integer"}), "form.number_type"),
        (field("number", decimalDigits=-1), "form.decimals"),
        (field("number", properties={"type": 1}), "form.not_text"),
        (field("textfield", properties=[]), "form.not_a_map"),
        (field("textfield", label=["x"]), "form.not_text"),
        (field("select"), "form.no_options"),
        (field("select", values=[{"label": "x"}]), "form.option"),
        (field("select", values=[{"value": "a"}, {"value": "a"}]), "form.option_twice"),
        (field("select", properties={"source": "wages"}), "form.unknown_source"),
        (field("textfield", properties={"source": "suppliers"}), "form.source_needs_choice"),
        ({"type": "datetime", "key": "x", "subtype": "week"}, "form.datetime"),
        (
            {"type": "datetime", "key": "x", "subtype": "datetime", "timeSerializingFormat": "no_timezone"},
            "form.datetime_zone",
        ),
        ({"type": "datetime", "key": "x", "subtype": "time"}, "form.time_zone"),
        ({"type": "group", "label": "x"}, "form.no_components"),
        ({**LINES, "components": [{**LINES, "id": "inner", "components": []}]}, "form.rows_in_rows"),
        ({**FIXED, "allowAddRemove": True}, "form.readonly_in_rows"),
        (field("filepicker", multiple="=x"), "form.not_plain"),
        *((field("filepicker", accept=given), "form.accept") for given in (["x"], "=x", "pdf", ".pdf,", "*/*", "*")),
    ],
)
def test_what_is_not_proven_is_refused_with_its_place(component: dict[str, Any], rule: str) -> None:
    form, problems = forms.load(text_of({"type": "separator"}, component), "some.form")
    assert form is None
    found = next(problem for problem in problems if problem.rule == rule)
    assert found.file == "some.form"
    assert found.line == 1
    assert found.where or rule == "form.not_a_component" or component.get("id", "c1")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "form.not_json"),
        ("{", "form.not_json"),
        ("[]", "form.not_a_form"),
        ("null", "form.not_a_form"),
        ('{"id": "f"}', "form.not_a_form"),
        ('{"id": "f", "components": {}}', "form.not_a_form"),
        ('{"id": "f", "components": [1]}', "form.not_a_component"),
        ('{"id": "../f", "components": []}', "form.id"),
        ('{"components": []}', "form.id"),
        ('{"id": "f", "id": "g", "components": []}', "form.key_twice"),
        ('{"id": "f", "components": [], "script": "x"}', "form.unknown_attribute"),
        ('{"id": NaN}', "form.not_json"),
        ('{"id": ' + "9" * 5000 + "}", "form.not_json"),
        ("[" * 100_000, "form.not_json"),
        ('{"id":"f","components":[' + '{"a":' * 60 + "1" + "}" * 60 + "]}", "form.not_a_form"),
        ('{"id":"f","components":[]}' + " " * 1_000_001, "form.too_large"),
        (b'\xff\xfe{"id":1}', "form.not_utf8"),
        (
            '{"id":"f","components":[' + ",".join(['{"type":"separator"}'] * 501) + "]}",
            "form.too_many_components",
        ),
    ],
)
def test_hostile_files_are_refused(text: str | bytes, rule: str) -> None:
    form, problems = forms.load(text, "some.form")
    assert form is None
    assert rule in {problem.rule for problem in problems}


def test_every_problem_is_told_at_once_with_its_line() -> None:
    text = json.dumps(
        json.loads(text_of(field("html", "a"), field("textfield", "b.c"), field("select", "d"))), indent=1
    )
    form, problems = forms.load(text, "some.form")
    assert form is None
    assert [problem.rule for problem in problems] == ["form.unknown_component", "form.key", "form.no_options"]
    lines = text.splitlines()
    assert [f'"c{n}"' in lines[problem.line - 1] for n, problem in enumerate(problems)] == [True] * 3


def test_ids_and_keys_are_given_once() -> None:
    rules = {p.rule for p in problems_of(field("textfield", id="same"), field("textfield", id="same"))}
    assert rules == {"form.id_twice", "form.key_taken"}
    flat = {"type": "group", "components": [field("textfield", id="inner")]}
    assert {p.rule for p in problems_of(field("textfield"), flat)} == {"form.key_taken"}


def test_what_is_inexact_is_a_warning() -> None:
    found = problems_of(field("number"), {"type": "expression", "key": "y", "expression": "=x * 2"})
    assert [(p.rule, p.severity) for p in found] == [
        ("form.inexact_number", "warning"),
        ("form.inexact_computation", "warning"),
    ]


def test_a_pattern_that_nobody_explains_is_a_warning() -> None:
    bare = field("textfield", "a", validate={"pattern": "^[A-Z]$"})
    told = field("textfield", "b", validate={"pattern": "^[A-Z]$", "patternErrorMessage": "一个大写字母"})
    found = [problem for problem in problems_of(bare, told) if problem.rule.startswith("form.pattern")]
    assert [(p.rule, p.severity, p.where) for p in found] == [("form.pattern_unexplained", "warning", "a")]


# -- for the browser ---------------------------------------------------------------------------


def test_a_reader_gets_the_form_in_their_language() -> None:
    form = form_of(
        field(
            "number",
            "price",
            label="单价",
            description="不含税",
            serializeToString=True,
            appearance={"suffixAdorner": "元/件"},
            properties={
                "name_en": "Unit price",
                "name_zh_hant": "單價",
                "description_en": "Without tax",
                "suffix_en": "CNY a piece",
                "currency": "CNY",
            },
        ),
        SELECT,
        {"type": "text", "text": "你好", "properties": {"text_en": "Hello"}},
        {
            "type": "datetime",
            "key": "due",
            "subtype": "date",
            "dateLabel": "日期",
            "properties": {"name_en": "Date"},
        },
        {"type": "table", "dataSource": "=r", "columns": [{"key": "a", "label": "甲", "label_en": "A"}]},
        {**LINES, "properties": {"name_en": "Lines"}},
    )
    english = forms.localise(form, "en", {})["components"]
    assert (english[0]["label"], english[0]["description"]) == ("Unit price", "Without tax")
    assert english[0]["appearance"] == {"suffixAdorner": "CNY a piece", "prefixAdorner": "CNY"}
    assert english[0]["validate"] == {"max": 10**12}  # told at the field, before anything is sent
    assert english[1]["values"] == [{"value": "a", "label": "A"}, {"value": "b", "label": "乙"}]
    assert english[2]["text"] == "Hello"
    assert english[3]["dateLabel"] == "Date"
    assert english[4]["columns"] == [{"key": "a", "label": "A"}]
    assert english[5]["label"] == "Lines"
    assert english[5]["components"][1]["decimalDigits"] == 0
    assert "properties" not in english[0]
    assert forms.localise(form, "zh_Hant", {})["components"][0]["label"] == "單價"
    assert forms.localise(form, "zh_Hant", {})["components"][0]["description"] == "不含税"
    assert forms.localise(form, "zh_Hans", {})["components"][0]["label"] == "单价"
    assert form.schema["components"][0]["label"] == "单价"  # the original is untouched


@pytest.mark.parametrize(("limits", "shown"), [
    ({"readonly": True}, "740195.10"),
    ({"disabled": True}, "740195.10"),
    ({}, "740195.1"),  # it is typed over: what is seen is what the case holds
])
def test_money_that_is_only_read_has_all_its_decimals(limits: dict[str, Any], shown: str) -> None:
    money = {"type": "number", "key": "amount", "label": "金额", "decimalDigits": 2, "serializeToString": True,
             "properties": {"currency": "¥"}, **limits}
    form = form_of(money)
    assert forms.for_browser(form, {"amount": D("740195.1")})["amount"] == shown
    assert forms.for_browser(form, {"amount": D("1E+3")})["amount"] in ("1000.00", "1000")
    assert forms.for_browser(form, {"amount": D("0.005")})["amount"] == "0.005"  # nothing is rounded away


@pytest.mark.parametrize(("days", "shown"), [
    ("1.0", "1"), ("2.50", "2.5"), ("0.5", "0.5"), ("1E+1", "10"), ("0.0", "0"), ("1E+40", "1" + "0" * 40),
])
def test_days_that_are_only_read_have_no_decimals_that_say_nothing(days: str, shown: str) -> None:
    field = {"type": "number", "key": "days", "label": "天数", "decimalDigits": 1, "serializeToString": True}
    assert forms.for_browser(form_of(field | {"readonly": True}), {"days": D(days)})["days"] == shown
    assert forms.for_browser(form_of(field), {"days": D("1.0")})["days"] == "1.0"  # typed over as it was seen


def test_rows_that_must_be_filled_in_are_all_there() -> None:
    shown = [{**each, "readonly": True} for each in LINES["components"]]
    read_only = {**LINES, "allowAddRemove": False, "components": shown}
    chosen = {**LINES, "disableCollapse": False}
    given = [
        forms.localise(form_of(each), "en", {})["components"][0].get("disableCollapse")
        for each in (LINES, read_only, chosen)
    ]
    assert given == [True, None, False]


def test_options_of_the_books_cannot_become_templates() -> None:
    form = form_of(field("radio", properties={"source": "suppliers"}))
    (component,) = forms.localise(form, "en", OPTIONS)["components"]
    assert [option["value"] for option in component["values"]] == ["s-1", "s-2"]
    assert "{{" not in json.dumps(component)


SUPPLIERS = {
    "type": "table",
    "id": "the-offers",
    "dataSource": "= offers",
    "columns": [NAMED, {"key": "price", "label": "单价"}],
}


def test_a_table_shows_names_for_codes_and_leaves_the_variable_as_it_is() -> None:
    form = form_of(SUPPLIERS)
    known = {"offers": [{"supplier": "s-2", "price": D("9.5")}, {"supplier": "gone"}, {"price": 1}, "odd"]}
    (table,) = forms.localise(form, "en", OPTIONS)["components"]
    (shown,) = (each.shown for each in form.tables)
    assert table["dataSource"] == f"={shown}" and shown.isidentifier()
    assert table["columns"][0] == {"key": "supplier", "label": "供应商"}
    data = forms.for_browser(form, known, OPTIONS)
    assert data["offers"] == forms.for_browser(form, known)["offers"]
    named = next(one["label"] for one in OPTIONS["suppliers"] if one["value"] == "s-2")
    assert data[shown] == [
        {"supplier": named, "price": 9.5},
        {"supplier": "gone"},
        {"price": 1},
    ]
    assert forms.for_browser(form, {}, OPTIONS) == {shown: []}


def test_a_table_above_a_list_of_the_same_rows_shows_more_of_each_than_the_list_asks() -> None:
    notes = [field("textfield", "note")]
    note = {"type": "dynamiclist", "path": "offers", "allowAddRemove": False, "components": notes}
    form = form_of(SUPPLIERS, note)
    data = forms.for_browser(form, {"offers": [{"supplier": "x", "price": D("9.5"), "secret": 1}]}, OPTIONS)
    assert data[form.tables[0].shown] == [{"supplier": "x", "price": 9.5}]
    assert data["offers"] == [{}]  # what the list does not show stays on the server


def test_a_column_of_a_table_may_list_its_words_itself() -> None:
    verdict = {"key": "met", "label": "结论", "values": [{"value": True, "label": "达到", "label_en": "met"}]}
    form = form_of({"type": "table", "id": "goals", "dataSource": "=goals", "columns": [verdict]})
    known = {"goals": [{"met": True, "secret": 1}, {"met": False}, {}]}
    assert forms.localise(form, "en", {})["components"][0]["columns"] == [{"key": "met", "label": "结论"}]
    (shown,) = (each.shown for each in form.tables)
    assert forms.for_browser(form, known, {}, "en")[shown] == [{"met": "met"}, {"met": False}, {}]
    assert forms.for_browser(form, known, {}, "zh_Hans")[shown][0] == {"met": "达到"}


def test_what_stands_in_a_form_is_named_and_only_what_may_be_chosen_is_offered() -> None:
    people = {"source": "people"}
    form = form_of(
        field("select", "who", properties=people, readonly=True),
        {"type": "group", "path": "place", "components": [field("radio", "at", properties={"source": "warehouses"})]},
        {
            "type": "dynamiclist",
            "path": "lines",
            "allowAddRemove": False,
            "components": [field("checklist", "for", properties=people, readonly=True)],
        },
        SUPPLIERS,
    )
    assert form.sources == {"warehouses"}
    known = {
        "who": "left",
        "place": {"at": "SH"},
        "lines": [{"for": ["a", "b"]}, {"for": None}],
        "offers": [{"supplier": "s-9"}],
    }
    assert forms.held(form, known) == {"people": {"left", "a", "b"}, "warehouses": {"SH"}, "suppliers": {"s-9"}}
    assert forms.held(form, {}) == {}


def test_only_what_the_form_reads_leaves_the_server() -> None:
    form = form_of(
        NUMBER,
        field("number", "n"),
        {"type": "datetime", "key": "due", "subtype": "date"},
        {"type": "datetime", "key": "at", "subtype": "datetime"},
        {"type": "text", "text": "{{total}}", "conditional": {"hide": "=rate = 1"}},
        LINES,
    )
    known = {
        "x": D("12.50"),
        "n": D("12.50"),
        "due": TODAY,
        "at": dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC),
        "total": D("99.9"),
        "rate": 3,
        "wage": D(12000),
        "lines": [{"product": "p", "quantity": 2, "cost": D("1.5")}],
    }
    assert forms.for_browser(form, known) == {
        "x": "12.50",
        "n": 12.5,
        "due": "2026-11-23",
        "at": "2026-11-23T08:00:00Z",
        "total": 99.9,
        "rate": 3,
        "lines": [{"product": "p", "quantity": 2}],
    }


# -- answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("component", "answer", "expected"),
    [
        (field("textfield"), " 组件 ", " 组件 "),
        (field("textfield"), "   ", None),
        (field("textfield"), "", None),
        (field("textfield"), None, None),
        (field("textfield"), "{{7*7}} <b> ${x}", "{{7*7}} <b> ${x}"),
        (field("textarea"), "a\r\nb\rc", "a\nb\nc"),
        (NUMBER, "12.50", D("12.50")),
        (NUMBER, "-0.1", D("-0.1")),
        (NUMBER, 3, D(3)),
        (NUMBER, 0.1, D("0.1")),
        (NUMBER, D("0.10"), D("0.10")),
        (NUMBER, "１２", D(12)),
        (NUMBER, "1e3", D(1000)),
        (NUMBER, "", None),
        (NUMBER, "1000000000000000", D(10**15)),
        (WHOLE, 3, 3),
        (WHOLE, "3", 3),
        (WHOLE, 3.0, 3),
        (WHOLE, "1E2", 100),
        (field("checkbox"), True, True),
        (field("checkbox"), False, False),
        (SELECT, "a", "a"),
        (SELECT, "", None),
        (field("select", properties={"source": "suppliers"}), "s-2", "s-2"),
        (field("checklist", values=SELECT["values"]), ["b", "a"], ["b", "a"]),
        (field("checklist", values=SELECT["values"]), [], None),
        ({"type": "datetime", "key": "x", "subtype": "date"}, "2026-11-23", TODAY),
        ({"type": "datetime", "key": "x", "subtype": "date"}, "", None),
        (
            {"type": "datetime", "key": "x", "subtype": "datetime"},
            "2026-11-23T16:00+08:00",
            dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC),
        ),
        (
            {"type": "datetime", "key": "x", "subtype": "time", "timeSerializingFormat": "no_timezone"},
            "09:30",
            "09:30",
        ),
        (field("filepicker"), PHOTO, File(**PHOTO["$file"])),
        (field("filepicker"), [PHOTO], File(**PHOTO["$file"])),
        *((field("filepicker", accept=given), PHOTO, File(**PHOTO["$file"])) for given in ITS),
        (field("filepicker", multiple=True), [PHOTO, PHOTO], [File(**PHOTO["$file"])] * 2),
        (
            LINES | {"path": "x"},
            [{"product": "a", "quantity": "2"}, {"product": "b"}],
            [{"product": "a", "quantity": 2}, {"product": "b", "quantity": None}],
        ),
        (LINES | {"path": "x"}, [], []),
        (field("textfield", validate={"validationType": "email"}), "a.b@c.test", "a.b@c.test"),
        (field("textfield", validate={"validationType": "phone"}), "+86 139 0000 0000", "+86 139 0000 0000"),
        (field("textfield", validate={"pattern": "^[A-Z]{2}$"}), "AB", "AB"),
    ],
)
def test_answers_become_typed_values(component: dict[str, Any], answer: Any, expected: Any) -> None:
    found = taken(form_of(component), {"x": answer})["x"]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("component", "answer", "rule"),
    [
        (field("textfield", validate={"required": True}), " ", "required"),
        (field("textfield", validate={"required": True}), None, "required"),
        (field("checkbox", validate={"required": True}), False, "required"),
        (field("checklist", values=SELECT["values"], validate={"required": True}), [], "required"),
        (field("textfield"), 7, "not_text"),
        (field("textfield"), ["x"], "not_text"),
        (field("textfield"), {"$ne": 1}, "not_text"),
        (field("textfield"), "a\nb", "several_lines"),
        (field("textfield"), "a\0b", "control_characters"),
        (field("textfield"), "a\x1bb", "control_characters"),
        (field("textfield"), "\ud800", "control_characters"),
        (field("textfield"), "a" * 1001, "too_long"),
        (field("textarea"), "a" * 20_001, "too_long"),
        (field("textfield", validate={"maxLength": 3}), "abcd", "too_long"),
        (field("textfield", validate={"minLength": 3}), "ab", "too_short"),
        (field("textfield", validate={"pattern": "^[A-Z]{2}$"}), "ab", "pattern"),
        (field("textfield", validate={"pattern": "(a+)+$"}), "a" * 40 + "!", "pattern_too_slow"),
        (field("textfield", validate={"validationType": "email"}), "a@b", "not_email"),
        (field("textfield", validate={"validationType": "phone"}), "call me", "not_phone"),
        (NUMBER, "ten", "not_a_number"),
        (NUMBER, "1,000", "not_a_number"),
        (NUMBER, "NaN", "not_a_number"),
        (NUMBER, float("nan"), "not_a_number"),
        (NUMBER, float("inf"), "not_a_number"),
        (NUMBER, D("NaN"), "not_a_number"),
        (NUMBER, "Infinity", "not_a_number"),
        (NUMBER, True, "not_a_number"),
        (NUMBER, "0x10", "not_a_number"),
        (NUMBER, "__import__('os')", "not_a_number"),
        (NUMBER, [1], "not_a_number"),
        (NUMBER, "1e400", "number_too_large"),
        (NUMBER, "1e-400", "number_too_large"),
        (NUMBER, "1e99999", "not_a_number"),
        (NUMBER, D("1e999999"), "number_too_large"),
        (NUMBER, 10**30, "number_too_large"),
        (NUMBER, 10**4000, "number_too_large"),
        (NUMBER, "1000000000000000.1", "number_too_large"),
        (NUMBER | {"decimalDigits": 2}, "1.234", "too_many_decimals"),
        (NUMBER, "0.12345678901", "too_many_decimals"),
        (WHOLE, "1.5", "not_whole"),
        (NUMBER | {"validate": {"min": 1}}, "0.99", "below_minimum"),
        (NUMBER | {"validate": {"min": 1}}, "-5", "below_minimum"),
        (NUMBER | {"validate": {"max": "10.5"}}, "10.51", "above_maximum"),
        (MONEY, "1000000000000.01", "above_maximum"),
        (MONEY | {"validate": {"max": 100}}, "100.01", "above_maximum"),
        (WHOLE | {"increment": 10}, 25, "not_a_step"),
        (field("checkbox"), "true", "not_boolean"),
        (field("checkbox"), 1, "not_boolean"),
        (SELECT, "c", "unknown_option"),
        (SELECT, ["a"], "unknown_option"),
        (SELECT, True, "unknown_option"),
        (field("select", properties={"source": "suppliers"}), "s-3", "unknown_option"),
        (field("checklist", values=SELECT["values"]), "a", "not_a_list"),
        (field("checklist", values=SELECT["values"]), ["a", "c"], "unknown_option"),
        (field("checklist", values=SELECT["values"]), ["a", "a"], "chosen_twice"),
        (field("checklist", values=SELECT["values"]), [{}], "unknown_option"),
        ({"type": "datetime", "key": "x", "subtype": "date"}, "23.11.2026", "not_a_date"),
        ({"type": "datetime", "key": "x", "subtype": "date"}, "2026-02-30", "not_a_date"),
        ({"type": "datetime", "key": "x", "subtype": "date"}, "20261123", "not_a_date"),
        ({"type": "datetime", "key": "x", "subtype": "date"}, 20261123, "not_a_date"),
        ({"type": "datetime", "key": "x", "subtype": "date"}, "9999-01-01", "year"),
        ({"type": "datetime", "key": "x", "subtype": "date"}, "0001-01-01", "year"),
        (
            {"type": "datetime", "key": "x", "subtype": "date", "disallowPassedDates": True},
            "2026-11-22",
            "passed",
        ),
        ({"type": "datetime", "key": "x", "subtype": "datetime"}, "2026-11-23T08:00", "not_a_moment"),
        ({"type": "datetime", "key": "x", "subtype": "datetime"}, "2026-11-23", "not_a_moment"),
        ({"type": "datetime", "key": "x", "subtype": "datetime"}, "9999-11-23T08:00Z", "year"),
        (
            {"type": "datetime", "key": "x", "subtype": "time", "timeSerializingFormat": "no_timezone"},
            "25:00",
            "not_a_time",
        ),
        (field("filepicker"), "files::abc", "not_a_file"),
        (field("filepicker"), [PHOTO, PHOTO], "one_file"),
        (field("filepicker"), [PHOTO] * 51, "one_file"),
        (field("filepicker", multiple=True), [PHOTO] * 51, "too_many_files"),
        *((field("filepicker", accept=given), PHOTO, "file_not_accepted") for given in OTHERS),
        (field("filepicker", accept=".pdf", multiple=True), [PHOTO, PHOTO], "file_not_accepted"),
        (field("filepicker"), {"$file": PHOTO["$file"] | {"sha256": "../../x"}}, "not_a_file"),
        (field("filepicker"), {"$file": PHOTO["$file"] | {"name": "a\0"}}, "not_a_file"),
        (field("filepicker"), {"$file": PHOTO["$file"] | {"path": "/etc"}}, "not_a_file"),
        (LINES | {"path": "x"}, "a", "not_a_list"),
        (LINES | {"path": "x"}, [1], "not_a_list"),
        (LINES | {"path": "x"}, [{"product": "a"}] * 501, "too_many_rows"),
    ],
)
def test_answers_that_do_not_fit_are_told(component: dict[str, Any], answer: Any, rule: str) -> None:
    assert refused(form_of(component), {"x": answer}) == {"x": rule}


def test_files_that_a_field_does_not_accept_are_told_by_name_with_what_it_does() -> None:
    form = form_of(field("filepicker", "papers", accept=".PDF, .xlsx", multiple=True))
    kinds = {"a.pdf": "application/pdf", "b.png": "image/png", "pdf": "application/pdf"}
    sent = [{"$file": PHOTO["$file"] | {"name": name, "media_type": kind}} for name, kind in kinds.items()]
    with pytest.raises(forms.FormInvalid) as found:
        taken(form, {"papers": sent})
    [problem] = found.value.problems
    assert (problem.where, problem.params) == ("papers", {"name": "b.png, pdf", "accepted": ".pdf, .xlsx"})


def test_a_file_that_the_field_held_before_may_stay_whatever_it_accepts_by_now() -> None:
    form = form_of(field("filepicker", "papers", accept=".pdf", multiple=True))
    held = [File(**PHOTO["$file"])]
    assert taken(form, {"papers": [PHOTO]}, {"papers": held}) == {"papers": held}
    another = {"$file": PHOTO["$file"] | {"name": "another.png"}}
    assert refused(form, {"papers": [PHOTO, another]}, {"papers": held}) == {"papers": "file_not_accepted"}


def test_every_reason_is_told_at_once_down_to_the_row() -> None:
    form = form_of(NUMBER, field("textfield", "name", validate={"required": True}), LINES)
    answers = {
        "x": "many",
        "lines": [{"product": "a", "quantity": 1}, {"product": "", "quantity": 0, "price": 1}],
        "role": "admin",
    }
    assert refused(form, answers) == {
        "x": "not_a_number",
        "name": "required",
        "lines[1].product": "required",
        "lines[1].quantity": "below_minimum",
        "lines[1].price": "unknown_field",
        "role": "unknown_field",
    }


@pytest.mark.parametrize("answers", [None, [], "x", 7])
def test_answers_are_a_map(answers: Any) -> None:
    assert refused(form_of(NUMBER), answers) == {"": "not_a_map"}


def test_deep_answers_are_refused() -> None:
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    assert refused(form_of(NUMBER), {"x": deep}) == {"": "not_a_map"}


def test_what_is_read_only_is_never_taken() -> None:
    form = form_of(
        field("number", "price", readonly=True, serializeToString=True),
        field("checkbox", "approved", disabled=True),
        field("textfield", "note"),
        field("textfield", "why", conditional={"hide": "=approved"}, validate={"required": True}),
    )
    known = {"price": D(100), "approved": False}
    assert taken(form, {"price": "1", "approved": True, "note": "n", "why": "w"}, known) == {
        "note": "n",
        "why": "w",
    }
    # Nor does it move a condition: `why` is still asked for.
    assert refused(form, {"approved": True}, known) == {"why": "required"}


def test_rows_that_stay_keep_what_cannot_be_written() -> None:
    form = form_of(FIXED)
    known = {"lines": [{"product": "a", "cost": D(1)}, {"product": "b", "cost": D(2)}]}
    sent = {"lines": [{"product": "hacked", "quantity": 5}, {"quantity": "6"}]}
    assert taken(form, sent, known) == {
        "lines": [
            {"product": "a", "cost": D(1), "quantity": 5},
            {"product": "b", "cost": D(2), "quantity": 6},
        ]
    }
    assert refused(form, {"lines": [{"quantity": 5}]}, known) == {"lines": "rows_fixed"}


def test_rows_that_stay_are_not_taken_away_by_saying_that_there_are_none() -> None:
    known = {"lines": [{"product": "a", "cost": D(1)}]}
    assert refused(form_of(FIXED), {"lines": None}, known) == {"lines": "rows_fixed"}


def test_hidden_fields_are_dropped_and_not_required() -> None:
    form = form_of(
        field("radio", "decision", values=[{"value": "yes", "label": "是"}, {"value": "no", "label": "否"}]),
        field("textarea", "reason", conditional={"hide": '=decision = "yes"'}, validate={"required": True}),
    )
    assert taken(form, {"decision": "no", "reason": "late"}) == {"decision": "no", "reason": "late"}
    assert refused(form, {"decision": "no"}) == {"reason": "required"}
    assert taken(form, {"decision": "yes", "reason": "hidden"}) == {"decision": "yes", "reason": None}
    # What was known before stays as it was.
    assert taken(form, {"decision": "yes", "reason": "new"}, {"reason": "old"}) == {"decision": "yes"}


def test_a_hidden_group_hides_all_in_it_and_conditions_see_the_row() -> None:
    form = form_of(
        field("checkbox", "other"),
        {
            "type": "group",
            "conditional": {"hide": "=not(other)"},
            "components": [field("textfield", "where", id="w", validate={"required": True})],
        },
        {
            "type": "dynamiclist",
            "path": "lines",
            "components": [
                field("number", "quantity", id="q", properties={"type": "integer"}),
                field(
                    "textfield",
                    "why",
                    id="y",
                    conditional={"hide": "=this.quantity < limit"},
                    validate={"required": True},
                ),
            ],
        },
    )
    assert taken(form, {"other": False, "lines": []}) == {"other": False, "where": None, "lines": []}
    assert refused(form, {"other": True, "lines": [{"quantity": 5}, {"quantity": 50}]}, {"limit": 10}) == {
        "where": "required",
        "lines[1].why": "required",
    }


def test_computed_fields_are_computed_here() -> None:
    form = form_of(
        field("number", "n", properties={"type": "integer"}),
        {"type": "expression", "key": "big", "expression": "=n > 10"},
        field("textfield", "why", conditional={"hide": "=not(big)"}, validate={"required": True}),
    )
    assert taken(form, {"n": 5, "big": True}) == {"n": 5, "big": False, "why": None}
    assert refused(form, {"n": 50, "big": False}) == {"why": "required"}


def test_what_was_not_sent_stays_as_it_is() -> None:
    form = form_of(field("textfield", "a", validate={"required": True}), field("filepicker", "photo"), NUMBER)
    known = {"a": "before", "photo": File(**PHOTO["$file"]), "x": D(1)}
    assert taken(form, {"photo": None, "x": None}, known) == {"x": None}
    assert taken(form, {"a": "now"}) == {"a": "now", "photo": None, "x": None}


def test_a_choice_that_is_no_longer_offered_may_stay() -> None:
    form = form_of(field("select", properties={"source": "suppliers"}))
    assert taken(form, {"x": "s-9"}, {"x": "s-9"}) == {"x": "s-9"}
    assert refused(form, {"x": "s-9"}, {"x": "s-8"}) == {"x": "unknown_option"}


def test_a_group_with_a_path_keeps_what_it_does_not_show() -> None:
    form = form_of({"type": "group", "path": "address", "components": [field("textfield", "city", id="c")]})
    assert taken(form, {"address": {"city": "无锡"}}, {"address": {"zip": "214000"}}) == {
        "address": {"zip": "214000", "city": "无锡"}
    }
    assert refused(form, {"address": "x"}) == {"address": "not_a_map"}
    assert refused(form, {"address": {"street": "x"}}) == {"address.street": "unknown_field"}


def test_passed_dates_are_judged_by_the_clock_when_no_day_is_given(still_clock: None) -> None:
    form = form_of({"type": "datetime", "key": "x", "subtype": "date", "disallowPassedDates": True})
    assert forms.validate(form, {"x": "2026-03-09"}, {}, {}) == {"x": dt.date(2026, 3, 9)}
    with pytest.raises(forms.FormInvalid):
        forms.validate(form, {"x": "2026-03-07"}, {}, {})


def test_what_happened_happened_on_a_day_that_has_come(still_clock: None) -> None:
    day = {"type": "datetime", "key": "x", "subtype": "date", "properties": {"no_future": "true"}}
    form, today = form_of(day), dt.date(2026, 3, 9)
    assert forms.validate(form, {"x": "2026-03-09"}, {}, {}, today=today) == {"x": today}
    with pytest.raises(forms.FormInvalid) as refused_it:
        forms.validate(form, {"x": "2026-03-10"}, {}, {}, today=today)
    assert [problem.rule for problem in refused_it.value.problems] == ["answer.not_yet"]
    # Where no day is given it may be tomorrow somewhere, but nowhere the day after.
    assert forms.validate(form, {"x": (clock.now() + dt.timedelta(hours=14)).date()}, {}, {})
    with pytest.raises(forms.FormInvalid):
        forms.validate(form, {"x": (clock.now() + dt.timedelta(days=2)).date()}, {}, {})

@pytest.mark.parametrize("odd", [
    {"type": "datetime", "key": "x", "subtype": "date", "properties": {"no_future": "yes"}},
    {"type": "textfield", "key": "x", "label": "x", "properties": {"no_future": "true"}},
])
def test_only_a_datetime_has_no_future(odd: dict[str, Any]) -> None:
    _, problems = forms.load(text_of(odd), "some.form")
    assert "form.no_future" in {problem.rule for problem in problems}


def test_an_end_is_not_before_its_start_also_where_the_start_is_known_already() -> None:
    for kind in ({"subtype": "date"}, {"subtype": "datetime", "timeSerializingFormat": "utc_offset"}):
        tail = "" if kind["subtype"] == "date" else "T08:00:00Z"
        last = {"key": "b", "properties": {"not_before": "a"}}
        form = form_of({"type": "datetime", "key": "a", **kind}, {"type": "datetime", **last, **kind})
        early, late = "2026-03-09" + tail, "2026-03-10" + tail
        assert refused(form, {"a": late, "b": early}) == {"b": "too_early"}
        known = taken(form, {"a": late, "b": late})
        assert refused(form, {"b": early}, {"a": known["a"]}) == {"b": "too_early"}
        assert taken(form, {"b": early}) and taken(form, {"a": None, "b": early})


def test_two_fields_that_can_hide_each_other_are_told_of() -> None:
    one = field("textfield", "a") | {"conditional": {"hide": '=b != null and b != ""'}}
    other = field("textfield", "b") | {"conditional": {"hide": "=a = null"}}
    found = problems_of(one, other)
    assert [(p.rule, p.severity, p.where) for p in found if p.rule == "form.hide_each_other"] == [
        ("form.hide_each_other", "warning", "a"),
        ("form.hide_each_other", "warning", "b"),
    ]
    assert not problems_of(one, field("textfield", "b") | {"conditional": {"hide": '=c = "a"'}})


def test_a_list_of_which_nothing_was_sent_is_an_empty_one() -> None:
    rows = {"type": "dynamiclist", "path": "lines", "allowAddRemove": True}
    form = form_of(rows | {"components": [field("number", "n")]})
    assert taken(form, {}) == {"lines": []}
    assert "lines" not in taken(form, {}, {"lines": [{"n": D(1)}]})


@pytest.mark.parametrize("odd", [
    [{"type": "datetime", "key": "x", "subtype": "date", "properties": {"not_before": "y"}}],
    [{"type": "textfield", "key": "y", "label": "y"},
     {"type": "datetime", "key": "x", "subtype": "date", "properties": {"not_before": "y"}}],
    [{"type": "textfield", "key": "x", "label": "x", "properties": {"not_before": "x"}}],
])
def test_what_a_date_must_not_precede_is_a_date_beside_it(odd: list[dict[str, Any]]) -> None:
    assert "form.not_before" in {problem.rule for problem in problems_of(*odd)}


def test_a_reason_is_asked_for_when_the_verdict_needs_one_and_in_the_row_that_does() -> None:
    verdict = field("textfield", "verdict")
    reason = field("textarea", "reason", properties={"required_if": '=verdict != "approve"'})
    form = form_of(verdict, reason)
    assert refused(form, {"verdict": "return", "reason": " "}) == {"reason": "required"}
    assert taken(form, {"verdict": "approve"})["reason"] is None
    assert taken(form, {"verdict": "approve", "reason": "尽快"})["reason"] == "尽快"
    inner = [field("textfield", "was", readonly=True), field("textfield", "now")]
    inner += [field("textfield", "why", properties={"required_if": "=this.now != this.was"})]
    rows = form_of({"type": "dynamiclist", "path": "rows", "allowAddRemove": False, "components": [
        {"id": f"r{number}", **each} for number, each in enumerate(inner)
    ]})
    held = [{"was": "B", "now": "B", "why": None}] * 2
    assert refused(rows, {"rows": [{"now": "B"}, {"now": "A"}]}, {"rows": held}) == {"rows[1].why": "required"}


@pytest.mark.parametrize("odd", [
    field("textfield", validate={"required": True}, properties={"required_if": "=true"}),
    {"type": "dynamiclist", "path": "x", "components": [], "properties": {"required_if": "=true"}},
])
def test_required_if_is_of_a_field_that_is_not_asked_for_always(odd: dict[str, Any]) -> None:
    found = {problem.rule for problem in problems_of(odd)}
    assert "form.required_if" in found
    assert {"form.not_feel"} <= {
        problem.rule for problem in problems_of(field("textfield", properties={"required_if": "true"}))
    }


# -- sentences ---------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh_Hans", "zh_Hant"])
def test_every_sentence_about_forms_is_translated(language: str) -> None:
    known = i18n.catalogue(language)
    said: set[str] = set()
    for path in sorted((ROOT / "runtime" / "forms").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            # A code like "answer.too_long", then its sentence.
            match node:
                case ast.Call(args=[ast.Constant(str(rule)), ast.Constant(sentence), *_]):
                    if rule.startswith(("form.", "answer.")):
                        said.add(sentence)
    assert len(said) > 70
    assert not {sentence for sentence in said if sentence not in known}


def within(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in components:
        yield each
        yield from within(each.get("components", []))


def shipped() -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """Each form that the product brings, and all its components, nested ones too."""
    for file in sorted((ROOT / "processes").rglob("*.form")):
        yield file, list(within(json.loads(file.read_text("utf-8"))["components"]))


def test_a_shipped_form_hides_a_text_that_is_empty_as_one_that_is_not_there() -> None:
    # In the browser a text that nobody has written is "", never null.
    shown = []
    for file, components in shipped():
        texts = {each["key"] for each in components if each["type"] in ("textfield", "textarea")}
        for each in components:
            hide = each.get("conditional", {}).get("hide", "")
            for key, compared in re.findall(r"(\w+) (!?=) null", hide):
                if key in texts and f'{key} {compared} ""' not in hide:
                    shown.append(f"{file.name}: {hide}")
    assert shown == []


# Of the sixteen columns of a row: what a million with its currency, a quantity with its unit, a day take at
# the width that a desk's inbox leaves to a form.
MONEY, QUANTITY, DAY = 5, 5, 6


def test_what_stands_in_a_row_of_a_shipped_form_is_not_cut() -> None:
    cut = []
    for file, components in shipped():
        for each in components:
            properties = each.get("properties", {})
            least = (
                DAY
                if each["type"] == "datetime"
                else MONEY
                if properties.get("currency")
                else QUANTITY
                if each.get("appearance", {}).get("suffixAdorner")
                else 1
            )
            columns = each.get("layout", {}).get("columns")
            if columns is not None and columns < least:
                cut.append(f"{file.name}: {each['key']} has {columns} columns, needs {least}")
    assert cut == []
