"""Undertakings are asked of everybody once a version; exports hold what was approved and are taken away again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.engine.ports import BpmnError
from runtime.ledger import exports, inputs, undertakings
from runtime.ledger.catalogue import customers
from runtime.ledger.documents import NotPossibleNow
from runtime.store import accounts, files
from tests.store.ledger.conftest import TODAY, Books
from tests.store.ledger.test_sales import order_of

MARCH = {"first_day": dt.date(2026, 3, 1), "last_day": dt.date(2026, 3, 31)}


def publish(books: Books, on: dt.date = TODAY) -> int:
    text = {"title": "保密承诺书", "text": "不外传", "drafted_by": "hr", "approved_by": "lead"}
    return int(books.do("undertakings.publish", effective_on=on, **text)["undertaking_version"])


def ask(books: Books, **changed: Any) -> Any:
    usual = {"scope": "stock_movements", "purpose": "季度分析", "by": "specialist", **MARCH}
    return books.do("exports.request", **{**usual, **changed})


def content(books: Books, made: Any) -> str:
    return bytes(files.content(books.tx, made["export_file"].sha256).content).decode("utf-8-sig")


# --- undertakings --------------------------------------------------------------------


def test_everybody_is_asked_once_a_version_and_whoever_is_new_the_next_morning(books: Books) -> None:
    assert books.do("undertakings.ask_missing") == {"asked": 0}
    publish(books)
    assert books.do("undertakings.ask_missing") == {"asked": len(books.people)}
    assert books.do("undertakings.ask_missing") == {"asked": 0}
    new = {"public_id": "n" * 32, "username": "new", "names": {"en": "New"}, "language": "en"}
    books.tx.insert(accounts.people, [{**new, "created_at": books.tx.now}])
    assert books.do("undertakings.ask_missing") == {"asked": 1}
    name, key, told = books.sent[-1]
    assert (name, key, told["employee"]) == ("undertaking_due", f"1/{'n' * 32}", "n" * 32)
    publish(books)
    assert books.do("undertakings.ask_missing") == {"asked": len(books.people) + 1}


def test_a_version_is_asked_from_its_day_on(books: Books) -> None:
    publish(books, TODAY + dt.timedelta(days=7))
    assert books.do("undertakings.ask_missing") == {"asked": 0}
    books.today += dt.timedelta(days=7)
    assert books.do("undertakings.ask_missing")["asked"]


def test_nobody_approves_the_text_that_they_drafted(books: Books) -> None:
    with pytest.raises(BpmnError) as refused:
        books.do(
            "undertakings.publish", title="x", text="y", effective_on=TODAY, drafted_by="hr", approved_by="hr"
        )
    assert refused.value.code == "same_person"


def test_what_was_signed_stays_signed_and_a_refusal_can_be_thought_over(books: Books) -> None:
    publish(books)
    books.do("undertakings.ask_missing")
    [text] = books.rows(undertakings.undertaking_texts)
    answer = {"undertaking": text.public_id, "person": "specialist"}
    books.do("undertakings.answer", signed=False, reason="期限不清", **answer)
    assert not undertakings.has_signed(books.tx, books.people["specialist"], TODAY)
    books.do("undertakings.answer", signed=True, **answer)
    assert undertakings.has_signed(books.tx, books.people["specialist"], TODAY)
    with pytest.raises(NotPossibleNow):
        books.do("undertakings.answer", signed=False, reason="x", **answer)


# --- exports -------------------------------------------------------------------------


def test_without_the_undertaking_in_force_nothing_is_exported(books: Books) -> None:
    ask(books)
    publish(books)
    with pytest.raises(BpmnError, match="保密承诺") as refused:
        ask(books)
    assert refused.value.code == "bad_export"


def test_an_export_holds_its_scope_and_period_and_no_row_more(books: Books) -> None:
    books.put("M1", 40)
    books.put("M2", 5, "XA")
    wanted = ask(books)
    assert (wanted["export_rows"], wanted["sensitive"]) == (2, False)
    made = books.do("exports.make", export=wanted["export"], approved_by="manager")
    lines = content(books, made).splitlines()
    assert lines[0] == "日期,记账日期,类型,组件,仓库,件数"
    assert sorted(lines[1:]) == [
        "2026-03-09,2026-03-09,opening,M1,SH,40",
        "2026-03-09,2026-03-09,opening,M2,XA,5",
    ]
    before = ask(books, first_day=dt.date(2026, 2, 1), last_day=dt.date(2026, 2, 28))
    assert before["export_rows"] == 0


def test_an_orders_time_in_the_file_is_that_of_the_house(books: Books) -> None:
    order_of(books, ("M1", 20))
    wanted = ask(books, scope="sales_orders")
    made = books.do("exports.make", export=wanted["export"], approved_by="manager", cleared_by="hr")
    [heads, line] = content(books, made).splitlines()
    assert heads.split(",")[:2] == ["订单编号", "登记时间"]
    told = books.call().now.astimezone(books.call().zone)
    assert line.split(",")[1] == f"{told:%Y-%m-%d %H:%M}"


def test_nobody_approves_or_clears_their_own_export_and_two_are_two(books: Books) -> None:
    export = ask(books)["export"]
    for deciding in (
        {"approved_by": "specialist"},
        {"approved_by": "manager", "cleared_by": "specialist"},
        {"approved_by": "hr", "cleared_by": "hr"},
    ):
        with pytest.raises(BpmnError) as refused:
            books.do("exports.make", export=export, **deciding)
        assert refused.value.code == "same_person"


def test_without_whoever_approved_it_nothing_is_exported(books: Books) -> None:
    # The diagram reads them by execution.getVariable: null, if no way had given them.
    export = ask(books)["export"]
    with pytest.raises(inputs.MissingInput):
        books.do("exports.make", export=export, approved_by=None, cleared_by="hr")


def test_a_text_that_a_sheet_would_compute_with_is_told_as_text(books: Books) -> None:
    books.tx.insert(customers, [{"code": "=1+1", "names": {"zh_Hans": "@SUM(A1)"}, "address": "-2"}])
    export = ask(books, scope="customers")
    assert export["sensitive"]
    told = content(
        books, books.do("exports.make", export=export["export"], approved_by="manager", cleared_by="hr")
    )
    assert "'=1+1,'@SUM(A1),'-2" in told


def test_the_file_is_taken_away_and_its_log_stays(books: Books) -> None:
    export = ask(books)["export"]
    made = books.do("exports.make", export=export, approved_by="manager")
    books.do("exports.close", export=export, received=False)
    assert books.tx.scalar(sa.select(sa.func.count()).select_from(files.file_uses)) == 0
    [row] = books.rows(exports.data_exports)
    assert (row.state, row.received, row.sha256) == ("closed", False, made["export_file"].sha256)
    with pytest.raises(NotPossibleNow):
        books.do("exports.make", export=export, approved_by="manager")


@pytest.mark.parametrize(("first", "last"), [((2026, 3, 31), (2026, 3, 1)), ((2027, 1, 1), (2027, 2, 1))])
def test_a_period_that_is_none_is_refused(
    books: Books, first: tuple[int, ...], last: tuple[int, ...]
) -> None:
    with pytest.raises(BpmnError) as refused:
        ask(books, first_day=dt.date(*first), last_day=dt.date(*last))
    assert refused.value.code == "bad_export"


def test_very_many_rows_are_refused_with_their_number(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 1)
    books.put("M1", 1)
    books.put("M2", 1)
    with pytest.raises(BpmnError, match="2 行"):
        ask(books)


def test_what_grew_beyond_the_most_while_it_was_decided_is_not_made(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 1)
    books.put("M1", 1)
    export = ask(books)["export"]
    books.put("M2", 1)
    with pytest.raises(BpmnError, match="2 行"):
        books.do("exports.make", export=export, approved_by="manager")


@pytest.mark.parametrize(
    "scope", ["stock_movements", "sales_orders", "purchase_orders", "customers", "suppliers", "attendance"]
)
def test_each_scope_can_be_made(books: Books, scope: str) -> None:
    made = books.do(
        "exports.make", export=ask(books, scope=scope)["export"], approved_by="manager", cleared_by="hr"
    )
    assert content(books, made).splitlines()[0]


# --- reports -------------------------------------------------------------------------


@pytest.fixture
def readers(books: Books) -> Books:
    """Analysts see reports, and nobody else."""
    books.tx.execute(sa.delete(accounts.grants))
    row = {"group": "analyst", "verb": "read", "relation": "any"}
    books.tx.insert(accounts.grants, [{**row, "kind": kind} for kind in ("report", "people_report")])
    return books


@pytest.mark.parametrize(("report", "sensitive", "days"), [("suppliers", False, 7), ("team", True, 3)])
def test_an_approved_report_makes_no_file_and_holds_for_the_days_of_the_rule(
    readers: Books, report: str, sensitive: bool, days: int
) -> None:
    wanted = ask(readers, scope="report", report=report, by="analyst")
    assert (wanted["sensitive"], wanted["personal"], wanted["export_rows"]) == (sensitive, False, 0)
    made = readers.do("exports.make", export=wanted["export"], approved_by="manager", cleared_by="hr")
    assert made == {
        "export_file": None, "export_rows": 0, "export_receiver": readers.people["analyst"],
        "available_until": TODAY + dt.timedelta(days=days),
    }  # fmt: skip
    [row] = readers.rows(exports.data_exports)
    assert (row.report, row.valid_until, row.sha256) == (report, made["available_until"], None)
    readers.do("exports.close", export=wanted["export"], received=True)
    [row] = readers.rows(exports.data_exports)
    assert row.state == "closed"


def test_nobody_approves_their_own_taking_of_a_report(readers: Books) -> None:
    export = ask(readers, scope="report", report="suppliers", by="analyst")["export"]
    with pytest.raises(BpmnError) as refused:
        readers.do("exports.make", export=export, approved_by="analyst")
    assert refused.value.code == "same_person"


@pytest.mark.parametrize(
    ("by", "report", "told"),
    [
        ("analyst", None, "要取走哪张报表"),
        ("analyst", "nothing", "要取走哪张报表"),
        ("analyst", "shipping", "公开的"),
        ("specialist", "suppliers", "看不到这张报表"),
    ],
)
def test_a_report_that_cannot_be_asked_for_is_refused_with_why(
    readers: Books, by: str, report: str | None, told: str
) -> None:
    with pytest.raises(BpmnError, match=told) as refused:
        ask(readers, scope="report", report=report, by=by)
    assert refused.value.code == "bad_export"
    assert readers.rows(exports.data_exports) == []


def test_a_report_that_was_chosen_before_another_scope_is_not_kept(readers: Books) -> None:
    ask(readers, scope="stock_movements", report="suppliers")
    [row] = readers.rows(exports.data_exports)
    assert row.report is None


# --- breaches ------------------------------------------------------------------------


def test_whoever_reported_a_breach_neither_assesses_nor_closes_it(books: Books) -> None:
    breach = books.do("breaches.report", what="名单外发", happened_on=TODAY, by="specialist")["breach"]
    with pytest.raises(BpmnError, match="自己报告"):
        books.do("breaches.assess", breach=breach, by="specialist", severity="minor")
    books.do("breaches.assess", breach=breach, by="hr", severity="severe", containment="已收回")
    with pytest.raises(BpmnError, match="自己报告"):
        books.do("breaches.close", breach=breach, by="specialist", measures="x")
    books.do("breaches.close", breach=breach, by="hr", measures="x")


def test_what_has_not_happened_yet_is_no_breach(books: Books) -> None:
    with pytest.raises(BpmnError) as refused:
        books.do("breaches.report", what="x", happened_on=TODAY + dt.timedelta(days=1), by="specialist")
    assert refused.value.code == "bad_breach"
