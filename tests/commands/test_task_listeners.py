"""Listeners of user tasks in the house: who takes a task, what the row and the log say, what an act costs."""

from __future__ import annotations

from runtime.bpmn.vocabulary import TASK_EVENTS
from runtime.commands import accounts, incidents, user_tasks
from runtime.identity import SYSTEM
from runtime.queries import incidents as incident_queries
from tests.diagrams import bpmn, end, flow, start, timer, user
from tests.office import Office

HEARD = """execution.setVariable('heard', [
    ...(execution.getVariable('heard') ?? []), task.eventName + ' ' + task.assignee])"""


def listener(event: str, text: str) -> str:
    return (
        f'<camunda:taskListener event="{event}"><camunda:script scriptFormat="javascript"><![CDATA[{text}]]>'
        "</camunda:script></camunda:taskListener>"
    )


def told(*listeners: str, properties: str = "") -> str:
    return f"<extensionElements>{properties}{''.join(listeners)}</extensionElements>"


EVERY = told(*(listener(event, HEARD) for event in TASK_EVENTS))


def person(office: Office, username: str) -> str:
    return str(office.as_(username).actor.public_id)


def claim(office: Office, username: str, element: str = "look") -> None:
    desk = office.as_(username)
    office.runtime.do(user_tasks.claim, desk.actor, desk.find(element).id)


def release(office: Office, username: str, element: str = "look") -> None:
    desk = office.as_(username)
    office.runtime.do(user_tasks.release, desk.actor, desk.find(element).id)


def test_whoever_takes_a_task_gives_it_back_and_does_it_is_heard(firm: Office) -> None:
    firm.deploy(bpmn("heard", start(), user("look", EVERY, candidateGroups="specialist"), end()))
    case = firm.as_("spec").start("heard")
    spec = person(firm, "spec")
    claim(firm, "spec")
    release(firm, "spec")
    firm.as_("spec").do("look")  # which takes it again
    taken = [f"update {spec}", f"assignment {spec}"]
    assert case.variables["heard"] == [
        "create null", *taken, "update null", "assignment null", *taken, f"complete {spec}",
    ]  # fmt: skip
    assert case.status == "completed"
    assert [entry.kind for entry in case.log if entry.kind.startswith("task_")] == [
        "task_opened",
        "task_claimed",
        "task_released",
        "task_claimed",
        "task_completed",
    ]


def test_taking_a_task_that_nobody_listens_to_loads_no_case(firm: Office) -> None:
    quiet = told(listener("create", HEARD), listener("complete", HEARD), listener("delete", HEARD))
    firm.deploy(bpmn("quiet", start(), user("look", quiet, candidateGroups="specialist"), end()))
    firm.deploy(bpmn("heard", start(), user("look", EVERY, candidateGroups="specialist"), end()))
    firm.as_("spec").start("quiet")
    desk = firm.as_("spec")
    task = desk.find("look").id
    before = desk.actor
    with firm.counted() as statements:
        firm.runtime.do(user_tasks.claim, before, task)
    # The task and its case, the task, the log, the case's place in it.
    assert len(statements) <= 4
    assert not [
        said for said in statements if said.startswith("UPDATE cases") and "state=" in said.replace(" ", "")
    ]
    firm.as_("spec").do("look")
    firm.as_("spec").start("heard")
    task = firm.as_("spec").find("look").id
    with firm.counted() as statements:
        firm.runtime.do(user_tasks.claim, desk.actor, task)
    assert len(statements) <= 10


