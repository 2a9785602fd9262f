"""A leave that is withdrawn before the worker came to ask for its approval ends as withdrawn all the same."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from runtime.commands import cases
from runtime.identity import SYSTEM
from runtime.store.jobs import jobs
from tests.office import Case, Office

WANTED = {"leave_type": "personal", "leave_from": "2026-03-16", "leave_to": "2026-03-16"}


@pytest.mark.parametrize("first", ["async", "message"])
def test_it_is_withdrawn_whichever_comes_first(office: Office, first: str) -> None:
    liyang = office.as_("liyang").actor
    begun = office.runtime.do(cases.start, liyang, "leave_request", WANTED)
    office.runtime.do(cases.start, liyang, "leave_withdrawal", {"leave_number": "LV-2026-0001"})
    waits = sa.select(jobs.c.id, jobs.c.kind).where(jobs.c.state == "waiting", jobs.c.kind.in_(("async", "message")))
    found = {row.kind: row.id for row in office.runtime.read(lambda tx, actor: tx.all(waits), SYSTEM)}
    assert found.keys() == {"async", "message"}
    preferred = sa.update(jobs).where(jobs.c.id == found[first]).values(priority=99)
    office.runtime.do(lambda tx, actor: tx.execute(preferred), SYSTEM)
    office.settle()
    assert Case(office, begun.case).end == "request_withdrawn"
    assert office.incidents() == []
    assert [row.element for row in office.as_("chenjie").inbox()] == []
