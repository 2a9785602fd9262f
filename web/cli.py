"""`guicheng` as people type it: the runtime's commands, and `serve` and `demo`."""

from __future__ import annotations

import datetime as dt
import os
import socket
import sys
from typing import Any
from zoneinfo import ZoneInfo

import click
import waitress
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from runtime import cli, clock, demo
from runtime.bootstrap import Runtime
from runtime.cli import err, guarded, main, out, say
from runtime.outbox import Outbox
from runtime.settings import Settings
from runtime.worker import Worker
from web.app import create_app

__all__ = ["main"]
THREADS = 8


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--no-worker", is_flag=True, help="Only the pages; due work is run by: guicheng work")
@click.option(
    "--processes",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Serve by so many processes of gunicorn, without a worker.",
)
@guarded
def serve(host: str, port: int, no_worker: bool, processes: int) -> None:
    """Serve the inbox, with a worker beside it."""
    runtime = cli.opened()
    _print_missing_year(runtime)
    if processes > 1:
        runtime.secret()
        runtime.close()
        _become_gunicorn(host, port, processes)
    _serve(runtime, host, port, worker=not no_worker)


@main.command("demo")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--no-serve", is_flag=True, help="Only set up the demo department.")
@click.option("--small", "months", flag_value=1, type=int, help="With a month of work behind it: the default.")
@click.option("--full", "months", flag_value=18, type=int, help="With eighteen months of work behind it.")
@click.option("--months", type=click.IntRange(0, 36), help="With so many months of work behind it; 0: none.")
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    default=None,
    help="Let the demo's clock start at this time: see a month's end, or timers come due.",
)
@guarded
def demo_(port: int, no_serve: bool, months: int | None, at: dt.datetime | None) -> None:
    """Set up the demo department, if it is not there yet, and serve it."""
    if at is not None:
        clock.shift(at.replace(tzinfo=ZoneInfo(Settings().zone)) - clock.now())
    settings = Settings(demo=True)
    _live(settings, months)
    runtime = Runtime(settings)
    with _progress(TextColumn("{task.description}")) as progress:
        for step, act in (
            ("Preparing the database", runtime.upgrade),
            ("Deploying processes and rules", lambda: cli.tell_all(runtime.sync(*runtime.folders()))),
            ("Seeding the demo department", lambda: _seed(runtime)),
        ):
            task = progress.add_task(say(step) + " …", total=None)
            act()
            progress.update(task, completed=1, total=1)
    for username, name, role in demo.introduced(cli.language()):
        out.print(f"  {username:<14}{name}  {role}", markup=False)
    out.print(say("Everybody's password: {password}", password=demo.PASSWORD))
    if not no_serve:
        _serve(runtime, "127.0.0.1", port, worker=True)


def _progress(*columns: Any) -> Progress:
    return Progress(SpinnerColumn(), *columns, TimeElapsedColumn(), console=err, transient=True)


def _live(settings: Settings, months: int | None) -> None:
    """Let the department have so many months behind it; a month where nothing was said and nothing is there."""
    if months is None:
        months = 0 if demo.there(settings) else 1
    if months == 0:
        return
    with _progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()) as progress:
        task = progress.add_task(say("Months of work behind the demo: {months}", months=months) + " …", total=1.0)
        demo.build(settings, months, told=lambda share: progress.update(task, completed=share))


def _seed(runtime: Runtime) -> None:
    demo.seed(runtime)
    demo.begin_work(runtime)


def _serve(runtime: Runtime, host: str, port: int, *, worker: bool) -> None:
    with socket.socket() as probe:
        if probe.connect_ex((host, port)) == 0:
            err.print(say("Port {port} is in use; choose another with --port.", port=port), style="red")
            sys.exit(1)
    if runtime.settings.waiting_workers >= THREADS:
        sentence = "GUICHENG_WAITING_WORKERS must be below {threads}, the threads of the server."
        err.print(say(sentence, threads=THREADS), style="red")
        sys.exit(2)
    app = create_app(runtime, demo.people() if runtime.settings.demo else ())
    at_work: list[Any] = [Worker(runtime), Outbox(runtime)] if worker else []
    for each in at_work:
        each.start()
    if at_work:
        app.extensions["worker"] = at_work[0].alive
    out.print(say("Open {address}", address=f"http://{host}:{port}") + "  (Ctrl-C)", markup=False)
    try:
        # Headers of a proxy in front are left for ProxyFix to judge (web/app.py), if one is configured.
        trusting = runtime.settings.proxies > 0
        waitress.serve(
            app,
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            clear_untrusted_proxy_headers=not trusting,
            _quiet=True,
        )
    finally:
        for each in at_work:
            each.stop()
        runtime.close()


def _become_gunicorn(host: str, port: int, processes: int) -> None:
    """Nothing of this process is left for them: connections and V8 do not survive a fork."""
    options = {
        "workers": processes,
        "worker-class": "gthread",
        "threads": THREADS,
        "bind": f"{host}:{port}",
        "timeout": 60,
        "graceful-timeout": 30,
        # Headers of a proxy in front are left for ProxyFix to judge (web/app.py), if one is configured.
        "forwarded-allow-ips": "",
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    out.print(say("Due work is not done here; beside this run: guicheng work"))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "web.wsgi:app", *words])


def _print_missing_year(runtime: Runtime) -> None:
    for year in runtime.missing_years():
        err.print(
            say("The calendar of {year} is missing: its weekdays count as workdays.", year=year),
            style="yellow",
        )
