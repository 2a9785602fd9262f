"""Setting up: the tables, the first content, the business calendar; and running due work.

Not here: people (people.py), files (check.py)."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import click

from runtime.bootstrap import Runtime, Settings
from runtime.cli.terminal import guarded, main, opened, out, say, tell_all
from runtime.commands import calendar
from runtime.identity import SYSTEM
from runtime.outbox import Outbox
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
    worker.start()
    outbox.start()
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        worker.stop()
        outbox.stop()
