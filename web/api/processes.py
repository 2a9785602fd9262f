"""Processes: which one may start, with which form, and starting them.

Not here: what becomes of the case (cases.py, tasks.py)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from runtime.commands import cases, requests
from runtime.forms.answers import FormInvalid
from runtime.queries import processes
from web import current
from web.api import shapes
from web.api.reading import Sent
from web.api.routes import NAMED_ONCE, Answer, once, route


class Start(Sent):
    """`answers`: those of the start form, plain JSON by field."""

    answers: dict[str, Any] = Field(default_factory=dict)
    business_key: str = ""


@route("GET", "/processes", gives=shapes.Processes)
def listing() -> shapes.Processes:
    """The processes that one may start."""
    rows = current.read(processes.startable, current.language())
    return shapes.Processes([shapes.Process.of(row) for row in rows])


@route("GET", "/processes/<process>", gives=shapes.StartForm)
def form(process: str) -> shapes.StartForm:
    """The form that a process starts with."""
    return shapes.StartForm.of(current.read(processes.start_page, process, current.language()))


@route(
    "POST", "/processes/<process>/start", takes=Start, gives=shapes.Started, status=(201, 200),
    refuses=[FormInvalid, cases.NotYoursToStart, cases.BusinessKeyTooLong, requests.RepeatedOtherwise],
    headers=NAMED_ONCE,
)  # fmt: skip
def start(process: str, sent: Start) -> Answer:
    """Start a case. Asked for again under the same key, it answers 200."""
    begun = current.do(cases.start, process, sent.answers, sent.business_key, once=once())
    told = shapes.Started(begun.case, begun.next_task)
    return Answer(told, 200 if begun.before else 201)
