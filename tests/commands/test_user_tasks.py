"""People and their tasks: whose it is, once only, and what happens when nobody is left."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from runtime import clock
from runtime.commands import user_tasks
from runtime.commands.user_tasks import (
    NotYourOwn,
    TaskAlreadyCompleted,
    TaskChanged,
    TaskTaken,
    TaskWithdrawn,
)
from runtime.identity import SYSTEM
from runtime.ledger import operations
from runtime.library import NoSuchTask
from runtime.store import event_log
from tests.diagrams import bpmn, end, flow, properties, service, start, timer, user
from tests.office import Office

TWO_STEPS = bpmn(
    "request",
    start(),
    user("ask", candidateGroups="specialist"),
    user("approve", candidateGroups="manager"),
    end(),
)


def elements(office: Office, username: str) -> list[str]:
    return [row.element for row in office.as_(username).inbox()]


def test_a_claimed_task_leaves_the_inbox_of_the_group(firm: Office) -> None:
    firm.deploy(TWO_STEPS)
    firm.as_("spec").start("request")
    assert elements(firm, "spec") == elements(firm, "spec2") == ["ask"]
    task = firm.as_("spec").find("ask")
    firm.runtime.do(user_tasks.claim, firm.as_("spec").actor, task.id)
    assert (elements(firm, "spec"), elements(firm, "spec2")) == (["ask"], [])
    with pytest.raises((TaskTaken, NoSuchTask)):
        firm.runtime.do(user_tasks.claim, firm.as_("spec2").actor, task.id)


def test_a_released_task_returns_to_the_group(firm: Office) -> None:
    firm.deploy(TWO_STEPS)
    firm.as_("spec").start("request")
    spec, task = firm.as_("spec").actor, firm.as_("spec").find("ask")
    firm.runtime.do(user_tasks.claim, spec, task.id)
    firm.runtime.do(user_tasks.release, spec, task.id)
    assert elements(firm, "spec2") == ["ask"]


def test_a_task_is_completed_once(firm: Office) -> None:
    firm.deploy(TWO_STEPS)
    case = firm.as_("spec").start("request")
    spec, task = firm.as_("spec").actor, firm.as_("spec").find("ask")
    firm.runtime.do(user_tasks.complete, spec, task.id, {}, 1)
    with pytest.raises(TaskAlreadyCompleted):
        firm.runtime.do(user_tasks.complete, spec, task.id, {}, 1)
    assert [e.kind for e in case.log].count("task_completed") == 1
    assert elements(firm, "boss") == ["approve"]


def test_a_task_seen_before_it_changed_is_not_completed_blindly(firm: Office) -> None:
    firm.deploy(TWO_STEPS)
    firm.as_("spec").start("request")
    spec, task = firm.as_("spec").actor, firm.as_("spec").find("ask")
    firm.runtime.do(user_tasks.claim, spec, task.id)
    with pytest.raises(TaskChanged):
        firm.runtime.do(user_tasks.complete, spec, task.id, {}, 1)


def test_a_task_of_another_group_does_not_exist_for_me(firm: Office) -> None:
    firm.deploy(TWO_STEPS)
    firm.as_("spec").start("request")
    task = firm.as_("spec").find("ask")
    for act in (user_tasks.claim, user_tasks.release, user_tasks.complete):
        arguments = ({},) if act is user_tasks.complete else ()
        with pytest.raises(NoSuchTask):
            firm.runtime.do(act, firm.as_("buyer").actor, task.id, *arguments)


def test_a_superior_sees_a_subordinates_task_and_cannot_do_it(firm: Office) -> None:
    firm.deploy(TWO_STEPS)
    firm.as_("spec").start("request")
    task = firm.as_("spec").find("ask")
    firm.runtime.do(user_tasks.claim, firm.as_("spec").actor, task.id)
    with pytest.raises(TaskTaken):
        firm.runtime.do(user_tasks.complete, firm.as_("sup").actor, task.id, {})


def test_nobody_decides_their_own_request_it_goes_to_the_superior(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "own",
            start(),
            user("ask", candidateGroups="manager"),
            user("approve", properties(excludes="${ask_by}"), candidateGroups="manager"),
            end(),
            starters="manager",
        )
    )
    firm.as_("boss").start("own")
    firm.as_("boss").do("ask")
    assert elements(firm, "boss") == []
    assert elements(firm, "lead") == ["approve"]


def test_one_of_a_group_is_excluded_the_others_are_asked(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "check",
            start(),
            user("count", candidateGroups="specialist"),
            user("recount", properties(excludes="${count_by}"), candidateGroups="specialist"),
            end(),
        )
    )
    firm.as_("spec").start("check")
    firm.as_("spec").do("count")
    assert (elements(firm, "spec"), elements(firm, "spec2")) == ([], ["recount"])
    recount = firm.as_("spec2").find("recount")
    with pytest.raises(NotYourOwn):
        firm.runtime.do(user_tasks.complete, firm.as_("spec").actor, recount.id, {})


def test_a_task_that_nobody_can_do_is_shown_to_the_administrators(firm: Office) -> None:
    firm.deploy(bpmn("orphan", start(), user("analyse", candidateGroups="analyst"), end()))
    firm.as_("spec").start("orphan")
    assert elements(firm, "root") == ["analyse"]
    assert firm.incidents()[0].startswith("analyse: user_task.nobody")


def test_a_change_of_groups_reaches_open_tasks(firm: Office) -> None:
    from runtime.commands import accounts

    firm.deploy(TWO_STEPS)
    firm.as_("spec").start("request")
    firm.runtime.do(accounts.set_groups, SYSTEM, "buyer", ["specialist"])
    firm.runtime.do(accounts.set_groups, SYSTEM, "spec2", [])
    assert (elements(firm, "buyer"), elements(firm, "spec2")) == (["ask"], [])


def test_a_timer_that_interrupts_withdraws_the_task(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "late",
            start(),
            user("ask", candidateGroups="specialist"),
            end(),
            timer("too_late", "timeDuration", "P2D", "boundaryEvent", attachedToRef="ask"),
            user("chase", candidateGroups="supervisor"),
            end("chased"),
            flow("begun", "ask"),
            flow("ask", "ended"),
            flow("too_late", "chase"),
            flow("chase", "chased"),
        )
    )
    case = firm.as_("spec").start("late")
    task = firm.as_("spec").find("ask")
    firm.later(days=1)
    assert elements(firm, "sup") == []
    firm.later(days=1)
    assert (elements(firm, "spec"), elements(firm, "sup")) == ([], ["chase"])
    with pytest.raises((TaskWithdrawn, NoSuchTask)):
        firm.runtime.do(user_tasks.complete, firm.as_("spec").actor, task.id, {})
    firm.as_("sup").do("chase")
    assert (case.status, case.end) == ("completed", "chased")


def test_a_completion_stays_when_a_later_step_fails_and_the_step_is_tried_again(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "books",
            start(),
            user("ask", candidateGroups="specialist"),
            service("write", "inventory.close_alert", alert="no such alert", reason="x"),
            end(),
        )
    )
    case = firm.as_("spec").start("books")
    firm.as_("spec").do("ask")
    assert case.status == "running"
    assert "task_completed" in [entry.kind for entry in case.log]
    for _ in range(4):
        firm.later(minutes=11)
    assert [text.split(":")[0] for text in firm.incidents()] == ["write"]


def test_the_log_alone_tells_the_state_at_any_point(firm: Office) -> None:
    firm.deploy(TWO_STEPS)
    case = firm.as_("spec").start("request")
    firm.as_("spec").do("ask")
    assert set(case.state.standing.values()) == {"approve"}
    firm.as_("boss").do("approve")
    assert case.state.ended and case.state.standing == {}
    assert event_log.broken_at(case.log) is None
    asked = next(entry.sequence for entry in case.log if entry.kind == "task_completed")
    from runtime.queries import history

    assert set(history.rebuild(case.log[: asked - 1]).standing.values()) == {"ask"}


def test_completing_a_task_is_one_transaction_of_at_most_ten_statements(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "busy",
            start(),
            user("ask", candidateGroups="specialist"),
            *_parallel(),
            end(),
            flow("begun", "ask"),
            flow("ask", "fork"),
            flow("fork", "one"),
            flow("fork", "two"),
            flow("fork", "wait"),
            flow("one", "join"),
            flow("two", "join"),
            flow("wait", "join"),
            flow("join", "ended"),
        )
    )
    firm.as_("spec").start("busy")
    spec, task = firm.as_("spec").actor, firm.as_("spec").find("ask")
    firm.runtime.do(user_tasks.claim, spec, task.id)
    said: list[str] = []
    commits: list[object] = []

    def note(connection, cursor, statement, *rest):  # type: ignore[no-untyped-def]
        said.append(statement)

    def committed(connection):  # type: ignore[no-untyped-def]
        commits.append(connection)

    sa.event.listen(firm.runtime.engine, "before_cursor_execute", note)
    sa.event.listen(firm.runtime.engine, "commit", committed)
    try:
        firm.runtime.do(user_tasks.complete, spec, task.id, {})
    finally:
        sa.event.remove(firm.runtime.engine, "before_cursor_execute", note)
        sa.event.remove(firm.runtime.engine, "commit", committed)
    work = [text for text in said if not text.startswith(("BEGIN", "PRAGMA"))]
    assert len(work) <= 10, "\n".join(work)
    assert len(commits) == 1


def _parallel() -> list[tuple[str, str, str]]:
    from tests.diagrams import element

    return [
        element("parallelGateway", "fork"),
        user("one", candidateGroups="manager"),
        user("two", assignee="${superior_of(initiator)}"),
        timer("wait", "timeDuration", "P1D"),
        element("parallelGateway", "join"),
    ]


def test_what_a_step_wrote_stands_in_the_log_before_what_came_of_it(office: Office) -> None:
    case = office.as_("liyang").start(
        "stock_correction",
        component="QY-P60-265",
        warehouse="SH",
        difference="surplus",
        pieces=1,
        reason="x",
    )
    office.as_("chenjie").do("review_correction", correction_decision="approve")
    kinds = [entry.kind for entry in case.log]
    assert kinds.index("operated") < kinds.index("ended")
    written = next(entry for entry in case.log if entry.kind == "operated")
    left = next(e for e in case.log if e.kind == "left" and e.activity == written.activity)
    assert written.sequence < left.sequence


def test_the_timeline_tells_how_long_a_task_lay(firm: Office) -> None:
    firm.deploy(TWO_STEPS)
    case = firm.as_("spec").start("request")
    firm.later(days=2)
    firm.as_("spec").do("ask")
    told = {moment.text: moment.detail for moment in firm.as_("spec").case_page(case.id, "en").timeline}
    assert told["Spec completed “ask”"] == "2 days after it was handed out"


@pytest.mark.parametrize(
    ("cycle", "minutes"), [("R3/PT5M", [5, 10]), ("PT1M,PT7M,PT1H", [1, 8, 68]), ("R1/PT5M", [])]
)
def test_a_step_is_tried_again_when_its_diagram_says(
    firm: Office, monkeypatch: pytest.MonkeyPatch, cycle: str, minutes: list[int]
) -> None:
    said = f"<extensionElements><camunda:failedJobRetryTimeCycle>{cycle}</camunda:failedJobRetryTimeCycle>"
    key, tag, text = service("write", "inventory.close_alert", alert="a", reason="x")
    failing = (key, tag, text.replace("<extensionElements>", said, 1))
    firm.deploy(bpmn("books", start(), failing, end()))
    tried = []

    def fail(*_: object) -> None:
        tried.append(clock.now())
        raise RuntimeError("the books are away")

    monkeypatch.setattr(operations, "perform", fail)
    begun = clock.now()
    firm.as_("spec").start("books")
    for minute in (*minutes, 10_000):
        assert len(firm.incidents()) == (minute == 10_000)
        firm.later(minutes=minute - 0.5 - (clock.now() - begun).total_seconds() / 60)
        firm.later(minutes=0.5)
    assert [(moment - begun).total_seconds() / 60 for moment in tried] == [0, *minutes]
    assert [text.split(":")[0] for text in firm.incidents()] == ["write"]
