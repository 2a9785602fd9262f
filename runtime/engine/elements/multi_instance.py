"""Multi-instance activity: the same activity for each item, all at once or one after another.

The body holds the counts and the boundary events; each instance has a scope with
loopCounter, the element variable and the output item. Results are collected in the order
of the items. BPMN 2.0.2 §13.3.7."""

from __future__ import annotations

from typing import Any

from runtime.bpmn.model import Loop, Node, Trigger
from runtime.engine import throwing
from runtime.engine.elements.activity import Activity, Bounded
from runtime.engine.elements.base import shown
from runtime.engine.errors import NotACollection, NotACount
from runtime.engine.ports import SignalThrown
from runtime.engine.texts import formula
from runtime.engine.tree import ScopeSpec, Token
from runtime.expressions.arithmetic import MAX_ITEMS
from runtime.values import Value, from_json, to_json

COUNTS = ("nrOfInstances", "nrOfActiveInstances", "nrOfCompletedInstances")


class MultiInstance(Bounded):
    """The body. `kind` tells it from its instances, which have the activity's own."""

    def __init__(self, level: ScopeSpec, node: Node, loop: Loop, item: Activity) -> None:
        super().__init__(level, node)
        self.kind = "multiInstance"
        self.outputs_ = ()  # they belong to each instance
        self.loop, self.item = loop, item
        # A bare name is a variable's, as in camunda:collection="items".
        self.collection = formula(loop.collection) if loop.collection else None
        self.cardinality = formula(loop.cardinality) if loop.cardinality else None
        self.completion = formula(loop.completion_condition) if loop.completion_condition else None

    def begin(self, token: Token) -> bool:
        items = self.items(token)
        scopes = token.case.scopes
        if token.id not in scopes:  # one that undoes something has what that knew
            scopes.open(token.id, token.scope)
        token.memory |= {"total": len(items), "done": 0, "collected": {}}
        self.count(token, active=0 if not items else 1 if self.loop.sequential else len(items), done=0)
        if not items:
            return True
        if self.loop.sequential:
            token.memory["items"] = to_json(items)
        for index, item in enumerate(items[:1] if self.loop.sequential else items):
            self.start_item(token, index, item)
        return False

    def items(self, token: Token) -> list[Value]:
        evaluate = token.case.evaluator(token)
        if self.collection is not None:
            found = evaluate(self.collection)
            if not isinstance(found, (list, tuple)):
                given = self.loop.collection
                raise NotACollection(element=self.node.id, expression=given, value=shown(found))
            return list(found)
        assert self.cardinality is not None
        number = evaluate(self.cardinality)
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MAX_ITEMS:
            raise NotACount(element=self.node.id, expression=self.loop.cardinality, value=shown(number))
        return [None] * number

    def start_item(self, body: Token, index: int, value: Value, *, later: bool = False) -> None:
        case = body.case
        token = case.spawn(body.workflow, self.item, body.id, parent=body)
        token.memory["index"] = index
        case.scopes.open(token.id, body.id)
        case.reached(token)
        case.writes_as(token)
        case.scopes.put(token.id, "loopCounter", index, quiet=True)
        if self.loop.element_variable:
            case.scopes.put(token.id, self.loop.element_variable, value)
        if self.loop.output_item:
            case.scopes.put(token.id, self.loop.output_item, None, quiet=True)
        case.arrive(token, later=later)

    def count(self, body: Token, *, active: int, done: int) -> None:
        for name, number in zip(COUNTS, (body.memory["total"], active, done), strict=True):
            body.case.scopes.put(body.id, name, number, quiet=True)

    def item_finishes(self, body: Token, token: Token) -> None:
        """Within the step that leaves an instance: what may fail. `item_left` then only moves tokens."""
        case = body.case
        total, done = body.memory["total"], body.memory["done"] + 1
        remaining = total - done
        self.count(body, active=min(remaining, 1) if self.loop.sequential else remaining, done=done)
        token.memory["last"] = remaining == 0 or (
            self.completion is not None and self.holds(self.completion, case.evaluator(token))
        )
        if self.loop.output_collection:
            name = self.loop.output_item or self.loop.element_variable
            token.memory["collected"] = to_json(case.names(token).get(name))
        event = self.thrown(done)
        if event is not None and event.kind == "escalation":
            caught = throwing.catcher(body, "escalation", event.code)
            if caught is not None and caught.interrupts:
                caught.tell_callers(case)
            throwing.tell(body, event.code, caught)

    def item_left(self, body: Token, token: Token) -> None:
        case, memory, later = body.case, body.memory, self.item.async_after
        memory["done"] += 1
        if "collected" in token.memory:
            memory["collected"][str(token.memory["index"])] = token.memory["collected"]
        event = self.thrown(memory["done"])
        if event is not None:
            self.throw(body, event)
            if body.id not in case.index:
                return
        if token.memory["last"]:
            for other in [child for child in body.children if child.task_spec is self.item]:
                case.withdraw(other)
            case.go_on(body, later=later)
        elif self.loop.sequential:
            index = token.memory["index"] + 1
            self.start_item(body, index, from_json(memory["items"][index]), later=later)

    def thrown(self, done: int) -> Trigger | None:
        """What the instance that completes as the `done`th tells: behavior One: the first, None: each; §13.3.7."""
        return self.loop.event if self.loop.behavior == "None" or done == 1 else None

    def throw(self, body: Token, event: Trigger) -> None:
        if event.kind == "escalation":
            throwing.escalate(body, event.code)
        else:
            body.case.report(SignalThrown(self.node.id, body.id, name=event.name))
            throwing.signal(body.case, event.name, {})

    def finish(self, token: Token) -> None:
        collected: dict[str, Any] = token.memory["collected"]
        if self.loop.output_collection:
            ordered = [from_json(collected[key]) for key in sorted(collected, key=int)]
            token.case.scopes.write(token.scope, self.loop.output_collection, ordered)
