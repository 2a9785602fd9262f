"""How a case moves: one step of one token at a time, whole or not at all.

A step first evaluates and writes what may fail, under a journal; only then tokens move.
When it fails, nothing of it stays and the token is parked where it stood; other branches
go on. What is thrown finds its catcher (throwing.py); after each step, conditions are asked
and joins looked at again (joins.py).
Not here: what each element does (elements/), the public doors (execution.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from typing import Any
from zoneinfo import ZoneInfo

from runtime.engine import compensation, joins, ports, scripted, throwing
from runtime.engine.elements.base import Element
from runtime.engine.elements.call_activity import called_scope
from runtime.engine.errors import UncaughtError
from runtime.engine.names import Names, functions
from runtime.engine.ports import BpmnError, Happening, Step, World
from runtime.engine.priorities import rank
from runtime.engine.scopes import DELETE, Scopes
from runtime.engine.texts import Evaluate, JavaScript
from runtime.engine.timers import BUSINESS_ZONE
from runtime.engine.tree import (
    CANCELLED,
    CHECK,
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
        self.user_tasks: dict[str, ports.Task] = {}  # by activity, as listeners of this move have left them
        self.scopes = Scopes(self._written)
        self.number = 0
        self.conditional: set[str] = set()  # who waits for a condition, asked again after a step
        self.hearing: dict[str, dict[str, Token]] = {}  # signal → who waits for it
        self.steps = 0  # made since it was started or restored
        self._fresh: set[str] = set()
        self._changed: list[tuple[str, str, str]] = []  # scope, name, kind
        self._queue: list[tuple[int, int, str]] = []
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
        return Step(self.case_id, token.workflow.spec.process.id, token.element, token.id, token.near)

    def names(
        self, token: Token, scope: str | None = None, beside: Mapping[str, Value] | None = None
    ) -> Names:
        """What is seen from the token's innermost scope, or from `scope`; `beside`: what only this place has."""
        level: Level = token.workflow
        return Names(
            self.scopes,
            token.local if scope is None else scope,
            level.key,
            {
                "processBusinessKey": level.key,
                "processInstanceId": self.case_id,
                "currentActivityId": token.element,
                "activityInstanceId": token.id,
            },
            beside or {},
        )

    def seen(self, token: Token) -> Names:
        """The same for people who ask: without what is the runtime's own."""
        return Names(self.scopes, token.local, token.workflow.key, {}, apart=True)

    def evaluator(
        self, token: Token, scope: str | None = None, beside: Mapping[str, Value] | None = None
    ) -> Evaluate:
        names = self.names(token, scope, beside)
        step = self.step_of(token)

        def evaluate(expression: Expression | JavaScript) -> Value:
            if isinstance(expression, JavaScript):
                return scripted.run(token, expression, names).value
            # The functions of the house are only put together for an expression that calls one.
            called = expression.calls
            calls = functions(names, self.world.functions(step), self.now, called) if called else {}
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

    def enter(self, token: Token, *, later: bool = False) -> None:
        """The token is on its way to its element. `later`: a savepoint lies on the way."""
        if later or token.task_spec.async_before:
            self.put_off(token)
        else:
            self.reached(token)
            token.task_spec._update(token)

    def arrive(self, token: Token, *, later: bool = False) -> None:
        """The same for one that has been told as reached already."""
        if later or token.task_spec.async_before:
            self.put_off(token)
        else:
            token.task_spec._update(token)

    def put_off(self, token: Token, since: dt.datetime | None = None) -> None:
        """What was done so far is committed; the token's next step is a job's (`proceed`)."""
        token._set_state(STARTED)
        token.wait = {"kind": "job"}
        self.report(ports.PutOff(token.element, token.id, self.job_priority(token), since))

    def proceed(self, token: Token) -> None:
        """The job has come: the token goes on as it would have at once."""
        token.wait = {}
        # A join that it was on its way to may have waited for it.
        token.workflow.touch()
        if token.phase == LEAVE:
            token._ready()
            return
        if not token.entered:
            self.reached(token)
        token.task_spec._update(token)

    def reached(self, token: Token) -> None:
        token.entered = True
        node = token.task_spec.node
        process = token.workflow.spec.process.id
        self.report(ports.Entered(node.id, token.id, process=process, kind=token.task_spec.kind))

    def queue(self, token: Token) -> None:
        # What has happened is finished first; then conditions, since they may interrupt what comes next;
        # then events, so that an end that terminates is not outrun.
        rank = {LEAVE: 0, CHECK: 1}.get(token.phase, 2 if token.task_spec.urgent else 3)
        heappush(self._queue, (rank, token.number, token.id))

    def wait(self, token: Token, wait: dict[str, Any], *, check: bool = True) -> None:
        """From now on the token waits for this; tells the house. `check`: a condition is asked at once."""
        token._set_state(STARTED)
        token.wait = wait
        kind = wait["kind"]
        if kind == "timer":
            due = dt.datetime.fromisoformat(wait["due"])
            priority = wait.get("priority", 0)
            self.report(ports.TimerSet(token.element, token.id, due=due, priority=priority))
        elif kind in ("message", "signal"):
            told = ports.Subscribed(
                token.element, token.id, name=wait["name"], key=wait.get("key"), kind=kind
            )
            self.report(told)
        self.noted(token)
        if kind == "condition" and check:
            self._fresh.add(token.id)

    def noted(self, token: Token) -> None:
        """What the token waits for is found from the other side."""
        if token.wait.get("kind") == "condition":
            self.conditional.add(token.id)
        elif token.wait.get("kind") == "signal":
            self.hearing.setdefault(token.wait["name"], {})[token.id] = token

    def wait_over(self, token: Token) -> None:
        if token.wait.get("kind") in ("timer", "message", "signal", "external", "job"):
            self.report(ports.WaitEnded(token.element, token.id, kind=token.wait["kind"]))
        if token.wait.get("kind") == "signal":
            self.hearing.get(token.wait["name"], {}).pop(token.id, None)
        self.conditional.discard(token.id)
        token.wait = {}

    def go_on(self, token: Token, *, later: bool = False) -> None:
        """What the token waited for has come: its next step leaves the element. `later`: a job makes it."""
        token.phase = LEAVE
        if later:
            self.put_off(token)
        else:
            token._ready()

    def leave(self, token: Token, meanwhile: Callable[[], None] | None = None) -> None:
        """The element is done: its successors take the token's place.

        `meanwhile`: what it throws as it goes; that may interrupt the token's own level."""
        level: Level = token.workflow
        for armed in token.children:
            self.withdraw(armed)
        at = len(self.happenings)
        if meanwhile is not None:
            token.entered = False
            meanwhile()
        survived = token.id in self.index
        flows = tuple(flow for flow in token.flows if "#" not in flow) if survived else ()
        self.happenings.insert(at, ports.Left(token.element, token.id, flows=flows))
        if not survived:
            return
        compensation.register(self, token)
        body = token.parent
        self.discard(token)
        for flow in token.flows:
            target = level.spec.element(level.spec.targets[flow])
            self.enter(self.spawn(level, target, token.scope, flow=flow), later=token.task_spec.async_after)
        if token.task_spec.is_item:
            body.task_spec.item_left(body, token)
        elif "handler_of" in token.memory:
            compensation.handled(self, token.memory["handler_of"], later=token.task_spec.async_after)
        elif isinstance(level, InnerLevel) and level.owner.task_spec.decides_itself:
            level.owner.task_spec.inner_left(level, token)
        elif level.empty():
            self.close(level, token)

    def passed(self, token: Token) -> None:
        """The token is done; who takes its place is somebody else's affair."""
        self.report(ports.Left(token.element, token.id, flows=token.flows))
        self.discard(token)

    def close(self, level: Level, last: Token) -> None:
        """Nothing is left to do on a level: whoever holds it goes on."""
        for listener in [token for token in level.tokens() if token.task_spec.is_listener]:
            self.withdraw(listener)
        if isinstance(level, InnerLevel):
            if level.completed_work:
                level.owner.memory["completed_work"] = level.completed_work
            if level.owner.task_spec.ends_level:
                level.owner.memory["ended_at"] = last.element
            self.forget(level)
            self.go_on(level.owner, later=last.task_spec.async_after)
        else:
            self.completed = True
            at = last.memory.get("ended_at", last.element)
            self.report(ports.Ended(at, last.id, outcome=level.outcome))

    def forget(self, level: InnerLevel) -> None:
        self.subprocesses.pop(level.owner.id, None)

    def interrupt(self, level: Level, but: Token | None = None) -> None:
        """End everything on a level, what only listens included, except `but`."""
        level.interrupted = True
        level.resets = {}
        for other in [token for token in level.branches() if token is not but]:
            # One may have gone with another.
            if other.id in self.index:
                self.withdraw(other)

    def level_asks(self, token: Token) -> None:
        """Within the step that leaves: what the level around must evaluate, and may fail."""
        level = token.workflow
        if isinstance(level, InnerLevel) and level.owner.task_spec.decides_itself:
            level.owner.task_spec.inner_finishes(level, token)

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
            handler = self.index.get(current.memory.get("handling", ""))
            if handler is not None:
                pending.append(handler)
        # A handler may have been found twice: by who waits for it and on its level.
        order = list(dict.fromkeys(order))
        for current in reversed(order):
            current.task_spec.withdrawn(current)
            self.wait_over(current)
            # Somebody may be looking at why an event that was only armed is parked.
            if current.entered or current.parked:
                self.report(ports.Cancelled(current.element, current.id))
            current._set_state(CANCELLED)
            self.discard(current)

    def discard(self, token: Token) -> None:
        """Out of the tree, with the scopes it owns."""
        self.scopes.end(called_scope(token))
        self.scopes.end(token.id)
        inside = self.subprocesses.get(token.id)
        if inside is not None:
            self.forget(inside)
        token.workflow.drop(token)
        self.index.pop(token.id, None)
        self.conditional.discard(token.id)

    def open_inside(self, token: Token, scope: str, key: str) -> InnerLevel:
        """The inside of a subprocess or called process begins, and listens for its event subprocesses."""
        level = self.open_level(token, token.workflow.spec.inner[token.element], scope, key)
        self.listen(level)
        return level

    def listen(self, level: Level) -> None:
        for listener in level.spec.listeners:
            listener.arm(level)

    def open_level(self, token: Token, spec: ScopeSpec, scope: str, key: str) -> InnerLevel:
        """The inside of a subprocess or called process begins; its first token is for the caller."""
        level = InnerLevel(spec, token)
        level.scope, level.key = scope, key
        self.subprocesses[token.id] = level
        return level

    # Steps.

    def run(self, limit: int) -> None:
        """Make steps until all tokens wait, `limit` steps are made or, after one at least, the world is weary."""
        steps = 0
        self._look_around()
        while self._queue:
            token = self.index.get(self._queue[0][2])
            if token is None or not token.has_state(READY) or token.parked:
                heappop(self._queue)
                continue
            if steps == limit or (steps and getattr(self.world, "weary", False)):
                self.report(ports.Interrupted("", "", steps, self.job_priority(token)))
                return
            heappop(self._queue)
            self._step(token)
            steps += 1
            self.steps += 1

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
            elif token.has_state(READY) and token.phase == ENTER:
                token._set_state(STARTED)
        self.scopes.settle()
        self._look_around()

    def _look_around(self) -> None:
        """What a step changed may make a condition true, or leave a join nothing to wait for."""
        if self._changed or self._fresh:
            self._ask_conditions()
        if self.touched:
            joins.settle(self)

    def _ask_conditions(self) -> None:
        changed, self._changed = self._changed, []
        fresh, self._fresh = self._fresh, set()
        asked = self.conditional if changed else self.conditional & fresh
        waiting = [self.index[id] for id in asked if id in self.index]
        for token in sorted(waiting, key=lambda token: token.number):
            if token.has_state(READY) and not token.parked:
                continue
            place = token.task_spec.standpoint(token)
            seen = [(name, kind) for scope, name, kind in changed if self.scopes.sees(place, scope)]
            if token.id in fresh or (seen and token.task_spec.concerned(seen)):
                if token.parked:
                    if not token.task_spec.may_mend(seen):
                        continue
                    token.parked = False
                    self.report(ports.AskedAgain(token.element, token.id))
                token.phase = CHECK
                token._ready()

    def writes_as(self, token: Token) -> None:
        """Changes of variables are from now on told as this token's."""
        self._writer = (token.element, token.id)

    def _mark(self, token: Token) -> tuple[Any, ...]:
        self._born = []
        kept = token.phase, dict(token.wait), dict(token.memory), self.number
        return self.scopes.mark(), len(self.happenings), len(self._changed), *kept

    def _undo(self, token: Token, mark: tuple[Any, ...]) -> None:
        """As if the step had not been tried. Only tokens that the step itself made can be there too."""
        for born in reversed(self._born):
            self.subprocesses.pop(born.id, None)
            born.workflow.drop(born)
            self.index.pop(born.id, None)
        if mark[3] == ENTER:
            self.subprocesses.pop(token.id, None)
        self.scopes.undo(mark[0])
        del self.happenings[mark[1] :]
        del self._changed[mark[2] :]
        token.phase, token.wait, token.memory, self.number = mark[3:]
        token.flows = ()
        token._set_state(READY)

    def park(self, token: Token, failure: BaseException) -> None:
        token.parked = True
        priority = self.job_priority(token)
        self.report(ports.Parked(token.element, token.id, reason=_told(failure), error=failure, priority=priority))

    def attempt(self, token: Token, act: Callable[[], None]) -> None:
        """What the end of `token` still does: if it fails, nothing of it stays, and the token ends all the same."""
        mark = self.scopes.mark(), len(self.happenings), len(self._changed)
        writer = self._writer
        self.writes_as(token)
        try:
            act()
        except Exception as failure:
            self.scopes.undo(mark[0])
            del self.happenings[mark[1] :]
            del self._changed[mark[2] :]
            self.report(
                ports.ListenerFailed(token.element, token.id, reason=_told(failure), error=failure)
            )
        finally:
            self._writer = writer

    def user_task(self, token: Token) -> ports.Task:
        """The user task of a token, as the house or a listener of this move has left it."""
        if token.id not in self.user_tasks:
            self.user_tasks[token.id] = self.world.task(token.id)
        return self.user_tasks[token.id]

    def job_priority(self, token: Token) -> int:
        """Of the job that goes on with a token; 0 where it cannot be said, since the job must be."""
        if token.task_spec.job_priority is None:
            return 0
        try:
            return rank(token.task_spec.job_priority, self.evaluator(token), "jobPriority", token.element)
        except Exception:
            return 0

    def _catch(self, thrower: Token, error: BpmnError) -> None:
        """Hand the error to the nearest event that takes it, from the inside outwards."""
        mark = self._mark(thrower)
        try:
            caught = throwing.catcher(thrower, "error", error.code)
            if caught is not None:
                caught.tell_callers(self)
                results = {**self.read_values(error.variables), **caught.told(error.code, error.message)}
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
        caught.take(self, results)

    def _written(self, scope: str, name: str, old: Value, new: Value, kind: str) -> None:
        element, activity = self._writer
        self._changed.append((scope, name, kind))
        self.report(ports.VariableWritten(element, activity, scope, name, old, new, kind == DELETE))

    def read_values(self, values: Mapping[str, Value]) -> dict[str, Any]:
        """Values as plain JSON data. Raises NotAValue before anything has changed."""
        return {name: to_json(value, name) for name, value in values.items()}


def _told(failure: BaseException) -> str:
    if isinstance(failure, GuichengError):
        return f"{failure.code}: {failure}"
    return f"{type(failure).__name__}: {failure}"
