"""Which variables are there at each step of a process, on whichever way a case has come to it. No rule of its own.

A process becomes one graph of points, its subprocesses laid open. Not here: what a step gives (given.py), and what
follows for the points (points.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runtime import formulas
from runtime.bpmn.catalogue import Catalogue
from runtime.bpmn.lint import given
from runtime.bpmn.lint.given import Names
from runtime.bpmn.lint.points import ALL, Graph
from runtime.bpmn.model import Flow, Node, Process, Scope


class Ways:
    """The graph of one process. Raises TooManyWays, as its walk does."""

    def __init__(self, process: Process, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._bits: dict[str, int] = {}
        self._graph = graph = Graph()
        self._at: dict[str, int] = {}
        self._ends: dict[str, int] = {}  # of subprocesses
        levels: list[tuple[Scope, int, int, Node | None]] = [
            (process.scope, graph.start, graph.point(), None)
        ]
        for scope, *_ in levels:
            for node in scope.nodes.values():
                self._open(node, levels)
        for scope, entry, end, owner in levels:
            self._level(scope, entry, end, owner)

    def walk(self, known: Names) -> dict[str, tuple[int, int]]:
        """Node → what is there when it begins, and where its flows leave it, of all that are reached from a
        beginning where `known` is there. Raises TooManyWays."""
        begins, behind = self._graph.walk(self.bits(known))
        found = {}
        for id, point in self._at.items():
            there, left = begins[point], behind[self._ends.get(id, point)]
            if there is not None:
                # Of a subprocess that never ends by itself nothing is asked behind it.
                found[id] = there, ALL if left is None else left
        return found

    def bits(self, names: Iterable[str] | None) -> int:
        """The number of a set of names."""
        if names is None:
            return ALL
        found = 0
        for name in names:
            found |= self._bits.setdefault(name, 1 << len(self._bits))
        return found

    def _open(self, node: Node, levels: list[tuple[Scope, int, int, Node | None]]) -> None:
        """The points of a node: one, or of a subprocess its inside and its end."""
        gives = self.bits(given.gives(node, self._catalogue))
        if node.scope is None:
            self._at[node.id] = self._graph.point(gives, joins=node.kind == "parallelGateway")
            return
        at = self._at[node.id] = self._graph.point()
        inside = self._graph.point(self.bits(given.own(node)))
        self._graph.edge(at, inside)
        lenient = node.kind == "adHocSubProcess"
        end = self._ends[node.id] = self._graph.point(gives, entry=at, lenient=lenient)
        if node.loop or (node.repeat and node.repeat.test_before):
            self._graph.edge(at, end)  # it may be done not once
        levels.append((node.scope, inside, end, node))

    def _level(self, scope: Scope, entry: int, end: int, owner: Node | None) -> None:
        keeps = ~self.bits(given.own(owner)) if owner is not None else ALL
        caught = {
            node.trigger.name: node.id
            for node in scope.nodes.values()
            if node.kind == "intermediateCatchEvent" and _is(node, "link") and node.trigger
        }
        compensated = {node.handler: node.attached_to for node in scope.nodes.values() if node.handler}
        for node in scope.nodes.values():
            at, leaves = self._at[node.id], self._ends.get(node.id, self._at[node.id])
            if node.attached_to:
                self._catch(node, scope)
            elif node.for_compensation:
                host = compensated.get(node.id, "")
                self._graph.edge(self._ends.get(host, self._at.get(host, entry)), at)
            elif self._begins(node):
                by_time = node.kind == "startEvent" and _is(node, "timer") and owner is None
                self._graph.edge(self._graph.nothing if by_time else entry, at)
            for flow_id in node.outgoing:
                if flow_id in scope.flows and scope.flows[flow_id].target in self._at:
                    self._flow(scope, node, scope.flows[flow_id], leaves)
            if _is(node, "link") and given.throws(node) and node.trigger:
                if node.trigger.name in caught:
                    self._graph.edge(leaves, self._at[caught[node.trigger.name]])
            elif self._ends_level(node):
                self._graph.edge(leaves, end, keeps=keeps)

    def _begins(self, node: Node) -> bool:
        link = node.kind == "intermediateCatchEvent" and _is(node, "link")
        return node.kind == "startEvent" or node.by_event or (not node.incoming and not link)

    def _ends_level(self, node: Node) -> bool:
        """Whether its level may end with it; an error or a cancellation goes elsewhere."""
        if node.by_event:
            starts = node.scope.nodes.values() if node.scope else ()
            return any(each.kind == "startEvent" and each.interrupting for each in starts)
        return not node.outgoing and not node.for_compensation and not (
            node.kind == "boundaryEvent" and node.handler
        ) and not (node.kind == "endEvent" and (_is(node, "error") or _is(node, "cancel")))  # fmt: skip

    def _flow(self, scope: Scope, node: Node, flow: Flow, leaves: int) -> None:
        names: frozenset[str] = frozenset()
        if flow.condition is not None:
            condition = given.read(flow.condition)
            names = given.there(condition.tree, True) if condition else names
        elif flow.id == node.default:
            for other in node.outgoing:
                condition = given.read((scope.flows[other].condition or "") if other in scope.flows else "")
                names |= given.there(condition.tree, False) if condition else frozenset()
        self._graph.edge(leaves, self._at[flow.target], needs=self.bits(names))

    def _catch(self, edge: Node, scope: Scope) -> None:
        """A boundary event: from where it may have been thrown, else from when its activity began."""
        host = scope.nodes.get(edge.attached_to)
        if host is None or edge.trigger is None:
            return
        at, begun = self._at[edge.id], self._at[host.id]
        self._graph.entered(at, begun)
        if edge.trigger.kind == "compensate":
            self._graph.edge(self._ends.get(host.id, begun), at)
            return
        # What a called process tells is mapped when its error is caught, too.
        told: set[str] = {mapping.target for mapping in host.mappings_out if mapping.target}
        everything = any(mapping.all for mapping in host.mappings_out)
        is_error = edge.trigger.kind == "error"
        brings = (ALL if everything else self.bits(frozenset(told))) if is_error else 0
        inside = list(self._throwers(host, edge)) if host.scope is not None else []
        for thrower in inside:
            self._graph.edge(self._at[thrower.id], at, before=True, keeps=~self.bits(given.own(host)))
        if not inside:
            self._graph.edge(begun, at, before=True, told=brings)

    def _throwers(self, host: Node, edge: Node) -> Iterator[Node]:
        """What may throw, inside a subprocess, what its boundary event catches."""
        assert edge.trigger is not None
        kind, code = edge.trigger.kind, edge.trigger.code
        pending = [host.scope]
        while pending:
            scope = pending.pop()
            for node in scope.nodes.values() if scope else ():
                self._graph.worked()
                pending += [node.scope] if node.scope else []
                if given.throws(node) and _is(node, kind):
                    thrown = node.trigger.code if node.trigger else ""
                    certain = code and thrown and not formulas.computes(thrown)
                    may = not certain or thrown == code
                elif kind == "error":
                    may = bool(node.called) or self._may_fail(node, code)
                else:
                    may = kind == "escalation" and bool(node.called or (node.loop and node.loop.event))
                if may:
                    yield node

    def _may_fail(self, node: Node, code: str) -> bool:
        if node.kind == "businessRuleTask" or node.errors or any(given.scripts(node)):
            return True
        if not node.topic:
            return False
        signature = (self._catalogue.topics or {}).get(node.topic)
        return signature is None or (bool(signature.errors) if not code else code in signature.errors)


def _is(node: Node, kind: str) -> bool:
    return node.trigger is not None and node.trigger.kind == kind
