"""`inbox.remind` reminds of the task beside it: not of the same task of others in the same case."""

from __future__ import annotations

import datetime as dt
import json
from xml.sax.saxutils import quoteattr

from runtime import clock
from tests.diagrams import bpmn, element, end, flow, service, start, timer, user
from tests.office import Office

LATE = {"attachedToRef": "read", "cancelActivity": "false"}
READING = (
    user("read", assignee="${person}"),
    timer("unread", "timeCycle", "R/P2D", "boundaryEvent", **LATE),
    service("remind", "inbox.remind", element="read"),
    flow("begun", "read"), flow("read", "ended"), flow("unread", "remind"), flow("remind", "reminded"),
)  # fmt: skip


def of_each(people: list[str]) -> str:
    collection = quoteattr(f"${{{json.dumps(people)}}}")
    return (
        f"<multiInstanceLoopCharacteristics camunda:collection={collection} "
        'camunda:elementVariable="person"/>'
    )


def given_person() -> str:
    return '<extensionElements><camunda:in source="person" target="person"/></extensionElements>'


def reminded(office: Office) -> dict[str, int]:
    return {name: row.reminded for name in ("spec", "spec2", "sup") for row in office.as_(name).inbox()}


def readers(office: Office) -> list[str]:
    return [str(office.as_(name).actor.public_id) for name in ("spec", "spec2", "sup")]


def test_each_of_several_called_beside_one_another_is_reminded_of_their_own(firm: Office) -> None:
    everybody = given_person() + of_each(readers(firm))
    firm.deploy(
        bpmn("reading", start(), *READING, end(), end("reminded")),
        bpmn("notice", start(), element("callActivity", "ask", everybody, calledElement="reading"), end()),
    )
    firm.as_("spec").start("notice")
    clock.shift(dt.timedelta(days=2, hours=1))
    firm.settle()
    assert reminded(firm) == {"spec": 1, "spec2": 1, "sup": 1}
    firm.as_("spec2").do("read")
    clock.shift(dt.timedelta(days=2))
    firm.settle()
    assert reminded(firm) == {"spec": 2, "sup": 2}


def test_so_is_each_in_a_subprocess_that_is_done_beside_itself(firm: Office) -> None:
    inside = "".join(each[2] for each in (start("in"), *READING[:3], end("out"), end("reminded")))
    flows = "".join(
        each[2]
        for each in (flow("in", "read"), flow("read", "out"), flow("unread", "remind"), flow("remind", "reminded"))
    )
    several = element("subProcess", "each", of_each(readers(firm)) + inside + flows)
    firm.deploy(bpmn("notice", start(), several, end()))
    firm.as_("spec").start("notice")
    clock.shift(dt.timedelta(days=2, hours=1))
    firm.settle()
    assert reminded(firm) == {"spec": 1, "spec2": 1, "sup": 1}


def test_a_task_further_out_or_further_in_is_reminded_of_too(firm: Office) -> None:
    """A reminder drawn around a subprocess reaches what is asked in it, and one drawn in it what is asked beside it."""
    asked = "".join(each[2] for each in (start("in"), user("read", assignee="${initiator}"), end("out")))
    flows = flow("in", "read")[2] + flow("read", "out")[2]
    around = (
        element("subProcess", "asking", asked + flows),
        timer("unread", "timeDuration", "P2D", "boundaryEvent", attachedToRef="asking", cancelActivity="false"),
        service("remind", "inbox.remind", element="read"),
    )
    ways = (flow("begun", "asking"), flow("asking", "ended"), flow("unread", "remind"), flow("remind", "reminded"))
    by_event = element(
        "subProcess",
        "nudging",
        "".join(
            each[2]
            for each in (
                timer("due", "timeDuration", "P2D", "startEvent", isInterrupting="false"),
                service("remind", "inbox.remind", element="read"), end("told"),
                flow("due", "remind"), flow("remind", "told"),
            )
        ),
        triggeredByEvent="true",
    )  # fmt: skip
    firm.deploy(
        bpmn("around", start(), *around, end(), end("reminded"), *ways),
        bpmn(
            "within", start(), user("read", assignee="${initiator}"), end(), by_event,
            flow("begun", "read"), flow("read", "ended"),
        ),
    )  # fmt: skip
    for process in ("around", "within"):
        firm.as_("spec").start(process)
    clock.shift(dt.timedelta(days=2, hours=1))
    firm.settle()
    assert [row.reminded for row in firm.as_("spec").inbox()] == [1, 1]
