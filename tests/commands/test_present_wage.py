"""Whoever confirms a new wage reads the one that it follows, and nobody who may not see wages does."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from runtime.identity import SYSTEM, Actor
from runtime.ledger.wages import wages
from runtime.queries.cases import NoSuchCase
from runtime.queries.variables import variables
from runtime.store.db import Transaction
from tests.office import Case, Desk, Office, tells


def had(office: Office, wage: str, since: dt.date) -> None:
    def enter(tx: Transaction, actor: Actor) -> None:
        of = {"person": office.as_("liyang").actor.public_id, "wage": Decimal(wage), "effective_from": since}
        tx.insert(wages, [{**of, "definition": "base_and_allowances", "case": "c" * 32, "at": tx.now}])

    office.runtime.do(enter, SYSTEM)


@pytest.fixture
def case(office: Office) -> Case:
    had(office, "8765.4", dt.date(2025, 7, 1))
    asked = {"new_wage": "9500", "wage_definition": "base", "effective_on": "2026-04-01", "wage_reason": "年度调薪"}
    return office.as_("sunli").start("wage_change", employee=office.as_("liyang").actor.public_id, **asked)


def told(desk: Desk) -> tuple[object, ...]:
    data = desk.page("confirm_wage").data
    return tuple(str(data[name]) for name in ("present_wage", "present_from", "present_definition", "new_wage"))


def test_whoever_confirms_a_wage_reads_the_present_one_and_since_when(office: Office, case: Case) -> None:
    finance = office.as_("qianwei")
    assert told(finance) == ("8765.40", "2025-07-01", "base_and_allowances", "9500.00")
    finance.do("confirm_wage", wage_decision="return", wage_comment="先查四月前的")
    had(office, "9000", dt.date(2026, 3, 1))
    office.as_("sunli").do("revise_wage", wage_reason="三月五日批件")
    assert told(finance)[:2] == ("9000.00", "2026-03-01"), "as it is when it comes back"


def test_the_present_wage_is_told_to_nobody_who_may_not_see_wages(office: Office, case: Case) -> None:
    seen = office.runtime.read(variables, office.as_("sunli").actor, case.id)
    assert seen["present_wage"] == Decimal("8765.4")
    for who in ("zhangmin", "wuting", "guotao", "linxi"):
        with pytest.raises(NoSuchCase):
            office.runtime.read(variables, office.as_(who).actor, case.id)
        assert not tells(office.as_(who).inbox(), "8765")
