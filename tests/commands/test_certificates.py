"""A certificate of honour is there once the award is approved, for whoever got it and whoever may read its case."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.identity import SYSTEM
from runtime.ids import public_id
from runtime.ledger.awards import awards as table
from runtime.queries import awards
from tests.diagrams import bpmn, end, start, user
from tests.office import Office

APPROVED = dt.datetime(2026, 3, 31, 20, tzinfo=dt.UTC)  # the first of April in the house


@pytest.fixture
def award(firm: Office) -> str:
    """The case of an award for spec2 that the boss approved; the buyer began it."""
    firm.deploy(bpmn("award", start(), user("go", candidateGroups="manager"), end(), starters="purchasing"))
    case = firm.as_("buyer").start("award").id
    values = {
        "public_id": public_id(), "case": case, "at": APPROVED, "number": "AW-2026-0001", "nominated_by": "x",
        "person": firm.as_("spec2").actor.public_id, "kind": "both", "title": "Star", "fact": "No mistake",
        "amount": 500, "state": "approved", "approved_by": firm.as_("boss").actor.public_id, "approved_at": APPROVED,
    }  # fmt: skip
    firm.runtime.do(lambda tx, actor: tx.execute(sa.insert(table).values(**values)), SYSTEM)
    return case


def change(firm: Office, **values: Any) -> None:
    firm.runtime.do(lambda tx, actor: tx.execute(sa.update(table).values(**values)), SYSTEM)


def seen(firm: Office, who: str, case: str) -> bool:
    return firm.runtime.read(awards.certified, firm.as_(who).actor, case)


def test_it_tells_whose_it_is_what_for_and_who_approved_it_on_which_day(firm: Office, award: str) -> None:
    found = firm.runtime.read(awards.certificate, firm.as_("spec2").actor, award)
    assert (found.number, found.title, found.fact, found.day) == (
        "AW-2026-0001",
        "Star",
        "No mistake",
        dt.date(2026, 4, 1),
    )
    assert (found.names, found.approver) == (firm.as_("spec2").actor.names, firm.as_("boss").actor.names)


def test_it_is_for_whoever_got_it_and_whoever_may_read_its_case(firm: Office, award: str) -> None:
    assert [who for who in ("spec2", "buyer", "boss", "spec", "root") if seen(firm, who, award)] == [
        "spec2",
        "buyer",
        "boss",
    ]


@pytest.mark.parametrize("values", [{"state": "nominated"}, {"state": "rejected"}, {"kind": "money"}])
def test_without_approval_or_for_money_alone_there_is_none(
    firm: Office, award: str, values: dict[str, str]
) -> None:
    change(firm, **values)
    with pytest.raises(awards.NoCertificate):
        firm.runtime.read(awards.certificate, firm.as_("spec2").actor, award)
