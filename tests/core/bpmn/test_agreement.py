"""Lint and engine agree: what the checks accept the engine takes, and what they refuse is refused by a named rule.

Every element and trigger of the vocabulary is put into every kind of level, in a minimal
file. The tables here are written by hand: they are what docs/processes.md promises."""

from __future__ import annotations

import pytest

from runtime.bpmn import read
from runtime.bpmn.vocabulary import ACTIVITIES, EVENTS, GATEWAYS, TRIGGERS
from runtime.engine.definition import compile as compiled
from tests.core.bpmn.office import CATALOGUE, FOLDER, problems_in

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="urn:t">'
    '<message id="m" name="arrived" /><signal id="s" name="closed" />'
    '<error id="r" errorCode="refused" /><escalation id="l" escalationCode="too_late" />'
)
TAIL = "</process></definitions>"
OTHER = (
    '<process id="purchase_execution" isExecutable="true"><startEvent id="other_begun" /><endEvent id="other_done" />'
    '<sequenceFlow id="other_flow" sourceRef="other_begun" targetRef="other_done" /></process>'
)
DEFINITIONS = {
    "none": "",
    "message": '<messageEventDefinition messageRef="m" />',
    "timer": "<timerEventDefinition><timeDuration>PT5M</timeDuration></timerEventDefinition>",
    "signal": '<signalEventDefinition signalRef="s" />',
    "error": '<errorEventDefinition errorRef="r" />',
    "escalation": '<escalationEventDefinition escalationRef="l" />',
    "conditional": "<conditionalEventDefinition><condition>${ready}</condition></conditionalEventDefinition>",
    "compensate": "<compensateEventDefinition />",
    "cancel": "<cancelEventDefinition />",
    "terminate": "<terminateEventDefinition />",
    "link": '<linkEventDefinition name="on" />',
    "multiple": '<messageEventDefinition messageRef="m" /><signalEventDefinition signalRef="s" />',
}
LEVELS = ("process", "subProcess", "transaction", "adHocSubProcess", "eventSubProcess")

# What may stand where.
STARTS = {
    "process": "none message timer signal conditional",
    "subProcess": "none",
    "transaction": "none",
    "adHocSubProcess": "",
    "eventSubProcess": "message timer signal error escalation conditional compensate",
}
ENDS = "none message signal error escalation compensate terminate"
THROWN = "none message signal escalation compensate link"
CAUGHT = "message timer signal conditional link"
ATTACHED = "message timer signal error escalation conditional compensate"
GOES_ON = "message timer signal escalation conditional"


def flow(source: str, target: str) -> str:
    return f'<sequenceFlow id="{source}_to_{target}" sourceRef="{source}" targetRef="{target}" />'


def task(key: str) -> str:
    return f'<userTask id="{key}" name="{key}" camunda:assignee="ana" />'


def level(kind: str, inside: str, *, start: str = '<startEvent id="inner_begun" />', flows: str = "") -> str:
    """A file with `inside` on a level of this kind; there `inner_begun` leads to `before`, and `after` to an end."""
    whole = '<endEvent id="inner_ended" />' + flow("after", "inner_ended")
    ways = flow("inner_begun", "before")
    if kind == "eventSubProcess" and start == '<startEvent id="inner_begun" />':
        start = f'<startEvent id="inner_begun">{DEFINITIONS["message"]}</startEvent>'
    if kind == "adHocSubProcess" and start == '<startEvent id="inner_begun" />':
        start = whole = ways = ""
    if kind == "process":
        return f'{HEAD}{OTHER}<process id="p" isExecutable="true">{start}{inside}{ways}{whole}{flows}{TAIL}'
    tag, attributes, closing, beside = kind, "", "", ""
    if kind == "eventSubProcess":
        # Compensation undoes a subprocess, so every event subprocess here stands in one.
        tag, attributes = "subProcess", ' triggeredByEvent="true"'
    if kind == "adHocSubProcess":
        closing = "<completionCondition>${ready}</completionCondition>"
    if kind == "transaction":
        beside = (
            '<boundaryEvent id="cancelled" attachedToRef="handle"><cancelEventDefinition /></boundaryEvent>'
            '<endEvent id="given_up" />' + flow("cancelled", "given_up")
        )
    held = f'<{tag} id="handle"{attributes}>{start}{inside}{ways}{whole}{flows}{closing}</{tag}>'
    main = '<startEvent id="begun" />{}<endEvent id="ended" />'
    if kind == "eventSubProcess":
        outer = (
            f'<subProcess id="outer"><startEvent id="outer_begun" />{task("work")}<endEvent id="outer_ended" />{held}'
            f"{flow('outer_begun', 'work')}{flow('work', 'outer_ended')}</subProcess>"
        )
        whole = main.format(outer) + flow("begun", "outer") + flow("outer", "ended")
    else:
        whole = main.format(held) + beside + flow("begun", "handle") + flow("handle", "ended")
    return f'{HEAD}{OTHER}<process id="p" isExecutable="true">{whole}{TAIL}'


