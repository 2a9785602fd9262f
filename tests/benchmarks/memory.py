"""What a worker process holds after many steps: resident memory of a child that does nothing else.

The child is this module run by itself; it prints one line of JSON whenever it looks."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Iterator

from runtime.commands import advance
from runtime.identity import SYSTEM
from runtime.worker import Worker
from tests.benchmarks.measuring import ROOT, Figure, Run, bench
from tests.benchmarks.workplace import workplace
from tests.diagrams import bpmn, element, end, flow, start

FLAT = 1.1
ROUND = 5  # steps of a round of the loop below
TURN = bpmn(
    "turn",
    start(),
    element("exclusiveGateway", "merge"),
    element(
        "task",
        "count",
        "<extensionElements><camunda:inputOutput><camunda:outputParameter name='n'>${n + 1}"
        "</camunda:outputParameter></camunda:inputOutput></extensionElements>",
    ),
    element("task", "other"),
    element("exclusiveGateway", "again", default="again_to_merge"),
    end(),
    flow("begun", "merge"),
    flow("merge", "count"),
    flow("count", "other"),
    flow("other", "again"),
    flow("again", "merge"),
    flow("again", "ended", "${n >= most}"),
)


def resident() -> float:
    """Megabytes of this process that lie in memory now."""
    with open("/proc/self/statm", encoding="ascii") as numbers:
        return int(numbers.read().split()[1]) * 4096 / 1024**2


def child(steps: int, parts: int) -> None:
    """Automatic steps by a worker, a thousand a transaction, and people's steps between them."""
    with workplace() as office:
        office.deploy(TURN)
        worker = Worker(office.runtime)
        rounds = steps // parts // (ROUND - 1)
        for part in range(parts + 1):
            office.runtime.do(advance.begin, SYSTEM, "turn", variables={"n": 0, "most": rounds})
            worker.drain()
            for _ in range(min(20, rounds // 40)):
                office.work()
            gc.collect()
            print(json.dumps({"steps": part * steps // parts, "megabytes": resident()}), flush=True)


@bench("memory", "A worker process after 100,000 steps")
def memory(run: Run) -> Iterator[Figure]:
    steps, parts = run.size(100_000, 400), run.size(10, 1)
    command = [sys.executable, "-m", "tests.benchmarks.memory", str(steps), str(parts)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    looks = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    first, last = looks[0]["megabytes"], looks[-1]["megabytes"]
    yield Figure(
        f"resident after {looks[-1]['steps']:,} steps",
        last,
        first,
        most=FLAT,
        unit="MB",
        against="after the warm-up",
        note="on the way " + ", ".join(f"{look['megabytes']:.0f}" for look in looks[1:-1]),
    )


if __name__ == "__main__":
    child(int(sys.argv[1]), int(sys.argv[2]))
