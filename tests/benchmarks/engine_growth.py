"""Whether the engine's time grows in a straight line: `python3 run.py bench engine [--size N] [WORD …]`.

For each case of engine_cases.py (those whose name has all WORDs), the milliseconds of one unit
at size N and at 10 N, and their ratio, which is the median of several pairs measured one
after the other. Exit status 1 if a ratio is above the limit. Time is what a machine does
at this moment: the tests count lines instead (tests/core/engine/test_growth.py)."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from statistics import median

from tests.benchmarks.engine_cases import CASES, Case

LIMIT = 1.3
PAIRS = 5
ENOUGH = 20.0  # seconds for one case: no further pair is begun


def milliseconds(case: Case, size: int) -> float:
    """Of one unit."""
    work = case.prepare(size)
    gc.collect()
    # As timeit does: how often the collector looks through a large heap is not the engine's doing.
    gc.disable()
    try:
        began = time.process_time()
        units = work()
        return (time.process_time() - began) * 1000 / units
    finally:
        gc.enable()


def measured(case: Case, size: int) -> tuple[float, float, float]:
    """Milliseconds at `size`, at ten times that, and the ratio."""
    began = time.monotonic()
    pairs: list[tuple[float, float]] = []
    while len(pairs) < PAIRS and (not pairs or time.monotonic() - began < ENOUGH):
        pairs.append((milliseconds(case, size), milliseconds(case, 10 * size)))
    small, large = (median(column) for column in zip(*pairs, strict=True))
    return small, large, median(large / small for small, large in pairs)


def main(arguments: list[str]) -> int:
    asked = argparse.ArgumentParser(prog="run.py bench engine", description=__doc__.split("\n\n")[0])
    asked.add_argument("words", nargs="*", metavar="WORD")
    asked.add_argument("--size", type=int, default=1000)
    options = asked.parse_args(arguments)
    cases = [case for case in CASES.values() if all(word in case.name for word in options.words)]
    print(f"{'':60} {'ms at':>9} {'ms at':>9}")
    print(f"{'':60} {options.size:>9} {10 * options.size:>9} {'ratio':>6}")
    slow = []
    for case in cases:
        small, large, ratio = measured(case, options.size)
        verdict = "" if ratio <= LIMIT else "  too steep"
        print(f"{case.name:60} {small:9.4f} {large:9.4f} {ratio:6.2f} a {case.unit}{verdict}", flush=True)
        slow += [case.name] if verdict else []
    print(f"{len(cases) - len(slow)} of {len(cases)} grow in a straight line (ratio at most {LIMIT}).")
    return 1 if slow or not cases else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
