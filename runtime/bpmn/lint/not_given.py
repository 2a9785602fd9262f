"""A step reads a variable that is not there on every way to it."""

from collections.abc import Iterator
from itertools import chain

from runtime import expressions
from runtime.bpmn.lint import given
from runtime.bpmn.lint.points import TooManyWays
from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.lint.texts import Text, texts
from runtime.bpmn.lint.ways import Ways
from runtime.bpmn.model import Node, Process

# Node, whether it is read where flows leave it, the text, names.
Reading = tuple[str, bool, Text, tuple[str, ...]]
# Of one process. Of more than these what all of them hand over is looked at.
MAX_BEGINNINGS = 20
# Asked behind a step, of what it has found.
_BEHIND = frozenset({"sourceExpression", "completionCondition", "errorEventDefinition"})


@rule("not_given", "warning")
def not_given(source: Source) -> Findings:
    """“{name}” reads {value}, which nobody has given on some way to it: give it on every way, or read it by
    execution.getVariable('{value}'), which is null where it is missing."""
    asked: dict[str, list[Text]] = {}
    for text in texts(source):
        asked.setdefault(text.at.id, []).append(text)
    for process in source.diagram.processes.values():
        try:
            missing = _missing(source, process, asked)
        except TooManyWays:
            continue
        for text, name in missing:
            yield found(text.at, line=text.line, value=name)


def _missing(source: Source, process: Process, asked: dict[str, list[Text]]) -> list[tuple[Text, str]]:
    """What is read, and where, that may not be there."""
    ways = Ways(process, source.catalogue)
    levels = [process.scope, *(node.scope for node in process.walk() if node.scope)]
    read: list[Reading] = []
    for node in process.walk():
        if node.kind != "startEvent":  # a start asks of what has come, after it came
            read += _read_at(node, asked.get(node.id, []))
    for flow in chain.from_iterable(level.flows.values() for level in levels):
        read += [(flow.source, True, text, _names(text)) for text in asked.get(flow.id, ())]
    missing: set[tuple[int, str]] = set()
    for known in _beginnings(source, process):
        reached = ways.walk(known)
        for place, (id, leaving, _, names) in enumerate(read):
            there = reached[id][leaving] if id in reached else -1
            missing |= {(place, name) for name in names if not ways.bits((name,)) & there}
    return [(read[place][2], name) for place, name in sorted(missing)]


def _beginnings(source: Source, process: Process) -> list[given.Names]:
    """What each beginning of the process has: every call's; a person's, who has nothing but the form. None of
    both: whatever a program may give."""
    offered = process.attributes.get("isStartableInTasklist") != "false"
    starters = {"candidateStarterGroups", "candidateStarterUsers"} & process.attributes.keys()
    calls = {given.handed_over(node) for node in source.nodes if node.called == process.id}
    calls |= source.catalogue.calls.get(process.id, frozenset())
    certain = sorted((names for names in calls if names is not None), key=sorted)
    if len(certain) > MAX_BEGINNINGS:
        certain = [frozenset.intersection(*certain)]
    if offered and starters:
        certain.append(frozenset())
    return [*certain] or [None]


def _read_at(node: Node, read: list[Text]) -> Iterator[Reading]:
    """What the texts of a node read and do not have by the node itself."""
    outputs = {each.name for each in node.outputs}
    places = {each.name: place for place, each in enumerate(node.inputs)}
    lines = {(each.name, each.line) for each in node.inputs}
    own = given.own(node) - places.keys()
    for text in read:
        is_input = (text.what, text.line) in lines
        if text.what in _BEHIND or (text.what in outputs and not is_input):
            continue
        # An input may use those before it.
        until = places[text.what] if is_input else len(places)
        names = (name for name in _names(text) if name not in own and places.get(name, until) >= until)
        yield node.id, False, text, tuple(names)


def _names(text: Text) -> tuple[str, ...]:
    try:
        compiled = text.compile()
    except expressions.Malformed:
        return ()  # bad_expression speaks
    return tuple(sorted(compiled.names - given.HELD - given.asked_first(compiled)))
