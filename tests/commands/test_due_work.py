"""What the clock starts goes on: after a failure, a new version, a changed calendar; and nothing stands in its way."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import clock
from runtime.commands import accounts, advance, calendar, incidents, messages, triggers
from runtime.identity import SYSTEM
from runtime.queries import incidents as listed
from runtime.store import cases, jobs, workers
from tests.diagrams import bpmn, element, end, flow, service, start, timer, user
from tests.office import Office


def watch(*timers: tuple[str, str]) -> str:
    """A process that each of these (id, cycle) starts."""
    look = user("look", candidateGroups="specialist")
    starts = [timer(key, "timeCycle", text, "startEvent") for key, text in timers]
    joins = [element("exclusiveGateway", "begin")] if len(timers) > 1 else []
    first = "begin" if joins else "look"
    flows = [flow(key, first) for key, _ in timers] + [flow("begin", "look")] * len(joins)
    return bpmn("watch", *starts, *joins, look, end(), *flows, flow("look", "ended"))


def waiting(office: Office) -> list[Any]:
    query = sa.select(jobs.jobs).where(jobs.jobs.c.state == "waiting").order_by(jobs.jobs.c.due_at)
    return list(office.runtime.read(lambda tx, actor: tx.all(query), SYSTEM))


def test_a_version_that_is_taken_back_starts_as_before(firm: Office) -> None:
    for hour in (8, 9, 8):
        # A comment, so that the third is a version of its own.
        firm.deploy(watch(("daily", f"0 0 {hour} * * ?")) + f"<!-- {len(waiting(firm))}{hour} -->")
    firm.deploy(watch(("daily", "0 0 9 * * ?")))
    firm.deploy(watch(("daily", "0 0 8 * * ?")))
    firm.later(days=1)
    assert len(firm.cases_of("watch")) == 1


def test_two_timers_that_are_due_together_both_start(firm: Office) -> None:
    firm.deploy(watch(("daily", "0 0 8 * * ?"), ("weekly", "0 0 8 ? * TUE")))
    firm.later(days=1)
    assert len(firm.cases_of("watch")) == 2


def test_a_start_that_fails_does_not_end_the_ones_to_come(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.deploy(watch(("daily", "0 0 8 * * ?")))
    with monkeypatch.context() as broken:
        broken.setattr(advance, "begin", lambda *given, **named: 1 / 0)
        firm.later(days=1)
        for _ in range(3):
            firm.later(minutes=11)
    assert len(firm.incidents()) == 1
    firm.later(days=1)
    assert len(firm.cases_of("watch")) == 1
    # The one that failed can still be made up for, and the next still comes once.
    (found,) = firm.runtime.read(listed.listing, firm.as_("root").actor)
    firm.runtime.do(incidents.retry, firm.as_("root").actor, found.id)
    firm.settle()
    assert len(firm.cases_of("watch")) == 2
    assert len(waiting(firm)) == 1


def test_a_holiday_entered_later_moves_the_months_last_workday(firm: Office) -> None:
    firm.deploy(watch(("month_ends", "${next_last_workday(now(), '09:00')}")))
    (before,) = waiting(firm)
    assert before.due_at == dt.datetime(2026, 3, 31, 1, tzinfo=dt.UTC)
    firm.runtime.do(calendar.set_day, SYSTEM, dt.date(2026, 3, 31), "holiday")
    (after,) = waiting(firm)
    assert after.due_at == dt.datetime(2026, 3, 30, 1, tzinfo=dt.UTC)
    firm.runtime.do(calendar.set_day, SYSTEM, dt.date(2026, 3, 31), None)
    (again,) = waiting(firm)
    assert again.due_at == before.due_at


def test_a_start_that_repeats_three_times_starts_three_times(firm: Office) -> None:
    firm.deploy(watch(("thrice", "R3/PT1H")))
    for _ in range(6):
        firm.later(hours=1)
    assert len(firm.cases_of("watch")) == 3
    assert waiting(firm) == []


NAP = bpmn(
    "nap", start(), timer("rest", "timeDuration", "PT1H"), user("wake", candidateGroups="specialist"), end()
)


def test_a_job_whose_failure_cannot_even_be_noted_does_not_hold_up_the_others(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.deploy(NAP)
    first, second = firm.as_("spec").start("nap"), firm.as_("spec").start("nap")
    fire, failed = triggers.KINDS["timer"], triggers.failed

    def fail(tx: Any, job: Any) -> None:
        if job.case_id == first.row.id:
            raise RuntimeError("broken")
        fire(tx, job)

    def fail_again(tx: Any, job: Any, error: BaseException) -> None:
        raise RuntimeError("broken as well")

    monkeypatch.setitem(triggers.KINDS, "timer", fail)
    monkeypatch.setattr(triggers, "failed", fail_again)
    firm.later(hours=2)
    assert set(second.state.standing.values()) == {"wake"}
    monkeypatch.setattr(triggers, "failed", failed)
    monkeypatch.setitem(triggers.KINDS, "timer", fire)
    firm.settle()
    assert set(first.state.standing.values()) == {"wake"}


def test_a_worker_that_lost_its_job_does_not_put_it_off(firm: Office) -> None:
    firm.deploy(NAP)
    firm.as_("spec").start("nap")
    clock.shift(dt.timedelta(hours=2))
    (stale,) = firm.claim()
    firm.take_away([stale])
    (fresh,) = firm.claim()
    firm.runtime.do(lambda tx, actor: triggers.failed(tx, stale, RuntimeError("late")), SYSTEM)
    (job,) = waiting(firm)
    assert (job.due_at, job.worker_id) == (fresh.due_at, fresh.worker_id)


def test_each_step_has_its_own_retries(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that fails for the first time is tried again, however often the one before it was."""
    from runtime.commands.world import BoundWorld

    firm.deploy(
        bpmn(
            "books", start(), service("one", "inventory.close_alert", alert="x", reason="x"),
            service("two", "inventory.close_alert", alert="x", reason="x"), end(),
        )
    )  # fmt: skip
    down = {"one", "two"}

    def operate(world: Any, topic: str, inputs: Any, step: Any) -> dict[str, Any]:
        if step.element in down:
            raise RuntimeError("the network is down")
        return {}

    monkeypatch.setattr(BoundWorld, "operate", operate)
    case = firm.as_("spec").start("books")
    firm.later(seconds=11)
    firm.later(seconds=61)
    down.remove("one")
    firm.later(minutes=11)
    assert set(case.state.standing.values()) == {"two"}
    assert firm.incidents() == []
    down.clear()
    firm.later(seconds=11)
    assert case.status == "completed"


