"""The tables of docs/bpmn-coverage.md, made from the examples; nothing is run for them.

Not here: whether they are true (test_coverage.py), writing the page (tests/core/test_docs.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby

from runtime.bpmn.vocabulary import REFUSED
from tests.coverage import activities, boundaries, compensations, data, events, gateways, levels, patterns
from tests.coverage.example import Example, Refused, Row, Said
from tests.coverage.places import TRIGGERS

Table = Callable[[list[str], list[list[str]]], str]
HEAD = ["Construct", "Example", "What happens", "", "BPMN 2.0.2"]
# part of the page → its examples; those that are drawn by hand are shown
GROUPS: Mapping[str, Callable[[], Iterable[Row]]] = {
    "coverage-patterns": lambda: patterns.FIRST,
    "coverage-further-patterns": lambda: patterns.FURTHER,
    "coverage-gateways": lambda: gateways.GATEWAYS,
    "coverage-exits": activities.exits,
    "coverage-instances": activities.several,
    "coverage-loops": activities.loops,
    "coverage-starts": events.starts,
    "coverage-event-subprocesses": events.event_subprocesses,
    "coverage-catches": events.catches,
    "coverage-throws": events.throws,
    "coverage-ends": events.ends,
    "coverage-boundaries": boundaries.boundaries,
    "coverage-levels": lambda: levels.LEVELS,
    "coverage-compensation": compensations.compensations,
    "coverage-data": lambda: data.DATA,
}
DRAWN = (
    "coverage-patterns",
    "coverage-further-patterns",
    "coverage-gateways",
    "coverage-levels",
    "coverage-data",
)
RUNS, IDLE, REFUSES = "●", "○", "–"


@cache
def rows(part: str) -> tuple[Row, ...]:
    return tuple(GROUPS[part]())


@cache
def everything() -> tuple[Row, ...]:
    return tuple(row for part in GROUPS for row in rows(part))


def parts(table: Table) -> dict[str, Callable[[], str]]:
    """Part → what makes it; `table` writes Markdown."""

    def made(part: str) -> Callable[[], str]:
        drawn = part in DRAWN
        return lambda: table([*HEAD, *(["Drawing"] if drawn else [])], lines(rows(part), drawn))

    overviews: dict[str, Callable[[], str]] = {
        "coverage-starts-overview": lambda: _overview(table, _start_cells()),
        "coverage-event-subprocesses-overview": lambda: _overview(table, _event_subprocess_cells()),
        "coverage-ends-overview": lambda: _overview(table, _end_cells()),
        "coverage-boundaries-overview": lambda: _overview(table, _boundary_cells()),
    }
    said = {"coverage-count": count, "coverage-refused": refused}
    return {part: made(part) for part in GROUPS} | overviews | said


def count() -> str:
    found = everything()
    run = sum(isinstance(row, Example) for row in found)
    return f"{run} examples run, {sum(isinstance(row, Refused) for row in found)} are refused.\n"


def refused() -> str:
    """Every other element of the standard."""
    return ", ".join(f"`{element}`" for element in sorted(REFUSED)) + ".\n"


# --- rows ---------------------------------------------------------------------------


def lines(found: Sequence[Row], drawn: bool) -> list[list[str]]:
    """The rows of a table. What one rule refuses, several times of one kind in a row, is one line."""
    made = []
    for _, group in groupby(found, key=_kind):
        alike = list(group)
        if len(alike) > 2 and isinstance(alike[0], Refused):
            made.append(_alike(alike))
        else:
            made += [[*_line(row), *([_drawing(row)] if drawn else [])] for row in alike]
    return made


def _kind(row: Row) -> tuple[str, str]:
    return (row.rule, row.construct.partition(":")[0]) if isinstance(row, Refused) else (row.name, "")


def _alike(alike: list[Row]) -> list[str]:
    line = _line(alike[0])
    rests = [row.construct.partition(": ")[2] for row in alike]
    shown = ", ".join(rests) if len(rests) < 8 else f"{rests[0]} … {rests[-1]} ({len(rests)})"
    line[0] = f"{alike[0].construct.partition(':')[0]}: {shown}"
    line[1] = f"{line[1]} … `{alike[-1].name}`"
    return line


def _line(row: Row) -> list[str]:
    if isinstance(row, Example):
        stands = (
            "" if row.outcome == "completed" else f"; {row.outcome.replace('stands at', 'then stands at')}"
        )
        told = f"`{' '.join(row.trace.split())}`{stands}" + (f" – {row.note}" if row.note else "")
        return [row.construct, f"`{row.name}`", told, "runs", _section(row.section)]
    if isinstance(row, Refused):
        said = f"refused: [{row.rule}](lint/{row.rule}.md)"
        return [row.construct, f"`{row.name}`", row.note, said, _section(row.section)]
    return [row.construct, "–", row.note, "–", _section(row.section)]


def _drawing(row: Row) -> str:
    if isinstance(row, Said):
        return ""
    return "<br>".join(f"`{line.strip()}`" for line in row.draw.strip().splitlines())


def _section(text: str) -> str:
    return ", ".join(f"§{part}" if part[0].isdigit() else part for part in text.split(", ") if part)


# --- overviews ----------------------------------------------------------------------

Cells = dict[str, dict[str, str]]  # row → column → signs


def _overview(table: Table, cells: Cells) -> str:
    columns = list(next(iter(cells.values())))
    return table(["", *columns], [[name, *row.values()] for name, row in cells.items()])


def _signs(*found: Row) -> str:
    return " ".join(map(_sign, found))


def _sign(row: Row) -> str:
    if isinstance(row, Refused):
        return REFUSES
    return IDLE if row.note in (boundaries.NEVER, boundaries.OVER) else RUNS


def _start_cells() -> Cells:
    places = events.START_PLACES
    return {
        trigger: {place.name: _signs(events.start(place, trigger, False)) for place in places}
        for trigger in TRIGGERS
    }


def _event_subprocess_cells() -> Cells:
    return {
        trigger: {
            place.name: _signs(*(events.event_subprocess(place, trigger, beside) for beside in (False, True)))
            for place in events.EVENT_PLACES
        }
        for trigger in TRIGGERS
    }


def _end_cells() -> Cells:
    places = events.END_PLACES
    return {
        trigger: {place.name: _signs(events.end(place, trigger)) for place in places}
        for trigger in TRIGGERS
        if trigger != "parallelMultiple"
    }


def _boundary_cells() -> Cells:
    return {
        host.name: {
            trigger: _signs(*(boundaries.boundary(host, trigger, beside) for beside in (False, True)))
            for trigger in TRIGGERS
        }
        for host in boundaries.HOSTS
    }
