"""`guicheng handbook`: whether every clause is carried out by something that exists.

Not here: reading and judging a handbook (runtime/handbook), how problems are printed (findings.py)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from runtime import i18n
from runtime.access import DEFAULT_GRANTS
from runtime.bpmn import read as diagrams
from runtime.bpmn.model import Process
from runtime.cli import findings
from runtime.cli.check import as_given
from runtime.cli.terminal import err, guarded, language, main, opened, out, say, tell_all
from runtime.commands import handbook as commands
from runtime.commands.deploy import kind_of
from runtime.errors import Problem
from runtime.folders import read_sources, shipped, shipped_handbook
from runtime.handbook import Sources, check, read
from runtime.handbook.problems import problem
from runtime.identity import SYSTEM
from runtime.rules import rulefile
from runtime.rules.table import RuleFile

FILES = click.Path(exists=True, dir_okay=False, path_type=Path)


@main.group()
def handbook() -> None:
    """The handbook: its clauses, and what carries each out."""


@handbook.command("check")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=FILES)
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
@guarded
def check_(files: tuple[Path, ...], form: str, asked: str | None) -> None:
    """Check the handbook (FILE: a Markdown file a language) against the shipped diagrams, rules and rights.

    It fails when a clause is carried out by nothing, or a diagram, a rule or the handbook names what does
    not exist. Without FILE it is the handbook that came with the product."""
    spoken = asked or language()
    texts, problems = read_files(files) if files else (shipped_handbook(), [])
    sources, unread = shipped_sources()
    problems += unread
    # Where no file could be read, none of them lacks clauses.
    found, wrong = read(texts) if texts else (None, [])
    problems += wrong
    if found is not None:
        problems += check(found, sources)
    problems = as_given(problems, shipped())
    if form == "json":
        click.echo(findings.as_json(problems, spoken, len(texts)))
    elif form == "sarif":
        click.echo(findings.as_sarif(problems, spoken))
    else:
        for line, style in findings.as_text(problems, spoken):
            err.print(line, style=style, markup=False)
    if problems:
        if form == "text":
            told = i18n.say(spoken, "{count} problems must be mended.", count=len(problems))
            err.print(told, style="red")
        sys.exit(2)
    if form == "text" and found is not None:
        out.print(i18n.say(spoken, "{count} clauses, each carried out.", count=len(found.clauses)))


@handbook.command("load")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILES)
@guarded
def load_(files: tuple[Path, ...]) -> None:
    """Load a company's own handbook (FILE: a Markdown file a language) as a further version.

    It is in force from the day that its head names; everybody then acknowledges it anew. What nothing
    carries out is told, and no reason to refuse."""
    runtime = opened()
    texts, problems = read_files(files)
    if not problems:
        number = runtime.do(commands.load, SYSTEM, [(Path(name).name, text) for name, text in texts], "cli")
        found, _ = read(texts)
        assert found
        tell_all(replace(each, severity="warning") for each in check(found, shipped_sources()[0]))
        out.print(say("Loaded as version {number}.", number=number))
        return
    tell_all(problems)
    sys.exit(2)


def read_files(files: Sequence[Path]) -> tuple[list[tuple[str, str]], list[Problem]]:
    """(name, text) of each file, and those that are no text."""
    texts, problems = [], []
    for file in files:
        try:
            texts.append((file.as_posix(), file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError):
            problems.append(problem("unreadable", file=file.as_posix(), line=1, column=1))
    return texts, problems


def shipped_sources() -> tuple[Sources, list[Problem]]:
    """What came with the product: diagrams, rules, the rights that an installation starts with."""
    files, problems = read_sources(shipped())
    processes: list[tuple[str, Process]] = []
    rules: list[tuple[str, RuleFile]] = []
    for source in files:
        if kind_of(source.path) == "bpmn":
            diagram, found = diagrams.diagram(source.content.encode(), source.path)
            problems += found
            processes += [(source.path, each) for each in diagram.processes.values()] if diagram else []
        elif kind_of(source.path) == "rule":
            rule, found = rulefile.load(source.content, source.path)
            problems += [each for each in found if each.severity == "error"]
            rules += [(source.path, rule)] if rule else []
    policy, _ = read(shipped_handbook())
    ids = frozenset(entry.id for entry in policy.entries) if policy else frozenset()
    return Sources(processes, rules, DEFAULT_GRANTS, ids), problems
