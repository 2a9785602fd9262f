"""The inbox and the tasks in it.

Not here: who may see and do what (runtime/commands/user_tasks.py, runtime/queries)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from runtime.commands import handing_over, user_tasks
from runtime.commands.incidents import ReasonMissing
from runtime.forms.answers import FormInvalid
from runtime.queries import handing, inbox, pages, tasks
from web import current
from web.api import shapes
from web.api.reading import Asked, Sent
from web.api.routes import route

CLOSED = [user_tasks.TaskAlreadyCompleted, user_tasks.TaskWithdrawn]
NOT_MINE = [user_tasks.NotYours, user_tasks.NotYourOwn, user_tasks.NotBoth, user_tasks.TaskTaken]


class Todo(Asked):
    """`after`: the `next` of the page before; `process`: a process's key."""

    only: Literal["all", "mine", "group"] = "all"
    process: str | None = None
    order: Literal["age", "due", "priority"] = "age"
    after: str | None = None
    limit: int = Field(default=50, ge=1, le=pages.LARGEST_PAGE)


class Done(Asked):
    """`after`: the `next` of the page before."""

    after: str | None = None
    limit: int = Field(default=50, ge=1, le=pages.LARGEST_PAGE)


class Completion(Sent):
    """`answers`: plain JSON by field; what is left out stays as it is.

    `version`: the task as it was read: then nothing is taken when a field changed since. `seen`: the data
    as it was read: then what was left alone is not written, and only a field that both changed is refused.
    Without either the answers are taken as they are."""

    answers: dict[str, Any] = Field(default_factory=dict)
    version: int | None = None
    seen: dict[str, Any] | None = None


@route("GET", "/inbox", asks=Todo, gives=shapes.Inbox, refuses=[pages.BadCursor])
def todo(asked: Todo) -> shapes.Inbox:
    """Open tasks that wait for oneself or one's groups: oldest first, soonest due first or most urgent first."""
    page = current.read(
        inbox.todo,
        only=asked.only,
        process=asked.process,
        order=asked.order,
        after=asked.after,
        limit=asked.limit,
    )
    return shapes.Inbox.of(page)


@route("GET", "/inbox/done", asks=Done, gives=shapes.Inbox, refuses=[pages.BadCursor])
def done(asked: Done) -> shapes.Inbox:
    """Tasks that one completed, latest first."""
    return shapes.Inbox.of(current.read(inbox.done, after=asked.after, limit=asked.limit))


@route("GET", "/inbox/counts", gives=shapes.Counts)
def counts() -> shapes.Counts:
    """How many tasks wait, and how much one has done and started. Exact up to 999; 1000 is more than that."""
    found = current.read(inbox.counts)
    return shapes.Counts(found.todo, found.mine, found.group, found.done, found.started)


@route("GET", "/tasks/<task>", gives=shapes.TaskPage)
def show(task: str) -> shapes.TaskPage:
    """A task with its form and what stands in it."""
    return shapes.TaskPage.of(current.read(tasks.task_page, task, current.language(), exact=True))


@route("POST", "/tasks/<task>/claim", refuses=[*CLOSED, *NOT_MINE])
def claim(task: str) -> None:
    """Take a task of one of one's groups. Taking one's own again changes nothing."""
    current.do(user_tasks.claim, task)


@dataclass(frozen=True)
class Receivers:
    people: list[shapes.Person]


class Gift(Sent):
    """`person`: the id of one of the receivers; `reason`: why, which both are told."""

    person: str
    reason: str


@route("GET", "/tasks/<task>/receivers", gives=Receivers)
def receivers(task: str) -> Receivers:
    """Whom of one's own people one may give an open task to, as a superior."""
    found = [shapes.Person.of(each) for each in current.read(handing.of_task, task)]
    return Receivers([each for each in found if each])


@route(
    "POST", "/tasks/<task>/give", takes=Gift,
    refuses=[*CLOSED, handing_over.NotYoursToGive, ReasonMissing, user_tasks.TaskChanged],
)  # fmt: skip
def give(task: str, sent: Gift) -> None:
    """Give an open task of one's own people to somebody else of them, as a superior, with the reason."""
    current.do(handing_over.give, task, sent.person, sent.reason)


@route("POST", "/tasks/<task>/release", refuses=[*CLOSED, user_tasks.NotYours, user_tasks.TaskChanged])
def release(task: str) -> None:
    """Give a claimed task back to its group."""
    current.do(user_tasks.release, task)


@route(
    "POST", "/tasks/<task>/complete", takes=Completion, gives=shapes.Completed,
    refuses=[
        *CLOSED, *NOT_MINE, FormInvalid, user_tasks.TaskChanged, user_tasks.FieldsChanged, user_tasks.NotYourFile
    ],
)  # fmt: skip
def complete(task: str, sent: Completion) -> shapes.Completed:
    """Complete a task with the form's answers; the case moves on in the same transaction."""
    seen = _as_shown(sent.seen) if sent.seen is not None else None
    done = current.do(user_tasks.complete, task, sent.answers, sent.version, seen)
    return shapes.Completed(done.case, done.next_task)


def _as_shown(value: Any) -> Any:
    """What was seen is compared with what a browser is shown, whose numbers are JavaScript's."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: _as_shown(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_shown(each) for each in value]
    return value
