"""The handbook of the installation: loading a version, and confirming that one has read it.

Not here: reading and judging the files (runtime/handbook), its page (queries/handbook.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from runtime import household
from runtime.errors import Conflict, Invalid
from runtime.handbook import read
from runtime.handbook.problems import problem
from runtime.identity import Actor, require
from runtime.store import accounts, handbooks
from runtime.store.db import Transaction

Files = Sequence[tuple[str, str]]  # (name, text), the file with its clauses first


class HandbookRefused(Invalid):
    """The handbook was not loaded: {count} problems must be mended first."""

    code = "handbook.refused"


class HandbookAlreadyLoaded(Conflict):
    """Version {number} says the same already."""

    code = "handbook.already_loaded"


class HandbookMovedOn(Conflict):
    """Another version of the handbook is in force by now. Please read that one."""

    code = "handbook.moved_on"


def texts(files: Iterable[tuple[str, bytes]]) -> Files:
    """Files that were sent, as texts. Raises HandbookRefused, which names those that are none."""
    found, unreadable = [], []
    for name, content in files:
        try:
            found.append((name, content.decode()))
        except UnicodeDecodeError:
            unreadable.append(problem("unreadable", file=name, line=1, column=1))
    if unreadable:
        raise HandbookRefused(unreadable, count=len(unreadable))
    return found


def load(tx: Transaction, actor: Actor, files: Files, origin: str) -> int:
    """A further version, in force from the day that it says; its number.

    A clause that nothing carries out is no reason to refuse: its page shows it. Raises HandbookRefused,
    HandbookAlreadyLoaded."""
    require(actor, "publish", "handbook")
    return _load(tx, actor, files, origin)


def take(tx: Transaction, actor: Actor, files: Files) -> None:
    """The handbook that came with the product, if it changed since it was last taken. As soon as a company
    has loaded its own, that one is kept."""
    require(actor, "publish", "handbook")
    known = handbooks.versions(tx)
    if any(row.origin != "folder" for row in known):
        return
    if not known or known[0].sha256 != handbooks.content(files):
        _load(tx, actor, files, "folder")


def _load(tx: Transaction, actor: Actor, files: Files, origin: str) -> int:
    found, problems = read(files)
    if found is None:
        raise HandbookRefused(problems, count=len(problems))
    newest = next(iter(handbooks.versions(tx)), None)
    if newest is not None and newest.sha256 == handbooks.content(files):
        raise HandbookAlreadyLoaded(number=newest.number)
    # Whoever loads at the same moment waits here, and takes the next number.
    accounts.log(
        tx, actor.id, "handbook.loaded", files[0][0], effective_from=found.effective_from.isoformat()
    )
    return handbooks.add(tx, files, found.effective_from, origin, actor.id or None)


def acknowledge(tx: Transaction, actor: Actor, number: int) -> None:
    """The person has read the version in force. Doing so twice changes nothing. Raises HandbookMovedOn."""
    require(actor, "read", "handbook")
    row = handbooks.in_force(tx, household.today(tx))
    if row is None or row.number != number:
        raise HandbookMovedOn()
    if handbooks.acknowledged(tx, row.id, actor.id) is None:
        mine = {"handbook_id": row.id, "person_id": actor.id, "at": tx.now}
        tx.execute(sa.insert(handbooks.acknowledgements).values(mine))
