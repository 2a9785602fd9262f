"""Whether every clause has a carrier, and whether everything that is named exists.

Not here: reading the files (read.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from runtime import i18n
from runtime.bpmn.model import Process
from runtime.errors import Problem
from runtime.handbook import carriers
from runtime.handbook.carriers import PAGES, REPORTS, Named
from runtime.handbook.model import Carrier, Clause, Handbook
from runtime.handbook.problems import problem
from runtime.identity import Grant
from runtime.rules.table import RuleFile


@dataclass(frozen=True)
class Sources:
    """What a handbook is held against: (file, process), (file, rule), the rights that are granted, and the
    ids of the shipped policy, which diagrams may name although a company's own handbook has others."""

    processes: Sequence[tuple[str, Process]] = ()
    rules: Sequence[tuple[str, RuleFile]] = ()
    grants: Iterable[Grant] = ()
    policy: frozenset[str] = field(default=frozenset())

    def named(self) -> list[Named]:
        found = [each for file, process in self.processes for each in carriers.of_process(process, file)]
        return found + [each for file, rule in self.rules for each in carriers.of_rule(rule, file)]


def check(handbook: Handbook, sources: Sources) -> list[Problem]:
    """Clauses without a carrier, carriers and clauses that do not exist: the handbook's file first."""
    named = sources.named()
    found = carriers.collect(handbook, named)
    return [
        *_unknown_carriers(handbook, sources, named),
        *(_uncarried(handbook, clause) for clause in carriers.missing(handbook, found)),
        *_unknown_clauses(handbook, sources, named),
    ]


def _uncarried(handbook: Handbook, clause: Clause) -> Problem:
    title = i18n.label(handbook.languages[0], dict(clause.titles))
    return problem("no_carrier", file=handbook.file, line=clause.line, clause=clause.id, title=title)


def _unknown_carriers(handbook: Handbook, sources: Sources, named: Sequence[Named]) -> Iterator[Problem]:
    known = {Carrier("page", page) for page in PAGES} | {Carrier("report", report) for report in REPORTS}
    known |= {Carrier("rule", rule.key) for _, rule in sources.rules}
    known |= {Carrier("right", f"{grant.group}/{grant.verb}/{grant.kind}") for grant in sources.grants}
    known |= {Carrier("clause", each.clause) for each in named}
    for _, process in sources.processes:
        known.add(Carrier("process", process.id))
        known |= {Carrier("task", process.id, node.id) for node in process.walk()}
    for entry in handbook.entries:
        for carrier in entry.carriers:
            if carrier not in known:
                yield problem("unknown_carrier", file=handbook.file, line=entry.line, carrier=str(carrier))


def _unknown_clauses(handbook: Handbook, sources: Sources, named: Sequence[Named]) -> Iterator[Problem]:
    known = {entry.id for entry in handbook.entries} | sources.policy
    for each in named:
        if each.clause not in known:
            element = each.carrier.element or each.carrier.key
            yield problem(
                "unknown_clause", file=each.file, line=each.line, element=element, clause=each.clause
            )
