"""Which features of the generator took part in what was played, by the trace alone.

Not here: drawing them (generate.py), judging them (acceptor.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.token_game.diagram import Diagram, Net, Node

SAME = ("userTask", "receiveTask", "subProcess", "transaction", "callActivity")


def features(diagram: Diagram, happenings: Iterable[Any]) -> set[str]:
    """Those of the elements that tokens have come to or left."""
    nodes = {node.id: node for net in diagram.nets.values() for node in _all(net)}
    found: set[str] = set()
    for told in happenings:
        node = nodes.get(told.element)
        kind = type(told).__name__
        if node is not None and kind == "Entered":
            found.update(_entered(node, told.kind))
        elif node is not None and kind == "Left":
            found.update(_left(node, told.flows))
    return found


def _all(net: Net) -> Iterator[Node]:
    for node in net.nodes.values():
        yield node
        if node.inner is not None:
            yield from _all(node.inner)


def _entered(node: Node, kind: str) -> Iterator[str]:
    trigger = node.trigger
    if node.tag in SAME and not node.by_event:
        yield node.tag
    if node.tag.endswith("Gateway"):
        yield node.tag.removesuffix("Gateway")
    yield from [node.topic] if node.topic else []
    if kind in ("multiInstance", "standardLoop"):
        yield kind
    if node.for_compensation:
        yield "compensation"
    if node.loop is not None:
        yield from ["collection"] if node.loop.collection else []
        yield from ["completion"] if node.loop.completion else []
    if node.tag in ("intermediateThrowEvent", "intermediateCatchEvent") and trigger.kind in _INTERMEDIATE:
        yield trigger.kind
    if node.tag == "intermediateThrowEvent" and trigger.kind == "none":
        yield "milestone"
    if node.tag == "intermediateCatchEvent" and trigger.kind != "link":
        yield "catch"
    for tag, name in (("endEvent", "end"), ("startEvent", "start"), ("boundaryEvent", "boundary")):
        if node.tag == tag:
            yield f"{name}_{trigger.kind}"
    if node.tag == "boundaryEvent" and not node.interrupting:
        yield "non_interrupting"
    if node.tag in ("boundaryEvent", "startEvent") and trigger.text.startswith("R"):
        yield "cycle"


_INTERMEDIATE = ("link", "signal", "escalation", "conditional", "compensate")


def _left(node: Node, flows: tuple[str, ...]) -> Iterator[str]:
    conditional = any(flow.condition for flow in node.outgoing)
    if node.outputs:
        yield "outputs"
    if node.is_activity and conditional and flows:
        yield "conditionalFlows"
    if node.tag == "exclusiveGateway" and node.id.startswith("again") and node.default not in flows:
        yield "loop"
    beside = [flow for flow in node.outgoing if flow.id != node.default and not flow.condition]
    if node.default and beside and flows and node.tag != "exclusiveGateway":
        yield "beside_default"
