"""Eighteen months of the demo, made anew with one seed after another, and judged by the books' checker."""

from __future__ import annotations

import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from runtime import demo, doctor
from runtime.bootstrap import Runtime, Settings
from runtime.bpmn import child
from runtime.rules import child as rule_child
from tests import conservation
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
            yield Round(f"seed {seed}", figures, [*conservation.findings(database), *_examined(home)])
            shutil.rmtree(home)


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
