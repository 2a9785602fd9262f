"""Many people and two workers at once: every step happens once, and the books agree with it.

`GUICHENG_CROWD` is for how many seconds (a few by default)."""

from __future__ import annotations

import collections
import datetime as dt
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime import clock
from runtime.bootstrap import Runtime
from runtime.commands import cases, messages, user_tasks
from runtime.errors import GuichengError
from runtime.folders import ROOT
from runtime.identity import SYSTEM, Actor
from runtime.ledger import documents, reading, safety, sales, stock
from runtime.queries import history, inbox, people
from runtime.settings import Settings
from runtime.store import event_log, jobs
from runtime.store.cases import cases as case_table
from runtime.store.user_tasks import OPEN
from runtime.store.user_tasks import user_tasks as tasks
from runtime.worker import Worker
from tests.diagrams import bpmn, element, end, properties
from tests.office import Office

SECONDS = float(os.environ.get("GUICHENG_CROWD", "4"))
SKU, PLACE = "QY-P60-265", "SH"
WORK = """
import sys, threading
from pathlib import Path
from runtime.bootstrap import Runtime
from runtime.settings import Settings
from runtime.worker import Worker
from tests.diagrams import bpmn, element, end, properties
from tests.office import Office
worker = Worker(Runtime(Settings(home=Path(sys.argv[1]), demo=True)))
worker.start()
sys.stdin.read()
worker.stop()
"""
# Of each pair of people some are one person with two browsers.
CROWD = ("liyang", "liyang", "zhangmin", "chenjie", "chenjie", "guotao", "machao", "zhoulei")


def answers(element: str, today: dt.date, chance: random.Random) -> dict[str, Any] | None:
    """What is answered; None: the task is left alone."""
    return {
        "review_correction": {"correction_decision": "approve"},
        "check_order": {"order_check": "correct", "warehouse": PLACE},
        "decide_shortage": {"shortage_decision": chance.choice(["partial", "cancel"]), "shortage_note": "x"},
        "arrange_shipment": {},
        "report_dispatch": {"carrier": "C", "tracking": "T", "shipped_on": today.isoformat()},
        "report_delivery": {"delivered_on": today.isoformat(), "signed_by": "S"},
        "follow_up_receipt": {"receipt_result": "fine"},
        "acknowledge_alert": {"cause": "sold", "urgency": "urgent"},
    }.get(element)


class Somebody(threading.Thread):
    """One browser: starts something, then does whatever is in the inbox."""

    def __init__(self, runtime: Runtime, username: str, seed: int, until: float) -> None:
        super().__init__(name=f"{username}-{seed}")
        self.runtime, self.chance, self.until = runtime, random.Random(seed), until
        self.actor = by_name(runtime, username)
        self.done: list[str] = []
        self.told: collections.Counter[str] = collections.Counter()
        self.broken: list[BaseException] = []

    def run(self) -> None:
        while time.monotonic() < self.until:
            try:
                self.turn()
            except GuichengError as error:
                self.told[error.code] += 1  # somebody else was faster
            except BaseException as error:
                self.broken.append(error)

    def turn(self) -> None:
        today = self.runtime.house.today(clock.now())
        if "specialist" in self.actor.groups and self.chance.random() < 0.5:
            if self.chance.random() < 0.5:
                self.runtime.do(cases.start, self.actor, "stock_correction", {
                    "component": SKU, "warehouse": PLACE, "pieces": self.chance.randint(1, 9),
                    "difference": "surplus", "reason": "count",
                })  # fmt: skip
            else:
                self.runtime.do(cases.start, self.actor, "sales_order", {
                    "customer": "K01", "address": "x", "promised": (today + dt.timedelta(10)).isoformat(),
                    "order_lines": [{"component": SKU, "quantity": self.chance.randint(20, 900), "price": "260"}],
                })  # fmt: skip
        rows = self.runtime.read(inbox.todo, self.actor, limit=6).rows
        for row in rows:
            given = answers(row.element, today, self.chance)
            if given is not None:
                self.runtime.do(user_tasks.complete, self.actor, row.id, given)
                self.done.append(row.id)


def by_name(runtime: Runtime, username: str) -> Actor:
    actor = runtime.read(people.by_username, SYSTEM, username)
    assert actor is not None
    return actor


def rows(runtime: Runtime, query: Any) -> list[Any]:
    return runtime.read(lambda tx, actor: list(tx.all(query)), SYSTEM)


