"""Feedback is kept, triaged by somebody else, and stands beside the demand where purchases are planned."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from runtime.engine.ports import BpmnError
from runtime.ledger import catalogue, demand, documents, feedback
from tests.store.ledger.conftest import TODAY, Books


def noted(books: Books, **more: Any) -> str:
    told = {"kind": "market", "text": "双面组件询价多", "source": "展会", "by": "specialist"} | more
    return str(books.do("feedback.record", **told)["feedback"])


def triaged(books: Books, which: str, by: str = "supervisor") -> None:
    books.do("feedback.triage", feedback=which, action="none", reason="已知", by=by)


def test_nobody_triages_what_they_noted_and_only_once(books: Books) -> None:
    which = noted(books)
    with pytest.raises(BpmnError) as error:
        triaged(books, which, by="specialist")
    assert error.value.code == "same_person"
    triaged(books, which)
    with pytest.raises(documents.NotPossibleNow):
        triaged(books, which)
    [row] = books.rows(feedback.entries)
    assert (row.state, row.action, row.reason) == ("handled", "none", "已知")


def test_recent_feedback_is_told_newest_first_with_stock_and_demand(books: Books) -> None:
    m1 = catalogue.component(books.tx, "M1").id
    since = TODAY - dt.timedelta(days=100)
    demand.load(books.tx, [demand.Series(m1, since, [2] * 100)], source="test")
    books.put("M1", 7)
    books.today = TODAY - dt.timedelta(days=feedback.DAYS + 1)
    noted(books, text="很久以前")
    books.today = TODAY
    noted(books, component="M1")
    noted(books, kind="customer", customer="K1", text="交货慢")
    first, second = books.do("feedback.recent")["feedback_lines"]
    assert (first["text"], first["component"], first["component_name"], first["demand"]) == (
        "交货慢", None, None, None,
    )
    assert (second["on_hand"], second["on_order"], second["demand"]) == (7, 0, 60)
    # Who replenishes a component is told of it and of what is about none.
    noted(books, component="M2", text="别的组件")
    told = books.do("feedback.recent", component="M1")["feedback_lines"]
    assert [line["component"] for line in told] == [None, "M1"]


def test_without_feedback_there_is_nothing_to_tell(books: Books) -> None:
    assert books.do("feedback.recent") == {"feedback_lines": []}


def test_feedback_is_about_what_there_is(books: Books) -> None:
    with pytest.raises(catalogue.UnknownComponent):
        noted(books, component="NO")
    with pytest.raises(catalogue.UnknownCustomer):
        noted(books, customer="NO")
