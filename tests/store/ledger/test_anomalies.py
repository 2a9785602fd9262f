"""Anomalies of stock: what was seen beside what the books say; the reporter does not deal with it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from runtime.engine.ports import BpmnError
from tests.store.ledger.conftest import Books


def test_an_anomaly_is_valued_by_what_the_books_say(books: Books) -> None:
    books.put("M2", 10)
    told = {"component": "M2", "warehouse": "SH", "kind": "quantity"}
    told |= {"description": "少了", "reported_by": "specialist"}
    found = books.do("anomalies.record", actual=7, **told)
    assert (found["book"], found["pieces_off"], found["value_off"]) == (10, 3, Decimal("1861.50"))
    assert books.do("anomalies.record", **told)["value_off"] == 0


def test_the_reporter_does_not_deal_with_it(books: Books) -> None:
    anomaly = books.do(
        "anomalies.record", component="M1", warehouse="SH", kind="damage", description="破损", reported_by="specialist"
    )["anomaly"]
    with pytest.raises(BpmnError, match="same_person"):
        books.do("anomalies.handle", anomaly=anomaly, handling="none", severity="minor", by="specialist")
    books.do("anomalies.handle", anomaly=anomaly, handling="none", severity="minor", by="supervisor")


def test_whoever_counts_a_component_does_not_learn_the_books_by_reporting_it(books: Books) -> None:
    books.put("M2", 10)
    books.do("stocktake.open", kind="spot", components=["M2"])
    told = {"component": "M2", "warehouse": "SH", "kind": "quantity", "description": "少", "reported_by": "specialist"}
    found = books.do("anomalies.record", actual=7, **told)
    assert (found["book"], found["pieces_off"], found["value_off"]) == (None, 0, 0)
