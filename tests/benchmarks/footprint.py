"""What a step asks of PostgreSQL: statements, log, disk and processor, by which docs/scale.md reckons.

Counted, not timed by the wall: the same on a busy machine. Not here: how long a step takes (steps.py)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.benchmarks.measuring import Figure, Run, bench, folder
from tests.benchmarks.workplace import STEPS, Workplace
from tests.databases import Databases, Server

WARM = 20  # cases, until everything is compiled and prepared
TABLES = """
    SELECT relname AS name, pg_total_relation_size(oid) AS bytes FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"""


@bench("footprint", "What a step of the work asks of PostgreSQL")
def footprint(run: Run) -> Iterator[Figure]:
    cases = run.size(200, 20)
    server = Server()
    try:
        with folder() as place, Databases(server).empty(place / "home"):
            office = Workplace(place)
            yield from _measured(office, cases)
            office.runtime.close()
    finally:
        server.close()


def _measured(office: Workplace, cases: int) -> Iterator[Figure]:
    for _ in range(WARM):
        office.work()
    engine, said = office.runtime.engine, [0]
    sa.event.listen(engine, "before_cursor_execute", lambda *rest: said.__setitem__(0, said[0] + 1))
    backend = _ask(engine, "SELECT pg_backend_pid()")
    _do(engine, "CHECKPOINT")
    sizes, log = _sizes(engine), _ask(engine, "SELECT pg_current_wal_lsn()")
    ours, theirs, said[0] = time.process_time(), _processor(backend), 0
    for _ in range(cases):
        office.work()
    ours, theirs = time.process_time() - ours, _processor(backend) - theirs
    steps = cases * STEPS
    yield Figure("statements a step", said[0] / steps, unit="statements")
    written = float(_ask(engine, f"SELECT pg_current_wal_lsn() - '{log}'::pg_lsn"))
    yield Figure("log written a step", written / steps / 1024, unit="KB")
    yield Figure("our processor a step", 1000 * ours / steps, unit="ms of one core")
    yield Figure("the database's processor a step", 1000 * theirs / steps, unit="ms of one core")
    grown = {name: (size - sizes.get(name, 0)) / cases / 1024 for name, size in _sizes(engine).items()}
    yield Figure("kept of a case, with indexes", sum(grown.values()), unit="KB")
    for name, size in sorted(grown.items(), key=lambda each: -each[1])[:5]:
        yield Figure(f"  in {name}", size, unit="KB")


def _ask(engine: sa.Engine, query: str) -> Any:
    with engine.connect() as connection:
        return connection.exec_driver_sql(query).scalar()


def _do(engine: sa.Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)


def _sizes(engine: sa.Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {row.name: row.bytes for row in connection.exec_driver_sql(TABLES)}


def _processor(process: int) -> float:
    """Seconds of a core that a process has had."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
