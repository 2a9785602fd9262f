"""Messages and signals from other systems, for who was given the right to send them.

Not here: messages that were kept (web/operations.py)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from runtime.commands import messages, requests, signals
from runtime.commands.user_tasks import NotYourFile
from runtime.values import NotAValue
from web import current
from web.api import case_shapes as shapes
from web.api.reading import Sent, tagged
from web.api.routes import NAMED_ONCE, once, route


class Message(Sent):
    """`key`: the business key or correlation key of the case; `payload`: tagged JSON by name."""

    name: str
    key: str = ""
    payload: dict[str, Any] = Field(default_factory=dict)


class Signal(Sent):
    """`payload`: tagged JSON by name; `reference` names this very signal: thrown again under the same, it does
    nothing."""

    name: str
    payload: dict[str, Any] = Field(default_factory=dict)
    reference: str = ""


@route(
    "POST", "/messages", takes=Message, gives=shapes.Correlated,
    refuses=[
        messages.NobodyWaits, messages.SeveralWait, messages.NameTooLong, NotAValue, NotYourFile,
        requests.RepeatedOtherwise,
    ],
    headers=NAMED_ONCE,
)  # fmt: skip
def send(sent: Message) -> shapes.Correlated:
    """Give a message to the one case that waits for it.

    If none waits, the process that it starts begins, with `key` as its business key. Otherwise, and if several
    wait, it is refused and not kept."""
    payload = tagged(sent.payload, "payload")
    return shapes.Correlated(current.do(messages.correlate, sent.name, sent.key, payload, once()).case)


@route(
    "POST", "/signals", takes=Signal,
    refuses=[messages.NameTooLong, NotAValue, signals.FilesNotCarried, requests.RepeatedOtherwise],
    headers=NAMED_ONCE,
)  # fmt: skip
def throw(sent: Signal) -> None:
    """Throw a signal to every case that waits for it now, and to each process that it starts."""
    current.do(signals.throw, sent.name, tagged(sent.payload, "payload"), sent.reference, once())
