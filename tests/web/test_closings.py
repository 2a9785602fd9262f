"""The page of closed months: which, by whom, what was let stay open, and what was posted later; for those concerned."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from typing import Any

import pytest

from runtime.forms import FormInvalid
from runtime.identity import SYSTEM, NotGranted
from runtime.queries import closings
from runtime.store.db import Transaction
from tests.web.test_with_runtime import Browser, send


def test_finance_sees_who_closed_a_month_and_what_came_later(office: Any) -> None:
    finance = office.as_("qianwei")
    finance.start("period_close", closing_period="2026-02")
    waiting = Browser(office, "qianwei").client.get("/closed-months").text
    assert "2026-02" in waiting and "关账中" in waiting
    finance.do("confirm_close", closing_choice="close")
    office.settle()

    def book(tx: Transaction, actor: Any) -> None:
        from runtime.ledger import periods, settlements
        from runtime.ledger.budgets import budget_entries

        assert settlements  # its tables are guarded as well
        entry = {
            "public_id": "e" * 32, "year": 2026, "line": "award", "kind": "actual", "amount": 120, "document": "d",
            "case": "c" * 32, "actor": None, "at": tx.now, "business_date": dt.date(2026, 2, 26),
        }  # fmt: skip
        periods.post(tx, budget_entries, [entry])

    office.runtime.do(book, SYSTEM)
    done = Browser(office, "wangfang").client.get("/closed-months").text
    assert "钱伟" in done and "2026-02-26" in done and "2026-03-01" in done and "120" in done
    [closing] = office.runtime.read(closings.listing, SYSTEM)
    assert (closing.state, closing.items, len(closing.later)) == ("closed", [], 1)


def test_that_another_close_is_under_way_is_said_before_a_month_is_chosen_and_refused(office: Any) -> None:
    finance, browser = office.as_("qianwei"), Browser(office, "qianwei")
    said = "2026-02 的关账 MC-2026-0001 正在办理"
    start = "/processes/period_close/start"
    assert "正在办理" not in browser.client.get(start).text
    finance.start("period_close", closing_period="2026-02")
    assert said in json_text(browser.client.get(start).text)
    refused = send(browser.client, start, {"answers": json.dumps({"closing_period": "2026-02"})})
    assert refused.status_code == 400 and said in json_text(refused.text)
    with pytest.raises(FormInvalid) as never:
        finance.start("period_close")
    [problem] = never.value.problems
    assert (problem.rule, problem.where) == ("period.under_way", "closing_obstacle")
    assert problem.params == {"number": "MC-2026-0001", "period": "2026-02"}
    finance.do("confirm_close", closing_choice="drop")
    assert "正在办理" not in json_text(browser.client.get(start).text)
    assert finance.start("period_close").row.title["en"] == "Period close 2026-02 · MC-2026-0002"


def json_text(page: str) -> str:
    """A page as it is read, with what its forms hold."""
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), html.unescape(page))


def test_nobody_else_sees_the_closed_months(office: Any) -> None:
    assert Browser(office, "liyang").client.get("/closed-months").status_code == 403
    with pytest.raises(NotGranted):
        office.runtime.read(closings.listing, office.as_("liyang").actor)
    assert "/closed-months" not in Browser(office, "liyang").client.get("/inbox").text
    assert "/closed-months" in Browser(office, "zhaoming").client.get("/inbox").text
