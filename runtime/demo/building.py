"""Months of the demo's past, made in a folder of their own and moved to their place when they are whole: a file
of the home, or a PostgreSQL that they are carried over to.

The database need not outlive a power failure meanwhile: what is not finished is thrown away and made anew.
Not here: what happens in the months (department and what it is given)."""

from __future__ import annotations

import datetime as dt
import gc
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime import clock
from runtime.bootstrap import Runtime
from runtime.demo import exceptions, initiatives
from runtime.demo.department import Department
from runtime.demo.seeding import seed as found
from runtime.demo.staff import STAFF
from runtime.demo.trade import TRADE
from runtime.errors import Invalid
from runtime.identity import SYSTEM
from runtime.settings import Settings
from runtime.store import copying, db
from runtime.store.cases import cases
from runtime.store.db import Transaction

MONTH = 30.4  # days
SEED = 1
Told = Callable[[float], None]


class AnotherDemo(Invalid):
    """The demo in {place} has {months} months behind it. Remove it, or name another place by GUICHENG_HOME or
    GUICHENG_DATABASE_URL."""

    code = "demo.another"


def build(
    settings: Settings, months: float, seed: int = SEED, told: Told = lambda share: None, **switches: Any
) -> None:
    """Make the demo with so many months behind it, that end now; nothing if it is there. `told`: the share
    done, 0 to 1. Raises AnotherDemo, TargetInUse (of a database that is neither empty nor a demo)."""
    if there(settings):
        _same(settings, months)
        return
    making = settings.home / "demo.unfinished"
    shutil.rmtree(making, ignore_errors=True)
    end = clock.now()
    with cheaply(settings.model_copy(update={"home": making, "database_url": ""})) as runtime:
        live(runtime, months, end, seed, told, **switches)
        if settings.database_url:
            _carry_over(runtime, settings)
    if not settings.database_url:
        _keep(making / "guicheng.db", settings.home / "guicheng.db")
    shutil.rmtree(making)


def there(settings: Settings) -> bool:
    """Whether something is there already where the demo would be."""
    if not settings.database_url:
        return (settings.home / "guicheng.db").exists()
    engine = db.connect(settings.url())
    try:
        return bool(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


def _carry_over(made: Runtime, settings: Settings) -> None:
    target = db.connect(settings.url())
    try:
        copying.copy(made.engine, target)
    finally:
        target.dispose()


def live(
    runtime: Runtime,
    months: float,
    end: dt.datetime,
    seed: int = SEED,
    told: Told = lambda share: None,
    *,
    passwords: bool = True,
) -> Department:
    """Found the demo so many months before `end`, and let it live until then."""
    zone = runtime.house.zone
    last = end.astimezone(zone).date()
    first = last - dt.timedelta(days=round(months * MONTH))
    begin = dt.datetime.combine(first, dt.time(7), zone).astimezone(dt.UTC)
    with clock.frozen(begin), _seldom_collected():
        runtime.upgrade()
        runtime.sync(*runtime.folders())
        found(runtime, passwords=passwords, ample=True)
        house = Department(runtime, {**TRADE, **STAFF}, seed, lambda now: told((now - begin) / (end - begin)))
        initiatives.prepare(house)
        exceptions.plan(house, first, last)
        initiatives.plan(house, first, last)
        house.live(end)
    return house


def _same(settings: Settings, months: float) -> None:
    runtime = Runtime(settings)
    try:
        runtime.upgrade()
        began = runtime.read(_began, SYSTEM)
    finally:
        runtime.close()
    behind = 0 if began is None else round((clock.now() - began).days / MONTH)
    # It grows older while it is used.
    if behind < months:
        place = db.locate(settings.url()).database if settings.database_url else settings.home
        raise AnotherDemo(place=place, months=behind)


def _began(tx: Transaction, actor: Any) -> dt.datetime | None:
    return tx.scalar(sa.select(sa.func.min(cases.c.started_at)))


@contextmanager
def cheaply(settings: Settings) -> Iterator[Runtime]:
    """A runtime whose database does not wait for the disk."""
    runtime = Runtime(settings)

    @sa.event.listens_for(runtime.engine, "connect")
    def hurry(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    try:
        yield runtime
    finally:
        runtime.close()


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Hardly anything that is made here goes round in circles, and looking for such costs a tenth of the time."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _keep(made: Path, place: Path) -> None:
    """Onto the disk and into place: whoever finds it there finds all of it."""
    with closing(sqlite3.connect(made)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with made.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(made, place)
