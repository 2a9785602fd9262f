"""Stocktakes: counted blind by whoever did not keep the record, never netted, posted by another person."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from runtime.engine.ports import BpmnError
from runtime.ledger import catalogue, stock
from tests.store.ledger.conftest import Books


def _spot(books: Books, **named: Any) -> tuple[str, str]:
    opened = books.do("stocktake.open", kind="spot", opened_by="supervisor", **named)
    [sheet] = opened["sheets"]
    books.do("stocktake.take_sheet", sheet=sheet["sheet"])
    return opened["count"], sheet["sheet"]


def _count(books: Books, sheet: str, by: str, **pieces: int) -> Any:
    lines = [{"component": sku.replace("_", "-"), "counted": number} for sku, number in pieces.items()]
    return books.do("stocktake.record", sheet=sheet, lines=lines, by=by)


def _kinds(books: Books) -> list[tuple[str, int]]:
    rows = books.rows(stock.stock_movements)
    return [(row.kind, row.quantity) for row in rows if row.kind in ("surplus", "loss")]


def test_surplus_and_loss_are_valued_and_posted_apart(books: Books) -> None:
    books.put("M1", 100)
    books.put("M2", 100)
    count, sheet = _spot(books)
    _count(books, sheet, "specialist", M1=90, M2=110)
    _count(books, sheet, "analyst", M1=90, M2=110)
    judged = books.do("stocktake.judge", count=count)
    assert (judged["loss"], judged["surplus"], judged["beyond"]) == (Decimal(5000), Decimal(6205), 2)
    causes = [{"component": sku, "warehouse": "SH", "cause": "misplaced"} for sku in ("M1", "M2")]
    books.do("stocktake.explain", count=count, lines=causes, by="supervisor")
    assert books.do("stocktake.post", count=count, approved_by="manager") == {"posted": 2}
    assert sorted(_kinds(books)) == [("loss", -10), ("surplus", 10)]
    assert (books.on_hand("M1"), books.on_hand("M2")) == (90, 110)


def test_a_count_that_a_movement_overtook_is_made_again(books: Books) -> None:
    books.put("M1", 100)
    count, sheet = _spot(books)
    books.put("M1", 20)
    again = _count(books, sheet, "specialist", M1=100)
    assert [(line["component"], line["why"]) for line in again["lines"]] == [("M1", "moved")]
    assert _count(books, sheet, "specialist", M1=120)["recount_total"] == 0
    assert books.do("stocktake.judge", count=count)["agreed"]


def test_beyond_tolerance_somebody_else_counts_again_and_nobody_is_told_the_books(books: Books) -> None:
    books.put("M1", 100)
    _count_id, sheet = _spot(books)
    again = _count(books, sheet, "specialist", M1=60)
    assert books.people["specialist"] in again["excluded"]
    assert all(set(line) == {"component", "component_name", "why"} for line in again["lines"])
    with pytest.raises(BpmnError, match="same_person"):
        _count(books, sheet, "specialist", M1=60)
    assert _count(books, sheet, "analyst", M1=60)["recount_total"] == 0


def test_who_kept_the_record_does_not_count(books: Books) -> None:
    books.put("M1", 100)
    component = catalogue.component(books.tx, "M1")
    place = catalogue.by_code(books.tx, catalogue.warehouses, "SH")
    stock.post(books.call(actor="specialist"), "issue", [stock.Posting(component.id, place.id, -1)])
    opened = books.do("stocktake.open", kind="spot", components=["M1"])
    taken = books.do("stocktake.take_sheet", sheet=opened["sheets"][0]["sheet"])
    assert taken["excluded"] == [books.people["specialist"]]


def test_who_counted_neither_explains_nor_approves(books: Books) -> None:
    books.put("M1", 100)
    count, sheet = _spot(books)
    _count(books, sheet, "supervisor", M1=90)
    _count(books, sheet, "specialist", M1=90)
    books.do("stocktake.judge", count=count)
    cause = [{"component": "M1", "warehouse": "SH", "cause": "damage"}]
    with pytest.raises(BpmnError, match="same_person"):
        books.do("stocktake.explain", count=count, lines=cause, by="specialist")
    with pytest.raises(BpmnError, match="cause_missing"):
        books.do("stocktake.explain", count=count, lines=[], by="manager")
    books.do("stocktake.explain", count=count, lines=cause, by="manager")
    for person in ("specialist", "supervisor"):
        with pytest.raises(BpmnError, match="same_person"):
            books.do("stocktake.post", count=count, approved_by=person)


def test_a_loss_of_more_than_is_left_names_no_figure_while_it_is_counted_anew(books: Books) -> None:
    books.put("M1", 100)
    count, sheet = _spot(books)
    for by in ("specialist", "analyst"):
        _count(books, sheet, by, M1=20)
    books.do("stocktake.judge", count=count)
    cause = [{"component": "M1", "warehouse": "SH", "cause": "damage"}]
    books.do("stocktake.explain", count=count, lines=cause, by="supervisor")
    lost = {"component": "M1", "warehouse": "SH", "quantity": -57, "reason": "漏雨"}
    books.do("inventory.correct", **lost, approved_by="manager", drafted_by="specialist")

    def refused() -> str:
        with pytest.raises(BpmnError) as error, books.tx.connection.begin_nested():
            books.do("stocktake.post", count=count, approved_by="manager")
        assert error.value.code == "below_zero"
        return error.value.message

    assert "43" in refused()
    _, anew = _spot(books)
    assert "43" not in refused()
    _count(books, anew, "hr", M1=43)
    assert "43" in refused()


def test_what_is_due_goes_by_the_class_and_stands_on_one_sheet_only(books: Books) -> None:
    books.put("M1", 100)
    assert books.do("stocktake.open", kind="cycle")["lines_total"] == 0
    books.today += dt.timedelta(days=365)
    assert books.do("stocktake.open", kind="cycle")["lines_total"] == 1
    assert books.do("stocktake.open", kind="cycle")["lines_total"] == 0


def test_who_explained_the_variances_knows_the_books_and_does_not_count_them_again(books: Books) -> None:
    books.put("M1", 100)
    count, sheet = _spot(books)
    _count(books, sheet, "specialist", M1=80)
    _count(books, sheet, "analyst", M1=80)
    books.do("stocktake.judge", count=count)
    cause = [{"component": "M1", "warehouse": "SH", "cause": "damage"}]
    books.do("stocktake.explain", count=count, lines=cause, by="supervisor")
    [anew] = books.do("stocktake.reopen", count=count, reason="再点")["sheets"]
    assert books.people["supervisor"] in books.do("stocktake.take_sheet", sheet=anew["sheet"])["excluded"]


def test_a_recount_bars_who_counted_and_forgets_their_figures(books: Books) -> None:
    books.put("M1", 100)
    count, sheet = _spot(books)
    _count(books, sheet, "specialist", M1=80)
    _count(books, sheet, "analyst", M1=80)
    books.do("stocktake.judge", count=count)
    [anew] = books.do("stocktake.reopen", count=count, reason="再点")["sheets"]
    taken = books.do("stocktake.take_sheet", sheet=anew["sheet"])
    assert {books.people["specialist"], books.people["analyst"]} <= set(taken["excluded"])
    _count(books, anew["sheet"], "hr", M1=100)
    assert books.do("stocktake.judge", count=count)["agreed"]
