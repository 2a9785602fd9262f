"""The worked example of docs/service-tasks.md is an operation that works, as it stands on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.engine.ports import BpmnError
from runtime.ledger import operations, sales
from tests.store.ledger.conftest import Books

PAGE = Path(__file__).resolve().parents[3] / "docs" / "service-tasks.md"


@pytest.fixture
def example() -> Iterator[None]:
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert code
    before = set(operations.OPERATIONS)
    exec(compile(code[1], str(PAGE), "exec"), {"__name__": "example"})
    yield
    for topic in set(operations.OPERATIONS) - before:
        del operations.OPERATIONS[topic]


def ordered(books: Books) -> str:
    order = books.do(
        "sales.record_order", customer="K1", address="苏州", promised=books.today, recorded_by="specialist",
        lines=[{"component": "M1", "quantity": 10, "price": 800}],
    )["order"]
    books.do("sales.confirm", order=order)
    return str(order)


def test_the_example_changes_an_address_once(books: Books, example: None) -> None:
    order = ordered(books)
    given = {"order": order, "address": "无锡"}
    assert books.do("sales.redirect", key="k", **given) == {"former_address": "苏州"}
    assert books.do("sales.redirect", key="k", **given) == {"former_address": "苏州"}
    assert books.rows(sales.sales_orders)[0].address == "无锡"


def test_the_example_refuses_what_a_diagram_can_catch(books: Books, example: None) -> None:
    order = ordered(books)
    books.put("M1", 10)
    books.do("sales.allocate", order=order, warehouse="SH")
    books.do(
        "sales.ship", order=order, warehouse="SH", carrier="德邦", tracking="1", shipped_on=books.today
    )
    with pytest.raises(BpmnError) as refused:
        books.do("sales.redirect", order=order, address="无锡")
    assert refused.value.code == "already_on_its_way"


def test_the_example_tells_a_diagram_what_it_takes(example: None) -> None:
    signature = operations.signatures()["sales.redirect"]
    assert signature.required == {"order", "address"} and signature.outputs == {"former_address"}
