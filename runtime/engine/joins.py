"""Joins that must know what could still come: inclusive gateways, and complex ones when they reset.

BPMN 2.0.2 §13.4.3, §13.4.5: a join does not wait for a flow that no token can reach any more,
nor for a token that could just as well arrive where one is already. It is looked at again
after every step, since any token may have moved or died. Not here: parallel gateways, which only count."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from runtime.engine.elements.base import Element
from runtime.engine.tree import LEAVE, WAITING, Level, ScopeSpec, Token

if TYPE_CHECKING:
    from runtime.bpmn.model import Node
    from runtime.engine.moves import Case


class Join(Element):
    """A gateway that asks what could still come."""

    urgent = True

    def __init__(self, level: ScopeSpec, node: Node) -> None:
        super().__init__(level, node)
        self._reach: dict[str, frozenset[str]] | None = None

    def settle(self, level: Level) -> bool:
        """Go on if it is time. True: tokens have moved."""
        raise NotImplementedError

    def hold(self, token: Token) -> None:
        """The token waits here for others."""
        token._set_state(WAITING)
        token.case.joining.add(token.id)

    def here(self, level: Level) -> list[Token]:
        """The tokens that have come and not gone on, the oldest first."""
        return [
            token for token in level.task_tree.children if token.task_spec is self and token.phase != LEAVE
        ]

    def first_by_flow(self, tokens: Iterable[Token]) -> dict[str, Token]:
        first: dict[str, Token] = {}
        for token in tokens:
            first.setdefault(token.flow, token)
        return first

    def expects(self, level: Level, empty: Collection[str], filled: Collection[str]) -> bool:
        """Whether a token elsewhere can reach one of the `empty` flows and none of the `filled`."""
        if not empty:
            return False
        reach = self.reach()
        for token in level.task_tree.children:
            if token.task_spec is self and token.phase != LEAVE:
                continue
            flows = reach.get(token.task_spec.name, frozenset())
            if not flows.isdisjoint(empty) and flows.isdisjoint(filled):
                return True
        return False

    def reach(self) -> dict[str, frozenset[str]]:
        """Node → the incoming flows of this gateway that a token there can come by, not through it."""
        if self._reach is None:
            found: dict[str, set[str]] = {}
            for flow in self.node.incoming:
                pending, seen = [self.level.sources[flow]], set[str]()
                while pending:
                    node = pending.pop()
                    if node in seen:
                        continue
                    seen.add(node)
                    found.setdefault(node, set()).add(flow)
                    if node != self.node.id:
                        pending += [self.level.sources[way] for way in self.level.element(node).node.incoming]
                        pending += [self.level.hosts[node]] if node in self.level.hosts else []
            self._reach = {node: frozenset(flows) for node, flows in found.items()}
        return self._reach


def settle(case: Case) -> None:
    """Let every join go on that has nothing left to wait for."""
    moved = True
    while moved:
        moved = False
        waiting = [case.index[id] for id in case.joining if id in case.index]
        places: dict[tuple[str, str], tuple[Level, Any]] = {}
        for token in sorted(waiting, key=lambda token: token.number):
            places.setdefault(
                (owner_of(token.workflow), token.task_spec.name), (token.workflow, token.task_spec)
            )
        for owner, name in sorted(case.resetting):
            level = case.subprocesses[owner] if owner else case
            places.setdefault((owner, name), (level, level.spec.element(name)))
        for level, join in places.values():
            moved = join.settle(level) or moved


def owner_of(level: Level) -> str:
    """The id of the token that holds a level; "" for the case's own."""
    owner = getattr(level, "owner", None)
    return owner.id if owner is not None else ""
