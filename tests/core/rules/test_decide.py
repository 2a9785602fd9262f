"""A decision: strict about what it is given, complete about why, and never a guess."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest

from runtime import values
from runtime.rules import evaluate, facts, outcome
from runtime.rules.evaluate import compile, decide
from runtime.rules.table import RuleFile

Table = Callable[..., RuleFile]
DAY = dt.date(2026, 1, 31)


def row(id: str, when: str, then: str) -> str:
    names = f"name: '{id}', name_en: '{id}', name_zh_hant: '{id}'"
    because = f"because: 因 {id}, because_en: since {id}, because_zh_hant: 因 {id}"
    return f"- {{id: {id}, {names}, when: \"{when}\", then: {then}, {because}}}\n"


def test_a_decision_tells_rule_version_inputs_outputs_and_reasons(table: Table) -> None:
    file = table(["score >= 90 and late == 0", "score >= 80"], inputs="score: decimal\nlate: integer")
    decision = decide(compile(file, version=3), {"score": Decimal("85.5"), "late": 2}, as_of=DAY)
    assert (decision.rule, decision.version, decision.sha256, decision.as_of) == ("probe", 3, file.sha256, DAY)
    assert decision.inputs == {"score": Decimal("85.5"), "late": 2}
    assert decision.outputs == {"o": "r2"} and decision.hits == ("r2",)
    assert decision.because == (("r2", {"zh_Hans": "x", "en": "x", "zh_Hant": "x"}),)
    assert [(each.row, each.false) for each in decision.trace] == [
        ("r1", (("score >= 90", {"score": Decimal("85.5")}), ("late == 0", {"late": 2})))
    ]
    assert decision.refused is None and decision.require() == {"o": "r2"}
    with pytest.raises(FrozenInstanceError):
        decision.version = 4  # type: ignore[misc]


def test_a_decision_can_be_stored_and_read_back(table: Table) -> None:
    file = table(["a + 1 > 2 and z != null"], inputs="a: decimal\nz: date, required: false", let="b: a * 2")
    stored = decide(compile(file), {"a": Decimal("1.0"), "z": None}, as_of=DAY).to_value()
    assert values.loads(values.dumps(stored)) == stored
    assert stored["figures"] == {"b": Decimal("2.0")}
    assert stored["trace"] == [
        {
            "row": "r1",
            "false": [
                {"term": "a + 1 > 2", "values": {"a + 1": Decimal("2.0000")}},
                {"term": "z != null", "values": {"z": None}},
            ],
        }
    ]
    assert stored["hits"] == [] and stored["because"][0]["row"] == "default"


def test_without_an_explanation_the_answer_is_the_same(table: Table) -> None:
    ruleset = compile(table(["a > 1"]))
    explained, quick = decide(ruleset, {"a": 0}), decide(ruleset, {"a": 0}, explain=False)
    assert (quick.outputs, quick.hits, quick.trace) == (explained.outputs, explained.hits, ())


def test_every_input_that_does_not_fit_is_told_at_once(table: Table) -> None:
    inputs = """a: decimal, min: 0, decimals: 2
    n: integer, max: 10
    t: text, values: [甲, 乙]
    d: date
    f: boolean
    z: decimal, required: false"""
    ruleset = compile(table(["true"], inputs=inputs))
    given = {"a": Decimal("1.001"), "n": 11, "t": "丙", "d": "2025-01-01", "x": 1}
    with pytest.raises(facts.InputsInvalid) as raised:
        decide(ruleset, given)
    assert {(each.rule, each.params["name"]) for each in raised.value.problems} == {
        ("decision.too_many_decimals", "a"),
        ("decision.above", "n"),
        ("decision.not_a_choice", "t"),
        ("decision.not_of_type", "d"),
        ("decision.missing_input", "f"),
        ("decision.unknown_input", "x"),
    }
    assert raised.value.status == 400


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("n", 1.0), ("n", Decimal("1.5")), ("n", "1"), ("d", dt.datetime(2025, 1, 1)), ("t", "a\0b"), ("t", b"x"),
     ("t", ["x"]), ("f", "true"), ("f", 0)],
)
def test_nothing_is_converted_in_silence(table: Table, name: str, wrong: object) -> None:
    file = table(["true"], inputs="n: integer\nt: text\nd: date\nf: boolean")
    fine = {"n": 1, "t": "x", "d": DAY, "f": True}
    facts.normalise(file, fine)
    with pytest.raises(facts.InputsInvalid):
        facts.normalise(file, fine | {name: wrong})


def test_pieces_that_the_books_keep_as_decimals_serve_as_integers(table: Table) -> None:
    file = table(["n == 31"], inputs="n: integer")
    assert facts.normalise(file, {"n": Decimal("31.00")}) == {"n": 31}


def test_an_unset_figure_refuses_naming_rule_row_and_output_in_three_languages(table: Table) -> None:
    file = table(row("excellent", "a > 1", "{o: unset}") + row("rest", "a <= 1", "{o: 0}"),
                 outputs="o: decimal\np: decimal, formula: o * 2", default="")
    decision = decide(compile(file), {"a": 2})
    assert decision.outputs == {}, "never 0, never invented"
    assert decision.hits == ("excellent",) and decision.because[0][0] == "excellent"
    refusal = decision.refusal
    assert isinstance(refusal, outcome.OutputUnset) and refusal.code == "rule.output_unset"
    assert refusal.params == {"rule": "probe", "row": "excellent", "output": "o", "owner": "manager"}
    assert decision.refused is not None and set(decision.refused) == {"en", "zh_Hans", "zh_Hant"}
    assert "测试" in decision.refused["zh_Hans"] and "Probe" in decision.refused["en"]
    assert decision.to_value()["code"] == "rule.output_unset"
    with pytest.raises(outcome.RuleRefused):
        decision.require()
    assert decide(compile(file), {"a": 1}).outputs == {"o": Decimal(0), "p": Decimal(0)}


def test_a_default_may_refuse_in_its_own_words(table: Table) -> None:
    file = table(["a > 1"], default="default: {refuse: 不行, refuse_en: No, refuse_zh_hant: 不行}")
    decision = decide(compile(file), {"a": 0})
    assert decision.refused == {"zh_Hans": "不行", "en": "No", "zh_Hant": "不行"}
    assert decision.refusal is not None and str(decision.refusal) == "No"


def test_a_formula_sees_the_outputs_of_its_row_as_they_are_given_out(table: Table) -> None:
    file = table(row("one", "true", "{o: = a / 3}"),
                 outputs="o: decimal, decimals: 2\np: decimal, decimals: 1, formula: o * 3", default="")
    assert decide(compile(file), {"a": 10}).outputs == {"o": Decimal("3.33"), "p": Decimal("10.0")}


def test_halves_are_rounded_away_from_zero_as_in_commerce(table: Table) -> None:
    file = table(row("one", "true", "{o: = a}"), outputs="o: decimal, decimals: 2", default="")
    found = [decide(compile(file), {"a": Decimal(text)}).outputs["o"] for text in ("0.005", "-0.005", "0.0049")]
    assert found == [Decimal("0.01"), Decimal("-0.01"), Decimal("0.00")]


def test_an_output_outside_its_declaration_is_refused(table: Table) -> None:
    file = table(row("one", "true", "{o: = a}"), outputs="o: decimal, min: 0, max: 100", default="")
    decision = decide(compile(file), {"a": 101})
    assert decision.refusal is not None and decision.refusal.code == "rule.output_unfit"


def test_an_output_that_needs_what_is_not_given_is_refused(table: Table) -> None:
    file = table(row("one", "true", "{o: = z}"), inputs="z: decimal, required: false", outputs="o: decimal",
                 default="")
    decision = decide(compile(file), {})
    assert decision.refusal is not None and decision.refusal.code == "rule.output_missing"


def test_a_figure_of_something_not_given_is_null_and_matters_only_where_it_is_needed(table: Table) -> None:
    file = table(["lot > 10", "lot == null"], inputs="a: decimal\nz: decimal, required: false", let="lot: z * 2")
    assert decide(compile(file), {"a": 1}).hits == ("r2",)
    assert decide(compile(file), {"a": 1, "z": 6}).hits == ("r1",)


def test_a_comparison_with_something_not_given_is_false_whichever_way_it_points(table: Table) -> None:
    file = table(["z > 1", "z <= 1", "z != 1", "not (z > 1)"], inputs="z: decimal, required: false",
                 hit="collect", default="default: {then: {o: none}}")
    assert decide(compile(file), {}).hits == ("r3", "r4")


def test_collected_outputs_are_lists_in_the_order_of_the_rows(table: Table) -> None:
    file = table(["a > 1", "a > 2", "a > 9"], hit="collect")
    assert decide(compile(file), {"a": 5}).outputs == {"o": ["r1", "r2"]}
    assert decide(compile(file), {"a": 0}).outputs == {"o": ["none"]}


def test_rulesets_of_two_versions_do_not_disturb_each_other(table: Table) -> None:
    old, new = compile(table(["a > 1"]), 1), compile(table(["a > 5"]), 2)
    assert (decide(old, {"a": 3}).hits, decide(new, {"a": 3}).hits) == (("r1",), ())
    assert old != new and old.handle is not new.handle
    assert evaluate.Ruleset.__dataclass_params__.frozen  # type: ignore[attr-defined]
