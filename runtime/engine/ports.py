"""What the engine asks of the house, and what it reports: all plain data.

The engine does no IO. `World` is handed in, bound to the transaction by
commands/advance; every `Happening` is collected in order and advance turns it into
rows (user tasks, jobs, subscriptions, the event log)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from runtime.scripts import Scripted
from runtime.values import Value


class BpmnError(Exception):
    """A business error that a boundary event may catch: a code and a message."""

    def __init__(self, code: str, message: str = "", **variables: Value) -> None:
        super().__init__(code, message)
        self.code, self.message, self.variables = code, message, variables


class World(Protocol):
    """What a step may ask. An Exception that is no BpmnError is a technical failure: the token
    is parked. What is no Exception (a BaseException) passes through and ends the whole move."""

    @property
    def now(self) -> dt.datetime:
        """The transaction's business time, in UTC."""

    @property
    def zone(self) -> ZoneInfo:
        """Of cron, bare dates and calendar durations; Asia/Shanghai if the world has none."""

    @property
    def weary(self) -> bool:
        """Whether this transaction has lasted long enough; others wait for it to end."""

    def operate(
        self, topic: str, inputs: Mapping[str, Value], step: Step
    ) -> Mapping[str, Value] | Unfinished:
        """Run a service task's operation, or the next part of it, in a savepoint. Raises BpmnError."""

    def is_external(self, topic: str, step: Step) -> bool:
        """Whether external workers do this topic (as its diagram has it), since the house had no operation
        of the name when the diagram was deployed. The answer never changes for one version of a diagram."""

    def decide(self, rule: str, inputs: Mapping[str, Value], step: Step) -> Mapping[str, Value]:
        """Evaluate a rule and keep the decision. Raises BpmnError("rule_refused", …)."""

    def run_script(self, source: str, names: Mapping[str, Value], step: Step) -> Scripted:
        """Run JavaScript that sees `names`; names["execution"] is what its `execution` tells of the case.

        What it wrote is told, not yet written. Raises BpmnError."""

    def functions(self, step: Step | None) -> Mapping[str, Any]:
        """Functions of expressions: superior_of(person), holder_of(role), workday_after(…) …"""

    def task(self, activity: str) -> Task:
        """The user task of an activity as it is now, whatever its state."""

    def whose(self, opened: TaskOpened, variables: Mapping[str, Value]) -> str | None:
        """Whose a task that opens will be, by the house's own rules of staffing; None: whoever claims it."""


@dataclass(frozen=True)
class Unfinished:
    """An operation has done a part of its work and is to be asked again, for the same step and with the same
    inputs, in a later transaction. `since`: when it was begun, so that it goes on before what it has caused."""

    since: dt.datetime


@dataclass(frozen=True)
class Task:
    """A user task as its listeners see it. `id`, `assignee`: public ids; `due`, `follow_up` in UTC.

    `candidates`, `groups`: who was added by listeners, not who may claim it by the diagram."""

    id: str
    name: str
    assignee: str | None = None
    priority: int = 50
    due: dt.datetime | None = None
    follow_up: dt.datetime | None = None
    candidates: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One run of one element: what an effect is keyed by.

    `activity` is the activity instance's id (a new one for each loop round, return and
    multi-instance item; the same over retries). `near`: element → the activities of it that are open at
    the step's level or inside it; if none is, at the next level out, and so on."""

    case: str
    process: str
    element: str
    activity: str
    near: Callable[[str], Collection[str]] = field(default=lambda element: (), compare=False, repr=False)


@dataclass(frozen=True)
class Happening:
    """Base of what the engine reports. `element` is the BPMN id, `activity` its instance."""

    element: str
    activity: str


@dataclass(frozen=True)
class Entered(Happening):
    """A token reached the element. `process` is the (called) process that holds it.

    A multi-instance activity is reached once as a whole (kind "multiInstance"; what leaves by
    its flows) and once for each instance. A boundary event is reached when it happens."""

    process: str = ""
    kind: str = ""  # BPMN tag


@dataclass(frozen=True)
class Left(Happening):
    """The element completed; `flows` taken out of it (ids, for drawing the path)."""

    flows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cancelled(Happening):
    """The element's instance ended without completing (an interrupting event, terminate …)."""


