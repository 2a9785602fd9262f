"""Each construct of BPMN either runs by the trace that the standard prescribes, or a rule refuses its file.

docs/bpmn-coverage.md shows these examples; tests/core/test_docs.py keeps it."""

from __future__ import annotations

from collections import Counter

import pytest

from runtime.bpmn.lint import RULES
from tests.coverage.example import Example, Refused, checked, fits, outcome, run, traced
from tests.coverage.page import everything

EXAMPLES = [row for row in everything() if isinstance(row, Example)]
REFUSED = [row for row in everything() if isinstance(row, Refused)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda row: row.name)
def test_an_example_takes_the_steps_that_it_says(example: Example) -> None:
    played = run(example)
    found = traced(played)
    assert fits(example.trace, found), f"{example.draw}\nwanted {example.trace}\nfound  {' '.join(found)}"
    assert outcome(played) == example.outcome
    assert {name: played.variables.get(name) for name in example.data} == example.data


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.name)
def test_what_is_not_run_is_refused_by_the_rule_that_says_why(row: Refused) -> None:
    assert row.rule in RULES
    assert row.rule in {problem.rule for problem in checked(row)[1]}, row.draw


def test_an_example_has_one_name() -> None:
    names = Counter(row.name for row in everything())
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(
    ("found", "fit"),
    [
        ("a b c d", True),
        ("a c b d", True),
        ("a b d", False),
        ("a b c", False),
        ("b a c d", False),
        ("a b c d d", False),
    ],
)
def test_a_trace_is_held_to_its_order_and_to_nothing_more(found: str, fit: bool) -> None:
    assert fits("a (b | c) d", found.split()) is fit
