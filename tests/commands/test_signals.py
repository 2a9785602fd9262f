"""Signals and conditions across cases: whoever waits when it is thrown gets it, once, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from runtime.commands import accounts, conditions, incidents, messages, signals, triggers
from runtime.engine.errors import NotTrueOrFalse
from runtime.identity import SYSTEM, NotGranted
from runtime.queries import incidents as listed
from runtime.store import jobs
from tests.diagrams import bpmn, element, end, flow, properties, start, user
from tests.office import Case, Office

STRIKE = '<signal id="s" name="strike"/>'
EVENT = '<signalEventDefinition signalRef="s"/>'

WAITS = bpmn(
    "waits",
    start(),
    user("prepare", candidateGroups="specialist"),
    element("intermediateCatchEvent", "hear", EVENT),
    user("react", candidateGroups="specialist"),
    end(),
    before=STRIKE,
)


def calls_out(*, reason: str = "") -> str:
    """A process that throws the signal after a task, with a reason if one is given."""
    carried = f'<camunda:in sourceExpression="{reason}" target="reason"/>' if reason else ""
    return bpmn(
        "calls_out",
        start(),
        user("decide", candidateGroups="supervisor"),
        element(
            "intermediateThrowEvent",
            "call",
            f'<signalEventDefinition signalRef="s"><extensionElements>{carried}</extensionElements>'
            "</signalEventDefinition>",
        ),
        user("after", candidateGroups="supervisor"),
        end(),
        before=STRIKE,
        starters="supervisor",
    )


def standing(case: Case) -> set[str]:
    return set(case.state.standing.values())


def waiting(firm: Office) -> Case:
    case = firm.as_("spec").start("waits")
    firm.as_("spec").do("prepare", case.id)
    return case


def signal_jobs(firm: Office) -> list[Any]:
    query = sa.select(jobs.jobs).where(jobs.jobs.c.kind.in_(("signal", "begin"))).order_by(jobs.jobs.c.id)
    return list(firm.runtime.read(lambda tx, actor: tx.all(query), SYSTEM))


def test_a_signal_reaches_every_case_that_waits_and_no_other(firm: Office) -> None:
    firm.deploy(WAITS, calls_out(reason="${'rain'}"))
    caller = firm.as_("sup").start("calls_out")
    first, second = waiting(firm), waiting(firm)
    early = firm.as_("spec").start("waits")
    firm.as_("sup").do("decide")
    assert [standing(case) for case in (first, second)] == [{"react"}, {"react"}]
    assert first.variables["reason"] == "rain"
    assert (standing(early), standing(caller)) == ({"prepare"}, {"after"})
    # Whoever begins to wait later does not get it.
    firm.as_("spec").do("prepare", early.id)
    assert standing(early) == {"hear"}


def test_an_activity_that_begins_to_wait_after_the_throw_does_not_get_it(firm: Office) -> None:
    twice = bpmn(
        "twice",
        start(),
        element("intermediateCatchEvent", "first", EVENT),
        element("intermediateCatchEvent", "second", EVENT),
        end(),
        before=STRIKE,
    )
    firm.deploy(twice)
    case = firm.as_("spec").start("twice")
    # Both are on their way before the case has seen the first.
    for _ in range(2):
        firm.runtime.do(signals.throw, SYSTEM, "strike", {})
    firm.settle()
    assert standing(case) == {"second"}
    firm.runtime.do(signals.throw, SYSTEM, "strike", {})
    firm.settle()
    assert case.status == "completed"
    assert firm.incidents() == []


BRANCHES = bpmn(
    "branches",
    start(),
    element("parallelGateway", "fork"),
    element("intermediateCatchEvent", "one", EVENT),
    element("intermediateCatchEvent", "two", EVENT),
    element("parallelGateway", "join"),
    end(),
    flow("begun", "fork"),
    flow("fork", "one"),
    flow("fork", "two"),
    flow("one", "join"),
    flow("two", "join"),
    flow("join", "ended"),
    before=STRIKE,
)


def test_two_branches_of_a_case_hear_a_signal_in_one_move(firm: Office) -> None:
    firm.deploy(BRANCHES)
    case = firm.as_("spec").start("branches")
    firm.runtime.do(signals.throw, SYSTEM, "strike", {"reason": "rain"})
    firm.settle()
    assert case.status == "completed" and case.variables["reason"] == "rain"
    assert len(signal_jobs(firm)) == 2  # the throw itself, and one for the case
    heard = [entry.element for entry in case.log if entry.kind == "signal_received"]
    assert sorted(heard) == ["one", "two"]


def by_signal(process: str) -> str:
    return bpmn(
        process,
        element("startEvent", "came", EVENT),
        user("look", candidateGroups="specialist"),
        end(),
        before=STRIKE,
    )


def test_a_signal_starts_every_process_that_it_starts_once(firm: Office) -> None:
    firm.deploy(by_signal("alarm"), by_signal("report"), calls_out(reason="${'rain'}"))
    firm.as_("sup").start("calls_out")
    firm.as_("sup").do("decide")
    for process in ("alarm", "report"):
        (case,) = firm.cases_of(process)
        assert case.variables["reason"] == "rain" and standing(case) == {"look"}


def test_a_signal_does_not_start_what_the_newest_version_no_longer_starts(firm: Office) -> None:
    firm.deploy(by_signal("alarm"))
    firm.deploy(bpmn("alarm", start(), user("look", candidateGroups="specialist"), end()))
    firm.runtime.do(signals.throw, SYSTEM, "strike", {})
    firm.settle()
    assert firm.cases_of("alarm") == []


def test_a_signal_that_is_on_its_way_starts_nothing_that_was_replaced_meanwhile(firm: Office) -> None:
    firm.deploy(by_signal("alarm"))
    firm.runtime.do(signals.throw, SYSTEM, "strike", {})
    firm.deploy(bpmn("alarm", start(), user("look", candidateGroups="specialist"), end()))
    firm.settle()
    assert firm.cases_of("alarm") == [] and firm.incidents() == []


def test_a_message_and_a_signal_of_one_name_are_not_taken_for_one_another(firm: Office) -> None:
    hears = bpmn(
        "hears",
        start(),
        element("intermediateCatchEvent", "read", '<messageEventDefinition messageRef="m"/>'),
        end(),
        before='<message id="m" name="strike"/>',
    )
    firm.deploy(WAITS, hears)
    by_call, by_letter = waiting(firm), firm.as_("spec").start("hears")
    firm.runtime.do(messages.send, SYSTEM, "strike", by_call.id, {})
    firm.settle()
    assert standing(by_call) == {"hear"}
    firm.runtime.do(signals.throw, SYSTEM, "strike", {})
    firm.settle()
    assert (standing(by_call), standing(by_letter)) == ({"react"}, {"read"})


def test_a_case_that_no_longer_waits_is_left_alone(firm: Office) -> None:
    firm.deploy(WAITS)
    case = waiting(firm)
    for _ in range(2):
        firm.runtime.do(signals.throw, SYSTEM, "strike", {})
    firm.settle()
    assert standing(case) == {"react"}
    assert [entry.kind for entry in case.log].count("signal_received") == 1
    assert {job.state for job in signal_jobs(firm)} == {"done"}


def test_a_signal_under_one_reference_is_thrown_once(firm: Office) -> None:
    firm.deploy(by_signal("alarm"))
    for _ in range(2):
        firm.runtime.do(signals.throw, SYSTEM, "strike", {}, "siren-1")
        firm.settle()
    assert len(firm.cases_of("alarm")) == 1


def test_signals_are_thrown_by_whoever_was_granted_it(firm: Office) -> None:
    with pytest.raises(NotGranted):
        firm.runtime.do(signals.throw, firm.as_("root").actor, "strike", {})
    firm.runtime.do(accounts.grant, SYSTEM, "manager", "send", "signal", "any")
    firm.runtime.do(signals.throw, firm.as_("boss").actor, "strike", {})
    with pytest.raises(messages.NameTooLong):
        firm.runtime.do(signals.throw, firm.as_("boss").actor, "", {})


def test_a_thousand_who_wait_cost_one_statement(firm: Office) -> None:
    firm.deploy(WAITS)
    case = waiting(firm).row.id

    def crowd(tx: object, actor: object) -> None:
        # Rows as the cases' own would be: the delivery itself is tried above.
        row = tx.first(sa.select(jobs.subscriptions))._asdict()
        tx.insert(jobs.subscriptions, [row | {"activity": f"a{n}"} for n in range(1000)])

    firm.runtime.do(crowd, SYSTEM)
    with firm.counted() as statements:
        firm.runtime.do(signals.throw, SYSTEM, "strike", {})
    assert len(statements) <= 4
    (_, job) = signal_jobs(firm)
    assert len(job.receivers.split()) == 1001 and job.case_id == case


def test_a_signal_that_cannot_be_delivered_becomes_an_incident_and_is_tried_again(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.deploy(WAITS)
    case = waiting(firm)
    with monkeypatch.context() as broken:
        broken.setitem(triggers.KINDS, "signal", lambda tx, job: 1 / 0)
        firm.runtime.do(signals.throw, SYSTEM, "strike", {})
        for _ in range(4):
            firm.later(minutes=11)
    root = firm.as_("root").actor
    (found,) = firm.runtime.read(listed.listing, root)
    assert (found.case, found.element) == (case.id, "strike")
    firm.runtime.do(incidents.retry, root, found.id)
    firm.settle()
    assert standing(case) == {"react"} and firm.incidents() == []


def test_a_case_page_tells_of_signals_and_conditions(firm: Office) -> None:
    firm.deploy(WAITS.replace(' name="hear"', ""), calls_out())
    case, caller = waiting(firm), firm.as_("sup").start("calls_out")
    (view,) = firm.as_("spec").case_page(case.id, "en").diagrams
    assert view.waiting["hear"] == "waits for the signal strike"
    firm.as_("sup").do("decide")
    told = [moment.text for moment in firm.as_("spec").case_page(case.id, "en").timeline]
    assert "A signal arrived: “hear”" in told
    told = [moment.text for moment in firm.as_("sup").case_page(caller.id, "en").timeline]
    assert "A signal was sent to everybody who waits for it: “call”" in told


def test_a_case_page_tells_who_escalated(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "late",
            start(),
            element("intermediateThrowEvent", "too_late", '<escalationEventDefinition escalationRef="e"/>'),
            user("after", candidateGroups="specialist"),
            end(),
            before='<escalation id="e" name="late" escalationCode="late"/>',
        )
    )
    case = firm.as_("spec").start("late")
    assert standing(case) == {"after"}
    told = [moment.text for moment in firm.as_("spec").case_page(case.id, "en").timeline]
    assert "“too_late” was escalated" in told


def conditional(process: str, condition: str, starters: str = "specialist") -> str:
    test = f"<condition xsi:type='tFormalExpression'>{condition}</condition>"
    return bpmn(
        process,
        element("startEvent", "when", f"<conditionalEventDefinition>{test}</conditionalEventDefinition>"),
        user("look", candidateGroups="specialist"),
        end(),
        starters=starters,
        before=STRIKE,
    )


def test_a_condition_starts_each_process_for_which_it_holds(firm: Office) -> None:
    firm.deploy(
        conditional("low", "${stock &lt; 10}"),
        conditional("none", "${stock == 0}"),
        conditional("other", "${humidity > 3}"),
    )
    spec = firm.as_("spec").actor
    begun = firm.runtime.do(conditions.evaluate, SYSTEM, {"stock": 4}, business_key="W1", starter=spec)
    (case,) = firm.cases_of("low")
    assert [each.case for each in begun] == [case.id]
    assert (case.row.business_key, case.variables["stock"], standing(case)) == ("W1", 4, {"look"})
    assert firm.cases_of("none") == [] and firm.cases_of("other") == []
    assert firm.runtime.do(conditions.evaluate, SYSTEM, {"stock": 40}, starter=spec) == []


def test_a_condition_starts_nothing_for_those_who_may_not_start_it(firm: Office) -> None:
    firm.deploy(conditional("low", "${stock &lt; 10}", starters="manager"))
    spec, boss = firm.as_("spec").actor, firm.as_("boss").actor
    assert firm.runtime.do(conditions.evaluate, SYSTEM, {"stock": 4}, starter=spec) == []
    assert len(firm.runtime.do(conditions.evaluate, SYSTEM, {"stock": 4}, starter=boss)) == 1


def test_who_may_start_a_process_may_not_therefore_say_what_it_begins_with(firm: Office) -> None:
    firm.deploy(conditional("low", "${stock &lt; 10}"))
    with pytest.raises(NotGranted):
        firm.runtime.do(conditions.evaluate, firm.as_("spec").actor, {"stock": 4, "approved": True})
    assert firm.cases_of("low") == []


def test_a_condition_that_is_no_condition_is_refused_and_starts_nothing(firm: Office) -> None:
    firm.deploy(conditional("low", "${stock}"))
    with pytest.raises(NotTrueOrFalse):
        firm.runtime.do(conditions.evaluate, SYSTEM, {"stock": 4})
    assert firm.cases_of("low") == []


def test_a_case_page_says_which_condition_is_waited_for_where_the_event_has_no_name(firm: Office) -> None:
    waits_until = bpmn(
        "until",
        start(),
        element(
            "intermediateCatchEvent",
            "enough",
            "<conditionalEventDefinition><condition xsi:type='tFormalExpression'>"
            "${execution.getVariable('paid') == true}</condition></conditionalEventDefinition>",
        ),
        end(),
        before=STRIKE,
        extra=properties(title="x"),
    )
    condition = "waits until ${execution.getVariable('paid') == true} holds"
    for diagram, said in ((waits_until.replace(' name="enough"', ""), condition), (waits_until, "enough")):
        firm.deploy(diagram)
        case = firm.as_("spec").start("until")
        (view,) = firm.as_("spec").case_page(case.id, "en").diagrams
        assert view.waiting["enough"] == said
