"""The tables of docs/bpmn-coverage.md, made from the examples; nothing is run for them.

Not here: whether they are true (test_coverage.py), writing the page (tests/core/test_docs.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from tests.coverage import events, patterns
from tests.coverage.example import Example, Refused, Row, Said

HEAD = ["Construct", "Example", "What happens", "", "BPMN 2.0.2"]
# Drawn by hand, so that the drawing tells something of its own.
DRAWN = ("patterns",)
# part of the page → the module that holds its examples, and these
GROUPS: Mapping[str, tuple[str, Callable[[], list[Row]]]] = {
    "coverage-patterns": ("patterns", lambda: patterns.FIRST),
    "coverage-further-patterns": ("patterns", lambda: patterns.FURTHER),
    "coverage-starts": ("events", events.starts),
    "coverage-event-subprocesses": ("events", events.event_subprocesses),
    "coverage-catches": ("events", events.catches),
    "coverage-throws": ("events", events.throws),
    "coverage-ends": ("events", events.ends),
}


@cache
def rows(part: str) -> tuple[Row, ...]:
    return tuple(GROUPS[part][1]())


@cache
def everything() -> tuple[Row, ...]:
    return tuple(row for part in GROUPS for row in rows(part))


def lines(part: str) -> list[list[str]]:
    """The rows of a table; what a rule refuses at several places for one reason still has a row each."""
    drawn = GROUPS[part][0] in DRAWN
    return [[*_line(row), *([_drawing(row)] if drawn else [])] for row in rows(part)]


def _drawing(row: Row) -> str:
    if isinstance(row, Said):
        return ""
    return "<br>".join(f"`{line.strip()}`" for line in row.draw.strip().splitlines())


def _line(row: Row) -> list[str]:
    note = row.note
    if isinstance(row, Example):
        stands = (
            "" if row.outcome == "completed" else f"; {row.outcome.replace('stands at', 'then stands at')}"
        )
        told = f"`{row.trace}`{stands}" + (f" – {note}" if note else "")
        return [row.construct, f"`{row.name}`", told, "runs", _section(row.section)]
    if isinstance(row, Refused):
        refused = f"refused: [{row.rule}](lint/{row.rule}.md)"
        return [row.construct, f"`{row.name}`", note, refused, _section(row.section)]
    return [row.construct, "–", note, "–", _section(row.section)]


def _section(text: str) -> str:
    return ", ".join(f"§{part}" for part in text.split(", ") if part)


def parts(table: Callable[[list[str], list[list[str]]], str]) -> dict[str, Callable[[], str]]:
    """Part → what makes it; `table` writes Markdown."""

    def made(part: str) -> Callable[[], str]:
        return lambda: table([*HEAD, *(["Drawing"] if GROUPS[part][0] in DRAWN else [])], lines(part))

    return {**{part: made(part) for part in GROUPS}, "coverage-count": count}


def count() -> str:
    found = everything()
    run = sum(isinstance(row, Example) for row in found)
    refused = sum(isinstance(row, Refused) for row in found)
    return f"{run} examples run and {refused} are refused.\n"
