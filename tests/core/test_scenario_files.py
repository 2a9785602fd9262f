"""A scenario file is read as plain data, and everything wrong with it is said at once, at its place."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from runtime.scenarios.model import Begin, Do, Wait
from runtime.scenarios.read import read

GOOD = """
- name: 一切照常
  start: {as: supervisor, answers: {amount: 10.50, since: 2026-03-31, text: "2026-03-31", none: null, yes: true}}
  steps:
    - {task: review, as: manager, all: true, answers: {lines: [{sku: A, pieces: 3}]}}
    - {time: P1DT2H}
  ends: [done, told]
  stock: {A: -3}
"""


def told(text: str) -> list[tuple[int, int, str]]:
    _, problems = read(text, "x.scenarios.yaml", "x")
    return [(each.line, each.column, each.rule.removeprefix("scenario.")) for each in problems]


def test_a_value_is_what_it_is_written_as() -> None:
    [scenario], problems = read(GOOD, "x.scenarios.yaml", "x")
    assert problems == []
    assert isinstance(scenario.start, Begin) and scenario.start.process == "x"
    given = {name: written.value for name, written in scenario.start.answers.items()}
    since = dt.date(2026, 3, 31)
    assert given == {
        "amount": Decimal("10.50"),
        "since": since,
        "text": "2026-03-31",
        "none": None,
        "yes": True,
    }
    done, waited = scenario.steps
    assert isinstance(done, Do) and done.every and done.answers["lines"].value == [{"sku": "A", "pieces": 3}]
    assert isinstance(waited, Wait) and waited.by == dt.timedelta(hours=26)
    assert list(scenario.ends) == ["done", "told"] and scenario.stock["A"].value == -3


def test_everything_wrong_with_a_file_is_said_at_once() -> None:
    assert told(
        """
- name: 一
  start: {process: x, as: supervisor, timer: morning}
  stepz: []
  ends: done
- name: 一
  start: {answers: {}}
  steps:
    - {tusk: review, as: manager}
    - {task: review}
    - {time: 2 days}
    - {task: review, as: manager, answers: {a: "${today("}}
    - {superior: {of: liyang}}
    - {message: paid}
    - walk
  expect: 3
  stock: {A: 1.5}
  world: other
  people: [{username: xuli}]
"""
    ) == [
        (3, 39, "two_ways"),
        (4, 3, "unknown_field_near"),
        (6, 3, "missing_field"),  # ends
        (6, 9, "same_name"),
        (7, 10, "no_start"),
        (9, 7, "not_a_step"),
        (10, 7, "missing_field"),
        (11, 14, "bad_duration"),
        (12, 48, "expression.not_closed"),
        (13, 18, "missing_field"),
        (14, 7, "missing_field"),
        (15, 7, "not_a_step"),
        (16, 11, "wants_mapping"),
        (17, 14, "wants_whole_number"),
        (18, 10, "wants_one_of"),
        (19, 12, "missing_field"),
    ]


def test_what_yaml_can_hide_is_refused() -> None:
    assert told("- name: &a x\n  start: *a\n  ends: e\n") == [(1, 9, "alias")]
    assert told("- !!python/object/apply:os.system ['true']\n") == [(1, 3, "tag")]
    assert told("- name: x\n  name: y\n  start: {as: a}\n  ends: e\n") == [(2, 3, "duplicate_key")]
    assert told("- name: x\n   start: y\n") == [(2, 9, "stray_colon")]
    assert told("name: x\n") == [(1, 1, "not_a_list")]
    assert told("- " * 40 + "x") == [(1, 25, "too_deep")]
