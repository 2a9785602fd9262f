"""Before a file is published: examples, coverage, both evaluators, in a child that may die."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.rules import child, durable, evaluate, trials
from runtime.rules.table import RuleFile

Write = Callable[..., str]
GOOD = "examples: [{given: {a: 2}, then: {o: r1}}, {given: {a: 0}, then: {o: none}}]"


def codes(text: str) -> list[str]:
    return [each.rule.removeprefix("rule_file.") for each in evaluate.publishable(text, "probe.yaml")]


def test_a_file_whose_examples_hold_can_be_published(write: Write) -> None:
    assert codes(write(["a > 1"], examples=GOOD)) == []


@pytest.mark.parametrize(
    ("examples", "code"),
    [
        ("examples: [{given: {a: 2}, then: {o: none}}]", ["example_failed"]),
        ("examples: [{given: {a: 2}, refused: true}]", ["example_not_refused"]),
        ("examples: [{given: {a: 0}, then: {o: none}}]", ["row_untested"]),
    ],
)
def test_an_example_that_does_not_hold_stops_the_file(write: Write, examples: str, code: list[str]) -> None:
    text = write(["a > 1"], examples=examples)
    assert codes(text) == code
    line = next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith("examples"))
    if code != ["row_untested"]:
        assert evaluate.publishable(text)[0].line == line


def test_a_refusal_that_an_example_does_not_expect_is_told_with_its_reason(write: Write) -> None:
    text = write(["a > 1"], outputs="o: text\np: decimal, formula: a / (a - 2)", examples=GOOD)
    assert codes(text) == ["example_refused", "rule.output_missing"]


def test_an_example_outside_the_inputs_range_is_told_with_its_reason(write: Write) -> None:
    text = write(["a > 1"], inputs="a: decimal, max: 1000", examples=GOOD.replace("a: 2", "a: 2000"))
    assert codes(text) == ["row_untested", "example_invalid", "decision.above"]


def test_a_difference_between_the_evaluators_stops_the_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    right = durable.Handle.hits
    monkeypatch.setattr(durable.Handle, "hits", lambda self, of: () if of.inputs["a"] > 900 else right(self, of))
    assert codes(write(["a > 1"], examples=GOOD)) == ["evaluators_differ"]


def test_the_cases_of_the_trial_are_the_same_each_time_and_crowd_at_the_edges(
    table: Callable[..., RuleFile],
) -> None:
    file = table(["a > 17.5", "t == '甲'"], inputs="a: decimal, min: 0, max: 100\nt: text")
    cases = list(trials.draw(file, 200))
    assert cases == list(trials.draw(file, 200))
    assert sum(17 < case["a"] < 18 for case in cases) > 20
    assert sum(case["t"] == "甲" for case in cases) > 20


def test_the_child_finds_what_the_parent_finds(write: Write) -> None:
    text = write(["a > 1", "a > 5"], default="", examples="examples: [{given: {a: 2}, then: {o: r2}}]")
    there, here = child.check_in_child(text, "probe.yaml"), evaluate.publishable(text, "probe.yaml")
    assert there == here
    assert {each.rule for each in there} >= {"rule_file.gap", "rule_file.shadowed", "rule_file.example_failed"}


def test_a_check_that_takes_too_long_is_ended(write: Write) -> None:
    child.close()
    (found,) = child.check_in_child(write(["a > 1"]), "probe.yaml", seconds=0.01)
    assert found.rule == "rule_file.check_timed_out" and found.severity == "error"


def test_a_check_that_crashes_leaves_the_server_alone(
    write: Write, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    child.close()
    monkeypatch.setattr("runtime.children.sys.executable", "/bin/false")
    (found,) = child.check_in_child(write(["a > 1"]), "probe.yaml")
    assert found.rule == "rule_file.check_crashed"
    assert "ended with 1" in caplog.text
    monkeypatch.undo()
    assert child.check_in_child(write(["a > 1"], examples=GOOD), "probe.yaml") == []


def test_the_example_of_the_handbook_is_a_rule_file() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
    text = page.split("```yaml\n")[1].split("```")[0]
    assert [each for each in evaluate.publishable(text) if each.severity == "error"] == []
