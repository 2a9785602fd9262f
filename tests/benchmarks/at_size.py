"""What is asked of very many: the inbox and search over 1,000,000 tasks, a review of 100,000 components,
messages among 100,000 that wait.

Beside each the same SQL by hand through the driver, or the same among few. Not here: how the large
databases are made (big.py, many.py)."""

from __future__ import annotations

import multiprocessing
import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime import clock
from runtime.bootstrap import Runtime
from runtime.commands import advance, messages
from runtime.identity import SYSTEM, Actor
from runtime.queries import inbox, search
from runtime.settings import Settings
from runtime.store import cases, db, jobs
from runtime.store.db import Transaction
from runtime.worker import Worker
from tests.benchmarks import big, many, measuring
from tests.benchmarks.measuring import Figure, Run, bench, clocked, folder, milliseconds, percentile
from tests.benchmarks.workplace import Workplace
from tests.diagrams import bpmn, element, end, start
from tests.queries_seen import asked

TARGET = "target: p95 under 50 ms"


def times(work: Callable[[], object], count: int) -> list[float]:
    """Each by the wall, collecting as it does in service: to collect before each takes longer than all of them."""
    work()
    return [clocked(work) for _ in range(count)]


def by_hand(office: Workplace, said: list[tuple[str, Any]], count: int) -> list[float]:
    """The same statements through sqlite3 alone, rows fetched."""
    connection = sqlite3.connect(office.runtime.engine.url.database or "")
    connection.execute(db.VOCABULARY)
    try:
        return times(lambda: [connection.execute(text, given).fetchall() for text, given in said], count)
    finally:
        connection.close()


def query(office: Workplace, what: str, work: Callable[[], object], count: int) -> Figure:
    work()
    with asked(office.runtime.engine) as said:
        work()
    taken, floor = times(work, count), by_hand(office, said, count)
    note = f"p50 {percentile(taken, 0.5):.1f}, {len(said)} statements; {TARGET}"
    return Figure(f"{what}, p95", percentile(taken, 0.95), percentile(floor, 0.95), note=note)


@bench("inbox", "Inbox, counts and search at 1,000,000 tasks of which 100,000 are open, of three people")
def measure_inbox(run: Run) -> Iterator[Figure]:
    size = big.Size() if not run.quick else big.Size(10_000, 1_000, 3_000, 40, 200, 20)
    with folder() as place, clock.frozen(big.NOW):
        office = Workplace(place)
        began = time.perf_counter()
        big.fill(office.runtime.engine, size)
        yield Figure("filling the database", (time.perf_counter() - began) * 1000)
        read, count = office.runtime.read, run.size(40, 2)
        # 5,000 of their own; a group of 30,000; two groups and few of their own.
        for who in ("person0", "person1", "person30"):
            actor = office.person(who)
            for order in inbox.ORDERS:
                page = read(inbox.todo, actor, order=order)
                yield query(office, f"{who}: to do by {order}", partial(read, inbox.todo, actor, order=order), count)
                after = page.next
                later = f"{who}: to do by {order}, a later page"
                yield query(office, later, partial(read, inbox.todo, actor, order=order, after=after), count)
            narrow = f"{who}: of one process, by due date"
            of_one = partial(read, inbox.todo, actor, order="due", process="goods_receipt")
            yield query(office, narrow, of_one, count)
            yield query(office, f"{who}: counts", partial(read, inbox.counts, actor), count)
            yield query(office, f"{who}: done", partial(read, inbox.done, actor), count)
            yield query(office, f"{who}: started", partial(read, inbox.started, actor), count)
            for text in ("王芳", "采购", "PO-2026", "PO-2026-299996", "HT-2999", "LI-M0", "modules",
                         "隆基 王芳", "供应商王", "not there", "组", "solar modules"):
                found = f"{who}: search {text}"
                yield query(office, found, partial(read, search.find, actor, text), count)
            # What begins with a word of many titles, beside what is found by shorter words, which the index keeps.
            for common in ("modules", "组", "solar modules"):
                works = [partial(clocked, partial(read, search.find, actor, text)) for text in (common, "PO-2026")]
                (taken, short), ratio = measuring.side_by_side(run.size(15, 1), *works)
                beside = f"{who}: search {common}, of many titles"
                yield Figure(beside, taken, short, most=1.8, ratio=ratio, against="PO-2026", note=TARGET)
        office.runtime.close()


SHORT = 0.05  # of the components of a department that keeps its stock