def between(kind: str, inside: str, key: str) -> str:
    """A file in which the element `key` stands between two tasks."""
    return level(
        kind, task("before") + inside + task("after"), flows=flow("before", key) + flow(key, "after")
    )


def event(kind: str, tag: str, trigger: str) -> str:
    """A file with this event on this kind of level."""
    shown = f'<{tag} id="e">{DEFINITIONS[trigger]}</{tag}>'
    if tag == "startEvent":
        start = f'<startEvent id="inner_begun">{DEFINITIONS[trigger]}</startEvent>'
        return level(kind, task("before") + task("after"), start=start, flows=flow("before", "after"))
    if tag == "endEvent":
        return level(
            kind, task("before") + shown + task("after"), flows=flow("before", "after") + flow("before", "e")
        )
    if tag == "boundaryEvent":
        return boundary(kind, "userTask", trigger)
    if trigger == "link":
        other = "intermediateCatchEvent" if tag == "intermediateThrowEvent" else "intermediateThrowEvent"
        shown += f'<{other} id="f">{DEFINITIONS["link"]}</{other}>'
        thrown, caught = ("e", "f") if tag == "intermediateThrowEvent" else ("f", "e")
        flows = flow("before", thrown) + flow(caught, "after")
        return level(kind, task("before") + shown + task("after"), flows=flows)
    return between(kind, shown, "e")


ATTRIBUTES = {
    "serviceTask": 'camunda:type="external" camunda:topic="notify.send"',
    "sendTask": 'messageRef="m"',
    "receiveTask": 'messageRef="m"',
    "userTask": 'camunda:assignee="ana"',
    "businessRuleTask": 'camunda:decisionRef="approval_limits"',
    "callActivity": 'calledElement="purchase_execution"',
    "scriptTask": 'scriptFormat="javascript"',
}
INPUT = (
    "<extensionElements><camunda:inputOutput><camunda:inputParameter name='amount'>x</camunda:inputParameter>"
    "</camunda:inputOutput></extensionElements>"
)
INNER = (
    '<startEvent id="a_begun" />{0}<endEvent id="a_ended" /><sequenceFlow id="a_1" sourceRef="a_begun" '
    'targetRef="a_work" /><sequenceFlow id="a_2" sourceRef="a_work" targetRef="a_ended" />'
)


def activity(tag: str, marker: str = "", attributes: str = "") -> str:
    inside = ""
    if tag in ("subProcess", "transaction"):
        inside = INNER.format(task("a_work"))
    elif tag == "adHocSubProcess":
        inside = task("a_work") + "<completionCondition>${ready}</completionCondition>"
    elif tag == "scriptTask":
        inside = "<script>1 + 1</script>"
    first = INPUT if tag == "businessRuleTask" else ""
    return f'<{tag} id="a" {ATTRIBUTES.get(tag, "")} {attributes}>{first}{marker}{inside}</{tag}>'


def boundary(kind: str, host: str, trigger: str, attributes: str = "") -> str:
    inside = (
        activity(host)
        + f'<boundaryEvent id="e" attachedToRef="a" {attributes}>{DEFINITIONS[trigger]}</boundaryEvent>'
    )
    flows = flow("before", "a") + flow("a", "after")
    if trigger == "compensate":
        inside += task("undo").replace("<userTask", '<userTask isForCompensation="true"')
        flows += '<association id="undoing" sourceRef="e" targetRef="undo" />'
    else:
        flows += flow("e", "after")
    return level(kind, task("before") + inside + task("after"), flows=flows)


