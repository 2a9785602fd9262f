"""Saving and restoring after every step changes nothing, whatever people do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.engine import moves, ports
from runtime.engine.elements import user_task
from runtime.engine.execution import Execution
from runtime.engine.state import READS
from tests.core.engine.playing import DEFINITIONS, PROCESSES, Twin, act, check, choices, ports_told, start

ACTION = st.tuples(st.integers(0, 9), st.integers(0, 12))
GOLDEN = Path(__file__).parent / "golden"
ONE_MOVE = moves.Case.run


def play(name: str, actions: list[tuple[int, int]], *, store: bool, steps: int = 1) -> Iterator[Any]:
    """What happened and what would be saved: after each action, and after every `steps` automatic steps."""
    ids = count(1)
    with pytest.MonkeyPatch.context() as patch:
        for module in (moves, user_task):
            patch.setattr(module, "public_id", lambda: f"id{next(ids)}")
        patch.setattr(moves.Case, "run", lambda case, limit: ONE_MOVE(case, steps))
        world = Twin()
        execution = start(name, world)
        for which, value in [*actions, (0, 0)]:
            while True:
                state = execution.state()
                yield [ports_told(happening) for happening in execution.take()], json.dumps(state)
                if store:
                    execution = Execution.restore(DEFINITIONS[name], json.loads(json.dumps(state)), world)
                if not execution.interrupted:
                    break
                execution.run()
            open_now = choices(execution)
            if open_now:
                act(execution, world, open_now[which % len(open_now)], value)
        while execution.interrupted:
            execution.run()
        yield [ports_told(happening) for happening in execution.take()], execution.state(), world.calls
        check(execution)


@given(st.sampled_from(sorted(PROCESSES)), st.lists(ACTION, max_size=40))
@settings(max_examples=200, deadline=None)
def test_a_case_that_is_stored_after_each_step_is_the_same_as_one_that_never_is(
    name: str, actions: list[tuple[int, int]]
) -> None:
    # One after the other: both take the same ids.
    stored, kept = list(play(name, actions, store=True)), list(play(name, actions, store=False))
    assert stored == kept


@given(st.sampled_from(sorted(PROCESSES)), st.lists(ACTION, max_size=40))
@settings(max_examples=60, deadline=None)
def test_a_case_that_is_interrupted_after_each_step_does_the_same_in_the_end(
    name: str, actions: list[tuple[int, int]]
) -> None:
    def told(steps: int) -> list[str]:
        played = play(name, actions, store=True, steps=steps)
        return [line for happenings, *_ in played for line in happenings if "'Interrupted'" not in line]

    assert told(1) == told(1000)


@given(st.sampled_from(sorted(PROCESSES)), st.lists(ACTION, max_size=50))
@settings(max_examples=100, deadline=None)
def test_what_is_told_adds_up(name: str, actions: list[tuple[int, int]]) -> None:
    """Each activity is reached before it is left or cancelled, once; each wait that was told is called off.

    An event that was only armed and is parked over its condition was told of as well."""
    entered, ended, waits, parked = set(), set(), set(), set()
    execution = start(name, world := Twin())
    for which, value in [*actions, (0, 0)]:
        for told in execution.take():
            if isinstance(told, ports.Entered):
                assert told.activity not in entered
                entered.add(told.activity)
            elif isinstance(told, (ports.Left, ports.Cancelled)):
                known = entered | parked if isinstance(told, ports.Cancelled) else entered
                assert told.activity in known and told.activity not in ended
                ended.add(told.activity)
            elif isinstance(told, ports.Parked):
                parked.add(told.activity)
            elif isinstance(told, (ports.TimerSet, ports.Subscribed)):
                assert told.activity not in waits
                waits.add(told.activity)
            elif isinstance(told, ports.WaitEnded):
                waits.remove(told.activity)
        found = execution.open_activities()
        assert {a.activity for a in found if a.waits in ("timer", "message", "signal")} == waits
        armed = {a.activity for a in found if a.waits == "condition"}
        assert {a.activity for a in found} - waits - armed <= entered - ended
        open_now = choices(execution)
        if open_now:
            act(execution, world, open_now[which % len(open_now)], value)
    check(execution)


def finish(execution: Execution, world: Twin) -> dict[str, Any]:
    """The rest of a case when each thing is done in its turn: what was left, and how it ended."""
    path: list[str] = []
    for number in range(200):
        happenings = execution.take()
        path += [told.element for told in happenings if isinstance(told, ports.Left)]
        ends = [told for told in happenings if isinstance(told, ports.Ended)]
        if ends:
            return {"path": path, "end": ends[0].element, "outcome": ends[0].outcome}
        open_now = choices(execution)
        if not open_now:
            break
        act(execution, world, open_now[number % len(open_now)], number % 13)
    return {"path": path, "end": None, "outcome": None}


SAVED = sorted(GOLDEN.glob("*.json"))


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.stem)
def test_a_case_that_an_earlier_version_saved_goes_on_as_it_would_have_then(path: Path) -> None:
    saved = json.loads(path.read_text(encoding="utf-8"))
    name = saved["state"]["process"]
    execution = Execution.restore(DEFINITIONS[name], saved["state"], world := Twin())
    assert finish(execution, world) == saved["rest"]
    assert execution.ended or saved["rest"]["end"] is None


def test_cases_of_every_format_are_kept_and_most_of_them_end() -> None:
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in SAVED]
    assert {saved["state"]["format"] for saved in kept} == set(READS)
    assert {saved["state"]["process"] for saved in kept} == set(PROCESSES)
    assert sum(saved["rest"]["end"] is not None for saved in kept) > len(kept) / 2
