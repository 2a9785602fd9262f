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
from runtime.bpmn import check as checking
from runtime.bpmn.catalogue import Catalogue
from runtime.bpmn.model import Diagram
from runtime.engine.definition import compile
from tests.benchmarks.engine_cases import CASES, Case
from tests.core.engine import stock

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


def checked(size: int) -> Diagram:
    """A chain of so many user tasks, as a file; none of its problems refuses it."""
    names = [f"t{number}" for number in range(size)]
    tasks = "".join(f'<userTask id="{name}" camunda:candidateGroups="staff"/>' for name in names)
    text = stock.file(f'<startEvent id="s"/>{tasks}<endEvent id="e"/>', " -> ".join(["s", *names, "e"]))
    diagram, problems = checking.check(text.encode(), "chain.bpmn", Catalogue())
    assert diagram is not None and not checking.refused(problems)
    return diagram


def test_reading_and_checking_a_chain_costs_the_same_for_each_task() -> None:
    small, middle, large = (lines(lambda size=size: checked(size)) for size in (20, 40, 120))
    assert (large - middle) / 80 <= (middle - small) / 20 * 1.05


def test_a_file_with_a_chain_of_two_thousand_tasks_is_accepted_and_compiled() -> None:
    process = checked(2000).processes["p"]
    assert len(compile(process, {}.__getitem__).spec.task_specs) > 2000