@bench("stock", "A review of 100,000 components, a third with half a year of demand")
def measure_stock(run: Run) -> Iterator[Figure]:
    size = run.size(100_000, 300)
    for what, short in (("one in twenty short", SHORT), ("most short: each is told", 1.0)):
        with folder() as place:
            office = Workplace(place)
            with office.runtime.engine.begin() as connection:
                many.fill(connection, size, clock.now().date(), short=short)
            office.deploy(many.REVIEW, many.RULE.read_text(encoding="utf-8"))
            with asked(office.runtime.engine) as said:
                began, cpu = time.perf_counter(), time.process_time()
                case = _reviewed(office)
                _work_until(office.runtime, case)
                taken, used = time.perf_counter() - began, time.process_time() - cpu
            parts = office.runtime.read(_count, SYSTEM, case)
            note = f"{used:.2f} s of one processor, {len(said)} statements, {parts + 1} transactions; target 5,000"
            yield Figure(f"{size} components, {what}", taken * 1000, note=note)
            if short == SHORT:
                yield _beside_a_review(run, office, place)
            office.runtime.close()


def _beside_a_review(run: Run, office: Workplace, place: Path) -> Figure:
    """Whoever works meanwhile has a process of their own, as beside `guicheng work`."""
    quiet = times(office.work, run.size(60, 2))
    case = _reviewed(office)
    reviewer = multiprocessing.get_context("spawn").Process(target=_work_apart, args=(place, case))
    reviewer.start()
    busy = []
    while reviewer.is_alive():
        busy.append(milliseconds(office.work))
    reviewer.join()
    return Figure(
        "p95 of a start and three completions meanwhile", percentile(busy, 0.95), percentile(quiet, 0.95),
        against="without a review", note=f"the longest {max(busy):.0f}",
    )  # fmt: skip


def _reviewed(office: Workplace) -> int:
    """A review that is begun: its first part is done, the others are a worker's."""
    begun = office.runtime.do(lambda tx, who: advance.begin(tx, who, "review", variables={}), SYSTEM)
    return begun.case_id


def _work_until(runtime: Runtime, case: int) -> None:
    """Until the case has ended; what it has sent is left alone."""
    worker = Worker(runtime)
    worker.start()
    status = sa.select(cases.cases.c.status).where(cases.cases.c.id == case)
    while runtime.read(lambda tx, _: tx.scalar(status), SYSTEM) == "running":
        time.sleep(0.02)
    worker.stop()


def _work_apart(place: Path, case: int) -> None:
    runtime = Runtime(Settings(home=place / "home"))
    _work_until(runtime, case)
    runtime.close()


def _count(tx: Transaction, actor: Actor, case: int) -> int:
    own = jobs.jobs.c.case_id == case, jobs.jobs.c.kind == "async"
    return int(tx.scalar(sa.select(sa.func.count()).select_from(jobs.jobs).where(*own)))


@bench("messages", "A message to its receiver among 100,000 that wait, beside the same among 100")
def measure_messages(run: Run) -> Iterator[Figure]:
    waits = bpmn(
        "order",
        start(),
        element(
            "receiveTask",
            "paid",
            "<extensionElements><camunda:properties/></extensionElements>",
            messageRef="m",
        ),
        end(),
        before='<message id="m" name="paid"/>',
    )
    few, all_, each = 100, run.size(100_000, 1_000), run.size(60, 3)
    with folder() as place:
        office = Workplace(place)
        office.deploy(waits.replace("<camunda:properties/>", many.CORRELATION))
        actor = office.person("spec")
        taken = []
        for number, among in enumerate((few, all_)):
            case = _begin(office, actor, "filler")
            _wait(office, case, among)
            keys = [f"{number}-{place_}" for place_ in range(each)]
            for key in keys:
                _begin(office, actor, key)
            send = [partial(office.runtime.do, messages.correlate, SYSTEM, "paid", key, {}) for key in keys]
            taken.append([milliseconds(one) for one in send])
        small, large = (percentile(each_, 0.5) for each_ in taken)
        yield Figure(f"correlated among {all_}", large, small, most=1.3, against=f"among {few}")
        office.runtime.close()


def _begin(office: Workplace, actor: Actor, key: str) -> Any:
    begun = office.runtime.do(
        lambda tx, who: advance.begin(tx, who, "order", variables={"key": key}, business_key=key), actor
    )
    return begun.case_id


def _wait(office: Workplace, case: int, count: int) -> None:
    """So many others wait for the same message by other keys."""
    keys = [f"x{case}-{number}" for number in range(count)]
    rows = [{"activity": key, "case_id": case, "element": "paid", "name": "paid", "key": key} for key in keys]
    with office.runtime.engine.begin() as connection:
        connection.execute(sa.insert(jobs.subscriptions), rows)