def test_a_listener_that_fails_leaves_the_task_taken_and_an_incident_that_can_be_tried_again(
    firm: Office,
) -> None:
    fails = told(
        listener("create", "execution.setVariable('ready', false)"),
        listener(
            "assignment",
            "if (!ready) throw new BpmnError('not_ready'); execution.setVariable('by', task.assignee)",
        ),
    )
    beside = user(
        "beside", told(listener("complete", "execution.setVariable('ready', true)")), assignee="${initiator}"
    )
    firm.deploy(
        bpmn(
            "failing",
            start(),
            ("fork", "parallelGateway", '<parallelGateway id="fork" name="fork"/>'),
            user("look", fails, candidateGroups="specialist"),
            beside,
            end(),
            end("ended_beside"),
            *_flows("begun fork", "fork look", "fork beside", "look ended", "beside ended_beside"),
        )
    )
    case = firm.as_("spec").start("failing")
    claim(firm, "spec")
    assert firm.as_("spec").find("look").state == "claimed"
    (reason,) = firm.incidents()
    assert "not_ready" in reason
    firm.as_("spec").do("beside")
    (incident,) = firm.runtime.read(incident_queries.listing, firm.as_("root").actor)
    firm.runtime.do(incidents.retry, firm.as_("root").actor, incident.id)
    firm.settle()
    assert case.variables["by"] == person(firm, "spec")
    assert firm.incidents() == []
    firm.as_("spec").do("look")
    assert case.status == "completed"


def _flows(*pairs: str) -> list[tuple[str, str, str]]:
    return [flow(*pair.split()) for pair in pairs]


def test_what_a_listener_sets_is_what_people_see(firm: Office) -> None:
    spec2 = person(firm, "spec2")
    sets = told(
        listener("create", "task.setName('急件'); task.setPriority(90); task.addCandidateGroup('manager')"),
        listener("assignment", f"if (task.assignee !== '{spec2}') task.setAssignee('{spec2}')"),
    )
    firm.deploy(bpmn("setting", start(), user("look", sets, candidateGroups="specialist"), end()))
    firm.as_("spec").start("setting")
    (row,) = firm.as_("boss").inbox()
    assert row.priority == 90
    claim(firm, "spec")
    assert firm.as_("spec").inbox() == []
    assert firm.as_("spec2").find("look").state == "claimed"


def test_a_task_is_never_given_to_whom_its_diagram_excludes(firm: Office) -> None:
    spec = person(firm, "spec")
    excludes = (
        '<camunda:properties><camunda:property name="excludes" value="${initiator}"/></camunda:properties>'
    )
    sets = told(
        listener("create", f"task.setAssignee('{spec}')"),
        listener("assignment", f"if (task.assignee !== '{spec}') task.setAssignee('{spec}')"),
        properties=excludes,
    )
    firm.deploy(bpmn("excluding", start(), user("look", sets, candidateGroups="specialist"), end()))
    firm.as_("spec").start("excluding")
    assert firm.as_("spec").inbox() == []


def test_what_is_withdrawn_tells_its_listeners_and_a_failing_one_is_an_incident(firm: Office) -> None:
    late = timer("late", "timeDuration", "P1D", "boundaryEvent", attachedToRef="look")
    broken = told(listener("delete", HEARD), listener("delete", "execution.setVariable('half', 1); nobody()"))
    for key, listeners in (("fine", EVERY), ("broken", broken)):
        firm.deploy(
            bpmn(key, start(), user("look", listeners, candidateGroups="specialist"), end(), late, end("ended_late"),
                 *_flows("begun look", "look ended", "late ended_late"))
        )  # fmt: skip
    fine, failing = firm.as_("spec").start("fine"), firm.as_("spec").start("broken")
    firm.later(days=2)
    assert (fine.end, failing.end) == ("ended_late", "ended_late")
    assert fine.variables["heard"][-1] == "delete null"
    assert "half" not in failing.variables
    (reason,) = firm.incidents()
    assert reason.startswith("look: script.failed")


def test_tasks_of_somebody_who_leaves_tell_whose_they_are_now(firm: Office) -> None:
    firm.deploy(
        bpmn("taken", start(), user("look", EVERY, candidateGroups="specialist"), end()),
        bpmn("given", start(), user("look", EVERY, assignee="${initiator}"), end()),
    )
    taken, given = firm.as_("spec").start("taken"), firm.as_("spec").start("given")
    claim_of = firm.as_("spec").find("look", taken.id).id
    firm.runtime.do(user_tasks.claim, firm.as_("spec").actor, claim_of)
    firm.runtime.do(accounts.deactivate, SYSTEM, "spec")
    assert taken.variables["heard"][-2:] == ["update null", "assignment null"]
    assert given.variables["heard"][-1] == f"assignment {person(firm, 'sup')}"
