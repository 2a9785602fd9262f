"""Joins that must know what could still come: inclusive gateways, and complex ones when they reset.

BPMN 2.0.2 §13.4.3, §13.4.5: a join does not wait for a flow that no token can reach any more,
nor for a token that could just as well arrive where one is already. It is looked at again
after every step, since any token may have moved or died. Not here: parallel gateways, which only count."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from typing import TYPE_CHECKING

from runtime.engine.elements.base import Element
from runtime.engine.tree import LEAVE, WAITING, Level, ScopeSpec, Token

if TYPE_CHECKING:
    from runtime.bpmn.model import Node
    from runtime.engine.moves import Case


class Join(Element):
    """A gateway that asks what could still come."""

    urgent = True
    gathers = True

    def __init__(self, level: ScopeSpec, node: Node) -> None:
        super().__init__(level, node)
        self.position = len(level.task_specs)  # in the diagram
        self._reach: dict[str, frozenset[str]] | None = None

    def settle(self, level: Level) -> bool:
        """Go on if it is time. True: tokens have moved."""
        raise NotImplementedError

    def hold(self, token: Token) -> None:
        """The token waits here for others."""
        token._set_state(WAITING)
        token.workflow.hold(token)

    def first_by_flow(self, level: Level) -> dict[str, Token]:
        """Of each flow by which something has come, what came first."""
        return {flow: next(iter(tokens.values())) for flow, tokens in level.filled(self.name).items()}

    def gather(self, level: Level, first: Mapping[str, Token]) -> Token:
        """The oldest of these tokens, in which the others are taken up."""
        lead, *others = sorted(first.values(), key=lambda token: (token.parked, token.number))
        for token in others:
            if token.parked:  # the question that stopped it was answered without it
                lead.case.withdraw(token)
            else:
                lead.case.passed(token)
        level.release(lead)
        return lead

    def expects(self, level: Level, *filled: Container[str]) -> bool:
        """Whether a token elsewhere can come here, and only by flows that are not `filled`.

        One that is still where it was found last time answers that at once: otherwise each
        of a thousand branches that comes would look at all the others."""
        before = level.tasks.get(level.expected.get(self.name, ""))
        if before is not None and self.may_bring(before, filled):
            return True
        for token in level.branches():
            if self.may_bring(token, filled):
                level.expected[self.name] = token.id
                return True
        level.expected.pop(self.name, None)
        return False

    def may_bring(self, token: Token, filled: Collection[Container[str]]) -> bool:
        if token.task_spec is self and token.phase != LEAVE:
            # What a savepoint holds up just before it has not come yet.
            return token.held_up and not any(token.flow in known for known in filled)
        flows = self.reach().get(token.task_spec.name)
        return flows is not None and not any(flow in known for flow in flows for known in filled)

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
    """Let every join go on that has nothing left to wait for, where a token has come, moved or died."""
    while case.touched:
        touched, case.touched = case.touched, {}
        places = [(level, name) for level in touched for name in {**level.held, **level.resets}]
        for level, name in sorted(places, key=_place):
            join = level.spec.element(name)
            if isinstance(join, Join) and not _over(case, level) and join.settle(level):
                level.touch()


def _place(place: tuple[Level, str]) -> tuple[int, int]:
    """By the age of the level and the order of the diagram: what things are called decides nothing."""
    level, name = place
    owner = getattr(level, "owner", None)
    return (owner.number if owner is not None else 0), getattr(level.spec.element(name), "position", 0)


def _over(case: Case, level: Level) -> bool:
    owner = owner_of(level)
    return case.subprocesses.get(owner) is not level if owner else bool(case.completed)


def owner_of(level: Level) -> str:
    """The id of the token that holds a level; "" for the case's own."""
    owner = getattr(level, "owner", None)
    return owner.id if owner is not None else ""
