"""The demo on PostgreSQL: the same department with its past, made embedded and carried over."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from runtime import clock, demo, doctor
from runtime.bootstrap import Runtime
from runtime.demo import building
from runtime.identity import SYSTEM
from runtime.queries import inbox, people
from runtime.settings import Settings
from runtime.store.cases import cases
from tests.office import Office

END = dt.datetime(2026, 11, 19, 1, 30, tzinfo=dt.UTC)


def test_the_department_has_its_past_there_and_goes_on(empty_database: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, demo=True, database_url=empty_database)
    with clock.frozen(END):
        assert not demo.there(settings)
        demo.build(settings, 0.1, passwords=False)
        assert demo.there(settings) and [file.name for file in tmp_path.iterdir()] == []
        runtime = Runtime(settings)
        try:
            assert runtime.engine.dialect.name == "postgresql"
            assert list(doctor.examine(runtime.engine, runtime.house)) == []
            begun = sa.select(sa.func.min(cases.c.started_at))
            assert runtime.read(lambda tx, actor: tx.scalar(begun), SYSTEM) < END - dt.timedelta(days=2)
            supervisor = runtime.read(people.by_username, SYSTEM, "chenjie")
            assert supervisor is not None and runtime.read(inbox.todo, supervisor).rows
            # New rows come after those that were carried over.
            stock = {"component": "QY-P60-265", "warehouse": "SH", "difference": "shortage", "pieces": 1}
            case = Office(runtime).as_("liyang").start("stock_correction", **stock, reason="受潮")
            assert case.status == "running"
        finally:
            runtime.close()
        demo.build(settings, 0)
        with pytest.raises(building.AnotherDemo):
            demo.build(settings, 18)
