"""Finance closes a period while somebody posts: one waits for the other, and nothing slips into it."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.identity import Actor
from runtime.ids import public_id
from runtime.ledger import periods
from runtime.ledger.budgets import budget_entries
from runtime.store import outages
from runtime.store.db import Transaction
from tests.office import Office
from tests.postgresql.test_lock_order import until, waits_for_a_lock

JANUARY = dt.date(2026, 1, 30)


def entry() -> dict[str, Any]:
    return {
        "public_id": public_id(), "year": 2026, "line": "award", "kind": "actual", "amount": 1, "document": "d",
        "case": "c", "actor": None, "at": dt.datetime(2026, 3, 9, tzinfo=dt.UTC), "business_date": JANUARY,
    }  # fmt: skip


def close(tx: Transaction, actor: Actor | None) -> None:
    tx.alone(periods.CLOSING)
    closing = {
        "public_id": public_id(), "case": "c", "at": tx.now, "number": public_id()[:9], "period": "2026-01",
        "opens": dt.date(2026, 2, 1), "state": "closed", "closed_by": "f", "closed_at": tx.now, "items": [],
    }  # fmt: skip
    tx.insert(periods.period_closings, [closing | {"last_postings": periods.last_postings(tx)}])


def test_who_closes_waits_for_who_posts_and_counts_it_in(firm: Office) -> None:
    done = threading.Event()

    def act() -> None:
        firm.runtime.do(close, None)
        done.set()

    closer = threading.Thread(target=act)

    def post(tx: Transaction, actor: Actor | None) -> None:
        periods.post(tx, budget_entries, [entry()])
        closer.start()
        until(lambda: waits_for_a_lock(firm))
        assert not done.is_set()

    firm.runtime.do(post, None)
    closer.join()
    [row] = firm.runtime.read(lambda tx, actor: tx.all(sa.select(budget_entries)), None)
    [closing] = firm.runtime.read(lambda tx, actor: tx.all(sa.select(periods.period_closings)), None)
    assert row.posting_date == JANUARY and closing.last_postings["budget_entries"] == row.id


def test_who_posts_while_it_is_closed_is_run_again_and_dated_anew(firm: Office) -> None:
    posting = threading.Thread(
        target=lambda: firm.runtime.do(lambda tx, actor: periods.post(tx, budget_entries, [entry()]), None)
    )

    def act(tx: Transaction, actor: Actor | None) -> None:
        close(tx, actor)
        posting.start()
        until(lambda: waits_for_a_lock(firm))

    firm.runtime.do(act, None)
    posting.join()
    [row] = firm.runtime.read(lambda tx, actor: tx.all(sa.select(budget_entries)), None)
    assert (row.business_date, row.posting_date) == (JANUARY, dt.date(2026, 2, 1))


def test_what_was_dated_before_it_was_closed_is_refused_as_busy(firm: Office) -> None:
    firm.runtime.do(close, None)
    with firm.runtime.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as refused:
        connection.execute(sa.insert(budget_entries).values(**entry(), posting_date=JANUARY))
    assert outages.meaning(refused.value) is outages.Busy
