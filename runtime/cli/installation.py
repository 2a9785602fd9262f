"""Setting up: the tables, the first content, the business calendar; and running due work.

Not here: people (people.py), files (check.py)."""

from __future__ import annotations

import datetime as dt
import signal
import time
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from runtime.bootstrap import Runtime
from runtime.cli.terminal import err, guarded, main, opened, out, say, tell_all
from runtime.commands import calendar
from runtime.identity import SYSTEM
from runtime.outbox import Outbox
from runtime.settings import Settings
from runtime.store import copying, search, user_tasks
from runtime.store.db import connect
from runtime.worker import Worker


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@guarded
def db_upgrade() -> None:
    """Create the tables, or bring them to this version."""
    Runtime(Settings()).upgrade()
    out.print(say("The database is up to date."))


@db.command("reindex")
@guarded
def db_reindex() -> None:
    """Make anew what lists and search read, from the tasks and cases. Stop everything that serves and works first."""
    runtime = opened()
    with runtime.engine.begin() as connection:
        tasks, cases = user_tasks.follow(connection), search.rebuild(connection)
    out.print(say("{tasks} candidates of tasks and {cases} cases are listed and found anew.", tasks=tasks, cases=cases))


@db.command("copy")
@click.option("--to", "url", required=True, help="The empty database: postgresql://user:password@host/name")
@guarded
def db_copy(url: str) -> None:
    """Carry this installation over to another, empty database.

    The database of the settings is read and stays as it is. Stop everything that serves and works first;
    afterwards set GUICHENG_DATABASE_URL."""
    runtime, target = Runtime(Settings()), connect(url)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=err, transient=True
    ) as progress:
        bars: dict[str, TaskID] = {}

        def told(table: str, done: int, of: int) -> None:
            if table not in bars:
                bars[table] = progress.add_task(table, total=of)
            progress.update(bars[table], completed=done)

        copied = copying.copy(runtime.engine, target, told)
    runtime.close()
    target.dispose()
    rows = sum(content.rows for content in copied.values())
    out.print(say("{rows} rows of {tables} tables were copied and compared.", rows=rows, tables=len(copied)))


@main.command()
@click.option(
    "--processes", type=click.Path(path_type=Path), default=None, help="Folder of diagrams and forms."
)
@click.option("--rules", type=click.Path(path_type=Path), default=None, help="Folder of rule files.")
@guarded
def init(processes: Path | None, rules: Path | None) -> None:
    """Set up an empty installation: tables, and the processes and rules of this folder."""
    runtime = Runtime(Settings())
    runtime.upgrade()
    chosen = [folder for folder in (processes, rules) if folder]
    notes = runtime.sync(*(chosen or runtime.folders()))
    tell_all(notes)
    out.print(say("Ready. Now create the first administrator: guicheng admin create"))


@main.command("calendar")
@click.argument("day", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("kind", type=click.Choice(["holiday", "workday", "weekday"]))
@guarded
def calendar_(day: dt.datetime, kind: str) -> None:
    """Make DAY a holiday or a workday; "weekday": what Monday to Friday says."""
    opened().do(calendar.set_day, SYSTEM, day.date(), None if kind == "weekday" else kind)


@main.command()
@click.option("--once", is_flag=True, help="Do what is due now and end.")
@guarded
def work(once: bool) -> None:
    """Run due work: timers, messages, retries, mail and requests."""
    runtime = opened()
    worker, outbox = Worker(runtime), Outbox(runtime)
    if once:
        done = worker.drain()
        while delivered := outbox.drain():
            done += delivered + worker.drain()
        out.print(say("{count} jobs done.", count=done))
        return
    # Whoever supervises it says so by SIGTERM: the job at hand is finished.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    worker.start()
    outbox.start()
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        worker.stop()
        outbox.stop()
