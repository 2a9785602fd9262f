"""The doors of the engine: compile a process, start or restore a case, move it, ask it.

An `Execution` is one case in memory, bound to the `World` of one transaction. Each door
makes its change and then runs all automatic steps that follow; `take` gives what happened.
Not here: how steps are made (moves.py), what elements do (elements/), storage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from runtime.engine import state as states
from runtime.engine import throwing
from runtime.engine.definition import Definition, compile
from runtime.engine.elements.event_based_gateway import EventBasedGateway
from runtime.engine.elements.service_task import ServiceTask
from runtime.engine.elements.user_task import UserTask
from runtime.engine.errors import (
    ActivityNotFound,
    CannotSkip,
    CaseEnded,
    NoStart,
    NotDue,
    NotParked,
    NotWaiting,
)
from runtime.engine.joins import Join
from runtime.engine.moves import Case
from runtime.engine.names import Names
from runtime.engine.ports import AskedAgain, Ended, Happening, World
from runtime.engine.scopes import ROOT, Fetch
from runtime.engine.tree import COMPLETED, READY, WAITING, Token
from runtime.values import Value

__all__ = ["LIMIT", "Definition", "Execution", "OpenActivity", "compile"]

LIMIT = 1000  # automatic steps of one transaction
# A job's clock may be read a little before the timer's, or cut off to the second.
EARLY = dt.timedelta(seconds=1)


@dataclass(frozen=True)
class OpenActivity:
    """A token that is open. `waits`: user, external, timer, message, signal, condition, or job behind a
    savepoint; "" for what waits inside or is to run.

    `process`: the (called) process that holds the element. `name`, `key`: of the message or
    signal. `entered`: whether the log tells of it; an event that is only armed is not reached."""

    activity: str
    process: str
    element: str
    kind: str
    waits: str
    parked: bool
    due: dt.datetime | None = None
    name: str = ""
    key: str | None = None
    entered: bool = True


class Execution:
    """One case in memory."""

    def __init__(self, case: Case) -> None:
        self._case = case

    @classmethod
    def start(
        cls,
        definition: Definition,
        *,
        case: str,
        business_key: str | None = None,
        start_event: str | None = None,
        variables: Mapping[str, Value],
        world: World,
    ) -> Execution:
        """A new case at `start_event` (None: the one without trigger). Raises NoStart, NotAValue."""
        start = definition.spec.starts.get(start_event or "")
        if start is None:
            raise NoStart(process=definition.process.id, start=start_event or "–")
        begun = Case(definition.spec, case, business_key or "", world)
        token = begun.spawn(begun, start, ROOT)
        begun.writes_as(token)
        begun.reached(token)
        initiator = start.node.attributes.get("initiator")
        if initiator and initiator not in variables and "initiator" in variables:
            variables = {**variables, initiator: variables["initiator"]}
        for name in variables:
            begun.scopes.put(ROOT, name, variables[name])
        begun.listen(begun)
        begun.scopes.settle()
        begun.arrive(token)
        execution = cls(begun)
        execution.run()
        return execution

    @classmethod
    def restore(
        cls,
        definition: Definition,
        state: Mapping[str, Any],
        world: World | None = None,
        fetch: Fetch | None = None,
    ) -> Execution:
        """The case that `state()` described; without a world it can be asked but not moved.

        `fetch` gives the plain JSON of a variable that lies elsewhere, which stands in `state` as
        {"$part": digest}. Raises UnknownFormat, DoesNotFit."""
        case = Case(definition.spec, state.get("case", ""), state.get("business_key", ""), cast(World, world))
        states.load(case, state, fetch)
        return cls(case)

    def state(self, whole: bool = True) -> dict[str, Any]:
        """All there is to know of the case but its diagram, as plain JSON data, to be read and not changed.

        Not `whole`: a variable that lies elsewhere and was not written stands as {"$part": digest}."""
        return states.save(self._case, whole)

    def run(self, limit: int = LIMIT) -> None:
        """Make the automatic steps that are due, one at a time; after `limit` it is Interrupted."""
        self._case.run(limit)

    def complete(self, activity: str, values: Mapping[str, Value]) -> None:
        """A user task is done with these answers. Raises ActivityNotFound, NotWaiting, NotAValue."""
        token = self._waiting(activity, "user")
        self._case.read_values(values)
        self._case.writes_as(token)
        token.wait = {}
        if token.parked:
            # Its listeners to an assignment have failed: the answer stays, and they are told before it goes on.
            token.parked = False
            self._case.report(AskedAgain(token.element, token.id))
        assert isinstance(token.task_spec, UserTask)
        token.task_spec.answer(token, values)
        self._case.scopes.settle()
        self._case.go_on(token)
        self.run()

    def reassigned(self, activity: str) -> None:
        """A user task is somebody else's, or nobody's: its listeners hear it, in a step of its own.

        Raises ActivityNotFound, NotWaiting."""
        token = self._waiting(activity, "user")
        assert isinstance(token.task_spec, UserTask)
        token.task_spec.reassigned(token)
        self.run()

    def deliver(self, activity: str, values: Mapping[str, Value], local: Mapping[str, Value]) -> None:
        """An external worker has done it: `values` are written as a person's answers are, `local` stay
        inside for the output parameters. Raises ActivityNotFound, NotWaiting, NotAValue."""
        token, spec = self._external(activity)
        self._case.read_values(values)
        self._case.read_values(local)
        self._case.writes_as(token)
        spec.answer(token, values)
        if local and token.id not in self._case.scopes:
            self._case.scopes.open(token.id, token.scope)
        for name in local:
            self._case.scopes.put(token.id, name, local[name])
        token.memory["delivered"] = True
        self._case.scopes.settle()
        self._go_on(token)

    def throw(self, activity: str, code: str, message: str, values: Mapping[str, Value]) -> None:
        """An external worker raises a BPMN error at what it was to do; `values` go to whoever catches
        it. Raises ActivityNotFound, NotWaiting, NotAValue."""
        token, _ = self._external(activity)
        told = {"code": code, "message": message, "variables": self._case.read_values(values)}
        token.memory["thrown"] = told
        self._go_on(token)

    def fail(self, activity: str, message: str, details: str) -> bool:
        """An external worker has failed. True: the element's diagram makes a BPMN error of that; else
        nothing moves. Raises ActivityNotFound, NotWaiting."""
        token, spec = self._external(activity)
        if not spec.errors:
            return False
        token.memory["failed"] = [message, details]
        self._case.go_on(token)
        self.run()
        if token.parked:
            # Nothing catches it: no worker has it any more, whoever operates does.
            self._case.wait_over(token)
        return token.wait.get("kind") != "external"

    def _go_on(self, token: Token) -> None:
        self._case.wait_over(token)
        self._case.go_on(token)
        self.run()

    def _external(self, activity: str) -> tuple[Token, ServiceTask]:
        token = self._waiting(activity, "external")
        assert isinstance(token.task_spec, ServiceTask)
        return token, token.task_spec

    def catches(self, activity: str, code: str) -> bool:
        """Whether something catches the BPMN error `code`, if it is thrown there, by this very code.

        Raises ActivityNotFound."""
        caught = throwing.catcher(self._find(activity), "error", code)
        return caught is not None and caught.event.trigger.code == code

    def fire(self, activity: str) -> None:
        """A timer is due. Raises ActivityNotFound, NotWaiting, NotDue."""
        token = self._waiting(activity, "timer")
        due = dt.datetime.fromisoformat(token.wait["due"])
        if self._case.now + EARLY < due:
            raise NotDue(element=token.element, due=due.isoformat())
        token.task_spec.happened(token, {})
        self.run()

    def hasten(self, activity: str, due: dt.datetime) -> None:
        """A timer that waits is due then (UTC), where that is sooner. Raises ActivityNotFound, NotWaiting."""
        token = self._waiting(activity, "timer")
        if due < dt.datetime.fromisoformat(token.wait["due"]):
            token.wait = {**token.wait, "due": due.isoformat()}

    def receive(self, activity: str, payload: Mapping[str, Value]) -> None:
        """A message has come for a subscription. Raises ActivityNotFound, NotWaiting, NotAValue."""
        token = self._waiting(activity, "message")
        token.task_spec.happened(token, self._case.read_values(payload))
        self.run()

    def signal(self, activities: Sequence[str], payload: Mapping[str, Value]) -> None:
        """A signal of another case reaches those of these activities that still wait for one.

        Raises NotWaiting if none does, NotAValue."""
        given = self._case.read_values(payload)
        reached = False
        for activity in activities:
            token = self._case.index.get(activity)
            # One that was reached before may have ended it.
            if token is not None and token.wait.get("kind") == "signal":
                token.task_spec.happened(token, dict(given))
                reached = True
        if not reached:
            raise NotWaiting()
        self.run()

    def proceed(self, activity: str) -> None:
        """Go on behind a savepoint. Raises ActivityNotFound, NotWaiting."""
        self._case.proceed(self._waiting(activity, "job"))
        self.run()

    def retry(self, activity: str) -> None:
        """Try the step that is parked again, under the same activity id; a case that is deadlocked
        is only looked at again. Raises ActivityNotFound, NotParked."""
        token = self._find(activity)
        if token.parked:
            token.parked = False
            token.task_spec.tried_again(token)
            self._case.queue(token)
        elif not self.deadlocked:
            raise NotParked(element=token.element)
        self.run()

    def skip(self, activity: str, values: Mapping[str, Value]) -> None:
        """Pass over the step that is parked: its token leaves as if it were done, with `values` written in
        place of what would have come of it. Raises ActivityNotFound, NotParked, CannotSkip, NotAValue, and
        whatever keeps it from leaving."""
        token, case = self._find(activity), self._case
        if not token.parked:
            raise NotParked(element=token.element)
        if not token.entered or isinstance(token.task_spec, (EventBasedGateway, Join)):
            raise CannotSkip(element=token.element)
        case.read_values(values)
        case.writes_as(token)
        token.parked = False
        token.task_spec.pass_over(token, values)
        token.flows = token.task_spec.exits(token)
        case.level_asks(token)
        case.scopes.settle()
        token._set_state(COMPLETED)
        case.leave(token)
        self.run()

    def correct(self, activity: str, values: Mapping[str, Value]) -> None:
        """Write variables where the step sees them; if it is parked, try it again.

        Raises ActivityNotFound, NotAValue."""
        token, case = self._find(activity), self._case
        case.read_values(values)
        case.writes_as(token)
        for name in values:
            case.scopes.write(token.local, name, values[name])
        case.scopes.settle()
        if token.parked:
            self.retry(activity)
        else:
            self.run()

    def cancel(self) -> None:
        """End the case where it stands; nothing is undone. Raises CaseEnded."""
        if self.ended:
            raise CaseEnded()
        self._case.interrupt(self._case)
        self._case.completed, self._case.outcome = True, "cancelled"
        self._case.report(Ended("", "", outcome="cancelled"))

    def take(self) -> list[Happening]:
        """What happened since the last time, in order."""
        taken, self._case.happenings = self._case.happenings, []
        return taken

    def open_activities(self) -> list[OpenActivity]:
        """What is open, the oldest first: tokens at elements and events that are armed."""
        return [
            OpenActivity(
                token.id,
                token.workflow.spec.process.id,
                token.element,
                token.task_spec.kind,
                token.wait.get("kind", ""),
                token.parked,
                dt.datetime.fromisoformat(token.wait["due"]) if "due" in token.wait else None,
                token.wait.get("name", ""),
                token.wait.get("key"),
                token.entered,
            )
            for token in sorted(self._case.index.values(), key=lambda token: token.number)
        ]

    def asked(self) -> list[str]:
        """Activities of open user tasks."""
        return [id for id, token in self._case.index.items() if token.wait.get("kind") == "user"]

    def variables(self, activity: str | None = None, *, local: bool = False) -> dict[str, Value]:
        """What an expression may name there (None: in the case's own process), as a copy. `local`: only
        what the activity itself holds, its input parameters first of all."""
        token = self._case.task_tree if activity is None else self._find(activity)
        if local:
            held = token.id in self._case.scopes
            return self._case.scopes.visible(token.id, local=True) if held else {}
        return self._case.seen(token).plain()

    def sight(self, activity: str | None = None) -> Names:
        """The same as a view: only what is asked for is read, and given as a copy."""
        token = self._case.task_tree if activity is None else self._find(activity)
        return self._case.seen(token)

    @property
    def ended(self) -> bool:
        return bool(self._case.completed)

    @property
    def deadlocked(self) -> list[Token]:
        """Where the case waits, if nothing can happen in it any more; empty if something can.

        A condition is only asked when a variable is written, so it alone brings nothing about;
        what an event subprocess listens for from outside may still come."""
        waiting = []
        for token in self._case.index.values():
            kind = token.wait.get("kind", "condition")
            if token.parked or token.has_state(READY) or kind != "condition":
                return []
            if (token.has_state(WAITING) or token.wait) and not token.task_spec.is_listener:
                waiting.append(token)
        return sorted(waiting, key=lambda token: token.number)

    @property
    def interrupted(self) -> bool:
        """Whether automatic steps are left to make."""
        return any(token.has_state(READY) and not token.parked for token in self._case.index.values())

    @property
    def steps(self) -> int:
        """Automatic steps made since it was started or restored."""
        return self._case.steps

    @property
    def business_key(self) -> str:
        return self._case.key

    def _find(self, activity: str) -> Token:
        token = self._case.index.get(activity)
        if token is None:
            raise ActivityNotFound()
        return token

    def _waiting(self, activity: str, kind: str) -> Token:
        token = self._find(activity)
        if token.wait.get("kind") != kind:
            raise NotWaiting()
        return token
