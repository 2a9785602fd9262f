"""A form inside a diagram is shown, checked and kept as a form file would be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from runtime.commands import deploy
from runtime.forms import FormInvalid
from runtime.queries import processes, tasks
from tests.diagrams import bpmn, end, field, form_data, limits, start, user
from tests.office import Office

VALUES = '<camunda:value id="air" name="空运"/><camunda:value id="sea" name="海运"/>'
ENGLISH = (
    '<camunda:properties><camunda:property name="name_en" value="By"/>'
    '<camunda:property name="air_en" value="By air"/></camunda:properties>'
)
ORDER = bpmn(
    "order",
    start(),
    user(
        "enter",
        form_data(
            field("title", "string", limits(required="true", minlength="2", maxlength="8"), label="标题"),
            field("pieces", "long", limits(min="1", max="99"), label="数量"),
            field("urgent", "boolean", label="加急"),
            field("due", "date", label="交期"),
            field("seen", "date", datePattern="yyyy-MM-dd'T'HH:mm"),
            field("way", "enum", VALUES + ENGLISH, label="方式"),
            field("number", "string", limits(readonly=""), defaultValue="PO-${1 + 1}"),
        ),
        candidateGroups="specialist",
    ),
    user("check", candidateGroups="manager"),
    end(),
)


def component(schema: dict[str, Any], key: str) -> dict[str, Any]:
    return next(each for each in schema["components"] if each["key"] == key)


def reasons(refused: FormInvalid) -> dict[str, str]:
    return {problem.where: problem.rule for problem in refused.problems}


def test_the_fields_are_shown_as_a_form_in_the_readers_language(firm: Office) -> None:
    firm.deploy(ORDER)
    firm.as_("spec").start("order")
    desk = firm.as_("spec")
    schema = desk.page("enter").schema
    assert schema is not None
    assert [each["type"] for each in schema["components"]] == [
        *("textfield", "number", "checkbox", "datetime", "datetime", "select", "textfield")
    ]
    assert component(schema, "title")["label"] == "标题"
    assert component(schema, "due")["subtype"] == "date"
    assert component(schema, "seen")["subtype"] == "datetime"
    assert component(schema, "way")["values"] == [
        {"value": "air", "label": "空运"},
        {"value": "sea", "label": "海运"},
    ]
    page = firm.runtime.read(tasks.task_page, desk.actor, desk.find("enter").id, "en")
    assert page.schema is not None
    shown = component(page.schema, "way")
    assert (shown["label"], shown["values"][0]["label"]) == ("By", "By air")


def test_the_answers_are_kept_with_their_types(firm: Office) -> None:
    firm.deploy(ORDER)
    case = firm.as_("spec").start("order")
    firm.as_("spec").do(
        "enter",
        title="水泵",
        pieces=12,
        urgent=True,
        due="2026-04-01",
        seen="2026-03-09T10:00:00+08:00",
        way="sea",
    )
    found = case.variables
    assert (found["title"], found["pieces"], found["urgent"], found["way"]) == ("水泵", 12, True, "sea")
    assert found["due"] == dt.date(2026, 4, 1)
    assert found["seen"] == dt.datetime(2026, 3, 9, 2, 0, tzinfo=dt.UTC)
    assert found["number"] == "PO-2"


def test_every_wrong_answer_is_refused_with_its_reason(firm: Office) -> None:
    firm.deploy(ORDER)
    firm.as_("spec").start("order")
    with pytest.raises(FormInvalid) as refused:
        firm.as_("spec").do("enter", title="x", pieces=100, way="land", due="soon", price=3)
    assert reasons(refused.value) == {
        "title": "answer.too_short",
        "pieces": "answer.above_maximum",
        "way": "answer.unknown_option",
        "due": "answer.not_a_date",
        "price": "answer.unknown_field",
    }
    with pytest.raises(FormInvalid) as refused:
        firm.as_("spec").do("enter", title="", number="PO-3")
    assert reasons(refused.value) == {"title": "answer.required"}


def test_a_default_value_is_what_the_case_says_until_somebody_answers(firm: Office) -> None:
    asked = form_data(
        field("who", defaultValue="${name_of(initiator)}"),
        field("pieces", "long", defaultValue="${pieces_before + 1}"),
        field("day", "date", defaultValue="01/04/2026"),
        field("sure", "boolean", limits(required="")),
    )
    first = form_data(field("pieces_before", "long"))
    firm.deploy(
        bpmn(
            "again",
            start(inside=first),
            user("enter", asked, candidateGroups="specialist"),
            user("check", candidateGroups="manager"),
            end(),
        )
    )
    case = firm.as_("spec").start("again", pieces_before=4)
    data = firm.as_("spec").page("enter").data
    name = firm.as_("spec").actor.names["zh_Hans"]
    assert data == {"who": name, "pieces": 5, "day": "2026-04-01", "sure": False}
    firm.as_("spec").do("enter", pieces=7)
    found = case.variables
    assert (found["who"], found["pieces"], found["sure"]) == (name, 7, False)
    assert found["day"] == dt.date(2026, 4, 1)


def test_a_default_value_that_cannot_be_told_is_seen_and_stops_nobody(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "again",
            start(),
            user("enter", form_data(field("who", defaultValue="${nobody}")), candidateGroups="specialist"),
            end(),
        )
    )
    case = firm.as_("spec").start("again")
    assert len(firm.incidents()) == 1 and "nobody" in firm.incidents()[0]
    assert firm.as_("spec").page("enter").data == {}
    firm.as_("spec").do("enter", who="me")
    assert case.status == "completed"


def test_a_running_case_keeps_the_form_that_its_diagram_had(firm: Office) -> None:
    def version(*names: str) -> str:
        fields = form_data(*(field(name) for name in names))
        return bpmn("order", start(), user("enter", fields, candidateGroups="specialist"), end())

    firm.deploy(version("old"))
    first = firm.as_("spec").start("order")
    firm.deploy(version("new", "other"))
    second = firm.as_("spec").start("order")
    shown = [firm.as_("spec").page("enter", case.id).schema for case in (first, second)]
    assert [[each["key"] for each in schema["components"]] for schema in shown if schema] == [
        ["old"],
        ["new", "other"],
    ]
    firm.as_("spec").do("enter", first.id, old="kept")
    assert first.variables["old"] == "kept"


def test_a_start_form_is_asked_checked_and_names_the_case(firm: Office) -> None:
    fields = form_data(
        field("number", "string", limits(required="")),
        field("pieces", "long", limits(min="1"), defaultValue="10"),
        key="number",
    )
    firm.deploy(bpmn("order", start(inside=fields), user("enter", candidateGroups="specialist"), end()))
    desk = firm.as_("spec")
    page = firm.runtime.read(processes.start_page, desk.actor, "order", "en")
    assert page.schema is not None and page.data == {"pieces": 10}
    with pytest.raises(FormInvalid) as refused:
        desk.start("order", pieces=0)
    assert reasons(refused.value) == {"number": "answer.required", "pieces": "answer.below_minimum"}
    case = desk.start("order", number="PO-7")
    assert (case.row.business_key, case.variables["pieces"]) == ("PO-7", 10)


@pytest.mark.parametrize(
    "named", [{"formRef": "ask"}, {"formKey": "ask"}, {"formKey": "camunda-forms:deployment:ask.form"}]
)
def test_a_start_form_of_a_file_is_asked_however_it_is_named(firm: Office, named: dict[str, str]) -> None:
    form = '{"type": "default", "id": "ask", "components": [{"type": "textfield", "id": "f", "key": "word"}]}'
    attributes = {f"camunda__{name}": value for name, value in named.items()}
    firm.deploy(form, bpmn("order", start(**attributes), user("enter", candidateGroups="specialist"), end()))
    desk = firm.as_("spec")
    page = firm.runtime.read(processes.start_page, desk.actor, "order", "en")
    assert page.schema is not None
    with pytest.raises(FormInvalid):
        desk.start("order", other="x")
    assert desk.start("order", word="yes").variables["word"] == "yes"


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        (field("total-price"), "reserved_name"),
        (field("amount", "long", defaultValue="many"), "form.default"),
        (field("way", "enum", VALUES, defaultValue="land"), "form.default"),
        (field("day", "date", defaultValue="31/02/2026"), "form.default"),
        (field("day", "date", limits(), label="{{x}}"), "form.template_in_label"),
        (field("day", "date") + field("day"), "form.key_taken"),
        (field("amount", "long", limits(min="3", max="2")), "form.nothing_fits"),
    ],
)
def test_what_no_form_could_show_is_refused_at_its_line(firm: Office, fields: str, rule: str) -> None:
    text = bpmn("order", start(), user("enter", form_data(fields), candidateGroups="specialist"), end())
    with pytest.raises(deploy.DeploymentRefused) as refused:
        firm.deploy(text.replace("<userTask", "\n<userTask"))
    found = [problem for problem in refused.value.problems if problem.severity == "error"]
    assert {problem.where for problem in found} == {"enter"}
    assert {problem.rule for problem in found} == {rule}
    assert all(problem.line == 3 for problem in found)
