"""Cases that ended long ago lose their details: log, decisions, variables, comments, closed tasks, jobs,
effects, files.

What stays is a tombstone (store/purges.py). How long a case keeps its details its diagram says
(historyTimeToLive), else the house; it keeps none when the record that it is about was erased
(ledger/retention.py), which is erased again in a backup that was made before. Never one of which something is
still on its way, open in the books, or waiting for a person. Only the command line may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime import household, library
from runtime.bpmn.history_time import kept_for
from runtime.engine import timers
from runtime.errors import GuichengError
from runtime.identity import Actor, require
from runtime.ids import public_id
from runtime.ledger.operations import effect_parts, effects
from runtime.store import accounts, erasures, purges
from runtime.store.attempts import attempts
from runtime.store.cases import cases
from runtime.store.comments import comments, mentions
from runtime.store.db import Transaction, forget_over
from runtime.store.event_log import decisions, events
from runtime.store.external_tasks import external_tasks
from runtime.store.files import file_uses, files
from runtime.store.jobs import incidents, jobs
from runtime.store.requests import requests
from runtime.store.search import case_search
from runtime.store.states import parts
from runtime.store.user_tasks import candidates, user_tasks

ENDED = ("completed", "terminated", "failed", "cancelled")
UNDONE = ("waiting", "kept", "failed")  # jobs of which something may still come
# Of one case, in the order of their references.
DETAILS = (incidents, jobs, external_tasks, comments, user_tasks, events, decisions, parts)


@dataclass(frozen=True)
class Found:
    """An ended case whose time is over. `held`: why it must stay all the same ("books", "jobs",
    "incidents"); "" if it may go."""

    id: int
    public_id: str
    process: str
    held: str


def look(tx: Transaction, actor: Actor, after: int, limit: int = 200) -> tuple[list[Found], int | None]:
    """Of the next `limit` ended cases behind row `after` those whose time is over; where to go on, None at the end."""
    require(actor, "purge", "case")
    rows = tx.all(
        sa.select(
            cases.c.id, cases.c.public_id, cases.c.process, cases.c.bindings, cases.c.started_at, cases.c.ended_at
        )
        .where(cases.c.id > after, cases.c.status.in_(ENDED))
        .order_by(cases.c.id)
        .limit(limit)
    )
    due = _due(tx, rows)
    held = _held(tx, due)
    found = [Found(row.id, row.public_id, row.process, held.get(row.id, "")) for row in due]
    return found, rows[-1].id if len(rows) == limit else None


def purge(tx: Transaction, actor: Actor, ids: Sequence[int]) -> int:
    """Erase the details of these cases, as far as they may go by now; how many did. One transaction:
    keep it small."""
    require(actor, "purge", "case")
    rows = tx.all(
        sa.select(cases)
        .where(cases.c.id.in_(ids), cases.c.status.in_(ENDED))
        .order_by(cases.c.id)
        .with_for_update()
    )
    due = _due(tx, rows)
    held = _held(tx, due)
    going = [row for row in due if row.id not in held]
    if not going:
        return 0
    # What is erased must not be found on the disk. The pages are the database's own to overwrite.
    if tx.connection.dialect.name == "sqlite":
        tx.connection.exec_driver_sql("PRAGMA secure_delete=ON")
    own = [row.id for row in going]
    _erase_files(tx, own)
    closed = sa.select(user_tasks.c.id).where(user_tasks.c.case_id.in_(own))
    tx.execute(sa.delete(candidates).where(candidates.c.task_id.in_(closed)))
    theirs = sa.select(comments.c.id).where(comments.c.case_id.in_(own))
    tx.execute(sa.delete(mentions).where(mentions.c.comment_id.in_(theirs)))
    for table in DETAILS:
        tx.execute(sa.delete(table).where(table.c.case_id.in_(own)))
    tx.execute(sa.delete(case_search).where(case_search.c.rowid.in_(own)))
    for row in going:
        # "0" comes after "/": the keys of this case, by their index.
        for table in (effects, effect_parts):
            key = table.c.key
            tx.execute(sa.delete(table).where(key >= f"{row.public_id}/", key < f"{row.public_id}0"))
    end = purges.bury(tx, list(going))
    tx.execute(
        sa.update(cases)
        .where(cases.c.id.in_(own))
        .values(
            status=purges.PURGED, state="", title={}, business_key="", initiator_id=None, subject_id=None,
            version=cases.c.version + 1,
        )
    )  # fmt: skip
    accounts.log(tx, actor.id, "cases.purged", f"cases/{own[0]}-{own[-1]}", count=len(own), link=end)
    return len(own)


def forget(tx: Transaction, actor: Actor) -> int:
    """Delete some attempts and requests whose time is over, which belong to no case; how many. 0: no more are left."""
    require(actor, "purge", "case")
    return sum(forget_over(tx, table, 1000) for table in (attempts, requests))


def erased_records(tx: Transaction, actor: Actor) -> erasures.Tombstones:
    """What was erased here of the records on people: to be kept, and erased again from a backup."""
    require(actor, "purge", "case")
    return erasures.Tombstones(lines(tx, actor), erasures.carried(tx))


def lines(tx: Transaction, actor: Actor) -> list[str]:
    """The keys that store/erasures.Tombstones has of this installation; [""] before the first account."""
    require(actor, "purge", "case")
    log, person = accounts.admin_log.c, accounts.people.c
    query = sa.select(log.subject, log.detail).where(log.action == erasures.RESTORED)
    restored = tx.all(query.order_by(log.id.desc()))
    founder = tx.scalar(sa.select(person.public_id).order_by(person.id).limit(1)) or ""
    found, end = [*(row.subject for row in restored), founder], erasures.newest(tx)
    for number, row in enumerate(restored, 1):
        if not row.detail["tombstones"] or row.detail["end"] != end:
            return found[:number]
    return found


def newest_erasure(tx: Transaction, actor: Actor) -> str:
    """Where the chain of their tombstones ends; "" where nothing was erased."""
    require(actor, "purge", "case")
    return erasures.newest(tx)


def repeat(tx: Transaction, actor: Actor, following: Sequence[erasures.Erasure] | None) -> int:
    """Erase again in a database that was just restored what was erased since it was copied; how many records.

    following: the tombstones after those that it has; None: nothing tells. From here on it is a line of its own."""
    require(actor, "purge", "case")
    for each in following or ():
        erasures.bury(tx, each.told, each.rows)
        library.erase(tx, each.rows)
    erasures.close(tx)
    count = sum(int(each.told["records"]) for each in following or ())
    if following:
        subject = f"runs/{following[-1].told['run']}"
        accounts.log(tx, actor.id, "records.erased", subject, count=count, link=erasures.newest(tx), again=True)
    known = {"tombstones": following is not None, "end": erasures.newest(tx)}
    accounts.log(tx, actor.id, erasures.RESTORED, public_id(), count=count, **known)
    return count


def _due(tx: Transaction, rows: Sequence[Any]) -> list[Any]:
    """Of these ended cases those whose time is over, or whose record is gone."""
    gone = erasures.listed_at(tx, erasures.CASES, [row.id for row in rows])
    return [
        row for row in rows if (row.id in gone and row.started_at <= gone[row.id]) or _is_over(tx, row)
    ]


def _is_over(tx: Transaction, case: Any) -> bool:
    """Whether the case has kept its details for as long as its diagram, else the house, says."""
    house = household.house(tx)
    try:
        told = library.process(tx, case.bindings[case.process]).attributes.get("historyTimeToLive", "")
    except GuichengError:
        told = ""  # a diagram that can no longer be read says nothing
    time = kept_for(told) or house.history_kept
    return bool(time) and timers.later(case.ended_at, time, house.zone) <= tx.now


def _held(tx: Transaction, rows: Sequence[Any]) -> dict[int, str]:
    """Case → why it must stay."""
    ids = [row.id for row in rows]
    by_name = {row.public_id: row.id for row in rows}
    waiting = sa.select(jobs.c.case_id).where(jobs.c.case_id.in_(ids), jobs.c.state.in_(UNDONE))
    unseen = sa.select(incidents.c.case_id).where(
        incidents.c.case_id.in_(ids), incidents.c.resolved_at.is_(None)
    )
    return {
        **dict.fromkeys(tx.connection.execute(waiting).scalars(), "jobs"),
        **dict.fromkeys(tx.connection.execute(unseen).scalars(), "incidents"),
        **{by_name[name]: "books" for name in library.unsettled(tx, list(by_name))},
    }


def _erase_files(tx: Transaction, ids: Sequence[int]) -> None:
    """Contents that only these cases hold; what the books or a running case name stays, with who brought it."""
    mine = sa.select(file_uses.c.sha256).where(file_uses.c.case_id.in_(ids)).distinct()
    for sha256 in list(tx.connection.execute(mine).scalars()):
        if library.in_books(tx, sha256) or _named(tx, sha256):
            continue
        tx.execute(sa.delete(file_uses).where(file_uses.c.case_id.in_(ids), file_uses.c.sha256 == sha256))
        elsewhere = sa.select(file_uses.c.id).where(file_uses.c.sha256 == sha256).limit(1)
        if tx.scalar(elsewhere) is None:
            tx.execute(sa.delete(files).where(files.c.sha256 == sha256))


def _named(tx: Transaction, sha256: str) -> bool:
    """Whether a running case names the file, itself or in a part of its state."""
    running = sa.select(cases.c.id).where(cases.c.status == "running")
    return any(
        tx.scalar(query.limit(1)) is not None
        for query in (
            running.where(cases.c.state.contains(sha256)),
            running.join(parts, parts.c.case_id == cases.c.id).where(parts.c.content.contains(sha256)),
        )
    )
