"""Gateways that wait for several tokens: parallel, inclusive. BPMN 2.0 §13.4.1, §13.4.3.

Not here: by which flows they are left (game.py)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.token_game.diagram import Node
from tests.token_game.state import JOINING, Firing, Level, Token

if TYPE_CHECKING:
    from tests.token_game.game import Game

KINDS = ("parallelGateway", "inclusiveGateway")


def waits(node: Node) -> bool:
    return node.tag in KINDS or (node.tag == "complexGateway" and len(node.incoming) > 1)


def filled(node: Node, level: Level) -> set[str]:
    """The flows by which a token has come that is not yet being used up."""
    here = Counter(token.flow for token in level.tokens if token.node is node and token.phase == JOINING)
    for firing in level.firing:
        if firing.node is node:
            here.subtract(firing.needed)
    return {flow for flow, tokens in here.items() if tokens > 0}


def enabled(node: Node, level: Level) -> bool:
    """Whether the gateway can fire now."""
    here = filled(node, level)
    everywhere = {flow.id for flow in node.incoming}
    if node.tag == "parallelGateway":
        return here == everywhere
    return bool(here) and not any(
        reached & (everywhere - here) and not reached & here
        for reached in (reach(token, node) for token in level.tokens)
    )


def reach(token: Token, gateway: Node) -> set[str]:
    """The flows that the token could still go by without passing the gateway."""
    if token.node is gateway:
        return set() if token.phase == JOINING else {token.flow}
    flows: set[str] = set()
    seen, pending = {token.node}, [token.node]
    while pending:
        node = pending.pop()
        flows.update(flow.id for flow in node.outgoing)
        after = [flow.target for flow in node.outgoing if flow.target is not gateway]
        after += node.boundaries
        if node.trigger.kind == "link" and node.tag == "intermediateThrowEvent":
            after += link_targets(node)
        pending += [found for found in after if found not in seen]
        seen.update(after)
    return flows


def link_targets(node: Node) -> list[Node]:
    return [
        other
        for other in node.net.nodes.values()
        if other.tag == "intermediateCatchEvent" and other.trigger == node.trigger
    ]


def leave(game: Game, token: Token, flows: tuple[str, ...]) -> str:
    """One of the tokens of a join is used up, by `flows` or none. Gives why that cannot be, else "".

    Several may fire by turns: tokens of one flow are alike, so the first that needs it takes it."""
    node, level = token.node, token.level
    goes = bool(flows) or not node.outgoing
    if goes and flows != (right := game.exits(token)):
        return f"{node.id} is left by {flows} and not by {right}"
    for firing in level.firing:
        last = len(firing.needed) == 1
        if (
            firing.node is node
            and token.flow in firing.needed
            and (firing.given if not goes else not firing.given or not flows)
        ):
            break
        if firing.node is node and token.flow in firing.needed and not goes and not last:
            break
    else:
        if not enabled(node, level):
            return f"{node.id} fires too early: tokens by {sorted(filled(node, level))}"
        firing = Firing(node, filled(node, level))
        if token.flow not in firing.needed:
            return f"{node.id} takes a second token that came by {token.flow}"
        if len(firing.needed) == 1 and not goes:
            return f"{node.id} swallows the token"
        level.firing.append(firing)
    firing.needed.remove(token.flow)
    firing.given = firing.given or goes
    if not firing.needed:
        level.firing.remove(firing)
    game.go(token, flows)
    return ""
