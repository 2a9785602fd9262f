"""Texts that compute, in JUEL or FEEL, look alike to those who use them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runtime import formulas, v8
from runtime.bpmn.lint.feel_money import computes_with_money
from runtime.expressions import Malformed

D = Decimal
BUNDLE = Path(__file__).resolve().parents[2] / "web" / "static" / "dist" / "feelin.js"


@pytest.fixture(scope="module", autouse=True)
def _feel() -> None:
    v8.use(BUNDLE)


@pytest.mark.parametrize(
    ("text", "template", "formula"),
    [
        ("= a + 1", 6, 6),
        ("${a + 1}", 6, 6),
        ("a + 1", "a + 1", 6),
        ("=金额 > 10", True, True),
        ("= count([1, 2])", 2, 2),
        ("= 0.1 + 0.2", D("0.30000000000000004"), D("0.30000000000000004")),
        ("${0.1 + 0.2}", D("0.3"), D("0.3")),
        ("=delivery date", dt.date(2026, 1, 31), dt.date(2026, 1, 31)),
        ("=nobody", None, None),
    ],
)
def test_both_languages_give_values(text: str, template: Any, formula: Any) -> None:
    names = {"a": 5, "金额": D("10.50"), "delivery date": dt.date(2026, 1, 31), "nothing": None}
    assert formulas.compile(text).evaluate(names) == template
    assert formulas.formula(text).evaluate(names) == formula


def test_only_what_a_text_mentions_is_handed_over() -> None:
    class Guarded(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            assert name == "a"
            return super().__getitem__(name)

    assert formulas.formula("=a * 2").evaluate(Guarded(a=2, secret=object())) == 4


def test_feel_is_told_the_time() -> None:
    moment = dt.datetime(2030, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
    expression = formulas.formula("=now()")
    assert expression.calls == {"now"}
    assert expression.evaluate({}, {"now": lambda: moment}) == moment


def test_feel_that_cannot_be_read_is_malformed() -> None:
    with pytest.raises(Malformed) as malformed:
        formulas.check(formulas.formula("= a >"))
    assert str(malformed.value).startswith("The FEEL expression = a > cannot be read: ")
    with pytest.raises(Malformed):
        formulas.check(formulas.compile("=" + "a" * 20_000))
    formulas.check(formulas.formula("=nobody.knows > 1"))
    formulas.check(formulas.formula("${a}"))


def test_what_computes_is_known_before() -> None:
    assert [formulas.computes(text) for text in ("=a", " =a", "${a}", "#{a}", "a", "a = b", "\\${a}")] == [
        True, True, True, True, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "feel",
    [
        "amount * 2 > 100",
        "unitPrice * pieces",
        "order.total_cost - 5",
        "sum(prices)",
        "sum(for line in lines return line.amount)",
        "金额 * 2",
        "合同金额 + 运费",
        "pieces * 1.5",
        "pieces / .5",
        "(a) - (fee)",
    ],
)
def test_computing_with_money_is_seen(feel: str) -> None:
    assert computes_with_money(feel)


@pytest.mark.parametrize(
    "feel",
    [
        "amount > 100",
        "amount > -100.50",
        "pieces * 2",
        'due - duration("P1D") > today()',
        'if amount > 10 then "a * b" else "0.5 + 1"',
        "parameter + 1",
        "count(amounts) > 1",
        "for x in 1..10 return x + 1",
        "some line in lines satisfies line.amount > 5",
        "costume + 1",
    ],
)
def test_what_is_no_computing_with_money_is_left_alone(feel: str) -> None:
    assert not computes_with_money(feel)
