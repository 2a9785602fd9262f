"""What a process counts and times of itself, in Prometheus' terms.

Each process by itself; where PROMETHEUS_MULTIPROC_DIR names a folder, all processes of the machine that share it
are added up (the library keeps their figures in files there). Not here: what the database tells, jobs and
incidents (queries/operations.py), who may ask (web/machines.py)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

SHARED = "PROMETHEUS_MULTIPROC_DIR"
# Seconds: from a read in memory to what a person calls broken.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

STEPS = Counter("guicheng_steps", "Activities of cases that ended, in committed moves")
COMMANDS = Histogram(
    "guicheng_command_seconds", "Commands, each one transaction", ["command", "outcome"], buckets=BUCKETS
)
REQUESTS = Histogram(
    "guicheng_request_seconds", "Requests answered", ["endpoint", "method", "status"], buckets=BUCKETS
)
JOBS = Counter("guicheng_jobs_run", "Jobs run by workers", ["kind", "outcome"])


@contextmanager
def timed_command(name: str) -> Iterator[None]:
    """`outcome`: done, or the code of the error's kind: what people got wrong is told from what broke."""
    began, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "done"
    except Exception as error:
        status = getattr(error, "status", 500)
        outcome = "refused" if status < 500 else "unavailable" if status == 503 else "failed"
        raise
    finally:
        _command(name, outcome).observe(time.perf_counter() - began)


@lru_cache(maxsize=1000)
def _command(name: str, outcome: str) -> Histogram:
    return COMMANDS.labels(name, outcome)


class Now(Collector):
    """Figures that hold at this moment, asked for at each scrape: (name, what it is, value)."""

    def __init__(self, figures: Iterable[tuple[str, str, float]]) -> None:
        self.figures = figures

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, told, value in self.figures:
            yield GaugeMetricFamily(f"guicheng_{name}", told, value=value)


def exposed(now: Iterable[tuple[str, str, float]]) -> bytes:
    """Everything as Prometheus reads it: what was counted, and `now`."""
    counted: CollectorRegistry = REGISTRY
    if os.environ.get(SHARED):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)
    momentary = CollectorRegistry()
    momentary.register(Now(now))
    return generate_latest(counted) + generate_latest(momentary)
