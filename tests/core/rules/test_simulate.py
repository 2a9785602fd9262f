"""Past decisions put to a draft: who changes, from what to what, and by how much."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from runtime.rules import evaluate
from runtime.rules.simulate import Past, replay
from runtime.rules.table import RuleFile

Table = Callable[..., RuleFile]


def past(file: RuleFile, *values: int) -> list[Past]:
    found = []
    for value in values:
        decision = evaluate.decide(evaluate.compile(file), {"a": value})
        found.append(Past(f"case {value}", decision.inputs, decision.outputs if not decision.refused else None))
    return found


def test_only_those_whose_decision_changes_are_named(table: Table) -> None:
    before, draft = table(["a > 10", "a > 5"]), table(["a > 8", "a > 5"])
    told = replay(draft, past(before, 12, 9, 6, 1))
    assert told.decisions == 4
    (change,) = told.changes
    assert (change.subject, change.before, change.after, change.outputs) == (
        "case 9", {"o": "r2"}, {"o": "r1"}, ("o",)
    )


def test_the_difference_in_money_is_summed(table: Table) -> None:
    outputs = "o: text\npay: decimal, decimals: 2, formula: a * {}"
    before = table(["a > 5"], outputs=outputs.format("0.1"))
    told = replay(table(["a > 5"], outputs=outputs.format("0.12")), past(before, 100, 50))
    assert told.difference == {"pay": Decimal("3.00")}
    assert [change.after["pay"] for change in told.changes if change.after] == [Decimal("12.00"), Decimal("6.00")]


def test_new_refusals_and_ended_ones_are_changes(table: Table) -> None:
    refusing = "default: {refuse: 不, refuse_en: No, refuse_zh_hant: 不}"
    open_, closed = table(["a > 5"]), table(["a > 5"], default=refusing)
    (change,) = replay(closed, past(open_, 9, 1)).changes
    assert change.after is None and change.refused == {"zh_Hans": "不", "en": "No", "zh_Hant": "不"}
    (change,) = replay(open_, past(closed, 9, 1)).changes
    assert (change.before, change.after) == (None, {"o": "none"})


def test_a_draft_that_asks_for_more_than_was_known_says_so(table: Table) -> None:
    draft = table(["a > 5 and b > 1"], inputs="a: decimal\nb: decimal")
    (change,) = replay(draft, past(table(["a > 5"]), 9)).changes
    assert change.error is not None and change.error.code == "decision.inputs_invalid"


def test_an_input_that_the_draft_dropped_is_left_out(table: Table) -> None:
    before = table(["a > 5"], inputs="a: decimal\nb: decimal, required: false")
    assert replay(table(["a > 5"]), past(before, 9)).changes == ()
