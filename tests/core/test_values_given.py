"""No step of a shipped diagram asks for a value that on some way to it nobody has given.

Every way through a diagram is walked as if its conditions held; what a message brings is not known and asked no more
about. Not here: that a name is known at all (bpmn/test_rules.py), what values are (scenarios)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from runtime import expressions
from runtime.bpmn import read
from runtime.bpmn.catalogue import Catalogue
from runtime.bpmn.lint import Source
from runtime.bpmn.lint.texts import Text, texts
from runtime.bpmn.model import Flow, Node, Process, Scope
from runtime.ledger import operations

PROCESSES = Path(__file__).resolve().parents[2] / "processes"
FILES = sorted(PROCESSES.glob("*/*.bpmn"))
# What is there without being given.
HELD = {"execution", "task", "externalTask", "business_key", "secret"}
COUNTED = {"loopCounter", "nrOfInstances", "nrOfCompletedInstances", "nrOfActiveInstances"}
THERE = re.compile(r"""\$\{execution\.getVariable\(['"](\w+)['"]\) != null\}""")
SET = re.compile(r"""setVariable\(\s*['"](\w+)['"]""")

# Values that are there whenever the step comes to read them, though not on every line that is drawn, and why.
TOLD = {
    # What is on one person no superior decides, and it is always cleared; of the rest a superior does.
    ("data_export", "clear_export", "decided_by"),
    ("data_export", "make_export", "decided_by"),
    ("data_export", "make_export", "clear_export_by"),
    # An approval has been behind the gate.
    ("plan_approval", "record_approval", "budget_verdict"),
    # Of what came late; of others cancel_reason is there.
    ("purchase_execution", "cancel_order", "late_reason"),
    # Read only if something is outstanding.
    ("purchase_execution", "close_order", "shortage_reason"),
}

Names = frozenset[str] | None  # None: everything may be there


def both(one: Names, other: Names) -> Names:
    return other if one is None else one if other is None else one & other


def with_(known: Names, more: Collection[str] | None) -> Names:
    return None if known is None or more is None else known | frozenset(more)


@cache
def sources() -> dict[str, Source]:
    """Process → its file, read."""
    found = {}
    for path in FILES:
        data = path.read_bytes()
        root, _ = read.parse(data, path.name)
        assert root is not None, path
        diagram = read.assemble(root, data, path.name)
        for key in diagram.processes:
            found[key] = Source(path.name, root, diagram, Catalogue())
    return found


@cache
def forms() -> dict[str, frozenset[str]]:
    """Form → the keys of its fields, of lists and groups too."""

    def keys(parts: list[dict[str, object]]) -> Iterator[str]:
        for part in parts:
            inner = part.get("components")
            if part.get("type") != "dynamiclist" and isinstance(inner, list):
                yield from keys(inner)
            name = part.get("key") or part.get("path")
            if isinstance(name, str) and name:
                yield name

    found = {}
    for path in PROCESSES.glob("*/*.form"):
        form = json.loads(path.read_text("utf-8"))
        found[form["id"]] = frozenset(keys(form["components"]))
    return found


@cache
def given_by_callers() -> dict[str, list[Names]]:
    """Process → what each call of it hands over."""
    found: dict[str, list[Names]] = {}
    for key, source in sources().items():
        for node in source.diagram.processes[key].walk():
            if node.called:
                handed: Names = frozenset(mapping.target for mapping in node.mappings_in if mapping.target)
                everything = any(mapping.all for mapping in node.mappings_in)
                found.setdefault(node.called, []).append(None if everything else handed)
    return found


class Walk:
    """One process: what is known at each node, and what is asked for and may be missing there."""

    def __init__(self, source: Source, process: Process) -> None:
        self.process = process
        self.missing: set[tuple[str, str]] = set()
        self.texts: dict[str, list[Text]] = {}
        for text in texts(source):
            self.texts.setdefault(text.at.id, []).append(text)
        for known in self.beginnings():
            self.level(process.scope, known)

    def beginnings(self) -> list[Names]:
        """What each beginning of the process has: every call's, a person's. None of both: others' messages say."""
        offered = self.process.attributes.get("isStartableInTasklist") != "false"
        starters = {"candidateStarterGroups", "candidateStarterUsers"} & self.process.attributes.keys()
        by_people: list[Names] = [frozenset()] if offered and starters else []
        return [*given_by_callers().get(self.process.id, []), *by_people] or [None]

    def taken(self, scope: Scope, flow: Flow, known: Names) -> bool:
        """Whether it may be taken: not if it wants something to be there which nobody has given so far."""
        asked = THERE.fullmatch(flow.condition or "")
        if asked is None or known is None or asked[1] in known:
            return True
        earlier, pending = set(), [flow.source]
        while pending:
            id = pending.pop()
            if id not in earlier:
                earlier.add(id)
                node = scope.nodes[id]
                pending += [scope.flows[each].source for each in node.incoming]
                pending += [node.attached_to] if node.attached_to else []
        given = [self.gives(scope.nodes[id]) for id in earlier]
        return any(each is None or asked[1] in each for each in given)

    def level(self, scope: Scope, known: Names) -> Names:
        """What is known at its end, of all ways that end."""
        before: dict[str, Names] = {}
        reached: set[str] = set()
        pending: list[tuple[str, Names]] = []
        for node in scope.nodes.values():
            by_time = (
                node.trigger is not None and node.trigger.kind == "timer" and scope is self.process.scope
            )
            if node.kind == "startEvent":
                pending.append((node.id, frozenset() if by_time else known))
            elif node.by_event or (node.kind != "boundaryEvent" and not node.incoming):
                pending.append((node.id, known))
        arrived: dict[tuple[str, str], Names] = {}
        while pending:
            id, names = pending.pop(0)
            if id in reached and before[id] == names:
                continue
            before[id] = names
            reached.add(id)
            node = scope.nodes[id]
            after = self.after(node, names)
            for edge in scope.boundaries(id):
                pending.append((edge.id, self.met(edge.id, before, reached, names)))
            for flow_id in node.outgoing:
                flow = scope.flows[flow_id]
                if not self.taken(scope, flow, after):
                    continue
                arrived[flow.target, flow.id] = after
                target = scope.nodes[flow.target]
                here = [arrived[target.id, each] for each in target.incoming if (target.id, each) in arrived]
                parallel = target.kind == "parallelGateway"
                if parallel and len(here) < len(target.incoming):
                    continue  # it waits for all of them
                joined: Names = here[0]
                for other in here[1:]:
                    joined = with_(joined, other) if parallel else both(joined, other)
                pending.append((flow.target, self.met(flow.target, before, reached, joined)))
        for id in reached:
            self.look(scope.nodes[id], before[id], scope)
        ended: Names = None
        for id in reached:
            node = scope.nodes[id]
            if not node.outgoing and not node.by_event:
                ended = both(ended, self.after(node, before[id]))
        return ended

    def met(self, id: str, before: Mapping[str, Names], reached: set[str], names: Names) -> Names:
        """Known there: never more than on an earlier visit, so that the walk ends."""
        return both(before[id], names) if id in reached else names

    def after(self, node: Node, known: Names) -> Names:
        if node.scope is not None:
            inner = with_(known, [*(each.name for each in node.inputs), *self.own(node)])
            ended = self.level(node.scope, inner)
            return with_(known if node.loop else ended, [each.name for each in node.outputs])
        return with_(known, self.gives(node))

    def own(self, node: Node) -> set[str]:
        """What each instance of several has beside."""
        return {node.loop.element_variable, *COUNTED} - {""} if node.loop else set()

    def gives(self, node: Node) -> set[str] | None:
        attributes, trigger = node.attributes, node.trigger
        found = {each.name for each in node.outputs}
        found |= {attributes[name] for name in ("initiator", "resultVariable") if attributes.get(name)}
        found |= {mapping.target for mapping in node.mappings_out if mapping.target}
        if any(mapping.all for mapping in node.mappings_out):
            return None
        if node.kind == "userTask":
            found.add(f"{node.id}_by")
        if node.key_field:
            found.add(node.key_field)
        found |= {field.id for field in node.fields}
        form = attributes.get("formRef") or attributes.get("formKey", "")
        if form:
            if form not in forms():
                return None
            found |= forms()[form]
        if node.topic and not node.outputs:
            signature = operations.signatures().get(node.topic)
            if signature is None:
                return None
            found |= signature.outputs
        scripts = [node.script, *(each.script for each in node.listeners)]
        for script in scripts:
            if script is not None:
                found |= {script.result_variable, *SET.findall(script.text)} - {""}
        if node.loop and node.loop.output_collection:
            found.add(node.loop.output_collection)
        if trigger is not None:
            if trigger.kind in ("message", "signal") and not trigger.topic and node.kind not in (
                "endEvent", "intermediateThrowEvent",
            ):  # fmt: skip
                return None
            found |= {trigger.code_variable, trigger.message_variable} - {""}
        if node.kind == "receiveTask":
            return None
        return found

    def look(self, node: Node, known: Names, scope: Scope) -> None:
        if known is None or node.kind == "startEvent":
            return  # a start asks of what has come, after it came
        around = known | self.own(node) | HELD
        inputs, outputs = [each.name for each in node.inputs], {each.name for each in node.outputs}
        for text in self.texts.get(node.id, []):
            if text.what in ("sourceExpression", "completionCondition", "errorEventDefinition"):
                continue  # asked behind it, of what it has found
            if text.what in inputs and text.line in {each.line for each in node.inputs}:
                # Each may use those before it.
                self.ask(node.id, text, around | set(inputs[: inputs.index(text.what)]))
            elif text.what not in outputs:
                self.ask(node.id, text, around | set(inputs))
        after = self.after(node, known)
        for flow_id in node.outgoing:
            flow: Flow = scope.flows[flow_id]
            for text in self.texts.get(flow.id, []):
                self.ask(flow.id, text, None if after is None else after | HELD)

    def ask(self, where: str, text: Text, known: Names) -> None:
        if known is not None:
            compiled = text.compile()
            for name in compiled.names - known - asked_first(compiled):
                self.missing.add((where, name))


def asked_first(compiled: expressions.Expression) -> set[str]:
    """Names of which it asks whether they are there before it reads them."""
    calls = (node for node in expressions.walk(compiled.tree) if isinstance(node, expressions.Call))
    return {
        str(call.args[0].value)
        for call in calls
        if call.name.startswith("execution.") and call.args and isinstance(call.args[0], expressions.Literal)
    }


@pytest.mark.parametrize("process", sorted(sources()))
def test_whatever_a_step_asks_for_was_given_on_every_way_to_it(process: str) -> None:
    source = sources()[process]
    missing = {(process, *place) for place in Walk(source, source.diagram.processes[process]).missing}
    assert missing == {place for place in TOLD if place[0] == process}


def test_a_value_that_is_given_on_one_way_only_is_found() -> None:
    """A step that fails has given nothing: as a claim that was withdrawn before it could be recorded."""
    path = PROCESSES / "expense_claim" / "expense_claim.bpmn"
    data = path.read_bytes().replace(b"${execution.getVariable('claim')}", b"${claim}")
    root, _ = read.parse(data, path.name)
    assert root is not None
    source = Source(path.name, root, read.assemble(root, data, path.name), Catalogue())
    walk = Walk(source, source.diagram.processes["expense_claim"])
    assert walk.missing == {("record_claim", "claim"), ("withdraw_claim", "claim")}
