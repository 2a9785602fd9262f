"""A step costs what it must: however long the case has run, however much it holds. Nothing is timed:
statements, bytes and lines that run are counted, at an early and at a late step."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import sqlalchemy as sa

import runtime
from runtime import library
from runtime.commands import advance, user_tasks
from runtime.identity import SYSTEM
from runtime.store import states
from runtime.store.user_tasks import user_tasks as tasks
from tests.benchmarks.growth import BESIDE, CROWD, LOOP, WEIGHT, load
from tests.benchmarks.tape import Tape, recorded
from tests.office import MOST_STATEMENTS, Office

OURS = str(Path(runtime.__file__).parent)


class Loop:
    """A case whose task `work` comes again and again."""

    def __init__(self, firm: Office, process: str, **variables: Any) -> None:
        self.firm, self.actor = firm, firm.as_("spec").actor
        moved = firm.runtime.do(advance.begin, SYSTEM, process, variables=variables)
        firm.settle()
        self.case = moved.case
        self.task = self._open()

    def _open(self) -> str:
        wanted = sa.select(tasks.c.public_id).where(
            tasks.c.element == "work", tasks.c.state == "ready", tasks.c.case_id == self.row.id
        )
        return str(self.firm.runtime.read(lambda tx, _: tx.scalar(wanted), SYSTEM))

    @property
    def row(self) -> Any:
        return self.firm.case(self.case).row

    def step(self) -> None:
        done = self.firm.runtime.do(user_tasks.complete, self.actor, self.task, {"n": 1})
        assert done.next_task is not None
        self.task = done.next_task

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.step()

    def said(self) -> Tape:
        with recorded(self.firm.runtime) as tape:
            self.step()
        return tape


def lines(work: Callable[[], object]) -> int:
    """How many lines of the runtime run."""
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


@pytest.mark.parametrize("process", ["loop", "beside"])
def test_a_step_of_a_long_case_costs_what_an_early_one_cost(firm: Office, process: str) -> None:
    firm.deploy(LOOP, BESIDE)
    case = Loop(firm, process)
    case.run(10)
    early, ran = case.said(), lines(case.step)
    case.run(150)
    late, runs = case.said(), lines(case.step)
    assert late.statements == early.statements <= MOST_STATEMENTS
    # Numbers have become longer by a digit.
    assert late.written <= early.written * 1.05
    assert runs <= ran * 1.02


def test_a_step_of_a_case_that_holds_much_writes_what_changed(firm: Office) -> None:
    firm.deploy(WEIGHT)
    light, heavy = Loop(firm, "weight", **load(1)), Loop(firm, "weight", **load(300))
    light.run(3)
    heavy.run(3)
    small, large = light.said(), heavy.said()
    assert heavy.row.state.count("$part") == len(load(300))
    # A reference stands for each variable that is large.
    assert large.written - small.written < 100 * len(load(300))
    assert large.statements == small.statements
    # What nobody asks for is not read.
    assert lines(heavy.step) <= lines(light.step) + 30 * len(load(300))
    assert heavy.firm.case(heavy.case).variables["order_1"] == load(300)["order_1"]


def test_a_large_variable_is_read_where_it_is_needed_and_written_when_it_changes(firm: Office) -> None:
    firm.deploy(WEIGHT)
    case = Loop(firm, "weight", **load(300))
    known = firm.runtime.read(_variables, SYSTEM, case.row)
    assert known == {**load(300), "initiator": None, "business_key": ""}
    with recorded(firm.runtime) as tape:
        firm.runtime.do(_write, SYSTEM, case.row, "order_2", ["y" * 100] * 100)
    put = [row for all_ in tape.transactions for row in all_ if "INTO case_parts" in row[0]]
    assert len(put) == 1
    known = firm.runtime.read(_variables, SYSTEM, case.row)
    assert known["order_2"] == ["y" * 100] * 100 and known["order_3"] == load(300)["order_3"]


def test_a_step_beside_a_thousand_open_activities_does_not_write_them_again(firm: Office) -> None:
    firm.deploy(CROWD)
    few, many = Loop(firm, "crowd", count=1), Loop(firm, "crowd", count=400)
    few.run(2)
    many.run(2)
    small, large = few.said(), many.said()
    parts = firm.runtime.read(_parts, SYSTEM, many.row.id)
    assert len(parts) > 20
    # Four blocks of rows and the references to the others.
    assert large.written - small.written < sum(map(len, parts)) / 5
    assert large.statements <= MOST_STATEMENTS + 4


def _variables(tx: Any, actor: Any, row: Any) -> Any:
    return library.at_rest(tx, row.id, row.process, row.bindings, row.state).variables()


def _write(tx: Any, actor: Any, row: Any, name: str, value: Any) -> None:
    def act(execution: Any) -> None:
        execution._case.scopes.put("", name, value)

    advance.move(tx, actor, row, act, [])


def _parts(tx: Any, actor: Any, case_id: int) -> list[str]:
    rows = tx.all(sa.select(states.parts.c.content).where(states.parts.c.case_id == case_id))
    return [row.content for row in rows]
