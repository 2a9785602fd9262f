"""Scripts and FEEL in a deployed process: through the inbox, the database and the log."""

from __future__ import annotations

from decimal import Decimal

import pytest

from runtime import scripts
from runtime.commands.deploy import DeploymentRefused
from tests.diagrams import bpmn, element, end, flow, start, user
from tests.office import Office

SCRIPT = "<extensionElements>{}</extensionElements>"


def script(key: str, text: str, result: str = "") -> tuple[str, str, str]:
    named = {"camunda__resultVariable": result} if result else {}
    return element(
        "scriptTask", key, f"<script><![CDATA[{text}]]></script>", scriptFormat="javascript", **named
    )


def boundary(key: str, host: str, code: str) -> tuple[str, str, str]:
    inside = f'<errorEventDefinition errorRef="e_{code}"/>'
    return element("boundaryEvent", key, inside, attachedToRef=host)


def test_a_script_computes_in_a_case_and_its_values_keep_their_kind(firm: Office) -> None:
    compute = """
        var pieces = 0;
        for (const line of execution.getVariable('lines')) pieces += line;
        execution.setVariable('share', Decimal('0.10'));
        execution.setVariable('who', initiator);
        pieces"""
    listen = SCRIPT.format(
        '<camunda:taskListener event="complete"><camunda:script scriptFormat="javascript">'
        "task.setVariable('seen', pieces + 1)</camunda:script></camunda:taskListener>"
    )
    given = script("given", "execution.setVariable('lines', [1, 2, 3])")
    firm.deploy(
        bpmn("counting", start(), given, script("count", compute, "pieces"),
             user("look", listen, candidateGroups="specialist"), end())
    )  # fmt: skip
    case = firm.as_("spec").start("counting")
    assert case.variables["pieces"] == 6
    assert case.variables["share"] == Decimal("0.10")
    assert case.variables["who"] == firm.as_("spec").actor.public_id
    firm.as_("spec").do("look")
    assert case.variables["seen"] == 7
    assert case.status == "completed"


def test_a_bpmn_error_of_a_script_is_caught_and_another_is_an_incident(firm: Office) -> None:
    throwing = "if (loud) throw new BpmnError('too_loud', 'hush'); else nobody.there"
    row = (
        start(),
        script("given", "execution.setVariable('loud', {})"),
        script("it", throwing),
        end(),
        boundary("caught", "it", "too_loud"),
        end("ended_loud"),
        flow("begun", "given"),
        flow("given", "it"),
        flow("it", "ended"),
        flow("caught", "ended_loud"),
    )
    before = '<error id="e_too_loud" name="too_loud" errorCode="too_loud"/>'
    for loud in ("true", "false"):
        named = [(k, t, x.replace("'loud', {}", f"'loud', {loud}")) for k, t, x in row]
        firm.deploy(bpmn(f"loud_{loud}", *named, before=before))
    assert firm.as_("spec").start("loud_true").end == "ended_loud"
    case = firm.as_("spec").start("loud_false")
    assert case.status != "completed"
    # Tried again a few times, as every step is, then a person's.
    for _ in range(10):
        firm.later(days=1)
        firm.settle()
    (reason,) = firm.incidents()
    assert (
        reason == "it: script.failed: The script failed at its line 1: ReferenceError: nobody is not defined"
    )


def test_a_script_that_cannot_be_read_is_not_deployed(firm: Office) -> None:
    with pytest.raises(DeploymentRefused) as refused:
        firm.deploy(bpmn("broken", start(), script("it", "var x = ;"), end()))
    (problem,) = [problem for problem in refused.value.problems if problem.rule == "script"]
    assert str(problem).endswith("The script cannot be read at its line 1: Unexpected token ';'")


def test_feel_decides_in_a_deployed_process(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "deciding", start(), script("given", "[1, 2]", "items"),
            element("exclusiveGateway", "many", default="many_to_few"),
            end("ended_many"), end("few"), flow("begun", "given"), flow("given", "many"),
            flow("many", "ended_many", "=count(items) > 1"), flow("many", "few"),
        )
    )  # fmt: skip
    assert firm.as_("spec").start("deciding").end == "ended_many"


def test_the_setting_says_how_long_a_script_may_run(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from runtime.settings import Settings

    monkeypatch.setenv("GUICHENG_SCRIPT_SECONDS", "0.25")
    assert Settings().script_seconds == 0.25
    before = scripts._seconds
    try:
        scripts.use(0.25)
        with pytest.raises(scripts.ScriptTooSlow) as slow:
            scripts.run("for (;;);", {}, {})
        assert slow.value.params == {"seconds": "0.25"}
    finally:
        scripts.use(before)


def test_scripts_that_take_long_give_others_their_turn(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = [0.0]

    def slow(*asked: object) -> scripts.Scripted:
        passed[0] += 0.6
        return scripts.Scripted(None, {}, {}, frozenset())

    monkeypatch.setattr("runtime.commands.world.scripts.run", slow)
    monkeypatch.setattr("runtime.commands.world.clock.seconds", lambda: passed[0])
    names = [f"s{number}" for number in range(5)]
    firm.deploy(bpmn("slow", start(), *(script(name, "1") for name in names), end()))
    case = firm.as_("spec").start("slow")
    # After two scripts a transaction ends; the case goes on by itself in the next.
    assert case.status == "completed"
    assert passed[0] == pytest.approx(3.0)
    assert [entry.kind for entry in case.log if entry.kind in ("interrupted", "resumed")] == [
        *("interrupted", "resumed", "interrupted", "resumed")
    ]
