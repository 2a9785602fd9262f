"""`guicheng scenarios`: play the scenario files of processes and tell what they covered.

Not here: playing (runtime/scenarios), lines about a problem (findings.py)."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from runtime import i18n
from runtime.bpmn.model import Process
from runtime.cli import findings
from runtime.cli.terminal import err, guarded, language, main, out
from runtime.errors import Problem
from runtime.folders import shipped
from runtime.identity import SYSTEM
from runtime.scenarios import Ground, Result, Scenario, coverage, drawing, judge, places, play

Models = Mapping[str, tuple[Process, str]]


@main.command("scenarios")
@click.argument("names", metavar="[FILE or PROCESS]...", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the outcome is told: lines for people, or JSON.",
)
@click.option(
    "--coverage",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Draw what was covered: a page for each diagram, in this folder.",
)
@click.option(
    "--language",
    "asked",
    type=click.Choice(list(i18n.LANGUAGES)),
    default=None,
    help="Of the sentences (default: the terminal's).",
)
@guarded
def scenarios_(names: tuple[str, ...], form: str, folder: Path | None, asked: str | None) -> None:
    """Play scenarios (NAME.scenarios.yaml) and tell what they covered; all of the shipped processes by default.

    Each is played on a fresh installation of its own in a temporary folder; this one's is not touched.
    A file outside of the shipped folders brings the diagrams, forms and rules beside it along."""
    spoken = asked or language()
    meant = places.meant(names, shipped())
    read, problems = places.read_files(meant.files)
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="guicheng-scenarios-") as scratch:
        ground = Ground(shipped(), Path(scratch), meant.folders)
        with ground.installation("empty") as runtime:
            known = runtime.read(judge.known, SYSTEM)
            models = runtime.read(coverage.models, SYSTEM)
        problems += [problem for scenario in read for problem in judge.judge(scenario, known)]
        problems.sort(key=lambda each: (each.file, each.line, each.column))
        if not problems:
            for result in _played(ground, read):
                results.append(result)
                if form == "text":
                    _tell(result, spoken)
    covered = coverage.Coverage()
    for result in results:
        covered.add(result.covered)
    about = {scenario.process: models[scenario.process] for scenario in read if scenario.process in models}
    if form == "json":
        click.echo(_as_json(results, problems, about, covered, spoken))
    elif problems:
        for line, style in findings.as_text(problems, spoken):
            err.print(line, style=style, markup=False)
    else:
        _tell_coverage(about, covered, spoken)
    failed = sum(bool(result.problems) for result in results)
    if form == "text" and not problems:
        told = i18n.say(
            spoken, "{count} scenarios played, {failed} failed.", count=len(results), failed=failed
        )
        out.print(told, style="red" if failed else "green")
    if folder is not None and not problems:
        page = drawing.draw(folder, about, covered, spoken)
        if form == "text":
            out.print(i18n.say(spoken, "Drawn: {page}", page=page), markup=False)
    if problems or failed:
        sys.exit(2 if problems else 1)


def _played(ground: Ground, scenarios: Sequence[Scenario]) -> Iterator[Result]:
    for scenario in scenarios:
        with ground.installation(scenario.world) as runtime:
            yield play(runtime, scenario)


def _tell(result: Result, spoken: str) -> None:
    mark, style = ("✗", "red") if result.problems else ("✓", "green")
    line = Text.assemble((mark, style), f" {result.scenario.label}", (f"  {result.seconds:.1f} s", "dim"))
    out.print(line)
    for problem in result.problems:
        out.print(f"    {findings.tell(problem, spoken)}", style="red", markup=False)


def _tell_coverage(about: Models, covered: coverage.Coverage, spoken: str) -> None:
    shown = drawing.headings(spoken)
    table = Table(i18n.say(spoken, "Process"), *shown.values(), box=None)
    lines = []
    for key, (model, _) in about.items():
        shares = coverage.shares(model, covered)
        cells = [
            Text(
                f"{share.covered} / {share.of}" if share.of else "–", style="yellow" if share.missing else ""
            )
            for share in shares.values()
        ]
        table.add_row(Text(key), *cells)
        lines += [
            f"  {key}: {shown[kind]}: {', '.join(share.missing)}"
            for kind, share in shares.items()
            if share.missing
        ]
    out.print(table)
    if lines:
        out.print(i18n.say(spoken, "Not covered:"))
        for line in lines:
            out.print(line, style="yellow", markup=False)


def _as_json(
    results: Sequence[Result],
    problems: Sequence[Problem],
    about: Models,
    covered: coverage.Coverage,
    spoken: str,
) -> str:
    """{version, problems, scenarios: [{file, line, process, name, passed, seconds, problems}],
    coverage: {process: {flows|tasks|ends|boundaries: {covered, of, missing}}}}"""
    told: dict[str, Any] = {
        "version": 1,
        "problems": [_problem(each, spoken) for each in problems],
        "scenarios": [
            {
                "file": result.scenario.file,
                "line": result.scenario.at.line,
                "process": result.scenario.process,
                "name": result.scenario.name,
                "passed": not result.problems,
                "seconds": round(result.seconds, 3),
                "problems": [_problem(each, spoken) for each in result.problems],
            }
            for result in results
        ],
        "coverage": {
            key: {
                kind: {"covered": share.covered, "of": share.of, "missing": list(share.missing)}
                for kind, share in coverage.shares(model, covered).items()
            }
            for key, (model, _) in about.items()
        }
        if results
        else {},
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def _problem(problem: Problem, spoken: str) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line or None,
        "column": problem.column or None,
        "rule": problem.rule,
        "message": findings.sentence(problem, spoken),
    }
