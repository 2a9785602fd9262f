"""What a bench is, what it finds, and how it is judged.

    @bench("start", "Starting a case by its form")
    def start(run: Run) -> Iterator[Figure]:
        yield Figure("one client", ours=…, floor=…, engine=…, most=4)

Every figure is a cost (milliseconds, bytes, statements: less is better), measured beside its
floor in the same run. Ratios are judged; what a machine manages at this moment is only told.
Not here: what is measured (the other modules), the command line (`__main__`)."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Figure:
    """`ours` beside `floor`: the same work done by hand, or the same at a smaller size (`against`
    says which). `ratio`: of the two, unless it was measured otherwise; `most`: what is allowed of it (None:
    only told). `engine`: the bare engine in memory. `note`: what else there is to say."""

    what: str
    ours: float
    floor: float | None = None
    engine: float | None = None
    most: float | None = None
    ratio: float | None = None
    unit: str = "ms"
    against: str = "floor"
    note: str = ""

    @property
    def times(self) -> float | None:
        if self.ratio is not None or not self.floor:
            return self.ratio
        return self.ours / self.floor

    @property
    def holds(self) -> bool:
        return self.most is None or (self.times is not None and self.times <= self.most)


@dataclass(frozen=True)
class Run:
    """One run of the benches. `quick`: as small as shows that a bench works; its figures say nothing."""

    quick: bool = False

    def size(self, usual: int, quick: int) -> int:
        return quick if self.quick else usual


Measure = Callable[[Run], Iterator[Figure]]


@dataclass(frozen=True)
class Bench:
    name: str
    title: str
    measure: Measure


BENCHES: dict[str, Bench] = {}


def bench(name: str, title: str) -> Callable[[Measure], Measure]:
    """Register a function that measures; `name` is what the command line calls it."""

    def register(measure: Measure) -> Measure:
        assert name not in BENCHES, name
        BENCHES[name] = Bench(name, title, measure)
        return measure

    return register


@contextmanager
def folder() -> Iterator[Path]:
    """A place on the disk where data lies, since a file in memory commits for nothing; gone afterwards."""
    home = ROOT / "var" / "bench"
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as place:
        yield Path(place)


def milliseconds(work: Callable[[], object], units: int = 1) -> float:
    """Of one unit, by the wall: waiting for the disk counts. Nothing of what was before is collected meanwhile."""
    gc.collect()
    return clocked(work, units)


def clocked(work: Callable[[], object], units: int = 1) -> float:
    """As `milliseconds`, amid whatever else goes on."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000 / units


def side_by_side(pairs: int, *works: Callable[[], float]) -> tuple[list[float], float]:
    """The median of each of `works` (which tell what they took), and of the ratio of the first two.

    One after the other, again and again: a neighbour on the machine slows all of them."""
    rounds = [[work() for work in works] for _ in range(pairs)]
    ratio = median(taken[0] / taken[1] for taken in rounds) if len(works) > 1 else 0.0
    return [median(column) for column in zip(*rounds, strict=True)], ratio


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
