"""What stands inside the tag of a node or event: parameters, form fields, scripts, loops, what triggers it.

As the file has it; what cannot be understood is left out. Not here: nodes, flows and levels (read.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from runtime.bpmn import tags
from runtime.bpmn.model import (
    AdHoc,
    DataMapping,
    FormField,
    Listener,
    Loop,
    Parameter,
    Repeat,
    Script,
    Trigger,
)
from runtime.bpmn.tags import CAMUNDA, Tag
from runtime.bpmn.vocabulary import EVENTS


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


def parameters(tag: Tag, kind: str) -> tuple[Parameter, ...]:
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


def retry_cycle(tag: Tag) -> str:
    holders = [tag, *tag.all("multiInstanceLoopCharacteristics")]
    cycles = [cycle.text for holder in holders for cycle in holder.extension("failedJobRetryTimeCycle")]
    return cycles[0] if cycles else ""


def form_fields(tag: Tag) -> tuple[FormField, ...]:
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


def mappings(tag: Tag, kind: str) -> tuple[DataMapping, ...]:
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


def true(tag: Tag, attribute: str, absent: bool = False) -> bool:
    written = tag.get(attribute)
    return written in ("true", "1") if written else absent


def text(tag: Tag, name: str) -> str:
    child = tag.one(name)
    return child.text if child is not None else ""


def loop_of(tag: Tag, definitions: Mapping[str, Tag]) -> Loop | None:
    loop = tag.one("multiInstanceLoopCharacteristics")
    if loop is None:
        return None

    def item(name: str) -> str:
        child = loop.one(name)
        return (child.get("name") or child.get("id")) if child is not None else ""

    behavior = loop.get("behavior") or "All"
    thrown = definitions.get(loop.get({"One": "oneBehaviorEventRef"}.get(behavior, "noneBehaviorEventRef")))
    return Loop(
        sequential=true(loop, "isSequential"),
        collection=loop.get("camunda:collection") or text(loop, "loopDataInputRef"),
        cardinality=text(loop, "loopCardinality"),
        element_variable=loop.get("camunda:elementVariable") or item("inputDataItem"),
        completion_condition=text(loop, "completionCondition"),
        output_collection=text(loop, "loopDataOutputRef"),
        output_item=item("outputDataItem"),
        behavior=behavior,
        event=_defined(thrown, definitions, "") if thrown is not None and behavior != "All" else None,
        async_before=true(loop, "camunda:asyncBefore") or true(loop, "camunda:async"),
        async_after=true(loop, "camunda:asyncAfter"),
        line=loop.line,
    )


def repeat_of(tag: Tag) -> Repeat | None:
    loop = tag.one("standardLoopCharacteristics")
    if loop is None:
        return None
    return Repeat(
        test_before=true(loop, "testBefore"),
        condition=text(loop, "loopCondition"),
        maximum=loop.get("loopMaximum") or text(loop, "loopMaximum"),
        line=loop.line,
    )


def script_of(tag: Tag) -> Script | None:
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


def listeners(tag: Tag) -> tuple[Listener, ...]:
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


def ad_hoc_of(tag: Tag) -> AdHoc | None:
    if tag.name != "adHocSubProcess":
        return None
    return AdHoc(
        completion_condition=text(tag, "completionCondition"),
        sequential=tag.get("ordering") == "Sequential",
        cancel_remaining=true(tag, "cancelRemainingInstances", absent=True),
        line=tag.line,
    )


def trigger_of(tag: Tag, definitions: Mapping[str, Tag], own: Mapping[str, str]) -> Trigger | None:
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
        date, duration, cycle = (text(definition, name) for name in ("timeDate", "timeDuration", "timeCycle"))
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
            waits_for_completion=true(definition, "waitForCompletion", absent=True),
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
        mappings_in=mappings(definition, "in"),
        line=definition.line,
    )


def errors_of(tag: Tag, definitions: Mapping[str, Tag]) -> tuple[Trigger, ...]:
    """The errors that an operation's task throws by its diagram's word: camunda:errorEventDefinition."""
    return tuple(
        replace(_named(thrown, definitions, "error"), condition=thrown.get("expression"))
        for thrown in tag.extension("errorEventDefinition")
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
        task_priority=holder.get("camunda:taskPriority") if holder.name == "messageEventDefinition" else "",
        line=holder.line,
    )