def agreed(text: str, refused_by: str = "") -> None:
    """Accepted by both, or refused by this rule."""
    errors = [problem for problem in problems_in(text, CATALOGUE) if problem.severity == "error"]
    if refused_by:
        assert refused_by in {problem.rule for problem in errors}, [str(problem) for problem in errors]
        return
    assert [str(problem) for problem in errors] == []
    runs(text.encode())


def runs(data: bytes) -> None:
    diagram, _ = read.diagram(data, "agreement.bpmn")
    assert diagram is not None
    here = dict(diagram.processes)
    other, _ = read.diagram((HEAD + OTHER + "</definitions>").encode(), "other.bpmn")
    assert other is not None
    for process in diagram.processes.values():
        compiled(process, lambda name: here.get(name) or other.processes[name])


def refusing(kind: str, tag: str, trigger: str) -> str:
    """The rule that refuses an event on a level; "" if it is accepted there."""
    accepted = {
        "startEvent": STARTS[kind],
        "endEvent": ENDS + (" cancel" if kind == "transaction" else ""),
        "intermediateThrowEvent": THROWN,
        "intermediateCatchEvent": CAUGHT,
        "boundaryEvent": ATTACHED,
    }[tag]
    if kind == "adHocSubProcess" and tag in ("startEvent", "endEvent"):
        return "ad_hoc"
    if trigger in accepted.split():
        # A link that is caught would be among the first of an ad-hoc subprocess.
        return "ad_hoc" if kind == "adHocSubProcess" and trigger == "link" else ""
    if trigger == "cancel" and tag in ("endEvent", "boundaryEvent"):
        return "cancel"
    if tag == "startEvent" and trigger == "none":
        return "event_subprocess"
    if tag == "startEvent" and kind in ("subProcess", "transaction"):
        return "subprocess_start"
    return "event_trigger"


@pytest.mark.parametrize("trigger", DEFINITIONS)
@pytest.mark.parametrize("tag", sorted(EVENTS))
@pytest.mark.parametrize("kind", LEVELS)
def test_an_event_runs_or_is_refused(kind: str, tag: str, trigger: str) -> None:
    agreed(event(kind, tag, trigger), refusing(kind, tag, trigger))


def test_the_vocabulary_names_the_same_triggers() -> None:
    promised = {
        "startEvent": {word for words in STARTS.values() for word in words.split()},
        "endEvent": {*ENDS.split(), "cancel"},
        "intermediateThrowEvent": set(THROWN.split()),
        "intermediateCatchEvent": set(CAUGHT.split()),
        "boundaryEvent": {*ATTACHED.split(), "cancel"},
    }
    assert promised == TRIGGERS


MARKERS = {
    "plain": "",
    "parallel": '<multiInstanceLoopCharacteristics camunda:collection="${items}" />',
    "sequential": '<multiInstanceLoopCharacteristics isSequential="true" camunda:collection="${items}" />',
    "loop": '<standardLoopCharacteristics loopMaximum="3" />',
}


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize("tag", sorted(ACTIVITIES))
@pytest.mark.parametrize("kind", LEVELS)
def test_an_activity_runs_everywhere_and_is_repeated(kind: str, tag: str, marker: str) -> None:
    agreed(between(kind, activity(tag, MARKERS[marker]), "a"))


@pytest.mark.parametrize("tag", sorted(ACTIVITIES))
def test_an_activity_may_undo_another(tag: str) -> None:
    inside = (
        task("work")
        + '<boundaryEvent id="e" attachedToRef="work"><compensateEventDefinition /></boundaryEvent>'
        + activity(tag, attributes='isForCompensation="true"')
    )
    flows = flow("before", "work") + flow("work", "after")
    undoing = '<association id="undoing" sourceRef="e" targetRef="a" />'
    agreed(level("process", task("before") + inside + task("after"), flows=flows + undoing))


@pytest.mark.parametrize("goes_on", [False, True], ids=["interrupting", "going on"])
@pytest.mark.parametrize("trigger", [*DEFINITIONS])
@pytest.mark.parametrize("tag", sorted(ACTIVITIES))
def test_an_event_is_attached_to_an_activity_or_refused(tag: str, trigger: str, goes_on: bool) -> None:
    text = boundary("process", tag, trigger, 'cancelActivity="false"' if goes_on else "")
    refused_by = "" if trigger in ATTACHED.split() else "event_trigger"
    if trigger == "cancel":
        refused_by = "cancel" if tag != "transaction" or goes_on else ""
    if trigger == "error" and goes_on:
        refused_by = "boundary_event"
    agreed(text, refused_by)


