"""Tasks, subprocesses and call activities: parameters around, events on the boundary.

BPMN 2.0.2 §13.3.2 (Activity), §13.5.3 (boundary events); camunda:inputOutput."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.bpmn.model import Node
from runtime.engine.elements.base import Element
from runtime.engine.elements.boundary_event import BoundaryEvent
from runtime.engine.texts import assignments
from runtime.engine.tree import ENTER, ScopeSpec, Token
from runtime.values import Value


def matching(events: Sequence[Any], kind: str, code: str) -> Any:
    """The event that catches `kind` with `code`: one that names the code before one that takes all."""
    of_kind = [event for event in events if event.trigger.kind == kind]
    exact = [event for event in of_kind if event.trigger.code == code]
    return next(iter(exact or [event for event in of_kind if not event.trigger.code]), None)


class Bounded(Element):
    """An element that events can be attached to. They wait while it does."""

    def __init__(self, level: ScopeSpec, node: Node, name: str = "") -> None:
        super().__init__(level, node, name)
        self.boundaries: list[BoundaryEvent] = []

    def catcher(self, kind: str, code: str) -> BoundaryEvent | None:
        found: BoundaryEvent | None = matching(self.boundaries, kind, code)
        return found

    def _run_hook(self, my_task: Token) -> bool | None:
        if my_task.phase != ENTER:
            return super()._run_hook(my_task)
        under_way = self.under_way(my_task)
        if not under_way:
            self.prepare(my_task)
        done = super()._run_hook(my_task)
        if not done and not under_way:
            # All of them first: if one cannot be said, the activity does not wait unguarded.
            waits = [(event, event.awaited(my_task)) for event in self.boundaries if event.waits]
            for event, wait in waits:
                event.arm(my_task, wait)
        return done

    def prepare(self, token: Token) -> None:
        """Before all else: local variables."""


class Activity(Bounded):
    """A task, subprocess or call activity; or one instance of it (`is_item`)."""

    def __init__(self, level: ScopeSpec, node: Node, *, item: bool = False) -> None:
        super().__init__(level, node, f"{node.id}#item" if item else "")
        self.is_item = item
        if item:  # what the activity itself says is said of the body
            self.async_before = node.loop is not None and node.loop.async_before
            self.async_after = node.loop is not None and node.loop.async_after
        self.inputs_ = assignments(node.inputs)

    def prepare(self, token: Token) -> None:
        if not self.inputs_:
            return
        scopes = token.case.scopes
        if token.id not in scopes:
            scopes.open(token.id, token.scope)
        evaluate = token.case.evaluator(token)
        for parameter in self.inputs_:
            scopes.put(token.id, parameter.name, parameter.value.fill(evaluate))

    def inputs_of(self, token: Token) -> dict[str, Value]:
        """The input parameters' values, as a copy."""
        if not self.inputs_:
            return {}
        local = token.case.scopes.visible(token.id, local=True)
        return {parameter.name: local[parameter.name] for parameter in self.inputs_}

    def answer(self, token: Token, values: Mapping[str, Value]) -> None:
        """Write what a person or external worker gave. With output parameters, an answer of the same name
        as an input parameter stays inside the task for them to use, as in Camunda; without, it goes out."""
        scopes = token.case.scopes
        for name in values:
            if self.outputs_ and token.id in scopes:
                scopes.write(token.id, name, values[name])
            else:
                self.write_out(token, name, values[name])

    def finish(self, token: Token) -> None:
        super().finish(token)
        if self.is_item:
            self.body.item_finishes(token.parent, token)

    def pass_over(self, token: Token, values: Mapping[str, Value]) -> None:
        super().pass_over(token, values)
        if self.is_item:
            self.body.item_finishes(token.parent, token)

    @property
    def body(self) -> Any:
        """The multi-instance activity that this is one instance of."""
        return self.level.element(self.node.id)

    def exits(self, token: Token) -> tuple[str, ...]:
        return () if self.is_item else super().exits(token)

    def write_out(self, token: Token, name: str, value: Value) -> None:
        loop = self.node.loop
        if self.is_item and loop is not None and name == loop.output_item:
            token.case.scopes.put(token.id, name, value)
        else:
            super().write_out(token, name, value)
