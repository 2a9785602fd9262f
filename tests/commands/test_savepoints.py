"""Savepoints (asyncBefore, asyncAfter): what was done is committed before a job of its own goes on."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from runtime.commands import cases, incidents, messages, triggers, user_tasks
from runtime.commands.world import BoundWorld
from runtime.identity import SYSTEM
from runtime.queries import incidents as listed
from runtime.store import jobs
from tests.diagrams import bpmn, element, end, flow, start, user
from tests.office import Office

TOPIC = {"camunda__type": "external", "camunda__topic": "inbox.remind"}
GIVEN = (
    '<extensionElements><camunda:inputOutput><camunda:inputParameter name="element">x</camunda:inputParameter>'
    "</camunda:inputOutput>{cycle}</extensionElements>"
)


def work(key: str = "work", cycle: str = "", **more: str) -> tuple[str, str, str]:
    said = f"<camunda:failedJobRetryTimeCycle>{cycle}</camunda:failedJobRetryTimeCycle>" if cycle else ""
    return element("serviceTask", key, GIVEN.format(cycle=said), **TOPIC, **more)


def waiting(office: Office) -> list[Any]:
    query = sa.select(jobs.jobs).where(jobs.jobs.c.state == "waiting").order_by(jobs.jobs.c.id)
    return list(office.runtime.read(lambda tx, actor: tx.all(query), SYSTEM))


def begun(office: Office, process: str) -> Any:
    """Started, and no worker has come by yet."""
    actor = office.as_("spec").actor
    return office.case(office.runtime.do(cases.start, actor, process, {}).case)


def left(case: Any) -> list[str]:
    return [entry.element for entry in case.log if entry.kind == "left"]


def test_the_starters_request_ends_at_a_start_event_with_a_savepoint(firm: Office) -> None:
    for name, place in (
        ("before", "camunda__asyncBefore"),
        ("after", "camunda__asyncAfter"),
        ("old", "camunda__async"),
    ):
        firm.deploy(bpmn(name, start(**{place: "true"}), work(), end()))
        case = begun(firm, name)
        assert case.status == "running"
        assert "work" not in left(case)
        assert [(job.kind, job.case_id) for job in waiting(firm)] == [("async", case.row.id)]
        firm.settle()
        assert case.status == "completed"
        assert left(case) == ["begun", "work", "ended"]


def test_what_was_done_before_a_savepoint_stays_when_the_step_behind_it_fails(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.deploy(
        bpmn("s", start(), user("ask", candidateGroups="specialist"),
             work(cycle="R2/PT1M", camunda__asyncBefore="true"), end())
    )  # fmt: skip
    case = begun(firm, "s")
    tries: list[int] = []

    def fail(*given: Any) -> Any:
        tries.append(len(tries))
        raise OSError("down")

    with monkeypatch.context() as broken:
        broken.setattr(BoundWorld, "operate", fail)
        task = firm.as_("spec").find("ask")
        firm.runtime.do(user_tasks.complete, firm.as_("spec").actor, task.id, {})
        # Whoever completed the task did not wait for the step.
        assert left(case) == ["begun", "ask"] and tries == []
        firm.settle()
        assert len(tries) == 1 and firm.incidents() == []
        # Its own retries: as its diagram says, then an incident.
        firm.later(minutes=2)
        assert len(tries) == 2
    (found,) = firm.runtime.read(listed.listing, firm.as_("root").actor)
    assert found.element == "work" and left(case) == ["begun", "ask"]


def test_instances_and_the_whole_of_them_have_savepoints_of_their_own(firm: Office) -> None:
    for where, jobs_seen in (("body", 1), ("item", 3)):
        inside = "<loopCardinality>3</loopCardinality>"
        own = ' camunda:asyncBefore="true"' if where == "item" else ""
        loop = f"<multiInstanceLoopCharacteristics{own}>{inside}</multiInstanceLoopCharacteristics>"
        outer = {"camunda__asyncBefore": "true"} if where == "body" else {}
        firm.deploy(bpmn(where, start(), element("task", "each", loop, **outer), end()))
        case = begun(firm, where)
        assert [job.kind for job in waiting(firm)] == ["async"] * jobs_seen
        firm.settle()
        assert case.status == "completed"
        assert left(case).count("each") == 4


def test_a_savepoint_behind_each_instance_commits_one_after_another(firm: Office) -> None:
    loop = (
        '<multiInstanceLoopCharacteristics isSequential="true" camunda:asyncAfter="true"><loopCardinality>3'
    )
    loop += "</loopCardinality></multiInstanceLoopCharacteristics>"
    firm.deploy(bpmn("row", start(), element("task", "each", loop), end()))
    case = begun(firm, "row")
    seen = []
    while due := firm.claim():
        seen.append(left(case).count("each"))
        for job in due:
            firm.runtime.do(lambda tx, actor, job=job: triggers.run(tx, job), SYSTEM)
    assert seen == [1, 2, 3]
    assert case.status == "completed"


def test_an_event_takes_a_token_from_a_savepoint_and_its_job_does_nothing_more(firm: Office) -> None:
    stop = element("boundaryEvent", "stop", '<messageEventDefinition messageRef="m"/>', attachedToRef="box")
    inner = "".join(
        part[2]
        for part in (
            start("in_begun"), work("slow", camunda__asyncBefore="true"), end("in_ended"),
            flow("in_begun", "slow"), flow("slow", "in_ended"),
        )
    )  # fmt: skip
    firm.deploy(
        bpmn(
            "s", start(), element("subProcess", "box", inner), end(), stop, end("stopped"),
            flow("begun", "box"), flow("box", "ended"), flow("stop", "stopped"),
            before='<message id="m" name="halt"/>',
        )
    )  # fmt: skip
    case = begun(firm, "s")
    firm.runtime.do(messages.correlate, SYSTEM, "halt", case.id, {})
    assert case.status == "completed" and case.end == "stopped"
    assert waiting(firm) == []


def test_a_loop_over_savepoints_that_never_waits_is_an_incident(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "mill", start(), element("exclusiveGateway", "round", camunda__asyncBefore="true"),
            element("exclusiveGateway", "enough", default="enough_to_round"), end(),
            flow("begun", "round"), flow("round", "enough"), flow("enough", "ended", "${1 > 2}"),
            flow("enough", "round"),
        )
    )  # fmt: skip
    firm.runtime.house.most_steps = 40
    case = firm.as_("spec").start("mill")
    (told,) = firm.incidents()
    assert told.startswith("round: case.runs_away")
    walked = len(case.log)
    (found,) = firm.runtime.read(listed.listing, firm.as_("root").actor)
    firm.runtime.do(incidents.retry, firm.as_("root").actor, found.id)
    firm.settle()
    assert len(firm.incidents()) == 1 and len(case.log) > walked
