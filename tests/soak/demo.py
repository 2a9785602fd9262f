"""The demo made anew: eighteen months with one seed after another, a month on one date after another; judged by the
books' checker, and by whether something waits at every exception."""

from __future__ import annotations

import datetime as dt
import random
import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from runtime import clock, demo, doctor
from runtime.bootstrap import Runtime
from runtime.bpmn import child
from runtime.rules import child as rule_child
from runtime.settings import Settings
from tests import conservation, exceptions
from tests.soak.soaking import Options, Round, databases, seeds, soak


@soak("demo", "months of the demo made through the processes, the books counted in plain SQL", (18, "months"))
def months(options: Options) -> Iterator[Round]:
    with databases(options) as (_, place):
        for seed in seeds(options):
            home = place / str(seed)
            began, spent = time.monotonic(), _processor()
            demo.build(Settings(home=home, demo=True), options.count, seed, passwords=False)
            # What they took is counted once they have ended.
            child.close()
            rule_child.close()
            figures = {"s": time.monotonic() - began, "s of a processor": _processor() - spent}
            database = home / "guicheng.db"
            figures |= conservation.counts(database)
            figures["MB"] = database.stat().st_size / 1024**2
            yield Round(f"seed {seed}", figures, [*_wrong(home, options.count), *_examined(home)])
            shutil.rmtree(home)


@soak("dates", "a month of the demo that ends on a day at random, and what waits at its end", (1, "months"))
def dates(options: Options) -> Iterator[Round]:
    with databases(options) as (_, place):
        for seed in seeds(options):
            chance = random.Random(seed)
            hours = chance.randrange(730 * 24)
            end = dt.datetime(2026, 3, 1, tzinfo=dt.UTC) + dt.timedelta(hours=hours)
            home = place / str(seed)
            began = time.monotonic()
            with clock.frozen(end):
                demo.build(Settings(home=home, demo=True), options.count, seed, passwords=False)
                wrong = [*_wrong(home, options.count), *_examined(home)]
            yield Round(f"{end:%Y-%m-%d %H:%M} seed {seed}", {"s": time.monotonic() - began}, wrong)
            shutil.rmtree(home)


def _wrong(home: Path, months: float) -> list[str]:
    database = home / "guicheng.db"
    return [*conservation.findings(database), *exceptions.missing(database, months=months)]


def _processor() -> float:
    """Seconds, of this process and of those it has waited for."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _examined(home: Path) -> list[str]:
    runtime = Runtime(Settings(home=home, demo=True))
    try:
        return [str(finding) for finding in doctor.examine(runtime.engine, runtime.house)]
    finally:
        runtime.close()
