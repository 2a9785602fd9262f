"""What people's steps cost through the commands: the work of performance.md, a start, a completion by
1, 4 and 16 clients at once, a decision of a rule.

Each beside the same SQL by hand and the bare engine in memory. Not here: how cost grows
(growth.py), HTTP."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from runtime.rules import evaluate, plain, rulefile
from tests.benchmarks.measuring import Figure, Run, bench, milliseconds, percentile, side_by_side
from tests.benchmarks.tape import Tape, by_hand, recorded, replayed, snapshot
from tests.benchmarks.workplace import ANSWERS, RULE, STEPS, InMemory, Workplace, together, workplace

TARGET = "target 1.5 on two quiet cores"


def repeat(count: int, act: Callable[[], object]) -> Callable[[], None]:
    def work() -> None:
        for _ in range(count):
            act()

    return work


def per_statement(tape: Tape, units: int) -> str:
    return f"{tape.statements / units:.1f} statements, {tape.written / units / 1024:.1f} KB written"


def taped(office: Workplace, act: Callable[[], object], count: int) -> tuple[Path, Tape]:
    saved = snapshot(office.runtime, office.place)
    with recorded(office.runtime) as tape:
        repeat(count, act)()
    return saved, tape


@bench("steps", "The work of performance.md: a start and three completions, a step is a quarter of it")
def steps(run: Run) -> Iterator[Figure]:
    cases, pairs = run.size(100, 2), run.size(7, 1)
    memory = InMemory()
    with workplace() as office:
        repeat(run.size(20, 1), office.work)()
        repeat(run.size(20, 1), memory.work)()
        saved, tape = taped(office, office.work, cases)
        units = cases * STEPS
        (ours, floor, engine, least), ratio = side_by_side(
            pairs,
            lambda: milliseconds(repeat(cases, office.work), units),
            lambda: replayed(saved, tape) * 1000 / units,
            lambda: milliseconds(repeat(cases, memory.work), units),
            lambda: least_of_a_step(saved, units),
        )
    note = f"{per_statement(tape, units)}; {TARGET}"
    yield Figure("a step", ours, floor, engine, most=MOST_STEP, ratio=ratio, note=note)
    yield Figure(
        "the floor of performance.md: update 4 KB, insert two rows, commit",
        floor,
        least,
        note="the same SQL beside it",
    )


# Where the disk is quick: most of a step is then ours and not the wait for it.
MOST_STEP = 5.0
# Clients at once share one interpreter and one writer, the floor has a writer and nothing else to do.
MOST_AT_ONCE = 8.0


def least_of_a_step(saved: Path, units: int) -> float:
    """Milliseconds to update a row of 4 KB, insert two and commit, by the driver."""
    with by_hand(saved) as (connection,):
        connection.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, state TEXT, version INTEGER)")
        connection.execute("CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER, text TEXT)")
        connection.execute("INSERT INTO a VALUES (1, '', 0)")
        state = "x" * 4096

        def step(connection: sqlite3.Connection = connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE a SET state = ?, version = version + 1 WHERE id = 1", (state,))
            connection.execute("INSERT INTO b (a, text) VALUES (1, 'one')")
            connection.execute("INSERT INTO b (a, text) VALUES (1, 'two')")
            connection.execute("COMMIT")

        return milliseconds(repeat(units, step), units)


@bench("start", "Starting a case through the command")
def start(run: Run) -> Iterator[Figure]:
    cases, pairs = run.size(200, 2), run.size(7, 1)
    memory = InMemory()
    with workplace() as office:
        repeat(run.size(20, 1), office.start)()
        saved, tape = taped(office, office.start, cases)
        (ours, floor, engine), ratio = side_by_side(
            pairs,
            lambda: milliseconds(repeat(cases, office.start), cases),
            lambda: replayed(saved, tape) * 1000 / cases,
            lambda: milliseconds(repeat(cases, memory.start), cases),
        )
    yield Figure(
        "one client", ours, floor, engine, most=MOST_STEP, ratio=ratio, note=per_statement(tape, cases)
    )


@bench("complete", "Completing a task through the command, by clients at once")
def complete(run: Run) -> Iterator[Figure]:
    with workplace() as office:
        repeat(run.size(20, 1), office.work)()
        for clients in (1, 4, 16):
            yield completing(office, run, clients)


def completing(office: Workplace, run: Run, clients: int) -> Figure:
    each = run.size(160, 16) // clients
    units, taken, memory = each * clients, [], InMemory()
    started = [office.start() for _ in range(units)]
    saved = snapshot(office.runtime, office.place)
    with recorded(office.runtime) as tape:
        for task in started:
            office.complete(task, ANSWERS["ask"])

    def ours() -> float:
        tasks = [[office.start() for _ in range(each)] for _ in range(clients)]
        jobs = [[lambda task=task: office.complete(task, ANSWERS["ask"]) for task in own] for own in tasks]
        whole, times = together(clients, jobs)
        taken.extend(times)
        return whole * 1000 / units

    def in_memory() -> float:
        cases = [memory.start() for _ in range(units)]

        def work() -> None:
            for case in cases:
                case.complete(case.open_activities()[0].activity, {**ANSWERS["ask"], "ask_by": "x"})

        return milliseconds(work, units)

    (took, floor, engine), ratio = side_by_side(
        run.size(5, 1), ours, lambda: replayed(saved, tape, clients) * 1000 / units, in_memory
    )
    note = f"p50 {percentile(taken, 0.5) * 1000:.1f}, p95 {percentile(taken, 0.95) * 1000:.1f}"
    what = "1 client" if clients == 1 else f"{clients} clients at once"
    most = MOST_STEP if clients == 1 else MOST_AT_ONCE
    return Figure(what, took, floor, engine, most=most, ratio=ratio, note=f"{1000 / took:.0f}/s, {note}")


@bench("rule", "A decision of a rule: by the rule engine with its trace, beside plain Python")
def rule(run: Run) -> Iterator[Figure]:
    count = run.size(2000, 20)
    file, found = rulefile.load(RULE, "rule.yaml")
    assert file is not None, found
    ruleset = evaluate.compile(file, version=1)
    facts, day = {"amount": 1500, "grade": "A"}, dt.date(2026, 1, 1)
    from runtime.rules.facts import gather

    (ours, floor), ratio = side_by_side(
        run.size(7, 1),
        lambda: milliseconds(repeat(count, lambda: evaluate.decide(ruleset, facts, as_of=day)), count),
        lambda: milliseconds(repeat(count, lambda: plain.hits(file, gather(file, facts))), count),
    )
    yield Figure("a decision", ours, floor, most=12, ratio=ratio, against="plain Python, no trace")
