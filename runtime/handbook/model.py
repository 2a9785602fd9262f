"""A handbook as data: clauses in order, each in the languages it was written in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Carrier:
    """What carries a clause out. `key`: of the process, rule, page, right or clause; `element`: of a task.

    kind: process | task | rule | page | right | clause. A right's key is group/verb/kind, as grants name
    it; a clause's is that of the shipped policy, by whose numbers diagrams and rules are marked."""

    kind: str
    key: str
    element: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}" + (f"/{self.element}" if self.element else "")


@dataclass(frozen=True)
class Clause:
    """A heading of the handbook and its text. One without others below it is a clause; the others are
    `sections`. `titles` and `texts` (Markdown) by language; `line` in the first file."""

    id: str
    level: int
    section: bool
    titles: Mapping[str, str]
    texts: Mapping[str, str]
    line: int
    carriers: tuple[Carrier, ...] = ()


@dataclass(frozen=True)
class Handbook:
    """`file`: the first of its files, which the lines of clauses are of."""

    file: str
    titles: Mapping[str, str]
    effective_from: dt.date
    entries: tuple[Clause, ...] = field(default=())

    @property
    def clauses(self) -> list[Clause]:
        return [entry for entry in self.entries if not entry.section]

    @property
    def languages(self) -> list[str]:
        return list(self.titles)
