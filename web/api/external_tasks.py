"""What external workers ask for and tell. docs/external-workers.md shows one.

Not here: what a lock is worth, who may work on which topic (runtime/commands/external_tasks.py), waiting
for work (runtime/bootstrap.py)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from runtime import values
from runtime.commands import external_tasks
from runtime.commands.user_tasks import NotYourFile
from web import current
from web.api.reading import Sent, tagged
from web.api.routes import route

LOCKED = [external_tasks.ExternalTaskOver, external_tasks.NotYourLock, external_tasks.LockExpired]
WORKER = Field(min_length=1, max_length=external_tasks.LONGEST["worker"])
LONGEST_WAIT = 30


class Topic(Sent):
    """`lock_seconds`: for how long nobody else gets what is fetched; `variables`: the names that are wanted,
    without it all that the worker may see."""

    topic: str
    lock_seconds: int = Field(ge=1, le=external_tasks.LONGEST_LOCK)
    variables: list[str] | None = None


class Fetch(Sent):
    """`worker`: the name by which it locks; `most`: how many tasks at once; `by_priority`: the most urgent
    instead of the oldest first; `wait_seconds`: how long to wait while there are none. If many workers wait
    already, the answer comes at once."""

    worker: str = WORKER
    topics: list[Topic] = Field(min_length=1, max_length=external_tasks.MOST_TOPICS)
    most: int = Field(default=1, ge=1, le=external_tasks.MOST_TASKS)
    by_priority: bool = False
    wait_seconds: int = Field(default=0, ge=0, le=LONGEST_WAIT)


class Done(Sent):
    """`variables` are written to the case, `local` are seen by the output parameters only; tagged JSON."""

    worker: str = WORKER
    variables: dict[str, Any] = Field(default_factory=dict)
    local: dict[str, Any] = Field(default_factory=dict)


class Failure(Sent):
    """`retries`: how often it is to be tried again, 0 for never; without it the diagram says. `pause_seconds`:
    until then nobody gets it."""

    worker: str = WORKER
    message: str = Field(min_length=1, max_length=external_tasks.LONGEST["message"])
    details: str = Field(default="", max_length=external_tasks.LONGEST["details"])
    retries: int | None = Field(default=None, ge=0, le=2**31 - 1)
    pause_seconds: int = Field(default=0, ge=0, le=external_tasks.LONGEST_PAUSE)


class Thrown(Sent):
    """`code`: of the BPMN error; `variables` go to the event that catches it."""

    worker: str = WORKER
    code: str = Field(min_length=1, max_length=external_tasks.LONGEST["code"])
    message: str = Field(default="", max_length=external_tasks.LONGEST["message"])
    variables: dict[str, Any] = Field(default_factory=dict)


class Longer(Sent):
    """`lock_seconds`: from now."""

    worker: str = WORKER
    lock_seconds: int = Field(ge=1, le=external_tasks.LONGEST_LOCK)


class Unlock(Sent):
    worker: str = WORKER


@dataclass(frozen=True)
class ExternalTask:
    """`activity` is the same for every try, so that a worker can make its own work happen once; `retries`:
    null until somebody has failed; `business_key`: null where the worker may not see it; `variables`: tagged JSON."""

    id: str
    topic: str
    worker: str
    locked_until: dt.datetime
    priority: int
    retries: int | None
    error: str | None
    created_at: dt.datetime
    case: str
    business_key: str | None
    process: str
    element: str
    activity: str
    variables: dict[str, Any]

    @classmethod
    def of(cls, task: external_tasks.Locked) -> ExternalTask:
        return cls(
            task.id, task.topic, task.worker, task.locked_until, task.priority, task.retries, task.error,
            task.created_at, task.case, task.key, task.process, task.element, task.activity,
            {name: values.to_json(value, name) for name, value in task.variables.items()},
        )  # fmt: skip


@dataclass(frozen=True)
class Fetched:
    tasks: list[ExternalTask]


@dataclass(frozen=True)
class Held:
    locked_until: dt.datetime


@route(
    "POST",
    "/external-tasks/fetch-and-lock",
    takes=Fetch,
    gives=Fetched,
    refuses=[external_tasks.NotYourTopic],
)
def fetch_and_lock(sent: Fetch) -> Fetched:
    """Lock tasks of some topics for a worker, waiting for them if it asks for that.

    Tasks whose topic is not the account's to work on are refused, not left out."""
    wanted = [external_tasks.Wanted(each.topic, each.lock_seconds, each.variables) for each in sent.topics]
    found = current.runtime().fetch(
        current.actor(), sent.worker, wanted, sent.most, by_priority=sent.by_priority, wait=sent.wait_seconds
    )
    return Fetched([ExternalTask.of(task) for task in found])


@route(
    "POST", "/external-tasks/<task>/complete", takes=Done, refuses=[*LOCKED, NotYourFile, values.NotAValue]
)
def complete(task: str, sent: Done) -> None:
    """It is done; the case moves on in the same transaction."""
    given = tagged(sent.variables, "variables"), tagged(sent.local, "local")
    current.do(external_tasks.complete, task, sent.worker, *given)


@route("POST", "/external-tasks/<task>/failure", takes=Failure, refuses=LOCKED)
def failure(task: str, sent: Failure) -> None:
    """It could not be done: tried again after a pause, or an incident.

    Error definitions of the element are asked first."""
    current.do(
        external_tasks.failure,
        task,
        sent.worker,
        sent.message,
        sent.details,
        sent.retries,
        sent.pause_seconds,
    )


@route(
    "POST",
    "/external-tasks/<task>/bpmn-error",
    takes=Thrown,
    refuses=[*LOCKED, NotYourFile, values.NotAValue],
)
def bpmn_error(task: str, sent: Thrown) -> None:
    """It cannot be done for a reason of the business, which an event of the diagram may catch."""
    given = tagged(sent.variables, "variables")
    current.do(external_tasks.bpmn_error, task, sent.worker, sent.code, sent.message, given)


@route("POST", "/external-tasks/<task>/extend-lock", takes=Longer, gives=Held, refuses=LOCKED)
def extend_lock(task: str, sent: Longer) -> Held:
    """Hold on to a task for longer."""
    return Held(current.do(external_tasks.extend_lock, task, sent.worker, sent.lock_seconds))


@route("POST", "/external-tasks/<task>/unlock", takes=Unlock, refuses=LOCKED)
def unlock(task: str, sent: Unlock) -> None:
    """Give a task back: anybody may fetch it at once."""
    current.do(external_tasks.unlock, task, sent.worker)
