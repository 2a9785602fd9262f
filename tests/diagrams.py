"""Small BPMN files for tests, written as elements in a row.

`bpmn("leave", start(), user("ask", groups="manager"), end())` joins them with flows in
that order; `flow("a", "b", "${x}")` adds others."""

from __future__ import annotations

from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

NAMESPACES = (
    'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


def element(tag: str, key: str, inside: str = "", **attributes: str) -> tuple[str, str, str]:
    """(id, tag, XML); attributes with two underscores are of the camunda namespace: camunda__topic."""
    shown = "".join(f" {n.replace('__', ':')}={quoteattr(v)}" for n, v in attributes.items())
    return key, tag, f'<{tag} id="{key}" name="{key}"{shown}>{inside}</{tag}>'


def start(key: str = "begun", inside: str = "", **attributes: str) -> tuple[str, str, str]:
    return element("startEvent", key, inside, **attributes)


def end(key: str = "ended", inside: str = "") -> tuple[str, str, str]:
    return element("endEvent", key, inside)


def user(key: str, inside: str = "", **attributes: str) -> tuple[str, str, str]:
    named = {f"camunda__{name}": value for name, value in attributes.items()}
    return element("userTask", key, inside, **named)


def service(key: str, topic: str, **inputs: str) -> tuple[str, str, str]:
    given = "".join(
        f'<camunda:inputParameter name="{name}">{escape(text)}</camunda:inputParameter>'
        for name, text in inputs.items()
    )
    inside = f"<extensionElements><camunda:inputOutput>{given}</camunda:inputOutput></extensionElements>"
    return element(
        "serviceTask", key, inside if given else "", camunda__type="external", camunda__topic=topic
    )


def timer(
    key: str, kind: str, text: str, tag: str = "intermediateCatchEvent", **attributes: str
) -> tuple[str, str, str]:
    inside = f"<timerEventDefinition><{kind}>{escape(text)}</{kind}></timerEventDefinition>"
    return element(tag, key, inside, **attributes)


def flow(source: str, target: str, condition: str = "") -> tuple[str, str, str]:
    test = f"<conditionExpression xsi:type='tFormalExpression'>{escape(condition)}</conditionExpression>"
    return (
        "",
        "sequenceFlow",
        f'<sequenceFlow id="{source}_to_{target}" sourceRef="{source}" targetRef="{target}">'
        f"{test if condition else ''}</sequenceFlow>",
    )


def properties(**texts: str) -> str:
    """extensionElements with camunda:properties."""
    inner = "".join(f"<camunda:property name={quoteattr(n)} value={quoteattr(t)}/>" for n, t in texts.items())
    return f"<extensionElements><camunda:properties>{inner}</camunda:properties></extensionElements>"


def field(key: str, of: str = "string", inside: str = "", /, **attributes: str) -> str:
    """A camunda:formField."""
    shown = "".join(f" {n}={quoteattr(v)}" for n, v in {"id": key, "type": of, **attributes}.items())
    return f"<camunda:formField{shown}>{inside}</camunda:formField>"


def limits(**configs: str) -> str:
    """The constraints of a field; "" for those without a config."""
    each = "".join(
        f'<camunda:constraint name="{name}" config={quoteattr(config)}/>' for name, config in configs.items()
    )
    return f"<camunda:validation>{each}</camunda:validation>"


def form_data(*fields: str, key: str = "") -> str:
    """extensionElements with a form inside the diagram; `key` is the field that becomes the business key."""
    chosen = f" businessKey={quoteattr(key)}" if key else ""
    inside = f"<camunda:formData{chosen}>{''.join(fields)}</camunda:formData>"
    return f"<extensionElements>{inside}</extensionElements>"


def bpmn(
    process: str,
    *elements: tuple[str, str, str],
    extra: str = "",
    starters: str = "specialist",
    before: str = "",
) -> str:
    """A file with one executable process; nodes in a row are joined unless flows are given."""
    nodes = [each for each in elements if each[1] != "sequenceFlow"]
    flows = [each for each in elements if each[1] == "sequenceFlow"]
    if not flows:
        row = [each for each in nodes if each[1] != "boundaryEvent"]
        flows = [flow(a[0], b[0]) for a, b in pairwise(row)]
    body = "".join(each[2] for each in [*nodes, *flows])
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<definitions {NAMESPACES} id="d" targetNamespace="urn:t">{before}'
        f'<process id="{process}" name="{process}" isExecutable="true" '
        f'camunda:candidateStarterGroups="{starters}">{extra}{body}</process></definitions>'
    )
