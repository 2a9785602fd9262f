"""What comes with the product is checked as whatever a process owner draws: not one warning."""

from __future__ import annotations

from pathlib import Path

from runtime.bootstrap import judge
from runtime.folders import shipped
from runtime.settings import Settings


def test_the_departments_diagrams_forms_and_rules_are_in_order(tmp_path: Path) -> None:
    judged = judge(shipped(), Settings(home=tmp_path / "none"))
    assert [str(problem) for problem in judged.problems] == []
    assert len(judged.sources) > 300
