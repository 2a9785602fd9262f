"""Whoever lost an answer asks again under the same key: it was done once, and is told as before."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.bootstrap import Runtime
from runtime.commands import accounts, messages, purge
from runtime.identity import SYSTEM
from runtime.store import jobs
from runtime.store.requests import requests
from tests.commands.test_messages import BY_MESSAGE, ORDER, order, standing
from tests.diagrams import bpmn, element, end, user
from tests.office import Office
from tests.web.programs import Program

RUNG = bpmn(
    "rung", element("startEvent", "heard", '<signalEventDefinition signalRef="s"/>'),
    user("look", candidateGroups="specialist"), end(),
    before='<signal id="s" name="bell"/>',
)  # fmt: skip
PAID = {"name": "paid", "key": "A-1", "payload": {"sum": 5}}
BELL = {"name": "bell", "payload": {"why": "rain"}}


@pytest.fixture
def bank(firm: Office) -> Program:
    """A program that may send messages and signals."""
    firm.deploy(BY_MESSAGE, RUNG)
    for kind in ("message", "signal"):
        firm.runtime.do(accounts.grant, SYSTEM, "specialist", "send", kind, "any")
    return Program(firm, "spec")


def kept(office: Office) -> list[Any]:
    return list(office.runtime.read(lambda tx, actor: tx.all(sa.select(requests)), SYSTEM))


def rung(office: Office) -> int:
    office.settle()
    return len(office.cases_of("rung"))


# ---- once


def test_a_message_that_starts_a_process_is_sent_again_and_starts_it_once(firm: Office, bank: Program) -> None:
    first = bank.post("/messages", PAID, Idempotency_Key="bank-77")
    assert first[0] == 200 and bank.post("/messages", PAID, Idempotency_Key="bank-77") == first
    assert [each.id for each in firm.cases_of("refund")] == [first[1]["case"]]
    # Without a key, or under another, it is a message of its own.
    assert bank.post("/messages", PAID) != first != bank.post("/messages", PAID, Idempotency_Key="bank-78")
    assert len(firm.cases_of("refund")) == 3


def test_a_message_for_a_case_that_went_on_is_answered_with_that_case(firm: Office, bank: Program) -> None:
    firm.deploy(ORDER)
    waiting = order(firm, "A-1")
    first = bank.post("/messages", PAID, Idempotency_Key="bank-77")
    assert first == (200, {"case": waiting.id}) and standing(waiting) == {"ship"}
    # Nobody waits any more, so that without the key it would start a refund.
    assert bank.post("/messages", PAID, Idempotency_Key="bank-77") == first
    assert firm.cases_of("refund") == []


def test_a_signal_is_thrown_once(firm: Office, bank: Program) -> None:
    for _ in range(3):
        assert bank.post("/signals", BELL, Idempotency_Key="storm") == (204, None)
    assert rung(firm) == 1
    assert bank.post("/signals", BELL)[0] == 204
    assert rung(firm) == 2


# ---- what is not the same request


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/messages", {**PAID, "key": "A-2"}),
        ("/messages", {**PAID, "payload": {"sum": 6}}),
        ("/messages", {**PAID, "payload": {"sum": {"$decimal": "5"}}}),
        ("/signals", BELL),
        ("/processes/refund/start", {"answers": {}}),
    ],
    ids=["another key", "another payload", "another type", "a signal", "a start"],
)
def test_something_else_under_the_same_key_is_refused(firm: Office, bank: Program, path: str, body: Any) -> None:
    bank.post("/messages", PAID, Idempotency_Key="bank-77")
    assert bank.code("POST", path, body, Idempotency_Key="bank-77") == (409, "request.repeated_otherwise")
    assert len(firm.cases_of("refund")) == 1 and rung(firm) == 0


def test_a_key_is_its_senders_own(firm: Office, bank: Program) -> None:
    first = bank.post("/messages", PAID, Idempotency_Key="77")
    other = Program(firm, "spec2").post("/messages", PAID, Idempotency_Key="77")
    assert other[0] == 200 and other != first


def test_what_was_refused_may_be_tried_again_under_its_key(firm: Office, bank: Program) -> None:
    body = {**PAID, "name": "nobody waits for this"}
    for _ in range(2):
        assert bank.code("POST", "/messages", body, Idempotency_Key="77") == (400, "message.nobody_waits")
    assert kept(firm) == []
    assert bank.post("/messages", PAID, Idempotency_Key="77")[0] == 200


def test_whoever_lost_the_right_is_not_answered_from_what_was_kept(firm: Office, bank: Program) -> None:
    bank.post("/messages", PAID, Idempotency_Key="77")
    firm.runtime.do(accounts.revoke, SYSTEM, "specialist", "send", "message", "any")
    assert bank.post("/messages", PAID, Idempotency_Key="77")[0] == 403


@pytest.mark.parametrize(("path", "body"), [("/messages", PAID), ("/signals", BELL)])
def test_a_key_has_its_length(firm: Office, bank: Program, path: str, body: Any) -> None:
    refused = bank.code("POST", path, body, Idempotency_Key="x" * 256)
    assert refused == (400, "request.bad_idempotency_key")
    assert bank.post(path, body, Idempotency_Key="x" * 255)[0] in (200, 204)


# ---- for a time


def test_a_key_is_kept_for_a_week_and_then_means_something_new(firm: Office, bank: Program) -> None:
    first = bank.post("/messages", PAID, Idempotency_Key="77")
    firm.later(days=6, hours=23)
    assert bank.post("/messages", PAID, Idempotency_Key="77") == first
    firm.later(hours=2)
    other = {**PAID, "key": "A-9"}
    assert bank.post("/messages", other, Idempotency_Key="77")[1] != first[1]
    assert len(kept(firm)) == 1


def test_keys_whose_time_is_over_are_erased(firm: Office, bank: Program) -> None:
    for number in range(3):
        bank.post("/signals", BELL, Idempotency_Key=f"{number}")
    firm.later(days=8)
    bank.post("/signals", BELL, Idempotency_Key="new")
    assert len(kept(firm)) == 1
    firm.later(days=8)
    assert firm.runtime.do(purge.forget, SYSTEM) >= 1 and kept(firm) == []


def test_what_is_kept_tells_neither_the_key_nor_what_was_asked(firm: Office, bank: Program) -> None:
    bank.post("/messages", PAID, Idempotency_Key="account 1234")
    (row,) = kept(firm)
    assert "1234" not in json.dumps([row.key, row.asked]) and len(row.asked) == 64


# ---- at once


def test_32_that_send_the_same_message_at_once_start_one_case(firm: Office, bank: Program) -> None:
    neighbour = Runtime(firm.runtime.settings)
    actor = firm.as_("spec").actor

    def send(number: int) -> str:
        runtime = (firm.runtime, neighbour)[number % 2]
        return runtime.do(messages.correlate, actor, "paid", "A-1", {"sum": 5}, "bank-77").case

    with ThreadPoolExecutor(32) as pool:
        told = Counter(pool.map(send, range(32)))
    neighbour.close()
    assert told == {firm.cases_of("refund")[0].id: 32} and len(firm.cases_of("refund")) == 1


def test_32_that_throw_the_same_signal_at_once_throw_it_once(firm: Office, bank: Program) -> None:
    def throw(number: int) -> int:
        client = bank.app.test_client(use_cookies=False)
        headers = {**bank.headers, "Idempotency-Key": "storm"}
        return client.post("/api/v1/signals", json=BELL, headers=headers).status_code

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(throw, range(32))) == {204}
    assert rung(firm) == 1
    thrown = jobs.jobs.c.key.startswith("signal:outside:bell:")
    counted = sa.select(sa.func.count()).where(thrown)
    assert firm.runtime.read(lambda tx, actor: tx.scalar(counted), SYSTEM) == 1
