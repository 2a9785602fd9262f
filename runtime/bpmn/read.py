"""A BPMN file read into a Diagram: processes, levels, lanes, nodes and flows, as the file has them.

Reading forgives (what cannot be understood is left out) and lint/ does not: it looks at
the same tags and complains of all that was left out. Not here: what stands inside a
node (parts.py), judging, running."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace

from runtime.bpmn import parts, tags
from runtime.bpmn.model import (
    Diagram,
    Flow,
    Lane,
    Node,
    Process,
    Scope,
)
from runtime.bpmn.tags import CAMUNDA, Tag
from runtime.bpmn.vocabulary import FLOW_NODES, SUBPROCESSES
from runtime.errors import Invalid, Problem

# camunda:formKey as Camunda Modeler writes it for a form deployed beside the diagram.
_FORM_KEY = re.compile(r"^camunda-forms:(deployment|app):(?:.*/)?([^/]+?)(?:\.form)?$")
NOT_BPMN = "This is not a BPMN 2.0 file: it begins with {element}."
_OWNER = re.compile(r"(user|group)\(([^)]*)\)|([^,\s][^,]*)")


def diagram(data: bytes, file: str) -> tuple[Diagram | None, list[Problem]]:
    """The file's diagram; or None and the problems because of which it cannot be read at all."""
    root, problems = parse(data, file)
    if root is None:
        return None, problems
    return assemble(root, data, file), []


def parse(data: bytes, file: str) -> tuple[Tag | None, list[Problem]]:
    """The file's tags; or None and why it is no BPMN file."""
    try:
        root = tags.read(data)
    except Invalid as error:
        if error.problems:
            return None, error.problems
        line, column = error.params.get("line") or 0, error.params.get("column") or 0
        return None, [
            Problem(error.code, error.message, "", error.params, file=file, line=line, column=column)
        ]
    if (root.space, root.name) != (tags.BPMN, "definitions"):
        return None, [
            Problem(
                "not_bpmn",
                NOT_BPMN,
                params={"element": root.name[:100]},
                file=file,
                line=root.line,
                column=root.column,
            )
        ]
    return root, []


def assemble(root: Tag, data: bytes, file: str) -> Diagram:
    """The diagram of tags that `parse` gave; `data` is the file's content, for its hash."""
    definitions = {tag.id: tag for tag in root.children if tag.id}
    processes = {
        tag.id: _process(tag, definitions)
        for tag in root.all("process")
        if tag.id and tag.get("isExecutable") in ("true", "1")
    }
    return Diagram(file, hashlib.sha256(data).hexdigest(), processes)


def _attributes(tag: Tag) -> dict[str, str]:
    prefix = f"{CAMUNDA}:"
    return {
        key.removeprefix(prefix): value.strip()
        for key, value in tag.attributes.items()
        if key.startswith(prefix)
    }


def _documentation(tag: Tag) -> str:
    return "\n\n".join(part.text for part in tag.all("documentation") if part.text)


def _process(tag: Tag, definitions: Mapping[str, Tag]) -> Process:
    lanes: dict[str, Lane] = {}
    lane_of: dict[str, str] = {}
    for lane_set in tag.all("laneSet"):
        _lanes(lane_set, lanes, lane_of)
    return Process(
        id=tag.id,
        names=parts.names(tag),
        documentation=_documentation(tag),
        scope=_scope(tag, definitions, lane_of, ""),
        lanes=lanes,
        attributes=_attributes(tag),
        properties=parts.properties(tag),
        line=tag.line,
    )


def _lanes(lane_set: Tag, lanes: dict[str, Lane], lane_of: dict[str, str]) -> None:
    """Outer lanes first, so that the innermost lane of a node is the last to name it."""
    for tag in lane_set.all("lane"):
        if not tag.id:
            continue
        nodes = tuple(reference.text for reference in tag.all("flowNodeRef"))
        called = parts.names(tag)
        lanes[tag.id] = Lane(
            tag.id, called, parts.properties(tag).get("group") or called.get("zh_Hans", ""), nodes, tag.line
        )
        lane_of.update(dict.fromkeys(nodes, tag.id))
        for inner in tag.all("childLaneSet"):
            _lanes(inner, lanes, lane_of)


