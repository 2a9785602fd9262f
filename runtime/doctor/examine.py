"""Asking every invariant: the whole ones one by one, those of cases some cases at a time.

Each question and each handful of cases has a consistent view of its own, so that an
installation at work is judged rightly, and a long look does not hold back the database's
housekeeping. What is held in memory is one handful of cases and one case's variables."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from runtime import clock
from runtime.doctor import seen
from runtime.doctor.invariant import INVARIANTS, Finding, Invariant
from runtime.errors import Problem
from runtime.household import House
from runtime.store import db
from runtime.store.cases import cases
from runtime.store.purges import PURGED

HANDFUL = 100  # cases


class Progress(Protocol):
    """`done` of `total` steps; a step is an invariant of the whole, or one case."""

    def __call__(self, done: int, total: int, /) -> None: ...


@contextmanager
def _view(engine: Engine, house: House) -> Iterator[db.Transaction]:
    """A consistent view. That a damaged database complains once more as it ends says nothing new."""
    begun = False
    try:
        with db.reading(engine, clock.now(), house) as tx:
            begun = True
            yield tx
    except sa.exc.DatabaseError:
        if not begun:
            raise


def _silent(done: int, total: int) -> None:
    pass


def examine(
    engine: Engine, house: House, *, quick: bool = False, progress: Progress = _silent
) -> Iterator[Finding]:
    """What does not hold, as it is found. `quick`: without logs, files, diagrams and ended cases."""
    asked = [each for each in INVARIANTS.values() if not (quick and each.slow)]
    of_cases = [each for each in asked if each.of_cases]
    whole = [each for each in asked if not each.of_cases]
    chosen = cases.c.status == "running" if quick else cases.c.status != PURGED
    total, done = len(whole) + _count(engine, house, chosen), 0
    for each in whole:
        progress(done, total)
        with _view(engine, house) as tx:
            yield from _ask(each, tx, each.name)
        done += 1
    last = 0
    while True:
        progress(done, total)
        with _view(engine, house) as tx:
            try:
                some = (
                    sa.select(cases.c.id).where(cases.c.id > last, chosen).order_by(cases.c.id).limit(HANDFUL)
                )
                ids = list(tx.connection.execute(some).scalars())
            except sa.exc.DatabaseError as error:
                yield Finding(INVARIANTS["case_loads"], _unreadable("cases", error))
                break
            if not ids:
                break
            looked = deque(_look(tx, ids))
            while looked:
                # Let go of before the next: a case may be large, and with its log and state it is larger.
                case = looked.popleft()
                if isinstance(case, Problem):
                    yield Finding(INVARIANTS["case_loads"], case)
                else:
                    for each in of_cases:
                        yield from _ask(each, case, case.place)
                done += 1
        last = ids[-1]
    progress(total, total)


def _count(engine: Engine, house: House, chosen: sa.ColumnElement[bool]) -> int:
    """How many cases are to be looked at; 0 where that cannot be read: it will be a finding."""
    with suppress(sa.exc.DatabaseError), _view(engine, house) as tx:
        return int(tx.scalar(sa.select(sa.func.count()).select_from(cases).where(chosen)))
    return 0


def _ask(invariant: Invariant, of: Any, place: str) -> Iterator[Finding]:
    try:
        for problem in invariant.ask(of):
            yield Finding(invariant, problem)
    except Exception as error:  # what is so damaged that it cannot be read is a finding too
        yield Finding(invariant, _unreadable(place, error))


def _unreadable(place: str, error: Exception) -> Problem:
    told = str(getattr(error, "orig", None) or error)
    reason = f"{type(error).__name__}: {told}"
    return Problem(
        "not_to_be_read", "What is stored here cannot be read: {reason}", place, {"reason": reason}
    )


def _look(tx: db.Transaction, ids: Sequence[int]) -> Iterable[seen.Seen | Problem]:
    """These cases; one by one when a row among them cannot be read."""
    try:
        return list(seen.look(tx, tx.all(sa.select(cases).where(cases.c.id.in_(ids)).order_by(cases.c.id))))
    except Exception as error:
        if len(ids) == 1:
            return [_unreadable(f"cases/{ids[0]}", error)]
        return [each for one in ids for each in _look(tx, [one])]
