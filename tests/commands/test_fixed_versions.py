"""A diagram may ask for a version of what it refers to; it gets that one, or is not deployed."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from runtime import household, library
from runtime.bootstrap import Runtime
from runtime.commands import deploy, drafts
from runtime.identity import SYSTEM
from runtime.store import cases, deployments
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


def decide(key: str, **more: str) -> tuple[str, str, str]:
    amount = '<camunda:inputParameter name="amount">${50}</camunda:inputParameter>'
    return element(
        "businessRuleTask",
        key,
        f"<extensionElements><camunda:inputOutput>{amount}</camunda:inputOutput></extensionElements>",
        camunda__decisionRef="limit",
        camunda__resultVariable=key,
        camunda__mapDecisionResult="singleEntry",
        **more,
    )


def test_a_decision_is_made_by_the_version_that_the_diagram_asks_for(firm: Office) -> None:
    firm.deploy(RULE.replace("WHO", "supervisor"))
    firm.deploy(RULE.replace("WHO", "manager"))
    fixed = {"camunda__decisionRefBinding": "version", "camunda__decisionRefVersion": "1"}
    firm.deploy(bpmn("main", start(), decide("newest"), decide("older", **fixed), end()))
    case = firm.as_("spec").start("main")
    assert (case.variables["newest"], case.variables["older"]) == ("manager", "supervisor")


def label(office: Office, task: str) -> str:
    schema = office.as_("spec").page(task).schema
    assert schema is not None
    return str(schema["components"][0]["label"])


TOGETHER = {"formRefBinding": "deployment"}


@pytest.mark.parametrize(
    ("named", "then"),
    [
        ({"formRef": "ask_form", "formRefBinding": "deployment"}, "旧"),
        ({"formKey": "camunda-forms:deployment:ask_form.form"}, "旧"),
        ({"formRef": "ask_form", "formRefBinding": "latest"}, "新"),
        ({"formRef": "ask_form"}, "新"),
    ],
)
def test_a_task_shows_the_form_that_was_deployed_when_its_case_began_if_the_diagram_asks_so(
    firm: Office, named: dict[str, str], then: str
) -> None:
    tasks = [user(key, candidateGroups="specialist", **named) for key in ("first", "second")]
    firm.deploy(form("旧"), bpmn("main", start(), *tasks, end()))
    case = firm.as_("spec").start("main")
    firm.deploy(form("新"))
    firm.as_("spec").do("first", word="x")
    assert label(firm, "second") == then
    firm.as_("spec").do("second", word="x")
    assert case.status == "completed"
    # What begins now was deployed with the new one, whichever file that came in.
    firm.as_("spec").start("main")
    assert label(firm, "first") == "新"


def test_a_decision_is_made_by_the_rule_that_was_deployed_when_its_case_began(firm: Office) -> None:
    firm.deploy(
        RULE.replace("WHO", "supervisor"),
        bpmn(
            "main",
            start(),
            user("wait", candidateGroups="specialist"),
            decide("together", camunda__decisionRefBinding="deployment"),
            decide("newest"),
            end(),
        ),
    )
    case = firm.as_("spec").start("main")
    edited = RULE.replace("WHO", "manager")
    draft = firm.runtime.do(drafts.save_rule, SYSTEM, "limit", edited, 1)
    firm.runtime.publish_rule(SYSTEM, "limit", draft)
    firm.as_("spec").do("wait")
    assert (case.variables["together"], case.variables["newest"]) == ("supervisor", "manager")
    later = firm.as_("spec").start("main")
    firm.as_("spec").do("wait")
    assert later.variables["together"] == "manager"


def test_a_rule_that_was_deployed_ahead_of_its_day_decides_for_a_case_from_that_day(firm: Office) -> None:
    """Binding `deployment` keeps to what was deployed, and of that to what is in force."""
    ahead = RULE.replace("WHO", "manager").replace("2020-01-01", "2999-01-01")
    firm.deploy(RULE.replace("WHO", "supervisor"))
    firm.deploy(
        ahead, bpmn("main", start(), decide("chosen", camunda__decisionRefBinding="deployment"), end())
    )
    assert firm.as_("spec").start("main").variables["chosen"] == "supervisor"


def test_a_call_runs_what_was_deployed_when_its_case_began(firm: Office) -> None:
    together = {"camunda__calledElementBinding": "deployment"}
    wait = user("wait", candidateGroups="specialist")
    firm.deploy(sub("old"), bpmn("main", start(), wait, call("first", **together), end()))
    firm.as_("spec").start("main")
    firm.deploy(sub("new"))
    firm.as_("spec").do("wait")
    assert elements(firm) == ["old"]
    firm.as_("spec").start("main")
    firm.as_("spec").do("wait")
    assert sorted(elements(firm)) == ["new", "old"]


def test_resources_of_one_deployment_can_be_told(firm: Office) -> None:
    firm.deploy(form("旧"), RULE.replace("WHO", "supervisor"))
    firm.deploy(form("新"))
    resources = deployments.resources
    rows = firm.runtime.read(lambda tx, _: tx.all(sa.select(resources).order_by(resources.c.id)), SYSTEM)
    ours = [(row.kind, row.version, row.deployment) for row in rows if row.key in ("ask_form", "limit")]
    (_, _, first), (_, _, beside), (_, _, later) = ours
    assert first == beside < later


def test_a_case_that_began_before_deployments_were_kept_takes_what_is_active(firm: Office) -> None:
    tasks = [
        user(key, candidateGroups="specialist", formRef="ask_form", **TOGETHER) for key in ("one", "two")
    ]
    firm.deploy(form("旧"), bpmn("main", start(), *tasks, end()))
    firm.as_("spec").start("main")
    firm.runtime.do(lambda tx, _: tx.execute(sa.update(cases.cases).values(revision=None)), SYSTEM)
    firm.deploy(form("新"))
    firm.as_("spec").do("one", word="x")
    assert label(firm, "two") == "新"


def test_processes_of_one_file_are_read_once(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    one = bpmn("one", start(), user("ask", candidateGroups="specialist"), end())
    inside = one[one.index("<process") : one.index("</definitions>")]
    other = inside.replace('id="one"', 'id="other"')
    for key in ("begun", "ask", "ended"):
        other = other.replace(f'id="{key}"', f'id="{key}2"').replace(f'Ref="{key}"', f'Ref="{key}2"')
    other = other.replace("begun_to_ask", "first").replace("ask_to_ended", "second")
    firm.deploy(one.replace("</definitions>", f"{other}</definitions>"))
    # As in a process that starts: what others have read here is not known there.
    monkeypatch.setattr(library, "_read", household.Kept(10))
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
