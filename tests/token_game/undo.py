"""Compensation: what has completed is remembered, and undone in reverse when that is thrown.

BPMN 2.0 §10.7, §13.5.5. Not here: events that are caught from outside (events.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.token_game.diagram import Node
from tests.token_game.state import LEAVING, WAITING, Level, Record, Store, Token

if TYPE_CHECKING:
    from tests.token_game.game import Game


def completed(game: Game, token: Token) -> None:
    """An activity, or one instance of it, is complete; noted if anything could undo it."""
    node = token.node
    if not node.is_activity or token.role in ("body", "undo") or token.undoes is not None:
        return
    inner = list(token.inner.records) if token.inner is not None and node.inner is not None else []
    if handler(node) or inner or own_undoing(node):
        values = dict(token.local.values) if token.local else {}
        token.level.records.append(Record(game.next(), node, values, inner))


def handler(node: Node) -> Node | None:
    return next((event.handler for event in node.boundaries if event.handler is not None), None)


def own_undoing(node: Node) -> Node | None:
    """The compensation event subprocess inside a subprocess."""
    subs = node.inner.event_subs if node.inner is not None else []
    return next((sub for sub in subs if sub.inner and sub.inner.start.trigger.kind == "compensate"), None)


def begin(game: Game, token: Token) -> None:
    """Compensation is thrown, or a transaction is cancelled."""
    if token.node.trigger.kind == "cancel":
        for other in [other for other in token.level.tokens if other is not token]:
            game.cancel(other)
        token.level.armed, token.level.resets, token.level.interrupted = [], {}, True
    levels = [token.level]
    # An event subprocess undoes what the level around it has done.
    while (owner := levels[-1].owner) is not None and owner.node.by_event:
        levels.append(owner.level)
    only = token.node.trigger.activity
    for level in levels:
        taken = [record for record in level.records if only in ("", record.node.id)]
        level.records = [record for record in level.records if record not in taken]
        token.plan += [(level, record) for record in taken]
    token.plan.sort(key=lambda step: step[1].number)
    go_on(game, token)


def go_on(game: Game, token: Token) -> None:
    """The next handler, the last that completed first; else what waits for them is done."""
    token.undoing = None
    if not token.plan:
        token.phase = LEAVING
        return
    token.phase = WAITING
    level, record = token.plan.pop()
    undoing = handler(record.node)
    token.undoing = spawned = game.spawn(level, undoing or record.node, level.store)
    spawned.undoes = token
    if undoing is None:
        spawned.role, spawned.record = "undo", record
    if record.values:
        spawned.local = Store(level.store, spawned, dict(record.values))


def reopen(game: Game, token: Token) -> None:
    """A completed subprocess that nothing undoes as a whole is there again, to undo what it did."""
    assert token.record is not None and token.node.inner is not None
    token.inner = Level(token.node.inner, token.seen, token, interrupted=True)
    own = own_undoing(token.node)
    token.phase = WAITING
    if own is not None:
        token.inner.records = token.record.inner
        game.spawn(token.inner, own, token.inner.store)
    else:
        token.inner.interrupted = False
        token.plan = [(token.inner, record) for record in token.record.inner]
        go_on(game, token)
