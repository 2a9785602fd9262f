"""Whom an operation refuses because of themselves, the diagram keeps from the task."""

import re
from collections.abc import Iterator

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Node

REFUSAL = "same_person"
DONE_BY = re.compile(r"\b(\w+)_by\b")


@rule("own_matter", "warning")
def own_matter(source: Source) -> Findings:
    """“{name}” is open to those whom {topic} refuses at {step} because of themselves (same_person), when all is typed: name them in the property excludes, or catch the error."""  # noqa: E501
    tasks = {node.id: node for node in source.nodes if node.kind == "userTask"}
    caught = _caught(source)
    for node in source.nodes:
        signature = (source.catalogue.topics or {}).get(node.topic)
        if signature is None or REFUSAL not in signature.errors or caught & {node.id, ""}:
            continue
        asked = [tasks[name] for name in dict.fromkeys(_named(node)) if name in tasks]
        # Of several who had a hand in it the operation may mean any.
        if not any(task.properties.get("excludes") for task in asked):
            for task in asked:
                yield found(task, topic=node.topic, step=node.id)


def _named(node: Node) -> Iterator[str]:
    """Tasks by whose completion the inputs say who did it: approve of `${approve_by}`."""
    for parameter in node.inputs:
        if isinstance(parameter.value, str):
            yield from DONE_BY.findall(parameter.value)


def _caught(source: Source) -> set[str]:
    """The activities at whose edge the refusal is caught; "" where an event subprocess does."""
    return {
        node.attached_to or ""
        for node in source.nodes
        if node.trigger is not None
        and node.trigger.kind == "error"
        and node.kind in ("boundaryEvent", "startEvent")
        and node.trigger.code in ("", REFUSAL)
    }
