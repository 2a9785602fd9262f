"""Whoever decides on a claim, or pays it, is told which others hold the same receipt, or are alike."""

from __future__ import annotations

from typing import Any

from runtime.commands import files
from tests.office import Office

CLAIM = {"expense_purpose": "打车送样", "spent_on": "2026-03-06"}


def claimed(office: Office, who: str, amount: str, receipt: bytes | None = None, **more: Any) -> Any:
    desk = office.as_(who)
    answers: dict[str, Any] = {**CLAIM, "expense_amount": amount, **more}
    if receipt is not None:
        answers["expense_receipts"] = [office.runtime.do(files.store, desk.actor, "r.pdf", "application/pdf", receipt)]
    return desk.start("expense_claim", **answers)


def told(office: Office, who: str, element: str, case: Any) -> Any:
    return office.as_(who).page(element, case.id).data["claimed_before"]


def number(case: Any) -> str:
    return str(case.variables["claim_number"])


def test_the_same_receipt_is_told_to_whoever_decides_and_whoever_pays(office: Office) -> None:
    first = claimed(office, "liyang", "86.50", b"%PDF-1.7 taxi")
    second = claimed(office, "zhangmin", "40", b"%PDF-1.7 taxi", spent_on="2026-03-04")
    other = claimed(office, "zhangmin", "40", b"%PDF-1.7 other", spent_on="2026-03-05")
    assert told(office, "chenjie", "review_request", first) is None
    assert told(office, "chenjie", "review_request", second) == number(first)
    assert told(office, "chenjie", "review_request", other) is None
    office.as_("chenjie").do("review_request", case=second.id, decision="approve")
    assert told(office, "qianwei", "pay_expense", second) == number(first)


def test_the_same_amount_of_a_person_and_day_is_told_and_what_came_to_nothing_is_not(office: Office) -> None:
    first = claimed(office, "liyang", "86.50")
    second = claimed(office, "liyang", "86.50")
    assert told(office, "chenjie", "review_request", second) == number(first)
    office.as_("chenjie").do("review_request", case=first.id, decision="reject", comment="重复")
    assert told(office, "chenjie", "review_request", claimed(office, "zhangmin", "86.50")) is None
    third = claimed(office, "liyang", "86.50")
    assert told(office, "chenjie", "review_request", third) == number(second)


def test_a_claim_that_is_revised_is_not_taken_for_another(office: Office) -> None:
    case = claimed(office, "liyang", "86.50", b"%PDF-1.7 taxi")
    office.as_("chenjie").do("review_request", decision="return", comment="金额不对")
    office.as_("liyang").do("revise_claim", expense_amount="96.50")
    assert told(office, "chenjie", "review_request", case) is None
