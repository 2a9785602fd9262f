"""Event subprocess: begins beside, or in place of, everything else on its level when its event comes.

While its level is open a listener waits for a timer, message, signal or condition; errors,
escalations and compensation find it when they are thrown. BPMN 2.0.2 §10.3.5, §13.5.4."""

from __future__ import annotations

from typing import Any

from runtime.bpmn.model import Node, Trigger
from runtime.engine import timers
from runtime.engine.elements.base import Element
from runtime.engine.elements.sub_process import SubProcess
from runtime.engine.elements.waits import Condition, Wait, as_due, as_wait
from runtime.engine.tree import Level, ScopeSpec, Token


class EventSubProcess(SubProcess):
    """The activity itself: one token for each time that it began. Its trigger is its start event's."""

    urgent = True
    ends_level = True

    def __init__(self, level: ScopeSpec, node: Node) -> None:
        super().__init__(level, node)
        inside = node.scope.nodes.values() if node.scope else ()
        self.start = next((each for each in inside if each.kind == "startEvent"), node)
        self.trigger = self.start.trigger or Trigger()

    @property
    def interrupts(self) -> bool:
        return self.trigger.kind in ("error", "compensate") or self.start.interrupting

    def trigger_on(self, level: Level, results: dict[str, Any], *, parent: Token | None = None) -> Token:
        """Begin on `level`; `results`, in plain JSON, become variables."""
        case = level.task_tree.case
        token: Token = case.spawn(level, self, level.scope, parent=parent)
        if results:
            token.memory["results"] = results
        case.enter(token)
        return token

    def begin(self, token: Token) -> bool:
        results = token.memory.pop("results", {})
        level = token.case.open_inside(token, token.local, token.workflow.key)
        begun = token.case.spawn(level, level.spec.element(self.start.id), level.scope)
        if results:
            begun.memory["results"] = results
        token.case.enter(begun)
        return False


class Listener(Condition, Element):
    """The start event of an event subprocess, seen from the level around it. It has the start's own id."""

    is_listener = True

    def __init__(self, level: ScopeSpec, subprocess: EventSubProcess) -> None:
        super().__init__(level, subprocess.start, f"{subprocess.node.id}#start")
        self.subprocess = subprocess
        self.wait: Wait = Wait(self.trigger, self.job_priority)

    def arm(self, level: Level) -> None:
        case = level.task_tree.case
        token = case.spawn(level, self, level.scope)
        case.wait(token, self.wait.awaited(token))

    def happened(self, token: Token, results: dict[str, Any], *, later: bool = False) -> None:
        case, level, wait = token.case, token.workflow, token.wait
        if self.interrupts:
            case.interrupt(level)
        elif wait["kind"] == "timer":
            case.wait_over(token)
            due = timers.following(as_due(wait), case.now, case.zone)
            if due is not None:
                again = as_wait(due, wait.get("priority", 0))
                case.wait(case.spawn(level, self, level.scope), again)
            case.discard(token)
        self.subprocess.trigger_on(level, results)
