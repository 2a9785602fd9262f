"""However many wait: who waits for a message, and which message waited, is looked up and never looked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runtime.commands import messages
from runtime.identity import SYSTEM, Actor
from runtime.store import jobs
from runtime.store.db import Transaction
from tests.office import Office
from tests.queries_seen import asked, scans

ASKS: dict[str, Callable[[Transaction, Actor], object]] = {
    "receivers": lambda tx, actor: jobs.receivers(tx, "paid", "PO-1"),
    "wake_kept": lambda tx, actor: jobs.wake_kept(tx, [("paid", "PO-1"), ("paid", "PO-2")]),
    "wake_starters": lambda tx, actor: jobs.wake_starters(tx, ["paid"]),
    "still_waiting": lambda tx, actor: jobs.still_waiting(tx, 1, ["a", "b"]),
    "unsubscribe": lambda tx, actor: jobs.unsubscribe(tx, ["a", "b"]),
    "end": lambda tx, actor: jobs.end(tx, ["a", "b"]),
    "throw_signal": lambda tx, actor: jobs.throw_signal(tx, "paid", {}, "c"),
    "send": lambda tx, actor: messages.send(tx, actor, "paid", "PO-1", {}, "r"),
}


@pytest.mark.parametrize("name", ASKS)
def test_a_message_and_its_receiver_find_one_another_by_index(firm: Office, name: str) -> None:
    with asked(firm.runtime.engine) as said:
        firm.runtime.do(ASKS[name], SYSTEM)
    assert said
    assert scans(firm.runtime.engine, said, "jobs", "subscriptions") == []
