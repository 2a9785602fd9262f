"""Throwing and catching: errors from the inside outwards, interrupting events, terminate.

BPMN 2.0 §13.5. Not here: who waits for what (game.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.token_game.diagram import Node
from tests.token_game.state import LEAVING, READY, WAITING, Armed, Level, Store, Token, Value

if TYPE_CHECKING:
    from tests.token_game.game import Game

Catcher = tuple[
    Token | Level, Node
]  # an activity and its boundary event, or a level and its event subprocess


def is_slow(node: Node) -> bool:
    """Whether throwing it takes several steps."""
    throws = node.tag in ("endEvent", "intermediateThrowEvent")
    return throws and node.trigger.kind in ("compensate", "cancel")


def written(game: Game, store: Store) -> None:
    """A variable was written: conditions that see it are asked."""
    for armed in game.all_armed():
        if armed.kind == "conditional" and store in armed.store.outwards():
            armed.due = armed.due or armed.store.holds(armed.node.trigger.condition)
    for token in game.tokens():
        if (
            token.phase == WAITING
            and token.node.trigger.kind == "conditional"
            and store in token.store.outwards()
        ):
            token.due = token.due or token.store.holds(token.node.trigger.condition)


def happen(game: Game, wait: Token | Armed, results: Mapping[str, Value]) -> None:
    """What was waited for has come."""
    if isinstance(wait, Token):
        wait.phase, wait.results, wait.due = LEAVING, dict(results), False
        return
    wait.due = False
    if isinstance(wait.host, Level):
        start_event_sub(game, wait.host, wait.node, wait).results = dict(results)
    elif wait.flow is not None:
        gateway = wait.host
        gateway.phase, gateway.winner, gateway.results = LEAVING, wait, dict(results)
        gateway.armed = []
    else:
        wait.host.armed.remove(wait)
        if not wait.node.interrupting:
            wait.host.armed += game.arm_again(wait)
        token = take_boundary(game, wait.host, wait.node)
        token.expects, token.results = wait.activity, dict(results)


def take_boundary(game: Game, host: Token, boundary: Node) -> Token:
    token = game.spawn(host.level, boundary, host.store)
    token.happened = True
    if boundary.interrupting:
        game.cancel(host)
    return token


def start_event_sub(game: Game, level: Level, start: Node, armed: Armed | None = None) -> Token:
    """An event subprocess begins beside, or instead of, everything else on its level."""
    if start.interrupting or start.trigger.kind == "error":
        for token in list(level.tokens):
            game.cancel(token)
        level.armed, level.resets = [], {}
        level.interrupted = True
    elif armed is not None and armed.kind == "timer":
        level.armed.remove(armed)
        level.armed += game.arm_again(armed)
    sub = next(sub for sub in level.net.event_subs if sub.inner is start.net)
    return game.spawn(level, sub, level.store)


# Signals and escalations.


def throw(game: Game, token: Token) -> None:
    """What a throwing event does to those that wait, before anything that comes after it."""
    node = token.node
    if node.tag not in ("intermediateThrowEvent", "endEvent"):
        return
    if node.trigger.kind == "signal":
        waiting = [*game.all_armed(), *(other for other in game.tokens() if other.phase == WAITING)]
        for wait in sorted(waiting, key=lambda wait: wait.number):
            still = wait in (game.tokens() if isinstance(wait, Token) else game.all_armed())
            if still and wait.node.trigger == node.trigger:
                happen(game, wait, {})
    elif node.trigger.kind == "cancel":
        host = token.level.owner
        assert host is not None
        host = host.parent if host.role == "item" else host
        assert host is not None
        take_boundary(
            game, host, next(event for event in host.node.boundaries if event.trigger.kind == "cancel")
        )
    elif node.trigger.kind == "escalation":
        found = catcher(game, token, "escalation", node.trigger.name)
        if found is not None:
            if found[1].interrupting:
                tell_callers(game, token, found[0])
            catch(game, found)


def catch(game: Game, found: Catcher) -> None:
    host, event = found
    if isinstance(host, Level):
        start_event_sub(game, host, event)
    else:
        take_boundary(game, host, event)


def tell_callers(game: Game, token: Token, host: Token | Level) -> None:
    """What a called process has found out is told even when it is ended from outside."""
    current: Token | None = token
    while current is not None and current is not host and current.level is not host:
        current = current.parent if current.role == "item" else current.level.owner
        if current is not None and current.node.tag == "callActivity" and current.role != "body":
            game.map_out(current)


# Errors.


def raises(game: Game, token: Token) -> str:
    """The code of the error that the token's next step raises, else ""."""
    node = token.node
    if token.phase != READY:
        return ""
    if node.tag == "endEvent" and node.trigger.kind == "error":
        return node.trigger.name
    if node.tag == "serviceTask" and node.topic == "fail" and token.role != "body":
        inputs = dict(node.inputs)
        return inputs["code"] if token.seen.evaluate(inputs["when"]) else ""
    return ""


def caught(game: Game, token: Token) -> Catcher | None:
    """Who catches what the token's next step throws."""
    code = raises(game, token)
    return catcher(game, token, "error", code) if code else None


def catcher(game: Game, token: Token, kind: str, code: str) -> Catcher | None:
    current = token
    while True:
        if current.role == "item" and current.parent is not None:
            current = current.parent
        # What is attached to a subprocess waits while it runs, not while it is undone.
        boundary = _matching(current.node.boundaries, kind, code) if current.role != "undo" else None
        if boundary is not None:
            return current, boundary
        level = current.level
        starts = [sub.inner.start for sub in level.net.event_subs if sub.inner is not None]
        start = _matching(starts, kind, code)
        # Who has taken over a level answers for it alone.
        if start is not None and not level.interrupted:
            return level, start
        if level.owner is None:
            return None
        current = level.owner


def _matching(events: list[Node], kind: str, code: str) -> Node | None:
    """One that names the code before one that takes all."""
    of_kind = [event for event in events if event.trigger.kind == kind]
    exact = [event for event in of_kind if event.trigger.name == code]
    return next(iter(exact or [event for event in of_kind if not event.trigger.name]), None)


def throw_error(game: Game, token: Token) -> bool:
    """The token's next step raises an error that is caught. False if it does not."""
    found = caught(game, token)
    if found is None:
        return False
    tell_callers(game, token, found[0])
    game.thrown.add(token.activity)
    catch(game, found)
    return True


def on_leave(game: Game, token: Token) -> None:
    """What a throw does that is done in the same step as it is left."""
    if token.node.trigger.kind == "terminate":
        terminate(game, token)


def terminate(game: Game, token: Token) -> None:
    """All else on the level ends."""
    level = token.level
    for other in [other for other in level.tokens if other is not token]:
        game.cancel(other)
    level.armed, level.resets = [], {}
    level.outcome = "terminated"
    token.phase = LEAVING
