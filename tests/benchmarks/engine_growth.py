"""Whether the engine's time grows in a straight line: each case of engine_cases.py at 1,000 and at 10,000.

The ratio is the median of several pairs measured one after the other. Time is what a machine does
at this moment: the tests count lines instead (tests/core/engine/test_growth.py)."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from statistics import median

from tests.benchmarks.engine_cases import CASES, Case
from tests.benchmarks.measuring import Figure, Run, bench

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


def measured(case: Case, size: int, most: int) -> tuple[float, float, float]:
    """Milliseconds at `size`, at ten times that, and the ratio; of at most so many pairs."""
    began = time.monotonic()
    pairs: list[tuple[float, float]] = []
    while len(pairs) < most and (not pairs or time.monotonic() - began < ENOUGH):
        pairs.append((milliseconds(case, size), milliseconds(case, 10 * size)))
    small, large = (median(column) for column in zip(*pairs, strict=True))
    return small, large, median(large / small for small, large in pairs)


@bench("engine", "The engine alone: long and large cases at 10,000, beside the same at 1,000")
def engine(run: Run) -> Iterator[Figure]:
    size = run.size(1000, 5)
    # Each of them runs in tests/core/engine/test_growth.py.
    for case in list(CASES.values())[: run.size(len(CASES), 2)]:
        small, large, ratio = measured(case, size, run.size(PAIRS, 1))
        yield Figure(
            case.name, large, small, most=LIMIT, ratio=ratio, unit=f"ms a {case.unit}", against=f"at {size:,}"
        )