@dataclass(frozen=True)
class TaskOpened(Happening):
    """A user task is to be done. Expressions are already evaluated.

    `groups` falls back to the lane's group (a called process without lanes: the caller's)."""

    process: str = ""
    task: str = ""  # its public id
    names: Mapping[str, str] = field(default_factory=dict)
    assignee: str | None = None
    candidates: tuple[str, ...] = ()  # people
    groups: tuple[str, ...] = ()
    form: str | None = None
    due: dt.datetime | None = None
    follow_up: dt.datetime | None = None
    priority: int = 50
    local: Mapping[str, Value] = field(default_factory=dict)  # its input parameters


@dataclass(frozen=True)
class TaskAltered(Happening):
    """Listeners of an open user task have set these of its fields (names of `Task`) to these values;
    `candidates` and `groups` are those to be added."""

    process: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ListenerFailed(Happening):
    """A listener to the end of something that is gone all the same; nothing of what it did stays."""

    reason: str = ""  # for people: code and sentence
    error: BaseException | None = None


@dataclass(frozen=True)
class ExternalOpened(Happening):
    """An external worker is to do `topic`, the greater `priority` first; Execution.deliver tells the result."""

    process: str = ""
    topic: str = ""
    priority: int = 0


@dataclass(frozen=True)
class TimerSet(Happening):
    """Wake `activity` at `due` (UTC) with Execution.fire. `priority`: of its job, the greater first."""

    due: dt.datetime = dt.datetime.min
    priority: int = 0


@dataclass(frozen=True)
class Subscribed(Happening):
    """`activity` waits for message `name` with correlation `key` (evaluated on entry; None: case only),
    or (`kind` signal) for signal `name`, which has no key."""

    name: str = ""
    key: str | None = None
    kind: str = "message"


@dataclass(frozen=True)
class PutOff(Happening):
    """A savepoint: what was done is to be committed, and a job goes on with Execution.proceed.

    A token that is on its way to the element has not Entered it yet. `since`: when what goes on was begun, if
    the element has done a part of its work."""

    priority: int = 0  # of the job
    since: dt.datetime | None = None


@dataclass(frozen=True)
class WaitEnded(Happening):
    """What `activity` waited for has come or is not wanted any more. kind: timer | message | signal |
    external | job."""

    kind: str = ""


@dataclass(frozen=True)
class MessageThrown(Happening):
    """Message `name` with `key` leaves the case; advance delivers it (a job of the same transaction)."""

    name: str = ""
    key: str | None = None
    payload: Mapping[str, Value] = field(default_factory=dict)
    priority: int = 0  # of its job


@dataclass(frozen=True)
class SignalThrown(Happening):
    """Signal `name` was thrown. What waited for it in this case has had it already; advance gives it
    to every other case that waits now (a job of this transaction for each) and to what it starts."""

    name: str = ""
    payload: Mapping[str, Value] = field(default_factory=dict)
    priority: int = 0  # of its jobs


@dataclass(frozen=True)
class Escalated(Happening):
    """Escalation `code` was thrown; `caught`: the id of the event that took it, "" if none did."""

    code: str = ""
    caught: str = ""


@dataclass(frozen=True)
class VariableWritten(Happening):
    """`name` changed in `scope` (the case's root scope is ""). `new` absent: removed.

    Any other scope's id is its owner's activity (a called process: that and "/called"); it
    ends, with its variables, when that activity is Left or Cancelled. The counts of
    multi-instance activities are not told."""

    scope: str = ""
    name: str = ""
    old: Value = None
    new: Value = None
    removed: bool = False


@dataclass(frozen=True)
class Parked(Happening):
    """A technical failure: the token stays before the element; Execution.retry runs it again."""

    reason: str = ""  # for people: code and sentence
    error: BaseException | None = None
    priority: int = 0  # of the job that tries it again


@dataclass(frozen=True)
class AskedAgain(Happening):
    """What was parked is tried again by itself: a variable that its condition sees was written, or the
    task whose listeners failed goes on."""


@dataclass(frozen=True)
class Interrupted(Happening):
    """`steps` automatic steps were made, or the world is weary; the rest goes on with Execution.run in a
    later transaction."""

    steps: int = 0
    priority: int = 0  # of the job that goes on


@dataclass(frozen=True)
class Ended(Happening):
    """The whole case ended at end event `element`. outcome: completed | terminated | error |
    cancelled, by a person (`element` and `activity` are "")."""

    outcome: str = "completed"
