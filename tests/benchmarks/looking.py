"""`guicheng doctor` over a large installation: how long it looks, and what it holds meanwhile.

A child looks and nothing else, so that its memory is its own: this module run by itself, which prints a line
of JSON. Of the large database (big.py) only what is asked of the whole, since its cases have no state; cases are
looked at where they were really begun and worked on."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from runtime import clock, doctor
from runtime.bootstrap import Runtime
from runtime.settings import Settings
from runtime.store import db
from tests.benchmarks import big
from tests.benchmarks.measuring import ROOT, Figure, Run, bench, folder
from tests.benchmarks.workplace import Workplace

# Of a cost that grows in a straight line, beside itself at a tenth of the size; and of what should not grow.
STRAIGHT, FLAT = 1.5, 1.3


def child(home: str, of: str) -> None:
    runtime = Runtime(Settings(home=Path(home)))
    began, dearest, found = time.perf_counter(), ("", 0.0), 0
    used = time.process_time()
    if of == "cases":
        found = sum(1 for _ in doctor.examine(runtime.engine, runtime.house))
    for each in doctor.INVARIANTS.values() if of == "whole" else ():
        if not each.of_cases:
            asked = time.perf_counter()
            with db.reading(runtime.engine, clock.now(), runtime.house) as tx:
                found += sum(1 for _ in each.ask(tx))
            dearest = max(dearest, (each.name, time.perf_counter() - asked), key=lambda pair: pair[1])
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {
        "seconds": time.process_time() - used, "wall": time.perf_counter() - began, "megabytes": megabytes,
        "found": found,
    }  # fmt: skip
    sys.stdout.write(json.dumps({**told, "dearest": f"{dearest[0]} {dearest[1]:.1f} s"}) + "\n")


def look(office: Workplace, of: str) -> tuple[float, float, str]:
    """Seconds of the processor, megabytes at most, and how long it was by the wall."""
    home = str(office.runtime.settings.home)
    command = [sys.executable, "-m", "tests.benchmarks.looking", home, of]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    told = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    assert of == "whole" or told["found"] == 0, said
    dearest = f", of these {told['dearest']}" if of == "whole" else ""
    return told["seconds"], told["megabytes"], f"{told['wall']:.1f} s by the wall{dearest}"


@bench("doctor", "What the doctor asks of 1,000,000 tasks in 300,000 cases, and of 5,000 cases that are whole")
def measure(run: Run) -> Iterator[Figure]:
    sizes = [big.Size(2_000, 200, 600, 40), big.Size(10_000, 1_000, 3_000, 40)] if run.quick else [
        big.Size(100_000, 10_000, 30_000, 400), big.Size()
    ]  # fmt: skip
    seen = []
    for size in sizes:
        with folder() as place, clock.frozen(big.NOW):
            office = Workplace(place)
            big.fill(office.runtime.engine, size)
            seen.append(look(office, "whole"))
    yield from _figures("the whole", seen, [size.tasks for size in sizes], "task")
    seen, counts = [], [run.size(500, 5), run.size(5_000, 20)]
    with folder() as place:
        office = Workplace(place)
        begun = 0
        for count in counts:
            for _ in range(begun, count):
                task = office.start()
                office.complete(task, {"amount": 1500, "grade": "A"})
            begun = count
            seen.append(look(office, "cases"))
    yield from _figures("all of it", seen, counts, "case")


def _figures(
    what: str, seen: list[tuple[float, float, str]], sizes: list[int], unit: str
) -> Iterator[Figure]:
    (few_seconds, few_held, few_wall), (seconds, held, wall) = seen
    few, many = sizes
    note = f"{seconds:.1f} s in all, {wall}; {few:,}: {few_wall}"
    per = [each * 1000 / size for each, size in ((seconds, many), (few_seconds, few))]
    yield Figure(f"{what} of {many:,} {unit}s, each, processor", *per, most=STRAIGHT, against=f"of {few:,}", note=note)
    yield Figure(
        f"{what} of {many:,} {unit}s, at most in memory", held, few_held, most=FLAT, unit="MB", against=f"of {few:,}"
    )


if __name__ == "__main__":
    child(*sys.argv[1:])
