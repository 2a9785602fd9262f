"""What a diagram says of an operation: errors of its own, and operations in place of rules and messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from runtime.ledger import operations
from tests.diagrams import bpmn, element, end, flow, start, user
from tests.office import Office

ERRORS = '<error id="e" name="full" errorCode="full"/><error id="f" name="away" errorCode="away"/>'
CAUGHT = element("boundaryEvent", "caught", '<errorEventDefinition errorRef="e"/>', attachedToRef="store")
AWAY = element("boundaryEvent", "gone", '<errorEventDefinition errorRef="f"/>', attachedToRef="store")


def definition(ref: str, expression: str) -> str:
    shown = f"id={quoteattr('d' + ref)} errorRef={quoteattr(ref)} expression={quoteattr(expression)}"
    return f"<camunda:errorEventDefinition {shown}/>"


def parameter(tag: str, name: str, text: str) -> str:
    return f'<camunda:{tag} name="{name}">{text}</camunda:{tag}>'


STORED = (
    "<extensionElements>"
    + definition("e", "${received_total == 0}")
    + definition("f", "${externalTask.errorMessage != null && externalTask.errorMessage.contains('away')}")
    + "<camunda:inputOutput>"
    + parameter("inputParameter", "receipt", "r")
    + parameter("inputParameter", "warehouse", "w")
    + parameter("outputParameter", "stored", "${received_total}")
    + "</camunda:inputOutput></extensionElements>"
)


def storing() -> str:
    task = element(
        "serviceTask", "store", STORED, camunda__type="external", camunda__topic="inventory.receive"
    )
    return bpmn(
        "storing",
        start(),
        task,
        CAUGHT,
        AWAY,
        end("stored"),
        end("was_full"),
        end("was_away"),
        flow("begun", "store"),
        flow("store", "stored"),
        flow("caught", "was_full"),
        flow("gone", "was_away"),
        before=ERRORS,
    )


Perform = Callable[[Callable[..., Mapping[str, Any]]], None]


@pytest.fixture
def perform(monkeypatch: pytest.MonkeyPatch) -> Perform:
    def use(instead: Callable[..., Mapping[str, Any]]) -> None:
        monkeypatch.setattr(operations, "perform", instead)

    return use


def test_an_operation_that_did_what_the_diagram_calls_an_error_throws_it(
    firm: Office, perform: Perform
) -> None:
    firm.deploy(storing())
    perform(lambda *_: {"received_total": 0})
    assert firm.as_("spec").start("storing").end == "was_full"
    perform(lambda *_: {"received_total": 3})
    case = firm.as_("spec").start("storing")
    assert (case.end, case.variables["stored"]) == ("stored", 3)


def test_a_failure_that_the_diagram_knows_is_an_error_and_any_other_is_tried_again(
    firm: Office, perform: Perform
) -> None:
    def fail(text: str) -> Callable[..., Mapping[str, Any]]:
        def run(*_: Any) -> Mapping[str, Any]:
            raise RuntimeError(text)

        return run

    firm.deploy(storing())
    perform(fail("the books are away"))
    assert firm.as_("spec").start("storing").end == "was_away"
    perform(fail("the books are torn"))
    case = firm.as_("spec").start("storing")
    assert case.status == "running"
    assert set(case.state.standing.values()) >= {"store"}


def test_an_operation_may_decide_in_place_of_a_rule_and_send_in_place_of_a_message(
    firm: Office, perform: Perform
) -> None:
    asked: list[str] = []

    def note(topic: str, *_: Any) -> Mapping[str, Any]:
        asked.append(topic)
        return {"below": [], "reviewed": 1, "missing": []}

    perform(note)
    external = {"camunda__type": "external", "camunda__topic": "inventory.review_stock"}
    message = '<messageEventDefinition camunda:type="external" camunda:topic="inventory.review_stock"/>'
    firm.deploy(
        bpmn(
            "reviewing",
            start(),
            element("businessRuleTask", "decide", **external),
            element("intermediateThrowEvent", "tell", message),
            user(
                "look",
                assignee="${task.getVariable('initiator')}",
                dueDate="${task.name == 'look' ? now() : null}",
            ),
            element("endEvent", "told", message),
        )
    )
    case = firm.as_("spec").start("reviewing")
    assert firm.as_("spec").find("look").due_at is not None
    firm.as_("spec").do("look")
    assert asked == ["inventory.review_stock"] * 3
    assert (case.status, case.variables["reviewed"]) == ("completed", 1)
