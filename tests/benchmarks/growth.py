"""Whether a step costs what it must however long the case has run and however much it holds.

A young case and an old one move in turn, so that a busy machine slows both. The tests count
statements, bytes and lines instead of time (tests/commands/test_flat_cost.py)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from runtime.commands import advance
from runtime.identity import SYSTEM, Actor
from runtime.store import user_tasks
from runtime.store.cases import cases as cases_table
from runtime.store.db import Transaction
from runtime.worker import Worker
from tests.benchmarks.measuring import Figure, Run, bench
from tests.benchmarks.tape import recorded
from tests.benchmarks.workplace import GROUP, Workplace, workplace
from tests.diagrams import bpmn, element, end, field, flow, form_data, start, user

FLAT = 1.3
AGAIN = (
    element("exclusiveGateway", "merge"),
    user("work", form_data(field("n", "long")), **GROUP),
    element("exclusiveGateway", "again", default="again_to_merge"),
    flow("merge", "work"),
    flow("work", "again"),
    flow("again", "merge"),
    flow("again", "ended", "${n < 0}"),
)
LOOP = bpmn("loop", start(), end(), flow("begun", "merge"), *AGAIN)
BESIDE = bpmn(
    "beside",
    start(),
    element("parallelGateway", "fork"),
    user("year", candidateGroups="manager"),
    end("year_ended"),
    end(),
    flow("begun", "fork"),
    flow("fork", "year"),
    flow("year", "year_ended"),
    flow("fork", "merge"),
    *AGAIN,
)


class Loop:
    """A case whose one task comes again and again."""

    def __init__(self, office: Workplace, process: str) -> None:
        self.office, self.task, self.steps = office, office.start(process), 0

    def step(self) -> float:
        """Seconds of one completion."""
        self.steps += 1
        began = perf_counter()
        task = self.office.complete(self.task, {"n": self.steps})
        taken = perf_counter() - began
        assert task is not None
        self.task = task
        return taken

    def run_to(self, steps: int) -> None:
        while self.steps < steps:
            self.step()


def in_turn(young: Loop, old: Loop, count: int) -> tuple[float, float, float]:
    """Milliseconds of a step of either, and the ratio of old to young: medians."""
    pairs = [(young.step(), old.step()) for _ in range(count)]
    young_ms, old_ms = (median(column) * 1000 for column in zip(*pairs, strict=True))
    return young_ms, old_ms, old_ms / young_ms


@bench("growth", "A step of a case, from the 10th to the 10,000th")
def growth(run: Run) -> Iterator[Figure]:
    far = run.size(10_000, 30)
    for process, what in (("loop", "a loop"), ("beside", "a loop beside a task that stays open")):
        with workplace() as office:
            office.deploy(LOOP, BESIDE)
            old = Loop(office, process)
            # Getting there is not measured, so it need not wait for the disk.
            office.runtime.engine.dispose()
            sa.event.listen(office.runtime.engine, "engine_connect", _unsafely)
            old.run_to(far)
            sa.event.remove(office.runtime.engine, "engine_connect", _unsafely)
            office.runtime.engine.dispose()  # the next connection waits for the disk again
            young = Loop(office, process)
            young.run_to(10)
            ours, floor, ratio = 0.0, 0.0, 0.0
            floor, ours, ratio = in_turn(young, old, run.size(200, 3))
        yield Figure(
            f"{what}: the {far:,}th step", ours, floor, most=FLAT, ratio=ratio, against="beside the 10th"
        )


def _unsafely(connection: Any) -> None:
    connection.connection.dbapi_connection.execute("PRAGMA synchronous=OFF")


WEIGHT_MOST = 1.5
WEIGHT = bpmn(
    "weight",
    start(),
    end(),
    flow("begun", "merge"),
    *AGAIN,
)
CROWD = bpmn(
    "crowd",
    start(),
    element("parallelGateway", "fork"),
    element(
        "userTask",
        "each",
        "<multiInstanceLoopCharacteristics><loopCardinality>${count}</loopCardinality>"
        "</multiInstanceLoopCharacteristics>",
        camunda__candidateGroups="manager",
    ),
    end("each_ended"),
    end(),
    flow("begun", "fork"),
    flow("fork", "each"),
    flow("each", "each_ended"),
    flow("fork", "merge"),
    *AGAIN,
)


def load(kb: int) -> dict[str, Any]:
    """Lines of orders, as a plan holds them; a hundred bytes each, in lists of fifty."""
    line = {"sku": "M8-0042", "pieces": 120, "price": Decimal("3.75"), "due": "2026-03-31", "note": "x" * 20}
    return {f"order_{number}": [line] * min(50, kb * 10) for number in range(max(1, kb // 5))}


@bench("weight", "A step of a case that holds much, beside one that holds little")
def weight(run: Run) -> Iterator[Figure]:
    sizes = [
        ("weight", f"{kb} KB of variables", load(kb)) for kb in ((10, 100, 1000) if not run.quick else (10,))
    ]
    sizes.append(("crowd", "1,000 open activities", {"count": run.size(1000, 70)}))
    with workplace() as office:
        office.deploy(WEIGHT, CROWD)
        for process, what, answers in sizes:
            light = Weighed(office, process, load(1) if process == "weight" else {"count": 1})
            heavy = Weighed(office, process, answers)
            light.run_to(5)
            heavy.run_to(5)
            floor, ours, ratio = in_turn(light, heavy, run.size(100, 3))
            bytes_ = [case.written() / 1024 for case in (light, heavy)]
            note = f"{bytes_[1]:.1f} KB written instead of {bytes_[0]:.1f}"
            # What is open is read into memory and looked through at each step (restoring, telling the state and
            # looking whose form is stale, in this order); what is stored is not. So it is only told.
            most = WEIGHT_MOST if process == "weight" else None
            yield Figure(what, ours, floor, most=most, ratio=ratio, against="beside one of 1", note=note)


class Weighed(Loop):
    def __init__(self, office: Workplace, process: str, answers: dict[str, Any]) -> None:
        case = office.runtime.do(advance.begin, SYSTEM, process, variables=answers).case
        # The start of a thousand activities is more than one transaction makes.
        Worker(office.runtime).drain()
        task = office.runtime.read(_first_task, SYSTEM, case, "work")
        self.office, self.task, self.steps = office, task, 0

    def written(self) -> int:
        """Bytes that a step writes."""
        with recorded(self.office.runtime) as tape:
            self.step()
        return tape.written


def _first_task(tx: Transaction, actor: Actor, case: str, element: str) -> str:
    table = user_tasks.user_tasks
    mine = sa.select(table.c.public_id).join(cases_table, cases_table.c.id == table.c.case_id)
    return str(tx.scalar(mine.where(cases_table.c.public_id == case, table.c.element == element)))
