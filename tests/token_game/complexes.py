"""Complex gateways: they start when enough has come, and reset when nothing else can. BPMN 2.0.2 §13.4.5.

Waiting for start, one token of each filled flow is taken as soon as the activation condition
holds. Then those flows that gave nothing are waited for, while a token elsewhere can fill an
empty one of them and cannot reach one that is filled or has given; what has come by them is
taken, and only conditional flows are used. Not here: other joins (joins.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from tests.token_game import joins
from tests.token_game.diagram import Node
from tests.token_game.state import JOINING, Firing, Level, Store, Token

if TYPE_CHECKING:
    from tests.token_game.game import Game

START, RESET = "start", "reset"
Flows = tuple[str, ...]


def is_one(node: Node) -> bool:
    return node.tag == "complexGateway"


def filled(node: Node, level: Level) -> list[str]:
    """The flows by which a token has come that is not yet being used up, the first to come first."""
    promised = Counter(flow for firing in level.firing if firing.node is node for flow in firing.needed)
    found: dict[str, None] = {}
    here = (token for token in level.tokens if token.node is node and token.phase == JOINING)
    for token in sorted(here, key=lambda token: token.came):
        if promised[token.flow]:
            promised[token.flow] -= 1
        else:
            found[token.flow] = None
    return list(found)


def active(node: Node, store: Store, count: int) -> bool:
    around = Store(store, values={"activationCount": count, "waitingForStart": True})
    return around.evaluate(node.activation) is True


def expects(node: Node, level: Level, known: Collection[str]) -> bool:
    """Whether a token elsewhere can fill another flow than the `known`, and none of those."""
    reached = (joins.reach(token, node) for token in level.tokens)
    others = {flow.id for flow in node.incoming}.difference(known)
    return any(flows & others and not flows.intersection(known) for flows in reached)


def starting(node: Node, level: Level) -> bool:
    return any(firing.node is node and firing.phase == START for firing in level.firing)


def enabled(node: Node, level: Level) -> bool:
    """Whether a token that is there must go on."""
    here = filled(node, level)
    if starting(node, level):
        return False
    if node.id not in level.resets:
        return bool(here) and active(node, level.store, len(here))
    given = level.resets[node.id]
    return any(flow not in given for flow in here) and not expects(node, level, {*given, *here})


def exits(node: Node, store: Store, phase: str) -> Flows:
    """May be none, which is an error only at the start."""
    around = Store(store, values={"waitingForStart": phase == START})
    holding = {
        flow.id
        for flow in node.outgoing
        if flow.condition and flow.id != node.default and around.evaluate(flow.condition)
    }
    if phase == RESET:
        return tuple(flow.id for flow in node.outgoing if flow.id in holding)
    return tuple(
        flow.id
        for flow in node.outgoing
        if flow.id in holding or (not flow.condition and (flow.id != node.default or not holding))
    )


def readings(token: Token, flows: Flows) -> list[Firing]:
    """As part of which firings, begun already or not, the token may be used up, by `flows` or none."""
    node, level = token.node, token.level
    found = [firing for firing in level.firing if firing.node is node and _fits(firing, token, flows)]
    if found or starting(node, level):
        return found
    here = filled(node, level)
    given = level.resets.get(node.id)
    phase = START if given is None else RESET
    fresh = [flow for flow in here if given is None or flow not in given]
    for count in range(1, len(fresh) + 1):
        # What came after it was decided is not taken.
        taken = fresh[:count]
        right = active(node, token.store, count) if given is None else _over(node, level, taken)
        firing = Firing(node, set(taken), phase=phase, taken=frozenset(taken))
        if right and _fits(firing, token, flows):
            found.append(firing)
    return found


def _over(node: Node, level: Level, taken: list[str]) -> bool:
    return not expects(node, level, {*level.resets[node.id], *taken})


def _fits(firing: Firing, token: Token, flows: Flows) -> bool:
    if token.flow not in firing.needed:
        return False
    right = exits(token.node, token.store, firing.phase)
    if flows:
        return flows == right and not firing.given
    return firing.given or len(firing.needed) > 1 or not right


def leave(game: Game, token: Token, flows: Flows, firing: Firing) -> None:
    """The token is used up as one of the `readings` says."""
    level, node = token.level, token.node
    if firing not in level.firing:
        level.firing.append(firing)
        if firing.phase == RESET:
            del level.resets[node.id]
    firing.needed.remove(token.flow)
    firing.given = firing.given or bool(flows)
    if not firing.needed:
        level.firing.remove(firing)
        if firing.phase == START:
            level.resets[node.id] = firing.taken
    game.go(token, flows)


def reset(game: Game) -> None:
    """Gateways to which nothing has come since, and nothing can: no token tells of that one.

    If flows have conditions, a token that did not come by any flow asks them."""
    for level in [level for level in game.levels() if level.resets]:
        for id, given in list(level.resets.items()):
            node = level.net.nodes[id]
            here = filled(node, level)
            if all(flow in given for flow in here) and not expects(node, level, {*given, *here}):
                del level.resets[id]
                if any(flow.condition and flow.id != node.default for flow in node.outgoing):
                    game.spawn(level, node, level.store).role = RESET