def _scope(tag: Tag, definitions: Mapping[str, Tag], lane_of: Mapping[str, str], lane: str) -> Scope:
    flows: dict[str, Flow] = {}
    into: dict[str, list[str]] = {}
    out_of: dict[str, list[str]] = {}
    for child in tag.all("sequenceFlow"):
        if not child.id or child.id in flows:
            continue
        flow = _flow(child)
        flows[flow.id] = flow
        into.setdefault(flow.target, []).append(flow.id)
        out_of.setdefault(flow.source, []).append(flow.id)
    nodes: dict[str, Node] = {}
    for child in tag.children:
        if child.space != tags.BPMN or child.name not in FLOW_NODES or not child.id or child.id in nodes:
            continue
        nodes[child.id] = _node(child, into, out_of, definitions, lane_of, lane_of.get(child.id, lane))
    for association in tag.all("association"):
        # A compensation boundary event has no flow: an association leads to what undoes its activity.
        boundary, handler = nodes.get(association.get("sourceRef")), nodes.get(association.get("targetRef"))
        if boundary is None or handler is None or boundary.kind != "boundaryEvent":
            continue
        if boundary.trigger and boundary.trigger.kind == "compensate" and not boundary.handler:
            nodes[boundary.id] = replace(boundary, handler=handler.id)
    return Scope(nodes, flows)


def _flow(tag: Tag) -> Flow:
    condition = tag.one("conditionExpression")
    return Flow(
        id=tag.id,
        source=tag.get("sourceRef"),
        target=tag.get("targetRef"),
        names=parts.names(tag),
        condition=condition.text if condition is not None else None,
        language=condition.get("language") if condition is not None else "",
        line=tag.line,
    )


def _node(
    tag: Tag,
    into: Mapping[str, list[str]],
    out_of: Mapping[str, list[str]],
    definitions: Mapping[str, Tag],
    lane_of: Mapping[str, str],
    lane: str,
) -> Node:
    own = parts.properties(tag)
    return Node(
        id=tag.id,
        kind=tag.name,
        names=parts.names(tag),
        documentation=_documentation(tag),
        incoming=tuple(into.get(tag.id, ())),
        outgoing=tuple(out_of.get(tag.id, ())),
        default=tag.get("default"),
        lane=lane,
        attributes=_people(tag, _form(_attributes(tag))),
        properties=own,
        inputs=parts.parameters(tag, "inputParameter"),
        outputs=parts.parameters(tag, "outputParameter"),
        mappings_in=parts.mappings(tag, "in"),
        mappings_out=parts.mappings(tag, "out"),
        loop=parts.loop_of(tag, definitions),
        repeat=parts.repeat_of(tag),
        script=parts.script_of(tag),
        listeners=parts.listeners(tag),
        ad_hoc=parts.ad_hoc_of(tag),
        errors=parts.errors_of(tag, definitions),
        fields=parts.form_fields(tag),
        retry_cycle=parts.retry_cycle(tag),
        key_field="".join(data.get("businessKey") for data in tag.extension("formData")),
        trigger=parts.trigger_of(tag, definitions, own),
        attached_to=tag.get("attachedToRef"),
        interrupting=(tag.get("cancelActivity") or tag.get("isInterrupting") or "true") not in ("false", "0"),
        called=tag.get("calledElement"),
        by_event=parts.true(tag, "triggeredByEvent"),
        for_compensation=parts.true(tag, "isForCompensation"),
        activation=parts.text(tag, "activationCondition"),
        scope=_scope(tag, definitions, lane_of, lane) if tag.name in SUBPROCESSES else None,
        line=tag.line,
        column=tag.column,
    )


def _form(attributes: dict[str, str]) -> dict[str, str]:
    key = _FORM_KEY.match(attributes.get("formKey", ""))
    if key and "formRef" not in attributes:
        attributes["formRef"] = key[2]
        if key[1] == "deployment":
            attributes.setdefault("formRefBinding", "deployment")
    return attributes


def _people(tag: Tag, attributes: dict[str, str]) -> dict[str, str]:
    """The standard's humanPerformer and potentialOwner, as assignee and candidates (Camunda's reading)."""
    performer = _assignment(tag.one("humanPerformer"))
    if performer:
        attributes.setdefault("assignee", performer)
    users: list[str] = []
    groups: list[str] = []
    for owner in tag.all("potentialOwner"):
        for kind, inside, bare in _OWNER.findall(_assignment(owner)):
            (users if kind == "user" else groups).append((inside or bare).strip())
    if users:
        attributes.setdefault("candidateUsers", ",".join(users))
    if groups:
        attributes.setdefault("candidateGroups", ",".join(groups))
    return attributes


def _assignment(tag: Tag | None) -> str:
    holder = tag.one("resourceAssignmentExpression") if tag is not None else None
    expression = holder.one("formalExpression") if holder is not None else None
    return expression.text if expression is not None else ""