def test_an_incident_of_a_step_that_was_withdrawn_is_over(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "late",
            start(),
            user("ask", candidateGroups="analyst"),
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
    firm.as_("spec").start("late")
    assert len(firm.incidents()) == 1  # nobody is an analyst
    firm.later(days=2)
    assert firm.incidents() == []


def test_an_incident_of_a_case_that_ended_is_over(firm: Office) -> None:
    firm.deploy(bpmn("orphan", start(), user("analyse", candidateGroups="analyst"), end()))
    case = firm.as_("spec").start("orphan")
    firm.as_("root").do("analyse")
    assert case.status == "completed"
    assert firm.incidents() == []


MESSAGE = '<message id="m" name="goods_arrived"/>'
RECEIVE = bpmn(
    "receive", start(), element("receiveTask", "arrived", messageRef="m"), end(), before=MESSAGE
)  # fmt: skip


def test_a_message_that_its_receiver_no_longer_takes_is_not_lost(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a database with several writers the receiver may go between looking it up and moving it."""
    firm.deploy(RECEIVE)
    case = firm.as_("spec").start("receive")
    receivers = jobs.receivers

    def stale(tx: Any, name: str, key: str) -> list[Any]:
        return [SimpleNamespace(**{**row._asdict(), "activity": "gone"}) for row in receivers(tx, name, key)]

    with monkeypatch.context() as racing:
        racing.setattr(jobs, "receivers", stale)
        firm.message("goods_arrived", case.id, lot="A7")
    firm.later(minutes=1)
    assert case.status == "completed"
    assert case.variables["lot"] == "A7"


def test_a_message_that_came_before_its_process_was_deployed_starts_it(firm: Office) -> None:
    firm.message("goods_arrived", "K1", lot="B2")
    came = element("startEvent", "came", '<messageEventDefinition messageRef="m"/>')
    look = user("look", candidateGroups="specialist")
    firm.deploy(bpmn("begin", came, look, end(), before=MESSAGE))
    firm.settle()
    (case,) = firm.cases_of("begin")
    assert case.variables["lot"] == "B2"


def test_a_message_that_waited_long_has_all_its_attempts_left(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.deploy(RECEIVE)
    firm.runtime.do(messages.send, SYSTEM, "goods_arrived", "K1", {})
    (job,) = waiting(firm)
    for _ in range(3):
        firm.settle()
        firm.runtime.do(lambda tx, actor: jobs.wake_kept(tx, [("goods_arrived", "K1")]), SYSTEM)
    (again,) = waiting(firm)
    assert (again.id, again.attempts) == (job.id, 0)


def test_the_log_tells_what_the_books_did_beside_the_step(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "remind", start(), service("tell", "inbox.remind", element="x"),
            service("again", "inbox.remind", element="x"), end(),
        )
    )  # fmt: skip
    case = firm.as_("spec").start("remind")
    kinds = [(entry.kind, entry.element) for entry in case.log]
    assert kinds.index(("operated", "tell")) < kinds.index(("left", "tell"))
    assert kinds.index(("operated", "again")) < kinds.index(("left", "again"))


def test_who_leaves_leaves_no_task_behind(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "two", start(), user("ask", candidateGroups="specialist"),
            user("own", assignee="${initiator}"), end(),
        )
    )  # fmt: skip
    from runtime.commands import user_tasks

    firm.as_("spec").start("two")
    spec = firm.as_("spec").actor
    firm.runtime.do(user_tasks.claim, spec, firm.as_("spec").find("ask").id)
    second = firm.as_("spec").start("two")
    firm.as_("spec").do("ask", second.id)
    firm.runtime.do(accounts.deactivate, SYSTEM, "spec")
    assert [row.element for row in firm.as_("spec2").inbox()] == ["ask"]
    assert [row.element for row in firm.as_("sup").inbox()] == ["own"]


def test_of_what_is_due_the_most_urgent_is_done_first(firm: Office) -> None:
    usual, urgent, slow = (
        bpmn(key, start(), timer("wait", "timeDuration", text, camunda__jobPriority=priority), end())
        for key, text, priority in (("usual", "PT1H", "0"), ("urgent", "PT2H", "${5 * 2}"), ("slow", "PT1H", "-1"))
    )
    firm.deploy(usual, urgent, slow)
    for process in ("slow", "usual", "usual", "urgent"):
        firm.as_("spec").start(process)
    clock.shift(dt.timedelta(hours=3))

    def claim(tx: Any, actor: Any) -> list[tuple[str, int]]:
        claimed = jobs.claim_due(tx, workers.enter(tx, "idle"), 3)
        process = {row.id: row.process for row in tx.all(sa.select(cases.cases))}
        return [(process[job.case_id], job.priority) for job in claimed]

    assert firm.runtime.do(claim, SYSTEM) == [("urgent", 10), ("usual", 0), ("usual", 0)]
    assert firm.runtime.do(claim, SYSTEM) == [("slow", -1)]


def test_what_is_not_due_yet_does_not_keep_what_is(firm: Office) -> None:
    later, now = (
        bpmn(key, start(), timer("wait", "timeDuration", text, camunda__jobPriority=priority), end())
        for key, text, priority in (("later", "PT9H", "90"), ("now", "PT1H", "1"))
    )
    firm.deploy(later, now)
    cases_ = [firm.as_("spec").start(process) for process in ("later", "now")]
    firm.later(hours=2)
    assert [case.status for case in cases_] == ["running", "completed"]


@pytest.mark.embedded
def test_what_is_due_and_when_the_next_is_are_found_by_an_index(firm: Office) -> None:
    """However many timers there are: only what is due is touched, and of what is not the first."""
    firm.deploy(NAP)
    firm.as_("spec").start("nap")
    clock.shift(dt.timedelta(hours=2))
    with firm.counted() as said:
        firm.claim()
        firm.runtime.read(lambda tx, actor: (jobs.next_due(tx), workers.pulses(tx)), SYSTEM)
        firm.runtime.do(lambda tx, actor: jobs.expire(tx), SYSTEM)
        statements = [statement for statement in said if "jobs" in statement]
    assert len(statements) > 5

    def plans(tx: Any, actor: Any) -> str:
        found = []
        for statement in statements:
            values = tuple(0 for _ in range(statement.count("?")))
            found += tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        return str(found)

    plan = firm.runtime.read(plans, SYSTEM)
    assert "ix_jobs_due" in plan and "ix_jobs_worker" in plan and "ix_jobs_expiring" in plan
    # A covering look into the index of held jobs alone is what a worker may see in full.
    assert "SCAN jobs'" not in plan and "TEMP B-TREE FOR ORDER" not in plan


def test_a_timer_that_starts_a_process_has_the_priority_of_its_event(firm: Office) -> None:
    watched = watch(("daily", "0 0 8 * * ?")).replace('id="daily"', 'id="daily" camunda:jobPriority="7"')
    firm.deploy(watched)
    assert [job.priority for job in waiting(firm)] == [7]
