"""A diagram may ask for a version of what it refers to; it gets that one, or is not deployed."""

from __future__ import annotations

import json

import pytest

from runtime import library
from runtime.bootstrap import Runtime
from runtime.commands import deploy
from runtime.identity import SYSTEM
from tests.diagrams import bpmn, element, end, start, user
from tests.office import Office

RULE = """\
rule: limit
name: 限额
owner: manager
clause: 三(一)2
effective_from: 2020-01-01
inputs:
  amount: {type: decimal, name: 金额}
outputs:
  approver: {type: text, name: 审批人}
rules:
  - id: small
    name: 小额
    when: amount <= 100
    then: {approver: WHO}
    because: 三(一)2
default:
  then: {approver: division_lead}
  because: 三(一)2
examples:
  - {given: {amount: 10}, then: {approver: WHO}}
"""


def sub(task: str, tag: str = "") -> str:
    text = bpmn("sub", start(), user(task, candidateGroups="specialist"), end())
    return (
        text.replace('isExecutable="true"', f'isExecutable="true" camunda:versionTag="{tag}"')
        if tag
        else text
    )


def call(key: str, **attributes: str) -> tuple[str, str, str]:
    return element("callActivity", key, calledElement="sub", **attributes)


def version(number: str) -> dict[str, str]:
    return {"camunda__calledElementBinding": "version", "camunda__calledElementVersion": number}


def tagged(tag: str) -> dict[str, str]:
    return {"camunda__calledElementBinding": "versionTag", "camunda__calledElementVersionTag": tag}


def elements(office: Office) -> list[str]:
    return [row.element for row in office.as_("spec").inbox()]


def form(label: str) -> str:
    field = {"type": "textfield", "id": "f", "key": "word", "label": label}
    return json.dumps({"type": "default", "id": "ask_form", "components": [field]}, ensure_ascii=False)


def test_a_call_runs_the_version_that_it_asks_for(firm: Office) -> None:
    firm.deploy(sub("old", "2025"))
    firm.deploy(sub("new"))
    firm.deploy(
        bpmn(
            "main",
            start(),
            call("first", **version("1")),
            call("second"),
            call("third", **tagged("2025")),
            end(),
        )
    )
    case = firm.as_("spec").start("main")
    for task in ("old", "new", "old"):
        assert elements(firm) == [task]
        # The page of a task and of its case are told by the version's own diagram.
        assert firm.as_("spec").page(task).row.element == task
        firm.as_("spec").do(task)
    assert case.status == "completed"
    assert sorted(view.process for view in firm.as_("spec").case_page(case.id).diagrams) == [
        "main",
        "sub",
        "sub:1",
        "sub@2025",
    ]


def test_a_process_may_call_an_older_version_of_itself(firm: Office) -> None:
    firm.deploy(bpmn("main", start(), user("old", candidateGroups="specialist"), end()))
    older = element("callActivity", "older", calledElement="main", **version("1"))
    firm.deploy(bpmn("main", start(), older, end()))
    case = firm.as_("spec").start("main")
    firm.as_("spec").do("old")
    assert case.status == "completed"


@pytest.mark.parametrize("asked", [version("7"), tagged("2031")])
def test_a_version_that_does_not_exist_is_refused_at_its_element(firm: Office, asked: dict[str, str]) -> None:
    firm.deploy(sub("old"))
    with pytest.raises(deploy.DeploymentRefused) as refused:
        firm.deploy(bpmn("main", start(), call("first", **asked), end()))
    (problem,) = refused.value.problems
    assert (problem.rule, problem.where, problem.line) == ("resource.no_version", "first", 2)
    assert firm.cases_of("main") == []


def test_a_task_shows_the_version_of_its_form_that_the_diagram_asks_for(firm: Office) -> None:
    firm.deploy(form("旧"))
    firm.deploy(form("新"))
    fixed = {"formRef": "ask_form", "formRefBinding": "version", "formRefVersion": "1"}
    firm.deploy(bpmn("main", start(), user("ask", candidateGroups="specialist", **fixed), end()))
    firm.as_("spec").start("main")
    schema = firm.as_("spec").page("ask").schema
    assert schema is not None and schema["components"][0]["label"] == "旧"
    with pytest.raises(deploy.DeploymentRefused):
        missing = {**fixed, "formRefVersion": "3"}
        firm.deploy(bpmn("other", start(), user("ask", candidateGroups="specialist", **missing), end()))


def test_a_decision_is_made_by_the_version_that_the_diagram_asks_for(firm: Office) -> None:
    firm.deploy(RULE.replace("WHO", "supervisor"))
    firm.deploy(RULE.replace("WHO", "manager"))
    amount = '<camunda:inputParameter name="amount">${50}</camunda:inputParameter>'

    def decide(key: str, **more: str) -> tuple[str, str, str]:
        return element(
            "businessRuleTask",
            key,
            f"<extensionElements><camunda:inputOutput>{amount}</camunda:inputOutput></extensionElements>",
            camunda__decisionRef="limit",
            camunda__resultVariable=key,
            camunda__mapDecisionResult="singleEntry",
            **more,
        )

    fixed = {"camunda__decisionRefBinding": "version", "camunda__decisionRefVersion": "1"}
    firm.deploy(bpmn("main", start(), decide("newest"), decide("older", **fixed), end()))
    case = firm.as_("spec").start("main")
    assert (case.variables["newest"], case.variables["older"]) == ("manager", "supervisor")


def test_processes_of_one_file_are_read_once(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    one = bpmn("one", start(), user("ask", candidateGroups="specialist"), end())
    inside = one[one.index("<process") : one.index("</definitions>")]
    other = inside.replace('id="one"', 'id="other"')
    for key in ("begun", "ask", "ended"):
        other = other.replace(f'id="{key}"', f'id="{key}2"').replace(f'Ref="{key}"', f'Ref="{key}2"')
    other = other.replace("begun_to_ask", "first").replace("ask_to_ended", "second")
    firm.deploy(one.replace("</definitions>", f"{other}</definitions>"))
    read: list[str] = []
    reading = library.read.diagram
    monkeypatch.setattr(
        library.read, "diagram", lambda content, file: (read.append(file), reading(content, file))[1]
    )
    again = Runtime(firm.runtime.settings)
    for key in ("one", "other"):
        row = again.read(lambda tx, _, key=key: library.newest(tx, "bpmn", key), SYSTEM)
        assert again.read(lambda tx, _, row=row: library.process(tx, row.id), SYSTEM).id == key
    again.close()
    assert len(read) == 1
