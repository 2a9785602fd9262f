"""Keeping an installation whole: looking at it.

Not here: setting it up (installation.py), what needs a person (work.py)."""

from __future__ import annotations

import json
import sys

import click
import sqlalchemy as sa
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from runtime import doctor
from runtime.bootstrap import Runtime
from runtime.cli.terminal import err, guarded, main, opened, out, say
from runtime.errors import Failed


class DatabaseUnreadable(Failed):
    """The database cannot be read: {reason}"""

    code = "database.unreadable"


def _opened() -> Runtime:
    try:
        return opened()
    except sa.exc.DatabaseError as error:
        raise DatabaseUnreadable(reason=str(error.orig)) from error


def _progress() -> Progress:
    """On standard error, and only where somebody looks."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


@main.command("doctor")
@click.option("--quick", is_flag=True, help="Without reading logs, files, diagrams and ended cases.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding, a line each.")
@guarded
def doctor_(quick: bool, as_json: bool) -> None:
    """Look whether the installation is whole: cases, tasks, timers, logs, books, files.

    Changes nothing, and may run while people work. Exit status 1 if something is wrong."""
    runtime = _opened()
    broken: dict[str, int] = {}
    with _progress() as bar:
        task = bar.add_task(say("Looking"), total=None)

        def told(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        try:
            for finding in doctor.examine(runtime.engine, runtime.house, quick=quick, progress=told):
                broken[finding.invariant.name] = broken.get(finding.invariant.name, 0) + 1
                _tell(finding, as_json)
        except sa.exc.DatabaseError as error:
            raise DatabaseUnreadable(reason=str(error.orig)) from error
    if not as_json:
        _conclude(broken)
    if broken:
        sys.exit(1)


def _tell(finding: doctor.Finding, as_json: bool) -> None:
    invariant, problem = finding.invariant, finding.problem
    sentence = say(problem.message, **problem.params)
    if not as_json:
        out.print(f"{problem.where}: {sentence} [{invariant.name}]", style="red", markup=False)
        return
    told = {
        "invariant": invariant.name,
        "finding": problem.rule,
        "where": problem.where,
        "message": sentence,
        "holds": say(invariant.sentence),
        "remedy": say(doctor.SENTENCES[invariant.remedy]),
    }
    click.echo(json.dumps(told, ensure_ascii=False))


def _conclude(broken: dict[str, int]) -> None:
    """What should hold and does not, once each, and what to do."""
    for name, count in broken.items():
        invariant = doctor.INVARIANTS[name]
        out.print(f"\n[bold]{name}[/] ({count})")
        out.print(f"  {say(invariant.sentence)}", markup=False)
        out.print(f"  {say(doctor.SENTENCES[invariant.remedy])}", markup=False)
    if broken:
        out.print("\n" + say("{count} things are wrong.", count=sum(broken.values())), style="red")
    else:
        out.print(say("Everything is whole."))
