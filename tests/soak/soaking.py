"""What a soak is and what it finds: a long form of a test that takes chance as far as somebody has time for.

    @soak("timers", "100,000 timers that are due at once, the worker killed at random")
    def timers(options: Options) -> Iterator[Round]:
        yield Round("seed 7", {"killed": 12, "fired": 100_000})

Each round says what it did in figures, and what went wrong. Not here: the soaks themselves (the other
modules), the command line (`__main__`)."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.measuring import ROOT
from tests.databases import Databases, Server


@dataclass(frozen=True)
class Options:
    """`seconds`: after which no further round is begun; `seed`: of what is random; `count`: how much each round
    does, in the soak's own unit; `database`: sqlite or postgresql."""

    seconds: float
    seed: int
    count: int
    database: str = "sqlite"


@dataclass(frozen=True)
class Round:
    """`figures`: what was done, by what it is called; `wrong`: what should not be; none is what everybody hopes."""

    what: str
    figures: dict[str, float]
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Soak:
    """`count`: the usual, and what it counts."""

    name: str
    title: str
    count: tuple[int, str]
    run: Callable[[Options], Iterator[Round]]


SOAKS: dict[str, Soak] = {}


def soak(name: str, title: str, count: tuple[int, str]) -> Callable[..., Callable[[Options], Iterator[Round]]]:
    """Register a function that soaks; `name` is what the command line calls it."""

    def register(run: Callable[[Options], Iterator[Round]]) -> Callable[[Options], Iterator[Round]]:
        SOAKS[name] = Soak(name, title, count, run)
        return run

    return register


def seeds(options: Options) -> Iterator[int]:
    """One seed after another until the time is over; the first one in any case."""
    until, seed = time.monotonic() + options.seconds, options.seed
    while seed == options.seed or time.monotonic() < until:
        yield seed
        seed += 1


@contextmanager
def databases(options: Options) -> Iterator[tuple[Databases, Path]]:
    """Where installations are made, on the disk, and a folder for them; all of it is gone afterwards."""
    home = ROOT / "var" / "bench"
    home.mkdir(parents=True, exist_ok=True)
    server = Server() if options.database == "postgresql" else None
    try:
        with tempfile.TemporaryDirectory(dir=home) as place:
            yield Databases(server), Path(place)
    finally:
        if server is not None:
            server.close()
