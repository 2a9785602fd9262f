"""What forms offer: only what the reader may choose, and nothing of what others have."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import forms, library
from runtime.forms import FormInvalid
from runtime.identity import SYSTEM, Actor
from runtime.ledger import own, shipments
from runtime.store.db import Transaction
from tests.office import Office


def offered(office: Office, who: str, form: str, source: str) -> list[str]:
    """What a deployed form offers somebody from a source."""

    def ask(tx: Transaction, actor: Actor) -> list[str]:
        row = library.newest(tx, "form", form)
        return [each["value"] for each in library.options(tx, library.form(tx, row.id, form), actor)[source]]

    return office.runtime.read(ask, office.as_(who).actor)


def test_whoever_withdraws_a_notice_chooses_among_those_they_drafted_or_approved(office: Office) -> None:
    case = office.as_("chenjie").start("notice", notice_title="清明值班", notice_text="值班安排见附件").id
    office.as_("wangfang").do("review_request", case, decision="approve")
    assert offered(office, "chenjie", "withdraw_notice", "own_notices") == ["NT-2026-0001"]
    assert offered(office, "wangfang", "withdraw_notice", "own_notices") == ["NT-2026-0001"]
    assert offered(office, "liyang", "withdraw_notice", "own_notices") == []
    with pytest.raises(FormInvalid):
        office.as_("liyang").start("notice_withdrawal", notice_number="NT-2026-0001", withdraw_reason="试试")
    office.as_("wangfang").start("notice_withdrawal", notice_number="NT-2026-0001", withdraw_reason="日期有误")
    assert offered(office, "chenjie", "withdraw_notice", "own_notices") == []


def sell(office: Office) -> str:
    lines = [{"component": "QY-P60-265", "quantity": 5, "price": "260"}]
    case = office.as_("liyang").start(
        "sales_order", customer="K01", order_lines=lines, address="南京市江宁区 1 号", promised="2026-03-20"
    ).id
    office.as_("liyang").do("check_order", case, order_check="correct", warehouse="SH")
    return case


def test_whoever_notes_an_issue_chooses_among_orders_that_left(office: Office) -> None:
    case = sell(office)
    assert offered(office, "liyang", "propose_remedy", "shipped_orders") == []
    office.as_("liyang").do("arrange_shipment", case)
    sent = {"carrier": "顺达物流", "tracking": "SD103", "shipped_on": "2026-03-09"}
    office.as_("guotao").do("report_dispatch", case, **sent)
    for who in ("liyang", "chenjie"):
        assert offered(office, who, "propose_remedy", "shipped_orders") == ["SO-2026-0001"]
    # Human resources read no customers, so they cannot tell from a form which orders there are.
    assert offered(office, "sunli", "propose_remedy", "shipped_orders") == []

    def at(day: dt.date) -> list[dict[str, str]]:
        return office.runtime.read(lambda tx, actor: own.shipped_orders(tx, "", day), SYSTEM)

    assert at(dt.date(2028, 3, 9)) == [{"value": "SO-2026-0001", "label": "SO-2026-0001 · K01 · 2026-03-09"}]
    assert at(dt.date(2028, 3, 11)) == []
    # What the customer did not take is nothing to put right.
    office.runtime.do(
        lambda tx, actor: tx.execute(sa.update(shipments.shipments).values(return_reason="拒收")), SYSTEM
    )
    assert at(dt.date(2026, 3, 10)) == []


def test_the_newest_orders_are_offered_when_there_are_very_many(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "MOST_ORDERS", 1)
    for day in ("2026-03-08", "2026-03-09"):
        case = sell(office)
        office.as_("liyang").do("arrange_shipment", case)
        office.as_("guotao").do("report_dispatch", case, carrier="顺达物流", tracking="SD103", shipped_on=day)
    assert offered(office, "liyang", "propose_remedy", "shipped_orders") == ["SO-2026-0002"]


def test_an_order_that_left_long_ago_can_still_be_named(office: Office) -> None:
    def form(tx: Transaction, actor: Actor) -> forms.Form:
        return library.form(tx, library.newest(tx, "form", "propose_remedy").id, "propose_remedy")

    found = office.runtime.read(form, SYSTEM)
    answers: dict[str, Any] = {
        "issue_kind": "damage", "urgency": "normal", "issue_description": "坏", "remedy_kind": "none",
        "proposal": "说明",
    }  # fmt: skip
    options = {"shipped_orders": [{"value": "SO-2026-0001", "label": "x"}], "components": []}
    day = dt.date(2026, 3, 9)
    for named in ({"older_order": "SO-2020-0001"}, {"order_number": "SO-2026-0001"}):
        given = forms.validate(found, answers | named, {}, options, today=day)
        assert {key: given.get(key) for key in named} == named
    both = {"older_order": "SO-2020-0001", "order_number": "SO-2026-0001"}
    given = forms.validate(found, answers | both, {}, options, today=day)
    assert given["order_number"] == "SO-2026-0001" and given["older_order"] is None
    for wrong in ({}, {"order_number": "SO-2020-0001"}):
        with pytest.raises(FormInvalid):
            forms.validate(found, answers | wrong, {}, options, today=day)
