"""How a case moves: one step of one token at a time, whole or not at all.

A step first evaluates and writes what may fail, under a journal; only then tokens move.
When it fails, nothing of it stays and the token is parked where it stood; other branches
go on. A BPMN error goes to the nearest boundary event that catches it.
Not here: what each element does (elements/), the public doors (execution.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from heapq import heappop, heappush
from typing import Any
from zoneinfo import ZoneInfo

from runtime.engine import ports
from runtime.engine.elements.base import Element
from runtime.engine.elements.call_activity import CallActivity, called_scope
from runtime.engine.errors import UncaughtError
from runtime.engine.names import Names, functions
from runtime.engine.ports import BpmnError, Happening, Step, World
from runtime.engine.scopes import Scopes
from runtime.engine.texts import Evaluate
from runtime.engine.timers import BUSINESS_ZONE
from runtime.engine.tree import (
    CANCELLED,
    ENTER,
    LEAVE,
    READY,
    STARTED,
    InnerLevel,
    Level,
    ScopeSpec,
    Token,
    TopLevel,
)
from runtime.errors import GuichengError
from runtime.expressions import Expression
from runtime.ids import public_id
from runtime.values import Value, to_json


class Case(TopLevel):
    """The running process: tokens, variables, and what happened since somebody asked."""

    def __init__(self, spec: ScopeSpec, case: str, key: str, world: World) -> None:
        super().__init__(spec)
        self.case_id, self.key, self.world = case, key, world
        self.happenings: list[Happening] = []
        self.scopes = Scopes(self._written)
        self.number = 0
        self._queue: list[tuple[bool, int, str]] = []
        self._writer = ("", "")
        self._born: list[Token] = []

    # What elements ask.

    @property
    def zone(self) -> ZoneInfo:
        zone: ZoneInfo = getattr(self.world, "zone", BUSINESS_ZONE)
        return zone

    @property
    def now(self) -> dt.datetime:
        return self.world.now

    def report(self, happening: Happening) -> None:
        self.happenings.append(happening)

    def step_of(self, token: Token) -> Step:
        return Step(self.case_id, token.workflow.spec.process.id, token.element, token.id)

    def names(self, token: Token, scope: str | None = None) -> Names:
        """What is seen from the token's innermost scope, or from `scope`."""
        level: Level = token.workflow
        return Names(self.scopes, token.local if scope is None else scope, level.key, {
            "processBusinessKey": level.key,
            "processInstanceId": self.case_id,
            "currentActivityId": token.element,
            "activityInstanceId": token.id,
        })

    def seen(self, token: Token) -> Names:
        """The same for people who ask: without what is the runtime's own."""
        return Names(self.scopes, token.local, token.workflow.key, {})

    def evaluator(self, token: Token, scope: str | None = None) -> Evaluate:
        names = self.names(token, scope)
        step = self.step_of(token)

        def evaluate(expression: Expression) -> Value:
            # The functions of the house are only put together for an expression that calls one.
            calls = functions(names, self.world.functions(step), self.now) if expression.calls else {}
            return expression.evaluate(names, calls)

        return evaluate

    # Tokens come and go.

    def spawn(
        self, level: Level, spec: Element, scope: str, *, parent: Token | None = None, flow: str = ""
    ) -> Token:
        """A new token, not reached and not ready yet."""
        self.number += 1
        token = Token(
            level, spec, parent or level.task_tree, id=public_id(), number=self.number, scope=scope, flow=flow
        )
        self.index[token.id] = token
        self._born.append(token)
        return token

    def enter(self, token: Token) -> None:
        """The token is at its element, which says when it is ready."""
        self.reached(token)
        token.task_spec._update(token)

    def reached(self, token: Token) -> None:
        token.entered = True
        node = token.task_spec.node
        process = token.workflow.spec.process.id
        self.report(ports.Entered(node.id, token.id, process=process, kind=token.task_spec.kind))

    def queue(self, token: Token) -> None:
        heappush(self._queue, (not token.task_spec.urgent, token.number, token.id))

    def wait(self, token: Token, wait: dict[str, Any]) -> None:
        """From now on the token waits for this; tells the house."""
        token._set_state(STARTED)
        token.wait = wait
        if wait["kind"] == "timer":
            due = dt.datetime.fromisoformat(wait["due"])
            self.report(ports.TimerSet(token.element, token.id, due=due))
        elif wait["kind"] == "message":
            self.report(ports.Subscribed(token.element, token.id, name=wait["name"], key=wait["key"]))

    def wait_over(self, token: Token) -> None:
        if token.wait.get("kind") in ("timer", "message"):
            self.report(ports.WaitEnded(token.element, token.id, kind=token.wait["kind"]))
        token.wait = {}

    def go_on(self, token: Token) -> None:
        """What the token waited for has come: its next step leaves the element."""
        token.phase = LEAVE
        token._ready()

    def leave(self, token: Token) -> None:
        """The element is done: its successors take the token's place."""
        level: Level = token.workflow
        for armed in token.children:
            self.withdraw(armed)
        body, is_item = token.parent, token.task_spec.is_item
        self.passed(token)
        for flow in token.flows:
            target = level.spec.element(level.spec.targets[flow])
            self.enter(self.spawn(level, target, token.scope, flow=flow))
        if is_item:
            body.task_spec.item_left(body, token)
        elif level.empty():
            self._close(level, token)

    def passed(self, token: Token) -> None:
        """The token is done; who takes its place is somebody else's affair."""
        self.report(ports.Left(token.element, token.id, flows=token.flows))
        self.discard(token)

    def _close(self, level: Level, last: Token) -> None:
        if isinstance(level, InnerLevel):
            del self.subprocesses[level.owner.id]
            self.go_on(level.owner)
        else:
            self.completed = True
            self.report(ports.Ended(last.element, last.id, outcome=level.outcome))

    def withdraw(self, token: Token) -> None:
        """End a token and all that depends on it, the innermost and youngest first."""
        order, pending = [], [token]
        while pending:
            current = pending.pop()
            order.append(current)
            pending.extend(current.children)
            inner = self.subprocesses.get(current.id)
            if inner is not None:
                pending.extend(inner.task_tree.children)
        for current in reversed(order):
            self.wait_over(current)
            if current.entered:
                self.report(ports.Cancelled(current.element, current.id))
            current._set_state(CANCELLED)
            self.subprocesses.pop(current.id, None)
            self.discard(current)

    def discard(self, token: Token) -> None:
        """Out of the tree, with the scopes it owns."""
        self.scopes.end(called_scope(token))
        self.scopes.end(token.id)
        token.workflow.drop(token)
        self.index.pop(token.id, None)

    def open_level(self, token: Token, spec: ScopeSpec, scope: str, key: str) -> InnerLevel:
        """The inside of a subprocess or called process begins; its first token is for the caller."""
        level = InnerLevel(spec, token)
        level.scope, level.key = scope, key
        self.subprocesses[token.id] = level
        return level

    # Steps.

    def run(self, limit: int) -> None:
        """Make steps until all tokens wait, or `limit` steps are made."""
        steps = 0
        while self._queue:
            token = self.index.get(self._queue[0][2])
            if token is None or not token.has_state(READY) or token.parked:
                heappop(self._queue)
                continue
            if steps == limit:
                self.report(ports.Interrupted("", ""))
                return
            heappop(self._queue)
            self._step(token)
            steps += 1

    def _step(self, token: Token) -> None:
        self.writes_as(token)
        mark = self._mark(token)
        try:
            done = token.task_spec._run(token)
        except BpmnError as error:
            self._undo(token, mark)
            self._catch(token, error)
        except Exception as failure:
            self._undo(token, mark)
            self.park(token, failure)
        else:
            if done:
                token.complete()
            elif token.has_state(READY):
                token._set_state(STARTED)
        self.scopes.settle()

    def writes_as(self, token: Token) -> None:
        """Changes of variables are from now on told as this token's."""
        self._writer = (token.element, token.id)

    def _mark(self, token: Token) -> tuple[Any, ...]:
        self._born = []
        kept = token.phase, dict(token.wait), dict(token.memory), self.number
        return self.scopes.mark(), len(self.happenings), *kept

    def _undo(self, token: Token, mark: tuple[Any, ...]) -> None:
        """As if the step had not been tried. Only tokens that the step itself made can be there too."""
        for born in reversed(self._born):
            self.subprocesses.pop(born.id, None)
            born.workflow.drop(born)
            self.index.pop(born.id, None)
        if mark[2] == ENTER:
            self.subprocesses.pop(token.id, None)
        self.scopes.undo(mark[0])
        del self.happenings[mark[1]:]
        token.phase, token.wait, token.memory, self.number = mark[2:]
        token.flows = ()
        token._set_state(READY)

    def park(self, token: Token, failure: BaseException) -> None:
        token.parked = True
        told = f"{failure.code}: {failure}" if isinstance(failure, GuichengError) else (
            f"{type(failure).__name__}: {failure}"
        )
        self.report(ports.Parked(token.element, token.id, reason=told, error=failure))

    def _catch(self, thrower: Token, error: BpmnError) -> None:
        """Hand the error to the nearest boundary event that takes it, from the inside outwards."""
        mark = self._mark(thrower)
        try:
            caught = self._find_catcher(thrower, error)
            results = to_json(error.variables)
        except Exception as failure:
            self._undo(thrower, mark)
            self.park(thrower, failure)
            return
        if caught is None:
            self._undo(thrower, mark)
            told = UncaughtError(error=error.code, element=thrower.element, text=error.message)
            told.__cause__ = error
            self.park(thrower, told)
            return
        activity, boundary = caught
        level, scope = activity.workflow, activity.scope
        token = self.spawn(level, boundary, scope)
        self.withdraw(activity)
        token.memory["results"] = {**results, **boundary.told(error)}
        self.reached(token)
        self.go_on(token)

    def _find_catcher(self, thrower: Token, error: BpmnError) -> tuple[Token, Any] | None:
        current = thrower
        while True:
            body = current.parent if current.task_spec.is_item else current
            boundary = body.task_spec.catcher(error.code)
            if boundary is not None:
                return body, boundary
            level = current.workflow
            if not isinstance(level, InnerLevel):
                return None
            current = level.owner
            # What a called process has found out is told even when it ends by an error.
            if isinstance(current.task_spec, CallActivity):
                self.writes_as(current)
                current.task_spec.map_out(current)

    def _written(self, scope: str, name: str, old: Value, new: Value, removed: bool) -> None:
        element, activity = self._writer
        self.report(ports.VariableWritten(element, activity, scope, name, old, new, removed))

    def read_values(self, values: Mapping[str, Value]) -> dict[str, Any]:
        """Values as plain JSON data. Raises NotAValue before anything has changed."""
        return {name: to_json(value, name) for name, value in values.items()}
