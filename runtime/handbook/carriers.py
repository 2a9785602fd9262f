"""What carries the clauses out: tasks and processes by their property `clause`, rules by theirs, and
what the handbook itself names (pages, reports, rights, and clauses of the shipped policy).

Not here: figures about them (queries/handbook.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from runtime.bpmn.model import Process
from runtime.handbook.model import Carrier, Clause, Handbook
from runtime.rules.table import RuleFile

# Pages that may be named as carriers.
PAGES = ("acknowledgements", "handbook", "inbox", "mentions", "operations", "processes", "rules", "stock")
# Reports that may be named as carriers (queries/reports; a test holds the two against each other).
REPORTS = (
    "appraisals",
    "budget",
    "budget_months",
    "department",
    "goals",
    "key_figures",
    "order_cycle",
    "overdue",
    "overdue_months",
    "overdue_people",
    "shipping",
    "stock",
    "suppliers",
    "team",
    "training",
    "work_quality",
)
_RANGE = re.compile(r"(.*?)(\d+|[a-z])\s*[-–]\s*(\d+|[a-z])")
_CLAUSE = re.compile(r"^clause:", re.MULTILINE)


@dataclass(frozen=True)
class Named:
    """A clause that something names, and where: `line` in `file`."""

    clause: str
    carrier: Carrier
    file: str
    line: int


@dataclass(frozen=True)
class Carriers:
    """clause id → what carries it out, in the order it was found."""

    of: dict[str, list[Carrier]] = field(default_factory=dict)

    def add(self, clause: str, carrier: Carrier) -> None:
        known = self.of.setdefault(clause, [])
        if carrier not in known:
            known.append(carrier)


def expand(text: str) -> Iterator[str]:
    """The ids that a property names: “三(一)1-3、三(二)4” are four of them."""
    for part in re.split(r"[,，、;；\s]+", text.strip()):
        found = _RANGE.fullmatch(part)
        if found is None or found[2].isdigit() != found[3].isdigit():
            if part:
                yield part
            continue
        stem, first, last = found.groups()
        if first.isdigit():
            yield from (
                f"{stem}{number}" for number in range(int(first), min(int(last), int(first) + 99) + 1)
            )
        else:
            yield from (f"{stem}{chr(letter)}" for letter in range(ord(first), ord(last) + 1))


def of_process(process: Process, file: str = "") -> Iterator[Named]:
    """Of a process and of each element that names a clause."""
    for clause in expand(process.properties.get("clause", "")):
        yield Named(clause, Carrier("process", process.id), file, process.line)
    for node in process.walk():
        for clause in expand(node.properties.get("clause", "")):
            yield Named(clause, Carrier("task", process.id, node.id), file, node.line)


def of_rule(rule: RuleFile, file: str = "") -> Iterator[Named]:
    found = _CLAUSE.search(rule.text)
    line = rule.text.count("\n", 0, found.start()) + 1 if found else 1
    for clause in expand(rule.clause):
        yield Named(clause, Carrier("rule", rule.key), file, line)


def collect(handbook: Handbook, named: Iterable[Named]) -> Carriers:
    """What carries out each clause of the handbook. What its sections are named by carries none of them."""
    by_clause: dict[str, list[Carrier]] = {}
    for each in named:
        by_clause.setdefault(each.clause, []).append(each.carrier)
    found = Carriers()
    for clause in handbook.clauses:
        for carrier in by_clause.get(clause.id, ()):
            found.add(clause.id, carrier)
        for carrier in clause.carriers:
            for meant in by_clause.get(carrier.key, ()) if carrier.kind == "clause" else (carrier,):
                found.add(clause.id, meant)
    return found


def missing(handbook: Handbook, found: Carriers) -> list[Clause]:
    """The clauses that nothing carries out."""
    return [clause for clause in handbook.clauses if not found.of.get(clause.id)]
