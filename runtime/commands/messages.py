"""Messages from outside, and those that found no receiver.

`send` keeps a message like those that cases send; `correlate` gives it to exactly one
receiver or to nobody. Not here: how the worker delivers (triggers.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime import household
from runtime.commands import advance, requests
from runtime.commands.moved import Moved
from runtime.commands.user_tasks import hold_files
from runtime.errors import Conflict, Invalid, NotFound
from runtime.identity import SYSTEM, Actor, require
from runtime.ids import public_id
from runtime.store import accounts, deployments, jobs
from runtime.store.db import Transaction
from runtime.values import Value


class NobodyWaits(Invalid):
    """Nobody waits for message {name} with key {key}, and it starts no process. It was not kept."""

    code = "message.nobody_waits"


class SeveralWait(Invalid):
    """{count} cases wait for message {name} with key {key}. It was given to none of them and not kept."""

    code = "message.several_wait"


class NoSuchMessage(NotFound):
    """There is no such message."""

    code = "message.unknown"


class MessageGone(Conflict):
    """This message is on its way, was delivered or discarded already."""

    code = "message.gone"


class NameTooLong(Invalid):
    """A message or signal has a name of at most {name} characters, a key of {key} and a reference of {reference}."""

    code = "message.too_long"


LONGEST = {"name": 128, "key": 255, "reference": 100}


def check(name: str, *, key: str = "", reference: str = "") -> None:
    """Raises NameTooLong for what the tables cannot hold, and for no name at all."""
    given = {"name": name, "key": key, "reference": reference}
    if not name or any(len(given[part]) > most for part, most in LONGEST.items()):
        raise NameTooLong([], **LONGEST)


def send(
    tx: Transaction, actor: Actor, name: str, key: str, payload: Mapping[str, Value], reference: str = ""
) -> None:
    """Send message `name` with correlation `key`; it is kept until somebody waits for it. `reference`
    names this very message, so that sending it again does nothing; without one each call is a
    message of its own."""
    require(actor, "send", "message")
    check(name, key=key, reference=reference)
    own = f"outside:{name}:{reference or public_id()}"
    if tx.scalar(sa.select(jobs.jobs.c.id).where(jobs.jobs.c.key == own)) is not None:
        return
    tx.insert(
        jobs.jobs,
        [
            {
                "kind": "message",
                "state": "waiting",
                "key": own,
                "element": name,
                "correlation": key,
                "public_id": public_id(),
                "expires_at": tx.now + household.house(tx).messages_kept,
                "payload": dict(payload),
                "due_at": tx.now,
                "created_at": tx.now,
            }
        ],
    )
    household.house(tx).waking.call(tx)


@dataclass(frozen=True)
class Correlated:
    """The case that got a message or that it started; `before`: by an earlier, equal request."""

    case: str
    before: bool = False


def correlate(
    tx: Transaction, actor: Actor, name: str, key: str, payload: Mapping[str, Value], once: str = ""
) -> Correlated:
    """Give message `name` now to the one case that waits for it with `key`, else to the process that it
    starts (`key` is then the business key). `once` (an idempotency key of the sender's) names this very
    message: sent again it reaches nobody else.

    Raises NobodyWaits or SeveralWait, and keeps nothing; NotYourFile for a file that its sender did not
    upload; requests.RepeatedOtherwise."""
    require(actor, "send", "message")
    check(name, key=key)

    def give() -> Moved:
        moved = _correlate(tx, actor, name, key, payload)
        if actor is not SYSTEM:
            hold_files(tx, actor, moved.case_id, payload)
        return moved

    if not once:
        return Correlated(give().case)
    asked = ["message", name, key, dict(payload)]
    case, before = requests.once(tx, actor, once, asked, lambda: give().case_id)
    assert case is not None
    return Correlated(requests.case_of(tx, case), before)


def _correlate(tx: Transaction, actor: Actor, name: str, key: str, payload: Mapping[str, Value]) -> Moved:
    receivers = jobs.receivers(tx, name, key)
    if len(receivers) > 1:
        raise SeveralWait(name=name, key=key, count=len(receivers))
    if receivers:
        return advance.receive(tx, actor, receivers[0], name, payload)
    start = deployments.started_by(tx, "message", name)
    if start is None:
        raise NobodyWaits(name=name, key=key)
    return advance.begin(
        tx, actor, start.process, start_event=start.element, variables=payload, business_key=key
    )


def deliver(tx: Transaction, actor: Actor, message: str) -> None:
    """Look for the receiver of a message again that was kept, has expired or fitted several.

    Raises NoSuchMessage, MessageGone."""
    row = _get(tx, actor, message)
    if not jobs.deliver(tx, row, tx.now + household.house(tx).messages_kept):
        raise MessageGone()
    _settled(tx, actor, row, "message.delivered_again")
    household.house(tx).waking.call(tx)


def discard(tx: Transaction, actor: Actor, message: str) -> None:
    """Nobody is to have this message any more. Raises NoSuchMessage, MessageGone."""
    row = _get(tx, actor, message)
    if not jobs.drop(tx, row):
        raise MessageGone()
    _settled(tx, actor, row, "message.discarded")


def _get(tx: Transaction, actor: Actor, message: str) -> Any:
    require(actor, "operate", "case")
    row = tx.first(
        sa.select(jobs.jobs).where(jobs.jobs.c.public_id == message, jobs.jobs.c.kind == "message")
    )
    if row is None:
        raise NoSuchMessage()
    return row


def _settled(tx: Transaction, actor: Actor, row: Any, action: str) -> None:
    """Somebody has dealt with it: its incident is over, and who did so is kept."""
    tx.execute(
        sa.update(jobs.incidents)
        .where(jobs.incidents.c.job_id == row.id, jobs.incidents.c.resolved_at.is_(None))
        .values(resolved_at=tx.now)
    )
    accounts.log(tx, actor.id, action, row.public_id, name=row.element)
