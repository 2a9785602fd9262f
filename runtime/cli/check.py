"""Checking and deploying files: every problem with its place, who gets each task; templates for the modeler.

Not here: how problems are printed for people and for programs (findings.py)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

import click
from rich.table import Table
from rich.text import Text

from runtime import i18n
from runtime.bootstrap import judge
from runtime.bpmn import staffing
from runtime.bpmn.model import Process
from runtime.cli import findings
from runtime.cli.terminal import err, guarded, language, main, opened, out, say, tell_all
from runtime.commands import deploy
from runtime.errors import Problem
from runtime.folders import files_of
from runtime.identity import GROUPS, SYSTEM
from runtime.queries import templates
from runtime.settings import Settings

PATHS = click.Path(exists=True, path_type=Path)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=PATHS)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="How problems are told: lines for people, JSON, or SARIF 2.1.0 for code scanners.",
)
@click.option(
    "--language",
    "asked",
    type=click.Choice(list(i18n.LANGUAGES)),
    default=None,
    help="Of the sentences (default: the terminal's).",
)
@click.option("--who", "show_who", is_flag=True, help="Show who gets each task.")
@guarded
def check(paths: tuple[Path, ...], form: str, asked: str | None, show_who: bool) -> None:
    """Check diagrams, forms and rule files; every problem with file, line and element.

    What a diagram refers to is looked for among PATHS and in the installation, if there is one."""
    spoken = asked or language()
    judged = judge(paths, Settings())
    problems = as_given(judged.problems, paths)
    if form == "json":
        click.echo(findings.as_json(problems, spoken, len(judged.sources)))
    elif form == "sarif":
        click.echo(findings.as_sarif(problems, spoken))
    else:
        for line, style in findings.as_text(problems, spoken):
            err.print(line, style=style, markup=False)
    if show_who and form == "text":
        tell_who(judged.checked)
    if judged.errors:
        if form == "text":
            told = i18n.say(spoken, "{count} problems must be mended.", count=judged.errors)
            err.print(told, style="red")
        sys.exit(2)
    if form == "text":
        out.print(i18n.say(spoken, "{count} files are in order.", count=len(judged.sources)))


@main.command("deploy")
@click.argument("paths", nargs=-1, required=True, type=PATHS)
@guarded
def deploy_(paths: tuple[Path, ...]) -> None:
    """Check and deploy diagrams, forms and rule files: all of them or none. Shows who gets each task."""
    runtime = opened()
    judged = runtime.judge(paths)
    tell_all(runtime.take(SYSTEM, judged, "cli"))
    tell_who(judged.checked)
    out.print(say("Deployed."))


@main.command("templates")
@click.argument("file", default="-", type=click.File("w", encoding="utf-8", lazy=True, atomic=True))
def templates_(file: IO[str]) -> None:
    """Write the element templates of all operations to FILE (default: standard output).

    Camunda Modeler offers them where it finds them: .camunda/element-templates/NAME.json in the
    diagram's folder or one above it."""
    file.write(templates.text())


def as_given(problems: Iterable[Problem], paths: Sequence[Path]) -> list[Problem]:
    """Files by the path from here, which an editor opens, and not by the name they are deployed by."""
    places = {name: Path(os.path.relpath(file)).as_posix() for name, file in files_of(paths)}
    return [replace(problem, file=places.get(problem.file, problem.file)) for problem in problems]


def tell_who(checked: Sequence[deploy.Checked]) -> None:
    """Who gets each task of the diagrams, a table a process."""
    for process in (item.process for item in checked if item.process):
        title = f"{i18n.label(language(), dict(process.names), process.id)} ({process.id})"
        out.print(f"{title} – {say('Started by')}: {_starters(process)}", markup=False)
        rows = staffing.table(process)
        if not rows:
            continue
        table = Table(say("Task"), "id", say("Who gets it"), box=None)
        for row in rows:
            table.add_row(
                Text(i18n.label(language(), dict(row.names), row.task)),
                row.task,
                Text(_who(process, row)),
            )
        out.print(table)


def _who(process: Process, row: staffing.Row) -> str:
    """The people of one row in a sentence; what is an expression stays as it is written."""
    people = ", ".join([*([row.assignee] if row.assignee else []), *row.users, *map(_group, row.groups)])
    if row.source == "assignee":
        return people
    if row.source == "candidates":
        return say("one of {people}", people=people)
    if row.source == "lane":
        lane = i18n.label(language(), dict(process.lanes[row.lane].names), row.lane)
        return say("one of {people} (lane {lane})", people=people, lane=lane)
    return say("whoever has the lane of the calling process") if row.source == "caller" else say("nobody")


def _starters(process: Process) -> str:
    """Who may start it by hand. Messages, timers and calls ask nobody."""
    offered = process.attributes.get("isStartableInTasklist") != "false"
    groups = staffing.listed(process.attributes.get("candidateStarterGroups", "")) if offered else ()
    users = staffing.listed(process.attributes.get("candidateStarterUsers", "")) if offered else ()
    return ", ".join([*map(_group, groups), *users]) or say("nobody")


def _group(group: str) -> str:
    return i18n.label(language(), dict(GROUPS.get(group, {})), group)
