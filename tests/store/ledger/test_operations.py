"""Operations: what they take, that they happen once, that their errors can be caught."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from runtime.engine.ports import BpmnError
from runtime.ledger import inputs, operations, plans
from runtime.ledger.operations import Call, operation
from runtime.values import File
from tests.store.ledger.conftest import Books

FILE = File("a" * 64, "a.pdf", "application/pdf", 1)


@pytest.fixture
def greet() -> Any:
    @operation("test.greet", errors=("rude",))
    def function(
        call: Call, name: str, pieces: inputs.Pieces = 1, price: inputs.Money | None = None,
        on: dt.date | None = None, loud: bool = False, files: list[File] | None = None, count: int = 0,
    ) -> dict[str, Any]:
        """Greet somebody."""
        if name == "rude":
            raise BpmnError("rude")
        return {"said": f"{name} {pieces}", "price": price, "on": on, "loud": loud, "count": count}

    yield function
    del operations.OPERATIONS["test.greet"]


def test_a_call_is_done_once_by_its_key(books: Books) -> None:
    line = {"component": "M1", "quantity": 5, "need_by": books.today, "est_price": Decimal("9.99")}
    first = books.do("purchasing.record_plan", key="k", drafter="supervisor", lines=[line])
    assert books.do("purchasing.record_plan", key="k", drafter="supervisor", lines=[line]) == first
    assert len(books.rows(plans.plans)) == 1
    other = books.do("purchasing.record_plan", key="k2", drafter="supervisor", lines=[line])
    assert other["plan"] != first["plan"]


def test_the_first_result_is_given_again_with_its_types(books: Books, greet: Any) -> None:
    given = {"name": "安", "price": Decimal("1.50"), "on": books.today}
    first = books.do("test.greet", key="k", **given)
    assert books.do("test.greet", key="k", **given) == first
    assert first["price"] == Decimal("1.50") and first["on"] == books.today


def test_a_key_stands_for_one_operation(books: Books, greet: Any) -> None:
    books.do("test.greet", key="k", name="a")
    with pytest.raises(operations.EffectKeyTaken):
        books.do("inventory.review_stock", key="k")


def test_a_refused_call_may_be_tried_again(books: Books, greet: Any) -> None:
    with pytest.raises(BpmnError):
        books.do("test.greet", key="k", name="rude")
    assert books.do("test.greet", key="k", name="kind")["said"] == "kind 1"


def test_an_unknown_operation_is_named(books: Books) -> None:
    with pytest.raises(operations.UnknownOperation, match=r"inventory\.steal"):
        books.do("inventory.steal")


def test_a_null_is_as_good_as_nothing(books: Books, greet: Any) -> None:
    assert books.do("test.greet", name="a", price=None)["price"] is None
    with pytest.raises(inputs.MissingInput):
        books.do("test.greet", name=None)


@pytest.mark.parametrize(("given", "error"), [
    ({}, inputs.MissingInput),
    ({"name": "a", "approved": True}, inputs.UnknownInput),
    ({"name": 7}, inputs.WrongInput),
    ({"name": "  "}, inputs.BlankText),
    ({"name": "x" * 10_001}, inputs.TextTooLong),
    ({"name": "a\0b"}, inputs.WrongInput),
    ({"name": "a", "pieces": 1.0}, inputs.WrongInput),
    ({"name": "a", "pieces": True}, inputs.WrongInput),
    ({"name": "a", "pieces": Decimal("0.5")}, inputs.FractionOfAPiece),
    ({"name": "a", "pieces": -1}, inputs.NegativeQuantity),
    ({"name": "a", "price": Decimal("Infinity")}, inputs.WrongInput),
    ({"name": "a", "price": Decimal("1E999999")}, inputs.AmountOutOfRange),
    ({"name": "a", "on": "2026-03-09"}, inputs.WrongInput),
    ({"name": "a", "on": dt.datetime(2026, 3, 9, tzinfo=dt.UTC)}, inputs.WrongInput),
    ({"name": "a", "loud": 1}, inputs.WrongInput),
    ({"name": "a", "files": FILE}, inputs.WrongInput),
    ({"name": "a", "files": ["a.pdf"]}, inputs.WrongInput),
    ({"name": "a", "files": [FILE] * 501}, inputs.TooManyRows),
    ({"name": "a", "count": Decimal(1)}, inputs.WrongInput),
])
def test_inputs_are_checked_strictly(books: Books, greet: Any, given: dict[str, Any], error: Any) -> None:
    with pytest.raises(error):
        books.do("test.greet", **given)


def test_an_integer_is_an_amount_and_a_whole_amount_is_pieces(books: Books, greet: Any) -> None:
    done = books.do("test.greet", name="a", price=3, pieces=Decimal("4.00"), files=[FILE], loud=True)
    assert done["said"] == "a 4" and done["price"] == Decimal(3) and isinstance(done["price"], Decimal)


def test_a_row_of_a_form_may_show_more_than_is_asked(books: Books) -> None:
    line = {"component": "M1", "quantity": 5, "need_by": books.today, "component_name": "组件", "on_hand": 3}
    books.do("purchasing.record_plan", drafter="supervisor", lines=[line])


def test_signatures_tell_a_diagram_what_it_may_call() -> None:
    signature = operations.signatures()["purchasing.sign_contract"]
    assert signature.required == {"plan", "supplier", "contract_no", "lines", "eta"}
    assert signature.optional == {"terms", "attachment", "deviation_approved_by"}
    assert signature.outputs == {"order", "number", "amount", "eta"}
    assert signature.errors == {
        "bad_lines", "beyond_plan", "contract_number_taken", "over_budget", "rule_refused",
        "supplier_blocked",
    }


def test_every_operation_says_what_it_does_and_which_errors_it_throws() -> None:
    for topic, found in operations.OPERATIONS.items():
        if topic.startswith("inbox."):
            continue
        assert found.doc, topic
        named = [error for error in found.errors if error != "rule_refused"]
        assert all(error in found.doc for error in named), topic


def test_what_a_diagram_catches_is_told_in_the_default_language(books: Books) -> None:
    refusal = operations.refuse("x", operations.UnknownOperation(topic="a.b"))
    assert (refusal.code, refusal.message) == ("x", "没有操作 a.b。")


def test_a_failing_operation_leaves_no_effect(books: Books) -> None:
    with pytest.raises(BpmnError), books.tx.savepoint():
        books.do("purchasing.record_plan", key="k", drafter="supervisor", lines=[
            {"component": "M1", "quantity": 10**9, "need_by": books.today, "est_price": Decimal(10**11)}
        ])
    assert books.rows(operations.effects) == []
