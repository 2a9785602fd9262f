"""What the law looks at is read off the draft itself, whatever its drafter says of it."""

from __future__ import annotations

import datetime as dt

import pytest

from runtime.folders import ROOT
from runtime.rules import legality, rulefile
from runtime.rules.table import RuleFile

TODAY = dt.date(2026, 3, 9)


def shipped(name: str, *changed: tuple[str, str]) -> RuleFile:
    text = (ROOT / "rules" / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in changed:
        assert old in text
        text = text.replace(old, new)
    file, problems = rulefile.load(text, f"{name}.yaml")
    assert file is not None, problems
    return file


def found(name: str, *changed: tuple[str, str]) -> legality.Facts:
    return legality.examine(shipped(name), shipped(name, *changed), TODAY)


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "rules").glob("*.yaml")))
def test_no_shipped_rule_takes_from_wages_or_dismisses(name: str) -> None:
    facts = found(name)
    assert not facts["takes_from_wages"] and not facts["dismisses"]


FINE = (
    "  fine: {type: decimal, unit: CNY, decimals: 2, formula: minutes, name: 迟到罚款, name_en: Fine, "
    "name_zh_hant: 遲到罰款}\n"
)
DISMISSED = "      - {value: dismissed, name: 辞退, name_en: Dismissed, name_zh_hant: 辭退}\n"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("bonus_tier", "    min: 0\n    max: 1000", "    min: -100\n    max: 1000"),
        ("bonus_tier", "formula: wage * percent / 100", "formula: wage * percent / 100 - 500"),
        ("lateness", "outputs:\n", "outputs:\n" + FINE),
    ],
)
def test_a_change_that_takes_from_wages_is_seen(name: str, old: str, new: str) -> None:
    assert found(name, (old, new))["takes_from_wages"]


def test_a_grade_that_is_a_dismissal_is_seen() -> None:
    values = "      - {value: excellent, name: 优秀, name_en: Excellent, name_zh_hant: 優秀}\n"
    assert found("appraisal_grade", (values, values + DISMISSED))["dismisses"]


def test_what_is_not_about_people_may_be_called_a_deduction() -> None:
    facts = found("approval_limits", ("name_en: Last approver", "name_en: Deduction"))
    assert not facts["about_people"] and not facts["takes_from_wages"]


def test_how_far_a_change_reaches_back_is_counted() -> None:
    since = ("effective_from: 2020-01-01", "effective_from: 2026-03-01")
    assert found("bonus_tier", since)["backdated_days"] == 8
    ahead = ("effective_from: 2020-01-01", "effective_from: 2026-04-01")
    assert found("bonus_tier", ahead)["backdated_days"] == 0


def test_entering_unset_figures_judges_nobody_otherwise() -> None:
    filled = (
        "when: grade == 'excellent'\n    then: {percent: unset}",
        "when: grade == 'excellent'\n    then: {percent: 20}",
    )
    assert found("bonus_tier", filled)["fills_only"]
    moved = ("when: grade == 'excellent'", "when: grade == 'excellent' and wage > 0")
    assert not found("bonus_tier", moved)["fills_only"]
    assert not found("bonus_tier")["fills_only"]
    # A figure that was set and is changed is a change.
    assert not found("appraisal_grade", ("60 * work + 30 * ability", "50 * work + 40 * ability"))[
        "fills_only"
    ]
