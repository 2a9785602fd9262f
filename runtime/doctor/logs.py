"""The log of each case: its chain, and that the log alone tells what the tables hold.

Not here: what a purge keeps of a case (store/event_log.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from runtime import values
from runtime.doctor.invariant import invariant
from runtime.doctor.seen import Seen
from runtime.engine.elements.multi_instance import COUNTS
from runtime.errors import Problem
from runtime.ledger.operations import effects
from runtime.queries import history
from runtime.store import event_log
from runtime.store.comments import comments
from runtime.values import from_json

UNTOLD = {*COUNTS, "loopCounter"}  # counts of repetitions are not in the log: what is repeated is

COMMENTED = ("comment_written", "comment_changed", "comment_withdrawn", "task_reassigned")


@dataclass
class Log:
    """A log read once from its beginning. `erased`: some payload is gone, so what it told is not known."""

    chain: event_log.Chain = field(default_factory=event_log.Chain)
    state: history.State = field(default_factory=history.State)
    decided: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    operated: set[str] = field(default_factory=set)  # keys of effects
    worded: dict[str, str] = field(default_factory=dict)  # comment → its last wording, "" withdrawn
    erased: bool = False
    unreadable: int | None = None  # sequence

    def read(self, case: str, row: Any) -> None:
        self.chain.follow(row)
        if row.payload is None:
            self.erased = True
        try:
            history.advance(self.state, row)
            detail = (
                values.loads(row.payload)["detail"]
                if row.payload and row.kind in ("decided", "operated", *COMMENTED)
                else {}
            )
        except (ValueError, KeyError, TypeError, ArithmeticError):
            self.unreadable = self.unreadable or row.sequence
            return
        if row.kind == "decided" and detail:
            self.decided[row.activity, detail["rule"], detail["version"]] += 1
        elif row.kind in COMMENTED and detail:
            self.worded[detail["comment"]] = detail.get("text", "")
        elif row.kind == "operated" and detail:
            self.operated.add(f"{case}/{row.element}/{row.activity}/{detail['topic']}")


def read(case: Seen) -> Log:
    """The log of a case, read at most once while the case is looked at."""
    held = vars(case).get("log")
    if held is None:
        held = case.log = Log()  # type: ignore[attr-defined]
        for row in event_log.stream(case.tx, case.row.id):
            held.read(case.row.public_id, row)
    return held


@invariant("log", of_cases=True, slow=True)
def event_chain(case: Seen) -> Iterator[Problem]:
    """The log of each case is a chain without gaps, and its end is in the row of the case."""
    chain = read(case).chain
    if chain.broken is not None:
        yield Problem(
            "chain_broken", "The log of the case does not hold from entry {sequence} on",
            case.place, {"sequence": chain.broken},
        )  # fmt: skip
    elif (chain.sequence, chain.last) != (case.row.sequence, case.row.chain):
        yield Problem(
            "chain_end_differs", "The log ends at entry {found}, the case says {wanted}, or the hash differs",
            case.place, {"found": chain.sequence, "wanted": case.row.sequence},
        )  # fmt: skip


@invariant("case", of_cases=True, slow=True)
def variables(case: Seen) -> Iterator[Problem]:
    """The variables of each case are what its log alone rebuilds, and so is where it stands."""
    log = read(case)
    if log.unreadable is not None:
        yield Problem(
            "entry_unreadable",
            "Entry {sequence} of the log cannot be read",
            case.place,
            {"sequence": log.unreadable},
        )
    if case.execution is None or log.unreadable is not None:
        return
    if not log.erased:
        for scope in case.execution.state()["scopes"]:
            kept = {name: from_json(value) for name, value in scope["values"].items()}
            known = log.state.variables.get(scope["id"], {})
            # A variable that begins as null is not a change, so the log does not tell of it.
            for name in sorted((kept.keys() | known.keys()) - UNTOLD):
                if kept.get(name) != known.get(name):
                    yield Problem(
                        "variable_differs", "The variable {name} is not what the log says (scope {scope})",
                        case.place, {"name": name, "scope": scope["id"] or "–"},
                    )  # fmt: skip
    standing = {activity: at.element for activity, at in case.open.items() if at.entered}
    if standing != log.state.standing:
        differing = {element for _, element in standing.items() ^ log.state.standing.items()}
        yield Problem(
            "standing_differs", "The case does not stand where its log says: {elements}",
            case.place, {"elements": ", ".join(sorted(differing))},
        )  # fmt: skip


@invariant("case", of_cases=True, slow=True)
def decisions(case: Seen) -> Iterator[Problem]:
    """Each decision that the log of a case tells of is kept, and no other."""
    log = read(case)
    table = event_log.decisions.c
    kept = Counter(
        (row.activity, row.rule, row.version)
        for row in case.tx.all(
            sa.select(table.activity, table.rule, table.version).where(table.case_id == case.row.id)
        )
    )
    if not log.erased and log.unreadable is None and kept != log.decided:
        rules = {rule for _, rule, _ in [*(kept - log.decided), *(log.decided - kept)]}
        yield Problem(
            "decisions_differ", "The log and the kept decisions of {rules} are not the same",
            case.place, {"rules": ", ".join(sorted(rules))},
        )  # fmt: skip


@invariant("log", of_cases=True, slow=True)
def comment_wordings(case: Seen) -> Iterator[Problem]:
    """Each comment reads as the log of its case says, and none is missing."""
    log = read(case)
    if log.erased or log.unreadable is not None:
        return
    table = comments.c
    rows = case.tx.all(sa.select(table.public_id, table.text).where(table.case_id == case.row.id))
    kept = {row.public_id: row.text for row in rows}
    for comment in sorted(kept.keys() | log.worded.keys()):
        if kept.get(comment) != log.worded.get(comment):
            yield Problem(
                "comment_differs", "A comment is not what the log of its case says", f"comments/{comment}"
            )


@invariant("books", of_cases=True, slow=True)
def case_effects(case: Seen) -> Iterator[Problem]:
    """Each operation that the log of a case tells of took effect once, and no other did."""
    log = read(case)
    key = effects.c.key
    # "0" comes after "/": the keys of this case and no other's, by their index.
    own = sa.select(key).where(key >= f"{case.row.public_id}/", key < f"{case.row.public_id}0")
    kept = set(case.tx.connection.execute(own).scalars())
    if log.erased or log.unreadable is not None:
        return
    for missing in sorted(log.operated - kept):
        yield Problem(
            "effect_missing", "The log tells of an operation that took no effect", f"effects/{missing}"
        )
    for extra in sorted(kept - log.operated):
        yield Problem(
            "effect_untold", "An effect stands in the books that the log does not tell of", f"effects/{extra}"
        )
