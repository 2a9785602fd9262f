"""A BPMN file read into a Diagram: names, flows, lanes, triggers, parameters, as the file has them.

Reading forgives (what cannot be understood is left out) and lint/ does not: it looks at
the same tags and complains of all that was left out. Not here: judging, running."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from runtime.bpmn import tags
from runtime.bpmn.model import (
    AdHoc,
    DataMapping,
    Diagram,
    Flow,
    FormField,
    Lane,
    Listener,
    Loop,
    Node,
    Parameter,
    Process,
    Repeat,
    Scope,
    Script,
    Trigger,
)
from runtime.bpmn.tags import CAMUNDA, Tag
from runtime.bpmn.vocabulary import EVENTS, FLOW_NODES, SUBPROCESSES
from runtime.errors import Invalid, Problem

# camunda:formKey as Camunda Modeler writes it for a form deployed beside the diagram.
_FORM_KEY = re.compile(r"^camunda-forms:(?:deployment|app):(?:.*/)?([^/]+?)(?:\.form)?$")
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


def properties(tag: Tag) -> dict[str, str]:
    """camunda:properties of a tag. The first of two with one name counts; lint complains."""
    return _held(tag.extension("properties"))


def _held(holders: Iterable[Tag]) -> dict[str, str]:
    found: dict[str, str] = {}
    for holder in holders:
        for item in holder.all("property", CAMUNDA):
            found.setdefault(item.get("name"), item.get("value"))
    return found


def names(tag: Tag) -> dict[str, str]:
    """`name` is Simplified Chinese; name_en and name_zh_hant are extension properties."""
    own = properties(tag)
    found = {"zh_Hans": tag.get("name"), "en": own.get("name_en", ""), "zh_Hant": own.get("name_zh_hant", "")}
    # Modelers break long labels with line ends.
    return {language: " ".join(text.split()) for language, text in found.items() if text.strip()}


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
        names=names(tag),
        documentation=_documentation(tag),
        scope=_scope(tag, definitions, lane_of, ""),
        lanes=lanes,
        attributes=_attributes(tag),
        properties=properties(tag),
        line=tag.line,
    )


def _lanes(lane_set: Tag, lanes: dict[str, Lane], lane_of: dict[str, str]) -> None:
    """Outer lanes first, so that the innermost lane of a node is the last to name it."""
    for tag in lane_set.all("lane"):
        if not tag.id:
            continue
        nodes = tuple(reference.text for reference in tag.all("flowNodeRef"))
        called = names(tag)
        lanes[tag.id] = Lane(
            tag.id, called, properties(tag).get("group") or called.get("zh_Hans", ""), nodes, tag.line
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
        names=names(tag),
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
    own = properties(tag)
    return Node(
        id=tag.id,
        kind=tag.name,
        names=names(tag),
        documentation=_documentation(tag),
        incoming=tuple(into.get(tag.id, ())),
        outgoing=tuple(out_of.get(tag.id, ())),
        default=tag.get("default"),
        lane=lane,
        attributes=_people(tag, _form(_attributes(tag))),
        properties=own,
        inputs=_parameters(tag, "inputParameter"),
        outputs=_parameters(tag, "outputParameter"),
        mappings_in=_mappings(tag, "in"),
        mappings_out=_mappings(tag, "out"),
        loop=_loop(tag, definitions),
        repeat=_repeat(tag),
        script=_script(tag),
        listeners=_listeners(tag),
        ad_hoc=_ad_hoc(tag),
        errors=tuple(
            replace(_named(thrown, definitions, "error"), condition=thrown.get("expression"))
            for thrown in tag.extension("errorEventDefinition")
        ),
        fields=_fields(tag),
        retry_cycle=_retry_cycle(tag),
        key_field="".join(data.get("businessKey") for data in tag.extension("formData")),
        trigger=_trigger(tag, definitions, own),
        attached_to=tag.get("attachedToRef"),
        interrupting=(tag.get("cancelActivity") or tag.get("isInterrupting") or "true") not in ("false", "0"),
        called=tag.get("calledElement"),
        by_event=_true(tag, "triggeredByEvent"),
        for_compensation=_true(tag, "isForCompensation"),
        activation=_text(tag, "activationCondition"),
        scope=_scope(tag, definitions, lane_of, lane) if tag.name in SUBPROCESSES else None,
        line=tag.line,
        column=tag.column,
    )


def _form(attributes: dict[str, str]) -> dict[str, str]:
    key = _FORM_KEY.match(attributes.get("formKey", ""))
    if key and "formRef" not in attributes:
        attributes["formRef"] = key[1]
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


def _parameters(tag: Tag, kind: str) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(item.get("name"), _value(item), item.line)
        for holder in tag.extension("inputOutput")
        for item in holder.all(kind, CAMUNDA)
    )


def _value(tag: Tag) -> str | Script | list | dict:
    """Text, or what camunda:list and camunda:map hold."""
    for child in tag.children:
        if child.space == CAMUNDA and child.name == "list":
            return [_item(item) for item in _of_camunda(child.children)]
        if child.space == CAMUNDA and child.name == "map":
            return {entry.get("key"): _value(entry) for entry in child.all("entry", CAMUNDA)}
        if child.space == CAMUNDA and child.name == "script":
            return _inner_script(child)
    return tag.text


def _item(tag: Tag) -> str | Script | list | dict:
    if tag.name in ("list", "map", "script"):
        holder = Tag(CAMUNDA, "value", {}, children=[tag])
        return _value(holder)
    return _value(tag)


def _of_camunda(children: Iterable[Tag]) -> list[Tag]:
    return [child for child in children if child.space == CAMUNDA]


def _retry_cycle(tag: Tag) -> str:
    holders = [tag, *tag.all("multiInstanceLoopCharacteristics")]
    cycles = [cycle.text for holder in holders for cycle in holder.extension("failedJobRetryTimeCycle")]
    return cycles[0] if cycles else ""


def _fields(tag: Tag) -> tuple[FormField, ...]:
    return tuple(
        FormField(
            id=item.get("id"),
            type=item.get("type"),
            label=" ".join(item.get("label").split()),
            default=item.get("defaultValue"),
            date_pattern=item.get("datePattern"),
            values=tuple((value.get("id"), value.get("name")) for value in item.all("value", CAMUNDA)),
            constraints=tuple(
                (limit.get("name"), limit.get("config"))
                for validation in item.all("validation", CAMUNDA)
                for limit in validation.all("constraint", CAMUNDA)
            ),
            properties=_held(item.all("properties", CAMUNDA)),
            line=item.line,
        )
        for data in tag.extension("formData")
        for item in data.all("formField", CAMUNDA)
    )


def _mappings(tag: Tag, kind: str) -> tuple[DataMapping, ...]:
    return tuple(
        DataMapping(
            source=item.get("source"),
            source_expression=item.get("sourceExpression"),
            target=item.get("target"),
            all=item.get("variables") == "all",
            business_key=item.get("businessKey"),
            local=item.get("local") == "true",
            line=item.line,
        )
        for item in tag.extension(kind)
    )


def _true(tag: Tag, attribute: str, absent: bool = False) -> bool:
    written = tag.get(attribute)
    return written in ("true", "1") if written else absent


def _text(tag: Tag, name: str) -> str:
    child = tag.one(name)
    return child.text if child is not None else ""


def _loop(tag: Tag, definitions: Mapping[str, Tag]) -> Loop | None:
    loop = tag.one("multiInstanceLoopCharacteristics")
    if loop is None:
        return None

    def item(name: str) -> str:
        child = loop.one(name)
        return (child.get("name") or child.get("id")) if child is not None else ""

    behavior = loop.get("behavior") or "All"
    thrown = definitions.get(loop.get({"One": "oneBehaviorEventRef"}.get(behavior, "noneBehaviorEventRef")))
    return Loop(
        sequential=_true(loop, "isSequential"),
        collection=loop.get("camunda:collection") or _text(loop, "loopDataInputRef"),
        cardinality=_text(loop, "loopCardinality"),
        element_variable=loop.get("camunda:elementVariable") or item("inputDataItem"),
        completion_condition=_text(loop, "completionCondition"),
        output_collection=_text(loop, "loopDataOutputRef"),
        output_item=item("outputDataItem"),
        behavior=behavior,
        event=_defined(thrown, definitions, "") if thrown is not None and behavior != "All" else None,
        line=loop.line,
    )


def _repeat(tag: Tag) -> Repeat | None:
    loop = tag.one("standardLoopCharacteristics")
    if loop is None:
        return None
    return Repeat(
        test_before=_true(loop, "testBefore"),
        condition=_text(loop, "loopCondition"),
        maximum=loop.get("loopMaximum") or _text(loop, "loopMaximum"),
        line=loop.line,
    )


def _script(tag: Tag) -> Script | None:
    if tag.name != "scriptTask":
        return None
    script = tag.one("script")
    return Script(
        format=tag.get("scriptFormat"),
        text=script.text if script is not None else "",
        result_variable=tag.get("camunda:resultVariable"),
        line=script.line if script is not None else tag.line,
    )


def _inner_script(tag: Tag) -> Script:
    return Script(format=tag.get("scriptFormat"), text=tag.text, line=tag.line)


def _listeners(tag: Tag) -> tuple[Listener, ...]:
    return tuple(
        Listener(
            event=item.get("event"),
            script=next((_inner_script(inner) for inner in item.all("script", CAMUNDA)), None),
            of_task=kind == "taskListener",
            line=item.line,
        )
        for kind in ("executionListener", "taskListener")
        for item in tag.extension(kind)
    )


def _ad_hoc(tag: Tag) -> AdHoc | None:
    if tag.name != "adHocSubProcess":
        return None
    return AdHoc(
        completion_condition=_text(tag, "completionCondition"),
        sequential=tag.get("ordering") == "Sequential",
        cancel_remaining=_true(tag, "cancelRemainingInstances", absent=True),
        line=tag.line,
    )


def _trigger(tag: Tag, definitions: Mapping[str, Tag], own: Mapping[str, str]) -> Trigger | None:
    """An event's definition, or the message of a send or receive task; None for all else.

    A definition at the top of the file counts as one inside; several together are "multiple"."""
    key = own.get("correlation_key", "")
    if tag.name in ("sendTask", "receiveTask"):
        return _message(tag, definitions, key) if tag.get("messageRef") or tag.name == "receiveTask" else None
    if tag.name not in EVENTS:
        return None
    found = event_definitions(tag)
    for reference in tag.all("eventDefinitionRef"):
        shared = definitions.get(reference.text)
        if shared is not None and shared.name.endswith("EventDefinition"):
            found.append(shared)
    if not found:
        return Trigger(line=tag.line)
    if len(found) > 1:
        return Trigger("multiple", line=found[0].line)
    return _defined(found[0], definitions, key)


def _defined(definition: Tag, definitions: Mapping[str, Tag], key: str) -> Trigger:
    """One event definition."""
    kind = definition.name.removesuffix("EventDefinition")
    if kind == "message":
        return _message(definition, definitions, key)
    if kind in ("signal", "error", "escalation"):
        return _named(definition, definitions, kind)
    if kind == "timer":
        date, duration, cycle = (
            _text(definition, name) for name in ("timeDate", "timeDuration", "timeCycle")
        )
        return Trigger("timer", date=date, duration=duration, cycle=cycle, line=definition.line)
    if kind == "conditional":
        condition = definition.one("condition")
        return Trigger(
            "conditional",
            condition=condition.text if condition is not None else "",
            language=condition.get("language") if condition is not None else "",
            variable_name=definition.get("camunda:variableName"),
            variable_events=tuple(
                word.strip() for word in definition.get("camunda:variableEvents").split(",") if word.strip()
            ),
            line=definition.line,
        )
    if kind == "compensate":
        return Trigger(
            "compensate",
            activity_ref=definition.get("activityRef"),
            waits_for_completion=_true(definition, "waitForCompletion", absent=True),
            line=definition.line,
        )
    if kind == "link":
        return Trigger("link", name=definition.get("name"), line=definition.line)
    return Trigger(kind, line=definition.line)


def _named(definition: Tag, definitions: Mapping[str, Tag], kind: str) -> Trigger:
    """A signal, error or escalation: what it refers to has its name and code."""
    ref = definition.get(f"{kind}Ref")
    shared = definitions.get(ref)
    if shared is None or shared.name != kind:
        shared = Tag("", "", {})
    return Trigger(
        kind,
        ref=ref,
        name=shared.get("name"),
        code=shared.get(f"{kind}Code"),
        code_variable=definition.get(f"camunda:{kind}CodeVariable"),
        message_variable=definition.get("camunda:errorMessageVariable"),
        mappings_in=_mappings(definition, "in"),
        line=definition.line,
    )


def event_definitions(tag: Tag) -> list[Tag]:
    """The event definitions inside an event, those that it refers to left out."""
    return [
        child for child in tag.children if child.space == tags.BPMN and child.name.endswith("EventDefinition")
    ]


def _message(holder: Tag, definitions: Mapping[str, Tag], key: str) -> Trigger:
    message = definitions.get(holder.get("messageRef"))
    name = message.get("name") if message is not None else ""
    return Trigger(
        "message",
        ref=holder.get("messageRef"),
        name=name,
        correlation_key=key,
        topic=holder.get("camunda:topic") if holder.name == "messageEventDefinition" else "",
        line=holder.line,
    )
