"""Conditions written back as text say the same, and constants are computed once."""

from __future__ import annotations

import pytest

from runtime import expressions
from runtime.rules.conditions import fold, render, terms


def tree(text: str) -> expressions.Node:
    return expressions.compile(text, braces=False).tree


@pytest.mark.parametrize(
    "text",
    [
        "a + b * (c - d) - (e - f)", "a - (b - c) / 2", "not (a and b) or c", "(a or b) and c", "(a == b) == c",
        "a in ['x', 'y'] and z != null", "-(a + b) < -5", "x ? y : (z ? 1 : 2)", "(x ? y : z) + 1", "empty a or !b",
        "max(a, -2 * 3) >= 1.50", "date('2026-01-31') <= d", "t == 'it\\'s \\\\ a\\ttab'", "!(a < b) and not c",
        "100000000000000000000 > a", "a % 2 == 0",
    ],
)
def test_a_condition_written_back_reads_the_same(text: str) -> None:
    assert tree(render(tree(text))) == tree(text)
    assert tree(render(fold(tree(text)))) is not None


@pytest.mark.parametrize(
    ("text", "folded"),
    [("a > 2 * 30", "a > 60"), ("a < -5", "a < -5"),
     ("d > date('2026-01-31') + duration('P1D')", "d > date('2026-02-01')"),
     ("1 < 2 and a > 1", "true and a > 1"), ("a > round(10 / 3, 2)", "a > 3.33")],
)
def test_what_needs_no_name_is_computed(text: str, folded: str) -> None:
    assert render(fold(tree(text))) == folded


def test_the_terms_of_a_condition_are_what_all_have_to_hold() -> None:
    found = [render(term) for term in terms(tree("a > 1 and (b > 2 or c > 3) and not d"))]
    assert found == ["a > 1", "b > 2 or c > 3", "not d"]
