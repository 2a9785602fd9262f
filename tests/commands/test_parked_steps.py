"""A step that is parked and then ended by something else needs nobody: no retry, no incident."""

from __future__ import annotations

from tests.diagrams import bpmn, element, end, field, flow, form_data, start, timer, user
from tests.office import Case, Office

AMOUNT = form_data(field("amount", "long"))
# Fails where somebody has left the amount empty.
LARGE = (
    "<conditionalEventDefinition><condition xsi:type='tFormalExpression'>${amount &gt; 5}</condition>"
    "</conditionalEventDefinition>"
)
ERROR = "<error id='e' errorCode='E' name='E'/>"


def fails(key: str) -> tuple[str, str, str]:
    return element("scriptTask", key, "<script>missing.field</script>", scriptFormat="javascript")


def asked(key: str, inside: str = "") -> tuple[str, str, str]:
    return user(key, inside, candidateGroups="specialist")


def standing(case: Case) -> set[str]:
    return set(case.state.standing.values())


def row(*elements: tuple[str, str, str]) -> str:
    return "".join(each[2] for each in elements)


def test_a_case_that_terminates_beside_a_failed_step_is_over(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "p",
            start(),
            element("parallelGateway", "split"),
            fails("bad"),
            element("task", "one"),
            element("task", "two"),
            element("endEvent", "stop", "<terminateEventDefinition/>"),
            end(),
            *(flow("begun", "split"), flow("split", "bad"), flow("bad", "ended")),
            *(flow("split", "one"), flow("one", "two"), flow("two", "stop")),
        )
    )
    case = firm.as_("spec").start("p")
    assert (case.status, case.end, firm.incidents()) == ("terminated", "stop", [])


def test_an_error_that_ends_a_failed_step_beside_it_in_the_same_move_is_caught(firm: Office) -> None:
    inside = row(
        start("s0"),
        element("parallelGateway", "split"),
        fails("bad"),
        *(element("task", "one"), element("task", "two"), end("s1")),
        element("endEvent", "thrown", "<errorEventDefinition errorRef='e'/>"),
        *(flow("s0", "split"), flow("split", "bad"), flow("bad", "s1")),
        *(flow("split", "one"), flow("one", "two"), flow("two", "thrown")),
    )
    firm.deploy(
        bpmn(
            "p",
            start(),
            element("subProcess", "sub", inside),
            element("boundaryEvent", "caught", "<errorEventDefinition errorRef='e'/>", attachedToRef="sub"),
            asked("mend"),
            *(end(), end("mended")),
            *(flow("begun", "sub"), flow("sub", "ended"), flow("caught", "mend"), flow("mend", "mended")),
            before=ERROR,
        )
    )
    case = firm.as_("spec").start("p")
    assert (standing(case), firm.incidents()) == ({"mend"}, [])


def test_a_condition_at_a_task_that_failed_needs_nobody_once_the_task_is_done(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "p",
            start(),
            element("parallelGateway", "split"),
            asked("work"),
            element("boundaryEvent", "large", LARGE, attachedToRef="work"),
            asked("count", AMOUNT),
            asked("after"),
            *(end(), end("counted"), end("refused")),
            *(flow("begun", "split"), flow("split", "work"), flow("work", "after"), flow("after", "ended")),
            *(flow("split", "count"), flow("count", "counted"), flow("large", "refused")),
        )
    )
    case = firm.as_("spec").start("p")
    firm.as_("spec").do("count")
    assert [incident.partition(":")[0] for incident in firm.incidents()] == ["large"]
    firm.as_("spec").do("work")
    assert (standing(case), firm.incidents()) == ({"after"}, [])


def test_a_condition_behind_a_gateway_that_failed_needs_nobody_once_another_event_came(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "p",
            start(),
            element("parallelGateway", "split"),
            element("eventBasedGateway", "first"),
            element("intermediateCatchEvent", "large", LARGE),
            timer("late", "timeDuration", "PT1H"),
            *(asked("count", AMOUNT), asked("after")),
            *(end(), end("counted"), end("refused")),
            *(flow("begun", "split"), flow("split", "first"), flow("first", "large"), flow("first", "late")),
            *(flow("late", "after"), flow("after", "ended"), flow("large", "refused")),
            *(flow("split", "count"), flow("count", "counted")),
        )
    )
    case = firm.as_("spec").start("p")
    firm.as_("spec").do("count")
    assert len(firm.incidents()) == 1
    firm.later(hours=1)
    assert (standing(case), firm.incidents()) == ({"after"}, [])


def test_a_condition_that_starts_an_event_subprocess_and_failed_needs_nobody_once_its_level_is_done(
    firm: Office,
) -> None:
    listening = row(element("startEvent", "large", LARGE), end("heard"), flow("large", "heard"))
    inside = row(
        start("s0"),
        *(asked("count", AMOUNT), asked("work")),
        end("s1"),
        *(flow("s0", "count"), flow("count", "work"), flow("work", "s1")),
        element("subProcess", "watch", listening, triggeredByEvent="true"),
    )
    firm.deploy(bpmn("p", start(), element("subProcess", "sub", inside), asked("after"), end()))
    case = firm.as_("spec").start("p")
    firm.as_("spec").do("count")
    assert len(firm.incidents()) == 1
    firm.as_("spec").do("work")
    assert (standing(case), firm.incidents()) == ({"after"}, [])


def test_a_condition_that_failed_has_no_incident_once_it_was_asked_again(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "p",
            start(),
            element("parallelGateway", "split"),
            element("intermediateCatchEvent", "large", LARGE),
            *(asked("count", AMOUNT), asked("recount", AMOUNT), asked("correct", AMOUNT), asked("after")),
            *(end(), end("counted")),
            *(flow("begun", "split"), flow("split", "large"), flow("large", "after"), flow("after", "ended")),
            *(flow("split", "count"), flow("count", "recount"), flow("recount", "correct")),
            flow("correct", "counted"),
        )
    )
    case = firm.as_("spec").start("p")
    firm.as_("spec").do("count")
    assert len(firm.incidents()) == 1
    firm.as_("spec").do("recount", amount=1)
    assert (standing(case), firm.incidents()) == ({"large", "correct"}, [])
    firm.as_("spec").do("correct", amount=6)
    assert (standing(case), firm.incidents()) == ({"after"}, [])
