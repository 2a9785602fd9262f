"""What runs is on a list; all else is refused before a case can begin, every reason at once."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.bpmn.model import AdHoc, Flow, Loop, Node, Process, Scope, Script, Trigger
from runtime.engine.definition import compile
from runtime.engine.errors import CannotRun
from tests.core.engine.drawing import both, decide, draw, node, on, scope, service, user, xor


def rules(process: Process, **called: Process) -> set[str]:
    with pytest.raises(CannotRun) as raised:
        compile(process, called.__getitem__)
    assert all(problem.where and problem.message for problem in raised.value.problems)
    assert raised.value.params["count"] == len(raised.value.problems)
    return {problem.rule for problem in raised.value.problems}


def one(*nodes: Node) -> Process:
    flows = " -> ".join(["start", *[n.id for n in nodes if n.kind != "boundaryEvent"], "done"])
    return draw("p", *nodes, flows=flows)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (node("globalTask", "x"), "not_allowed"),
        (node("intermediateCatchEvent", "x", trigger=Trigger("signal")), "no_message"),
        (node("intermediateCatchEvent", "x", trigger=Trigger("multiple")), "not_allowed"),
        (node("intermediateCatchEvent", "x", trigger=Trigger("escalation", code="e")), "not_allowed"),
        (node("intermediateCatchEvent", "x", trigger=Trigger("conditional")), "no_condition"),
        (node("intermediateThrowEvent", "x", trigger=Trigger("escalation")), "no_code"),
        (node("intermediateThrowEvent", "x", trigger=Trigger("link", name="l")), "no_link"),
        (node("intermediateThrowEvent", "x", trigger=Trigger("compensate", waits_for_completion=False)), "no_wait"),
        (node("endEvent", "x", trigger=Trigger("cancel")), "no_cancel"),
        (node("adHocSubProcess", "x", ad_hoc=AdHoc("")), "no_completion"),
        (user("x", loop=Loop(False, "${a}", behavior="Complex")), "bad_behavior"),
        (node("scriptTask", "x", script=Script("groovy", "1")), "engine.script_language"),
        (node("serviceTask", "x"), "no_topic"),
        (node("serviceTask", "x", topic="t", type="connector"), "no_topic"),
        (node("serviceTask", "x", topic="t", type="external", delegateExpression="${bean}"), "refused"),
        (node("serviceTask", "x", topic="t", type="external", **{"class": "com.Evil"}), "refused"),
        (decide("x", "", takes={"a": "1"}), "no_decision"),
        (decide("x", "r"), "no_inputs"),
        (decide("x", "r", takes={"a": "1"}, mapDecisionResult="collectEntries"), "bad_mapping"),
        (node("receiveTask", "x"), "no_message"),
        (node("sendTask", "x", message=""), "no_message"),
        (node("intermediateCatchEvent", "x", trigger=Trigger("timer")), "no_timer"),
        (
            node("intermediateCatchEvent", "x", trigger=Trigger("timer", date="2026-01-01", duration="PT1H")),
            "no_timer",
        ),
        (node("intermediateCatchEvent", "x", after="5 minutes"), "engine.bad_duration"),
        (node("intermediateCatchEvent", "x", every="* * * * *"), "engine.bad_cron"),
        (node("callActivity", "x"), "no_called"),
        (node("callActivity", "x", called="nowhere"), "no_called"),
        (node("callActivity", "x", called="${which}"), "called_expression"),
        (node("subProcess", "x", scope=scope(user("u"), flows="u -> end_in")), "called_start"),
        (user("x", loop=Loop(False)), "bad_loop"),
        (user("x", loop=Loop(False, "${a}", "3")), "bad_loop"),
        (user("x", assignee="${1 +}"), "expression.unexpected_sign"),
        (user("x", takes={"a": ["${b", {"c": "d"}]}), "expression.not_closed"),
    ],
)
def test_what_does_not_run_is_refused_with_its_reason(given: Node, rule: str) -> None:
    assert rule in rules(one(given)) or (
        rule.startswith("expression.") and any(found.startswith("expression.") for found in rules(one(given)))
    )


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (on("nothing", "b", after="PT1H"), "no_host"),
        (on("gate", "b", after="PT1H"), "no_host"),
        (on("u", "b", error="e", interrupting=False), "error_interrupts"),
        (on("u", "b", trigger=Trigger("link", name="x")), "not_allowed"),
        (on("u", "b", trigger=Trigger("compensate")), "no_handler"),
        (on("u", "b"), "not_allowed"),
    ],
)
def test_boundary_events_sit_on_activities(given: Node, rule: str) -> None:
    assert rule in rules(one(user("u"), both("gate"), given))


def test_a_complex_gateway_that_joins_says_when_it_goes_on() -> None:
    process = draw("p", both("s"), node("complexGateway", "x"), flows="start -> s -> x -> done\ns -> x")
    assert rules(process) == {"no_activation"}


def test_an_error_end_event_has_a_code() -> None:
    assert rules(draw("p", node("endEvent", "bad", error=""), flows="start -> bad")) == {"no_code"}


def test_each_exit_of_an_exclusive_gateway_has_a_condition_or_is_the_default() -> None:
    process = draw("p", xor("x"), flows="start -> x -> done\nx -[${a}]-> done_b")
    assert rules(process) == {"no_exit"}


def test_conditions_are_read_once_and_for_all() -> None:
    compile(draw("p", xor("x"), flows="start -> x\nx -[金額 > 1 && ok]-> done\nx => done_b"), {}.__getitem__)
    scope_ = draw("p", user("u"), flows="start -> u -> done").scope
    flows = {**scope_.flows, "u_done": Flow("u_done", "u", "done", condition="1", language="python")}
    assert "bad_language" in rules(Process("p", {}, "", Scope(scope_.nodes, flows), {}, {}, {}))


def test_behind_an_event_gateway_only_events_wait() -> None:
    process = draw("p", node("eventBasedGateway", "x"), user("u"), flows="start -> x -> u -> done")
    assert rules(process) == {"no_event"}


def test_a_flow_to_nowhere_is_refused() -> None:
    scope_ = draw("p", user("u"), flows="start -> u -> done").scope
    flows = {**scope_.flows, "lost": Flow("lost", "u", "nowhere")}
    assert rules(Process("p", {}, "", Scope(scope_.nodes, flows), {}, {}, {})) == {"bad_flow"}


def test_a_process_needs_a_start_and_only_one_without_trigger() -> None:
    assert rules(draw("p", user("u"), flows="u -> done")) == {"no_start"}
    assert rules(draw("p", user("u"), flows="start_a -> u -> done\nstart_b -> u")) == {"called_start"}


def test_a_called_process_is_checked_too_and_begins_without_trigger() -> None:
    call = node("callActivity", "c", called="child")
    by_message = draw("child", node("startEvent", "s", message="m"), flows="s -> done_c")
    assert rules(one(call), child=by_message) == {"called_start"}
    broken = draw("child", service("s", ""), flows="start_c -> s -> done_c")
    assert rules(one(call), child=broken) == {"no_topic"}


def test_all_problems_come_at_once() -> None:
    process = draw(
        "p",
        node("scriptTask", "a", script=Script("groovy", "1")),
        node("serviceTask", "b"),
        user("c", assignee="${"),
        flows="start -> a -> b -> c -> done",
    )
    with pytest.raises(CannotRun) as raised:
        compile(process, {}.__getitem__)
    assert [problem.where for problem in raised.value.problems] == ["a", "b", "c"]


def test_a_lookup_that_fails_is_a_problem_of_the_call() -> None:
    def called(name: str) -> Any:
        raise LookupError(name)

    with pytest.raises(CannotRun) as raised:
        compile(one(node("callActivity", "c", called="child")), called)
    assert raised.value.problems[0].params == {"called": "child"}