@pytest.mark.parametrize("trigger", STARTS["eventSubProcess"].split())
def test_an_event_subprocess_interrupts_or_goes_on(trigger: str) -> None:
    text = event("eventSubProcess", "startEvent", trigger)
    text = text.replace(
        '<startEvent id="inner_begun">', '<startEvent id="inner_begun" isInterrupting="false">'
    )
    agreed(text, "" if trigger in GOES_ON.split() else "event_subprocess")


# An event-based gateway needs events behind it; the rule is the same.
FIRST = sorted((ACTIVITIES | GATEWAYS | {"intermediateCatchEvent"}) - {"eventBasedGateway"})


@pytest.mark.parametrize("tag", FIRST)
def test_people_choose_among_user_tasks_only(tag: str) -> None:
    trigger = DEFINITIONS["message" if tag == "intermediateCatchEvent" else "none"]
    inside = activity(tag) if tag in ACTIVITIES else f'<{tag} id="a">{trigger}</{tag}>'
    text = level("adHocSubProcess", task("before") + inside + task("after"), flows=flow("a", "after"))
    agreed(text, "" if tag == "userTask" else "ad_hoc")


@pytest.mark.parametrize("tag", sorted(GATEWAYS))
@pytest.mark.parametrize("kind", LEVELS)
def test_a_gateway_splits_and_joins_everywhere(kind: str, tag: str) -> None:
    if tag == "eventBasedGateway":
        inside = f'<{tag} id="g" />' + "".join(
            f'<intermediateCatchEvent id="{key}">{DEFINITIONS[trigger]}</intermediateCatchEvent>'
            for key, trigger in (
                ("one", "message"),
                ("two", "timer"),
                ("three", "signal"),
                ("four", "conditional"),
            )
        )
        keys = ("one", "two", "three", "four")
        flows = flow("before", "g") + "".join(flow("g", key) + flow(key, "after") for key in keys)
        agreed(level(kind, task("before") + inside + task("after"), flows=flows))
        return
    default = "" if tag == "parallelGateway" else ' default="g_to_two"'
    condition = "" if tag == "parallelGateway" else "<conditionExpression>${ready}</conditionExpression>"
    activation = (
        "<activationCondition>${activationCount &gt;= 1}</activationCondition>"
        if tag == "complexGateway"
        else ""
    )
    inside = f'<{tag} id="g"{default} />{task("one")}{task("two")}<{tag} id="j">{activation}</{tag}>'
    flows = (
        flow("before", "g")
        + flow("g", "one").replace(" />", f">{condition}</sequenceFlow>")
        + flow("g", "two")
    )
    flows += flow("one", "j") + flow("two", "j") + flow("j", "after")
    agreed(level(kind, task("before") + inside + task("after"), flows=flows))


ORIGINS = sorted(ACTIVITIES | GATEWAYS | {"startEvent", "intermediateThrowEvent", "intermediateCatchEvent"})


@pytest.mark.parametrize("tag", ORIGINS)
def test_a_condition_runs_behind_activities_and_choices_only(tag: str) -> None:
    condition = "<conditionExpression>${ready}</conditionExpression>"
    if tag in ACTIVITIES:
        inside, key = activity(tag, attributes='default="a_to_after"'), "a"
    elif tag == "startEvent":
        inside, key = "", "inner_begun"
    else:
        default = (
            "default='a_to_after'"
            if tag in ("exclusiveGateway", "inclusiveGateway", "complexGateway")
            else ""
        )
        inside, key = (
            f'<{tag} id="a" {default}>{DEFINITIONS["message"] if "Catch" in tag else ""}</{tag}>',
            "a",
        )
    ways = "" if key == "inner_begun" else flow("before", "a")
    flows = ways + (flow("a", "after") if key == "a" else flow("before", "after"))
    flows += flow(key, "other").replace(" />", f">{condition}</sequenceFlow>") + flow("other", "after")
    text = level("process", task("before") + inside + task("after") + task("other"), flows=flows)
    choosing = tag in ACTIVITIES or tag in ("exclusiveGateway", "inclusiveGateway", "complexGateway")
    agreed(text, "" if choosing else "condition_place")


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*/valid_*.bpmn")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_every_good_file_of_the_rules_runs(path) -> None:
    runs(path.read_bytes())
