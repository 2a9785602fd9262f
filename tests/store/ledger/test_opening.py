"""Opening the books, with the demo's own figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import demo, values
from runtime.engine.ports import BpmnError
from runtime.ledger import catalogue, demand, inputs, opening, reading, wages
from runtime.store import files
from runtime.values import File
from tests.store.ledger.conftest import Books

IDS = {person.username: f"{number:032x}" for number, person in enumerate(demo.people())}


@pytest.fixture(scope="module")
def dataset() -> dict[str, Any]:
    return demo.dataset(IDS, dt.date(2026, 3, 9))


def test_the_demo_opens_the_books(empty: Books, dataset: dict[str, Any]) -> None:
    counts = empty.do("ledger.open_books", dataset=dataset)["counts"]
    assert counts == {
        "suppliers": 6, "customers": 25, "warehouses": 2, "components": 40, "parameters": 38, "demand": 40,
        "stock": 79, "wages": 6,
    }
    lines = reading.overview(empty.tx)
    assert len(lines) == 40 and not any(line.below for line in lines) and empty.sent == []
    assert sum(line.safety_stock is None for line in lines) == 2
    assert reading.imbalances(empty.tx) == []
    assert wages.in_effect(empty.tx, IDS["wangfang"], empty.today) == 26000
    assert len(reading.options(empty.tx, ["components"])["components"]) == 40


def test_a_usual_order_of_one_component_raises_the_alert(empty: Books, dataset: dict[str, Any]) -> None:
    empty.do("ledger.open_books", dataset=dataset)
    [near] = [line for line in reading.overview(empty.tx) if line.sku == demo.NEARLY_SHORT]
    assert near.safety_stock is not None and near.on_hand == near.safety_stock + 6
    order = empty.do(
        "sales.record_order", customer="K01", address="苏州", promised=empty.today, recorded_by="specialist",
        lines=[{"component": demo.NEARLY_SHORT, "quantity": 20, "price": 280}],
    )["order"]
    empty.do("sales.confirm", order=order)
    assert not empty.do("sales.allocate", order=order, warehouse="SH")["short"]
    empty.do("sales.ship", order=order, warehouse="SH", carrier="x", tracking="1", shipped_on=empty.today)
    assert [key for _, key, _ in empty.sent] == [demo.NEARLY_SHORT]


def test_the_same_data_as_a_file(empty: Books, dataset: dict[str, Any]) -> None:
    content = values.dumps(dataset).encode()
    file = File(files.put(empty.tx, content), "opening.json", "text/plain", len(content))
    assert empty.do("ledger.open_books", dataset=file)["counts"]["components"] == 40


@pytest.mark.parametrize("content", [b"", b"[]", b"\x00\xff", b'{"components": [', b'{"$decimal": "x"}'])
def test_a_file_that_is_no_dataset_is_refused(empty: Books, content: bytes) -> None:
    file = File(files.put(empty.tx, content), "期初.json", "text/plain", len(content))
    with pytest.raises(opening.NotADataset, match="期初"):
        empty.do("ledger.open_books", dataset=file)


def test_a_file_that_is_not_kept_is_refused(empty: Books) -> None:
    with pytest.raises(opening.FileGone):
        empty.do("ledger.open_books", dataset=File("b" * 64, "x", "text/plain", 1))


def test_books_are_opened_once(books: Books, dataset: dict[str, Any]) -> None:
    with pytest.raises(BpmnError) as refused:
        books.do("ledger.open_books", dataset=dataset)
    assert refused.value.code == "already_open"


@pytest.mark.parametrize(("part", "rows", "error"), [
    ("passwords", [], inputs.UnknownInput),
    ("stock", [{"component": "M9", "warehouse": "SH", "quantity": 1}], catalogue.UnknownComponent),
    ("demand", [{"component": "M9", "first_day": dt.date(2026, 1, 1), "pieces": [1.5]}], inputs.WrongInput),
    ("warehouses", [{"code": "SH", "names": "上海"}], inputs.WrongInput),
    ("wages", [{"person": "root", "wage": 1, "effective_from": dt.date(2026, 1, 1)}], inputs.WrongInput),
])
def test_wrong_rows_are_named(empty: Books, part: str, rows: list[Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        empty.do("ledger.open_books", dataset={part: rows})


def test_demand_is_looked_at_over_its_window_and_not_from_stock(empty: Books, dataset: dict[str, Any]) -> None:
    component = {**dataset["components"][0], "usual_supplier": None}
    history = {"component": component["sku"], "first_day": dt.date(2026, 1, 1), "pieces": [9, 0, 0, 2, 4, 6]}
    empty.do("ledger.open_books", dataset={"components": [component], "demand": [history]})
    one = empty.tx.scalar(sa.select(catalogue.components.c.id))
    # The last four days: 0, 2, 4, 6.
    assert demand.daily(empty.tx, empty.today, 4)[one] == demand.Demand(Decimal(3), Decimal("2.5820"), 4)
    # What lies in the future of a day is not known on it: 9, 0.
    assert demand.daily(empty.tx, dt.date(2026, 1, 3), 180)[one].mean == Decimal("4.5")
    assert demand.daily(empty.tx, dt.date(2026, 1, 2), 180) == {}
    assert reading.demand_by_month(empty.tx, component["sku"]) == [("2026-01", 21)]


def test_options_speak_the_readers_language(books: Books) -> None:
    assert reading.options(books.tx, ["suppliers"])["suppliers"] == [
        {"value": "S1", "label": "晨光"}, {"value": "S2", "label": "S2"}
    ]
    assert reading.options(books.tx, ["warehouses"], "en")["warehouses"][0] == {"value": "SH", "label": "SH"}
    assert {one["label"] for one in reading.options(books.tx, ["people"], "en")["people"]} == set(books.people)
    assert reading.options(books.tx, ["planets"])["planets"] == []


def test_what_is_on_offer_no_more_still_has_a_name_where_it_stands(books: Books) -> None:
    books.tx.execute(sa.update(catalogue.suppliers).where(catalogue.suppliers.c.code == "S1").values(active=False))
    assert [one["value"] for one in reading.options(books.tx, ["suppliers"])["suppliers"]] == ["S2"]
    held = reading.options(books.tx, [], held={"suppliers": ["S1", "unheard of"]})
    assert held == {"suppliers": [{"value": "S1", "label": "晨光"}]}
    both = reading.options(books.tx, ["suppliers"], held={"suppliers": ["S1"]})["suppliers"]
    assert [one["value"] for one in both] == ["S1", "S2"]