def test_a_crowd_and_two_more_workers_do_everything_once(seeded: Path) -> None:
    runtime = Runtime(Settings(home=seeded, demo=True))
    worker = Worker(runtime)
    worker.start()
    others = [
        subprocess.Popen([sys.executable, "-c", WORK, str(seeded)], cwd=ROOT, stdin=subprocess.PIPE)
        for _ in range(2)
    ]
    crowd = [
        Somebody(runtime, username, seed, time.monotonic() + SECONDS) for seed, username in enumerate(CROWD)
    ]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    for other in others:
        assert other.stdin is not None
        other.stdin.close()
    assert [other.wait(30) for other in others] == [0, 0]
    worker.stop()
    Worker(runtime).drain()

    assert [error for one in crowd for error in one.broken] == []
    done = [task for one in crowd for task in one.done]
    assert len(done) == len(set(done)), "one task, completed twice"
    print(len(done), sum((one.told for one in crowd), collections.Counter()))  # noqa: T201
    check(runtime, set(done))
    runtime.close()


def check(runtime: Runtime, done: set[str]) -> None:
    """What must hold whatever happened in which order."""
    completed = rows(runtime, sa.select(tasks).where(tasks.c.state == "completed"))
    assert {row.public_id for row in completed} == done
    assert rows(runtime, sa.select(jobs.incidents)) == []
    assert rows(runtime, sa.select(jobs.jobs).where(jobs.jobs.c.error.is_not(None))) == []
    found = rows(runtime, sa.select(case_table))
    for case in found:
        log = runtime.read(lambda tx, actor, case=case: event_log.of_case(tx, case.id), SYSTEM)
        assert event_log.broken_at(log) is None
        assert log[-1].sequence == case.sequence
        state = history.rebuild(log)
        assert state.ended == (case.status != "running")
        once = collections.Counter(
            (row.kind, row.activity) for row in log if row.kind in ("left", "task_completed", "operated")
        )
        assert [step for step, times in once.items() if times > 1] == []
        waiting = [task for task in rows(runtime, sa.select(tasks).where(tasks.c.case_id == case.id))
                   if task.state in OPEN]  # fmt: skip
        assert case.status == "running" or waiting == []
        assert {task.activity for task in waiting} <= set(state.standing)
    # The books.
    assert runtime.read(lambda tx, actor: reading.imbalances(tx), SYSTEM) == []
    for balance in rows(runtime, sa.select(stock.stock_balances)):
        assert 0 <= balance.reserved <= balance.on_hand or balance.reserved >= 0
    reserved = collections.Counter()
    for line in rows(
        runtime,
        sa.select(sales.sales_order_lines.c.component_id, sales.allocations.c.warehouse_id,
                  sales.allocations.c.quantity).join_from(sales.allocations, sales.sales_order_lines),
    ):  # fmt: skip
        reserved[line.component_id, line.warehouse_id] += line.quantity
    held = {
        (row.component_id, row.warehouse_id): row.reserved
        for row in rows(runtime, sa.select(stock.stock_balances)) if row.reserved
    }  # fmt: skip
    assert held == dict(reserved)
    numbers = sorted(row.number for row in rows(runtime, sa.select(sales.sales_orders)))
    assert [int(number.rsplit("-", 1)[1]) for number in numbers] == list(range(1, len(numbers) + 1))
    (last,) = rows(
        runtime, sa.select(documents.document_numbers).where(documents.document_numbers.c.prefix == "SO")
    )
    assert last.last == len(numbers)
    alerts = collections.Counter(
        row.component_id for row in rows(runtime, sa.select(safety.stock_alerts).where(safety.OPEN))
    )
    assert max(alerts.values(), default=0) <= 1


def test_messages_and_those_who_wait_for_them_do_not_miss_one_another(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "wait",
            element("startEvent", "came", '<messageEventDefinition messageRef="g"/>'),
            element("receiveTask", "arrived", properties(correlation_key="${key}"), messageRef="m"),
            end(),
            before='<message id="g" name="go"/><message id="m" name="goods"/>',
        )
    )
    workers = [Worker(firm.runtime) for _ in range(3)]
    chance = random.Random(20260309)
    for worker in workers:
        worker.start()
    for number in range(30):
        for name in chance.sample(["go", "goods"], 2):
            firm.runtime.do(messages.send, SYSTEM, name, f"K{number}", {"key": f"K{number}"})
        for worker in workers:
            worker.wake()
    for worker in workers:
        worker.stop()
    firm.settle()
    assert collections.Counter(case.status for case in firm.cases_of("wait")) == {"completed": 30}
