"""Whether an installation is whole: every invariant, one function each, asked without changing anything.

`examine` asks them all and says what it found, as problems that carry where and what;
`INVARIANTS` says what must hold and what to do when it does not. Nothing is repaired here."""

from runtime.doctor import (
    appraisals,
    bonuses,
    books,
    cases,
    commitments,
    database,
    deployed,
    documents,
    goals,
    imports,
    leavings,
    lists,
    logs,
    masters,
    offices,
    periods,
    reports,
    retention,
    selling,
    tombstones,
    waits,
)
from runtime.doctor.examine import Progress, examine
from runtime.doctor.invariant import INVARIANTS, SENTENCES, Finding, Invariant

__all__ = [
    "INVARIANTS",
    "SENTENCES",
    "Finding",
    "Invariant",
    "Progress",
    "appraisals",
    "bonuses",
    "books",
    "cases",
    "commitments",
    "database",
    "deployed",
    "documents",
    "examine",
    "goals",
    "imports",
    "leavings",
    "lists",
    "logs",
    "masters",
    "offices",
    "periods",
    "reports",
    "retention",
    "selling",
    "tombstones",
    "waits",
]
