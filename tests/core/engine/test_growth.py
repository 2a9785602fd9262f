"""Work grows in a straight line with what there is to do. Lines that run are counted, no clock is read.

The time is measured by `python3 run.py bench engine`, on the same cases."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import runtime
from tests.benchmarks.engine_cases import CASES, Case

OURS = str(Path(runtime.__file__).parent)


def lines(work: Callable[[], object]) -> int:
    """How many lines of the runtime run; each round of a comprehension counts as one."""
    count = 0

    def inside(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += 1
        return inside

    def calls(frame: FrameType, event: str, argument: object) -> Any:
        return inside(frame, event, argument) if frame.f_code.co_filename.startswith(OURS) else None

    before = sys.gettrace()
    sys.settrace(calls)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_a_further_one_costs_what_those_before_it_cost(case: Case) -> None:
    small, middle, large = (lines(case.prepare(size)) for size in (20, 40, 120))
    at_first, later = (middle - small) / 20, (large - middle) / 80
    # One line for each that there is already would be a third more.
    assert later <= at_first * 1.05


def test_lines_tell_a_straight_line_from_a_curve() -> None:
    from runtime.values import to_json

    assert lines(lambda: to_json([1] * 2000)) < 2.1 * lines(lambda: to_json([1] * 1000))
    assert lines(lambda: [to_json([1] * n) for n in range(200)]) > 3.5 * lines(
        lambda: [to_json([1] * n) for n in range(100)]
    )
