"""What all elements share: how SpiffWorkflow's task life becomes ours, results, exits.

A token is READY when a step is due: the step that enters the element or, after what it
waited for has come, the step that leaves it. STARTED means it waits for the world.
BPMN 2.0.2 §13.3.1, §13.3.2 (sequence flows and activities in general)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec

from runtime.bpmn.model import Node, Trigger
from runtime.engine.errors import NotTrueOrFalse, NoWayOut
from runtime.engine.priorities import priority
from runtime.engine.texts import Evaluate, assignments, listeners
from runtime.engine.tree import CHECK, ENTER, STARTED, ScopeSpec, Token
from runtime.expressions import Expression
from runtime.expressions.errors import UnknownName
from runtime.values import Value, from_json

if TYPE_CHECKING:
    from runtime.engine.elements.boundary_event import BoundaryEvent


class Element(BpmnTaskSpec):
    """One element of a compiled diagram, shared by all cases and threads: it never changes.

    `urgent` elements go before others that are ready. `kind` is the BPMN tag."""

    urgent = False
    is_item = False  # one instance of a multi-instance activity or one round of a loop
    gathers = False  # a gateway at which tokens wait for one another
    is_listener = False  # waits for what starts an event subprocess
    ends_level = False  # as an end event does: an event subprocess, which nothing follows
    decides_itself = False  # when its inside is complete: an ad-hoc subprocess

    def __init__(self, level: ScopeSpec, node: Node, name: str = "") -> None:
        heard = listeners(node)
        ranked = priority(node.attributes.get("jobPriority", ""), level.process, "jobPriority")
        # Only now the level knows it: what cannot run is not on it.
        super().__init__(level, name or node.id)
        self.level = level
        self.node = node
        self.kind = node.kind
        self.trigger = node.trigger or Trigger()
        self.outputs_ = assignments(node.outputs)
        self.listeners = heard
        self.job_priority = ranked
        self.async_before, self.async_after = node.async_before, node.async_after
        self.conditions: dict[str, Expression] = {}  # flow id → condition, filled by definition.py

    @property
    def interrupts(self) -> bool:
        """Of an event that catches: whether what it is attached to ends."""
        return self.node.interrupting

    # The life of a task in SpiffWorkflow, without predictions, copies of data and signals.

    def _predict(self, my_task: Token, seen: Any = None, looked_ahead: int = 0, mask: int = 0) -> None:
        pass

    def _update(self, my_task: Token) -> None:
        if self._update_hook(my_task):
            my_task._ready()

    def _update_hook(self, my_task: Token) -> bool:
        return True

    def _on_ready(self, my_task: Token) -> None:
        my_task.case.queue(my_task)

    def _run(self, my_task: Token) -> bool | None:
        # The stock one marks the task as failed for good; ours is parked and can be tried again.
        return self._run_hook(my_task)

    def _run_hook(self, my_task: Token) -> bool | None:
        """Enter or leave. True: done, None: it waits. Whatever may fail happens in here."""
        if my_task.phase == CHECK:
            self.check(my_task)
            return None
        if my_task.phase == ENTER:
            if not self.under_way(my_task):
                self.tell(my_task, "start")
            if not self.begin(my_task):
                return None
        self.finish(my_task)
        my_task.flows = self.exits(my_task)
        my_task.case.level_asks(my_task)
        return True

    def _on_complete(self, my_task: Token) -> None:
        my_task.case.leave(my_task)

    # What elements add.

    def under_way(self, token: Token) -> bool:
        """Whether it was begun in an earlier transaction and does the next part of its work now."""
        return False

    def begin(self, token: Token) -> bool:
        """Enter. True: done at once; False: it waits for something."""
        return True

    def check(self, token: Token) -> None:
        """Whether the condition that the token waits for holds now. A name that is not there yet is no failure."""
        token.phase = ENTER
        token._set_state(STARTED)
        try:
            holds = self.condition_holds(token)
        except UnknownName:
            holds = False
        if holds:
            self.happened(token, {})

    def condition_holds(self, token: Token) -> bool:
        raise NotImplementedError

    def tell(self, token: Token, event: str) -> None:
        """Run the listeners to `event`. What repeats an activity has its node, but they are the activity's."""
        if self.listeners and self.kind == self.node.kind:
            for listener in self.listeners.get(event, ()):
                token.case.evaluator(token)(listener)

    def withdrawn(self, token: Token) -> None:
        """The token ends without completing: what the element does about it."""

    def tried_again(self, token: Token) -> None:
        """Somebody tries the step again that is parked here."""

    def happened(self, token: Token, results: dict[str, Any], *, later: bool = False) -> None:
        """What the token waited for has come, with `results` in plain JSON. `later`: a job goes on."""
        token.case.wait_over(token)
        if results:
            token.memory["results"] = results
        token.case.go_on(token, later=later)

    def finish(self, token: Token) -> None:
        """Write what came of it: by its output parameters, or everything if it has none."""
        results = token.memory.pop("results", {})
        scopes = token.case.scopes
        if self.outputs_ and results and token.id not in scopes:
            scopes.open(token.id, token.scope)
        for name in sorted(results):
            value = from_json(results[name])
            if self.outputs_:
                scopes.put(token.id, name, value)
            else:
                self.write_out(token, name, value)
        self.tell(token, "end")
        if self.outputs_:
            evaluate = token.case.evaluator(token)
            for output in self.outputs_:
                self.write_out(token, output.name, output.value.fill(evaluate))

    def pass_over(self, token: Token, values: Mapping[str, Value]) -> None:
        """Somebody passes over the step: `values` are there in place of what would have come of it."""
        for name in values:
            self.write_out(token, name, values[name])

    def write_out(self, token: Token, name: str, value: Value) -> None:
        """Write into what is around the element."""
        token.case.scopes.write(token.scope, name, value)

    def exits(self, token: Token) -> tuple[str, ...]:
        """The flows that the token leaves by: all without condition, and those whose condition holds.

        The default flow only if no condition holds. An element without flows ends its token."""
        if not self.conditions:
            return self.node.outgoing
        holding = self.holding(token)
        taken = tuple(
            flow
            for flow in self.node.outgoing
            if flow in holding or (flow not in self.conditions and (flow != self.node.default or not holding))
        )
        if not taken:
            raise NoWayOut(element=self.node.id)
        return taken

    def holding(self, token: Token, beside: Mapping[str, Value] | None = None) -> set[str]:
        """The flows other than the default whose condition holds."""
        evaluate = token.case.evaluator(token, token.scope, beside)
        return {
            flow
            for flow, condition in self.conditions.items()
            if flow != self.node.default and self.holds(condition, evaluate)
        }

    def holds(self, condition: Expression, evaluate: Evaluate) -> bool:
        value = evaluate(condition)
        if value is not True and value is not False:
            raise NotTrueOrFalse(expression=condition.text, element=self.node.id, value=shown(value))
        return value

    def catcher(self, kind: str, code: str) -> BoundaryEvent | None:
        """The boundary event here that catches an error or escalation of this code, or the cancelling."""
        return None


def shown(value: Value) -> str:
    """A value inside a sentence: short."""
    text = "null" if value is None else str(value)
    return text if len(text) <= 80 else text[:80] + "…"
