"""The log of a case proves that nothing was changed, left out or put in, also after a purge."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.store import accounts, cases, db, event_log
from runtime.store.event_log import Event, events

AT = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)


@pytest.fixture
def tx(empty_database: str) -> Any:
    engine = db.connect(empty_database)
    tables = [accounts.people, cases.cases, events]
    db.metadata.create_all(engine, tables=tables)
    with engine.connect() as connection, connection.begin():
        tx = db.Transaction(connection, AT)
        tx.insert(accounts.people, [
            {"id": key, "public_id": str(key), "username": str(key), "names": {}, "language": "en", "created_at": AT}
            for key in (7, 8)
        ])  # fmt: skip
        tx.insert(cases.cases, [{
            "id": 1, "public_id": "c", "process": "p", "bindings": {}, "title": {}, "status": "running",
            "confidential": False, "version": 1, "state": "", "sequence": 3, "chain": "", "started_at": AT,
        }])  # fmt: skip
        sequence, chain = 0, ""
        for name in ("case_started", "task_opened", "task_completed"):
            entry = Event(name, "p", "e", "a", {"who": "王芳"}, [["", "x", None, 1, False]])
            sequence, chain = event_log.append(tx, 1, sequence, chain, [entry], 7, None, AT)
        yield tx
        connection.get_transaction().rollback()
    engine.dispose()


def rows(tx: db.Transaction) -> list[Any]:
    return event_log.of_case(tx, 1)


def test_an_untouched_log_holds(tx: db.Transaction) -> None:
    assert event_log.broken_at(rows(tx)) is None
    assert [row.sequence for row in rows(tx)] == [1, 2, 3]


def test_a_purged_payload_leaves_the_chain_whole(tx: db.Transaction) -> None:
    tx.execute(sa.update(events).where(events.c.sequence == 2).values(payload=None, salt=None))
    assert event_log.broken_at(rows(tx)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"payload": '{"changes":[],"detail":{}}'},
        {"actor_id": 8},
        {"element": "other"},
        {"business_at": AT + dt.timedelta(seconds=1)},
        {"recorded_at": AT + dt.timedelta(seconds=1)},
    ],
)
def test_a_changed_entry_is_found(tx: db.Transaction, change: dict[str, Any]) -> None:
    tx.execute(sa.update(events).where(events.c.sequence == 2).values(**change))
    assert event_log.broken_at(rows(tx)) == 2


def test_a_missing_entry_is_found(tx: db.Transaction) -> None:
    tx.execute(sa.delete(events).where(events.c.sequence == 2))
    assert event_log.broken_at(rows(tx)) == 2
