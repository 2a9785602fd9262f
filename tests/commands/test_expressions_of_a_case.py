"""What an expression of a diagram finds in its case, by the table of the dialect."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

import pytest

from runtime import functions
from runtime.bpmn.lint import unknown_function
from runtime.engine import names
from runtime.expressions import PURE
from tests.conftest import START
from tests.diagrams import bpmn, end, field, form_data, start, user
from tests.office import Office

# Expression → what it is for a case that spec started with the business key PO-7.
TABLE: list[tuple[str, Any]] = [
    ("${text.contains('bc')}", True),
    ("${text.startsWith('ab') && text.endsWith('cd')}", True),
    ("${text.isEmpty()}", False),
    ("${text.length()}", 4),
    ("${text.equals('abcd')}", True),
    ("${text.equalsIgnoreCase('ABCD')}", True),
    ("${text.toUpperCase()}", "ABCD"),
    ("${'ABCD'.toLowerCase()}", "abcd"),
    ("${' x '.trim()}", "x"),
    ("${text.substring(1, 3)}", "bc"),
    ("${text.replace('a', 'z')}", "zbcd"),
    ("${text.indexOf('c')}", 2),
    ("${text.concat('e')}", "abcde"),
    ("${items.contains(2)}", True),
    ("${items.size()}", 3),
    ("${items.isEmpty()}", False),
    ("${items.get(0)}", 1),
    ("${items[2]}", 3),
    ("${items[9]}", None),
    ("${items.indexOf(3)}", 2),
    ("${map.get('a')}", 1),
    ("${map.a}", 1),
    ("${map['b']}", None),
    ("${map.containsKey('a')}", True),
    ("${map.containsValue(2)}", False),
    ("${map.size()}", 1),
    ("${empty map ? 1 : 2}", 2),
    ("${not empty items and 2 gt 1}", True),
    ("#{1 + 1}", 2),
    ("PO ${1 + 1} #{text}", "PO 2 abcd"),
    ("${0.1 + 0.2}", Decimal("0.3")),
    ("${execution.getVariable('text')}", "abcd"),
    ("${execution.getVariable('nothing')}", None),
    ("${execution.hasVariable('nothing')}", False),
    ("${execution.getVariableLocal('local')}", "here"),
    ("${execution.getVariableLocal('text')}", None),
    ("${execution.hasVariableLocal('local')}", True),
    ("${execution.getVariables().get('text')}", "abcd"),
    ("${execution.processBusinessKey}", "PO-7"),
    ("${execution.getProcessBusinessKey()}", "PO-7"),
    ("${execution.getBusinessKey()}", "PO-7"),
    ("${execution.currentActivityId}", "look"),
    ("${execution.getCurrentActivityId()}", "look"),
    ("${execution.processInstanceId == execution.getProcessInstanceId()}", True),
    ("${execution.activityInstanceId == execution.getActivityInstanceId()}", True),
    ("${now()}", START),
    ("${dateTime().plusDays(1)}", START + dt.timedelta(days=1)),
    ("${today()}", dt.date(2026, 3, 9)),
    ("${initiator == currentUser()}", True),
]


def parameters(tag: str, texts: dict[str, str]) -> str:
    return "".join(
        f'<camunda:{tag} name="{name}">{escape(text)}</camunda:{tag}>' for name, text in texts.items()
    )


def looking(outputs: dict[str, str]) -> str:
    given = parameters(
        "inputParameter",
        {"local": "here", "items": "${[1, 2, 3]}"},
    ) + (
        '<camunda:inputParameter name="map"><camunda:map><camunda:entry key="a">${1}</camunda:entry>'
        "</camunda:map></camunda:inputParameter>"
    )
    inside = (
        "<extensionElements><camunda:inputOutput>"
        f"{given}{parameters('outputParameter', outputs)}</camunda:inputOutput></extensionElements>"
    )
    # `text` is the case's, so that what is local can be told from what is not.
    asked = form_data(field("number"), field("text"), key="number")
    return bpmn(
        "look_around",
        start(inside=asked),
        user("look", inside, candidateGroups="specialist"),
        end(),
    )


def test_each_expression_of_the_table_is_what_it_says(firm: Office) -> None:
    firm.deploy(looking({f"v{number}": text for number, (text, _) in enumerate(TABLE)}))
    case = firm.as_("spec").start("look_around", number="PO-7", text="abcd")
    firm.as_("spec").do("look")
    found = case.variables
    told = {text: found[f"v{number}"] for number, (text, _) in enumerate(TABLE)}
    assert told == dict(TABLE)
    assert all(type(told[text]) is type(value) for text, value in TABLE)


def test_nobody_is_the_current_user_where_nobody_acts(firm: Office) -> None:
    wait = (
        '<intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>"
    )
    firm.deploy(
        bpmn(
            "wait_first",
            start(),
            ("wait", "intermediateCatchEvent", wait),
            user(
                "look",
                "<extensionElements><camunda:inputOutput>"
                + parameters("inputParameter", {"who": "${currentUser()}"})
                + parameters("outputParameter", {"before": "${who}", "after": "${currentUser()}"})
                + "</camunda:inputOutput></extensionElements>",
                candidateGroups="specialist",
            ),
            end(),
        )
    )
    case = firm.as_("spec2").start("wait_first")
    firm.later(hours=1)
    firm.as_("spec").do("look")
    assert (case.variables["before"], case.variables["after"]) == (None, firm.as_("spec").actor.public_id)


def test_instances_know_their_number_and_how_many_are_done(firm: Office) -> None:
    loop = (
        '<multiInstanceLoopCharacteristics isSequential="true" camunda:elementVariable="item" '
        'camunda:collection="${[7, 8, 9]}"><completionCondition>${nrOfCompletedInstances == 2}'
        "</completionCondition></multiInstanceLoopCharacteristics>"
    )
    outputs = parameters("outputParameter", {"seen": "${loopCounter} of ${nrOfInstances}: ${item}"})
    inside = f"<extensionElements><camunda:inputOutput>{outputs}</camunda:inputOutput></extensionElements>"
    firm.deploy(bpmn("each", start(), user("look", inside + loop, candidateGroups="specialist"), end()))
    case = firm.as_("spec").start("each")
    seen = []
    for _ in range(2):
        firm.as_("spec").do("look")
        seen.append(case.variables["seen"])
    assert (seen, case.status) == (["0 of 3: 7", "1 of 3: 8"], "completed")


def test_whatever_a_diagram_may_call_is_there_when_it_runs(firm: Office) -> None:
    def offered(tx: Any, actor: Any) -> set[str]:
        house = functions.of(tx, actor)
        return set(names.functions(None, house, tx.now, functions.KNOWN))  # type: ignore[arg-type]

    of_a_case = firm.runtime.read(offered, firm.as_("spec").actor)
    assert functions.KNOWN - of_a_case - set(PURE) == set()


def test_a_text_beside_the_engine_may_call_what_the_check_lets_through(firm: Office) -> None:
    calls = {"getVariable": "'text'", "hasVariable": "'text'"}

    def tell(tx: Any, actor: Any) -> list[Any]:
        allowed = sorted(functions.KNOWN - unknown_function.OF_STEPS - {"task.getVariable"})
        asked = [name.partition(".")[2] for name in allowed if name.startswith("execution.")]
        texts = [f"${{execution.{name}({calls.get(name, '')})}}" for name in asked]
        return [functions.evaluate(tx, actor, text, {"text": "a", "business_key": "k"}) for text in texts]

    told = firm.runtime.read(tell, firm.as_("spec").actor)
    assert told == ["k", "k", "a", {"text": "a", "business_key": "k"}, True]


def test_what_execution_has_is_what_the_check_lets_through(firm: Office) -> None:
    read = {text for text, _ in TABLE if re.fullmatch(r"\$\{execution\.\w+[^(]*( == .*)?\}", text)}
    assert {f"execution.{name}" for name in unknown_function.HELD["execution"]} == {
        re.findall(r"execution\.\w+", text)[0] for text in read
    }


@pytest.mark.parametrize(
    "text", ["${mailer.send(initiator)}", "${execution.getEngineServices()}", "${fly()}", "${execution.bean}"]
)
def test_a_bean_is_refused_before_anything_runs(firm: Office, text: str) -> None:
    from runtime.commands.deploy import DeploymentRefused

    with pytest.raises(DeploymentRefused) as refused:
        firm.deploy(looking({"x": text}))
    assert {problem.rule for problem in refused.value.problems if problem.severity == "error"} == {
        "unknown_function"
    }
