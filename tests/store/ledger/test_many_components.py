"""A review of thousands of components decides each as it would be decided alone."""

from __future__ import annotations

import datetime as dt
import random
from decimal import ROUND_CEILING, Decimal

from runtime.ledger import catalogue, demand, inventory, safety, stock
from runtime.rules import evaluate, rulefile
from runtime.rules.facts import InputsInvalid
from runtime.values import Value
from tests.benchmarks import many
from tests.store.ledger.conftest import RULES, TODAY, Books

MANY = 2_000


def by_hand(books: Books) -> dict[int, tuple[int, int] | None]:
    """Component → safety stock and reorder point, decided one by one from rows that are read one by one."""
    text = (RULES / "safety_stock.yaml").read_text(encoding="utf-8")
    file, _ = rulefile.load(text, "safety_stock.yaml")
    assert file is not None
    rule = evaluate.compile(file)
    wanted: dict[int, dict[dt.date, int]] = {}
    for row in books.rows(demand.demand):
        wanted.setdefault(row.component_id, {})[row.day] = row.pieces
    series = {row.component_id: row for row in books.rows(demand.demand_series)}
    found: dict[int, tuple[int, int] | None] = {}
    for row in books.rows(safety.stock_parameters):
        mean, deviation = row.daily_demand, row.demand_deviation
        of = series.get(row.component_id)
        if of is not None:
            last = min(of.last_day, TODAY - dt.timedelta(days=1))
            days = min((last - of.first_day).days + 1, safety.WINDOW)
            if days > 1:
                each = [wanted.get(row.component_id, {}).get(last - dt.timedelta(days=n), 0) for n in range(days)]
                four = Decimal("0.0001")
                mean = (Decimal(sum(each)) / days).quantize(four)
                spread = Decimal(days * sum(n * n for n in each) - sum(each) ** 2) / (days * (days - 1))
                deviation = spread.sqrt().quantize(four)
        if mean is None or deviation is None:
            found[row.component_id] = None
            continue
        facts: dict[str, Value] = {
            "daily_demand": mean, "demand_deviation": deviation, "lead_time_days": row.lead_time_days,
            "lead_time_deviation": row.lead_time_deviation, "abc_class": row.abc_class,
        }  # fmt: skip
        outputs = evaluate.decide(rule, facts, as_of=TODAY).require()
        safe, order = (
            int(Decimal(str(outputs[name])).to_integral_value(ROUND_CEILING))
            for name in ("safety_stock", "reorder_point")
        )
        found[row.component_id] = safe, order
    return found


def test_each_of_thousands_is_judged_as_it_would_be_alone(books: Books) -> None:
    many.fill(books.tx.connection, MANY, TODAY)
    expected = by_hand(books)
    result = books.do("inventory.review_stock")
    rows = {row.component_id: row for row in books.rows(safety.stock_parameters)}
    levels = {id_: (row.safety_stock, row.reorder_point) for id_, row in rows.items()}
    assert levels == {id_: level or (None, None) for id_, level in expected.items()}
    pieces = stock.on_hand(books.tx)
    below = {id_ for id_, level in expected.items() if level and pieces.get(id_, 0) < level[0]}
    skus = {row.id: row.sku for row in books.rows(catalogue.components)}
    assert result["reviewed"] == MANY + 3 and result["below"] == sorted(skus[id_] for id_ in below)
    assert [key for _, key, _ in books.sent] == result["below"]
    reviews = {row.component_id: row for row in books.rows(safety.stock_reviews)}
    assert len(reviews) == MANY + 3
    for id_, level in expected.items():
        review = reviews[id_]
        reason = "missing_parameters" if level is None else "below" if id_ in below else "enough"
        assert (review.reason, review.fired) == (reason, reason == "below")
        assert (review.on_hand, review.safety_stock) == (pieces.get(id_, 0), level[0] if level else None)
        assert (review.inputs is None) == (level is None)
    # A window that ended long ago, one that is just beginning and none at all were among them.
    ends = {row.last_day < TODAY - dt.timedelta(days=1) for row in books.rows(demand.demand_series)}
    assert ends == {True, False} and len(below) > 100


def test_a_part_of_a_review_asks_the_database_no_more_often_than_a_review_of_few(
    books: Books, statements: list[str]
) -> None:
    books.do("inventory.review_stock")
    few = len(statements)
    many.fill(books.tx.connection, inventory.PART - 3, TODAY)
    del statements[:]
    books.do("inventory.review_stock")
    assert len(statements) <= few + 2  # parameters that were found, and demand


def test_deciding_many_at_once_is_deciding_each(books: Books) -> None:
    """Of every rule, over its own examples and what lies beside them."""
    chance = random.Random(9)
    for path in sorted(RULES.glob("*.yaml")):
        file, problems = rulefile.load(path.read_text(encoding="utf-8"), path.name)
        assert file is not None, problems
        rule = evaluate.compile(file)
        given = [dict(example.given) for example in file.examples]
        mixed = [{**one, **{name: chance.choice(given).get(name) for name in one}} for one in given * 5]
        cases = [case for case in given + mixed if _fits(rule, case)]
        alone = [evaluate.decide(rule, case, TODAY) for case in cases]
        assert list(evaluate.decide_many(rule, cases, TODAY)) == [(each.outputs, each) for each in alone]
        # Of very many, each refusal is told, and the first for each row.
        at_once = list(evaluate.decide_many(rule, cases, TODAY, every=False))
        assert [outputs for outputs, _ in at_once] == [each.outputs for each in alone]
        told = [decision for _, decision in at_once if decision is not None]
        assert told == [each for n, each in enumerate(alone) if each.refused or _first(alone, n)]
        assert {type(value) for outputs, _ in at_once for value in outputs.values()} == {
            type(value) for each in alone for value in each.outputs.values()
        }


def _first(alone: list[evaluate.Decision], number: int) -> bool:
    return alone[number].hits not in [each.hits for each in alone[:number]]


def _fits(rule: evaluate.Ruleset, case: dict[str, Value]) -> bool:
    try:
        evaluate.decide(rule, case, explain=False)
    except InputsInvalid:
        return False
    return True
