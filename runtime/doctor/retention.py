"""Records on people: tombstones of what was erased, and that nothing lies over its time without a note.

Not here: cases whose details were erased (tombstones.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from runtime import household, library
from runtime.doctor.invariant import invariant
from runtime.errors import GuichengError, Problem
from runtime.ledger import kept, overdue, retention
from runtime.ledger.overdue import Figures, retention_holds
from runtime.ledger.retention import retention_items, retention_runs
from runtime.rules import evaluate
from runtime.store import deployments, erasures
from runtime.store.accounts import admin_log
from runtime.store.db import Transaction

# A year, as records are looked at at least, and what it takes to decide on them.
UNSEEN = dt.timedelta(days=400)


@invariant("log")
def erasures_are_a_chain(tx: Transaction) -> Iterator[Problem]:
    """The tombstones of erased records on people are a chain that the log of administration ends, two persons behind
    each, and what they name is as they were written."""
    end = ""
    for row in tx.all(sa.select(erasures.erasures).order_by(erasures.erasures.c.id)):
        end = erasures.link(end, row._asdict())
        if end != row.link or row.underway or erasures.digest(erasures.named(tx, row.id)) != row.digest:
            yield Problem(
                "erasure_altered", "The tombstones do not hold from this one on", f"erasures/{row.id}", {}
            )
            return
    noted = tx.first(
        sa.select(admin_log.c.detail)
        .where(admin_log.c.action == "records.erased")
        .order_by(admin_log.c.id.desc())
        .limit(1)
    )
    if end != (noted.detail["link"] if noted else ""):
        yield Problem("erasure_missing", "The tombstones do not end as the last run noted", "erasures", {})


@invariant("log")
def erased_records_are_gone(tx: Transaction) -> Iterator[Problem]:
    """What a tombstone names is gone, or nobody's."""
    row, stone = erasures.erased_rows.c, erasures.erasures.c
    for record in kept.RECORDS:
        if record.written is None:
            continue
        table = record.table
        query = (
            sa.select(table.c.id)
            .join_from(record.source, erasures.erased_rows, row.row_id == table.c.id)
            .join(erasures.erasures, stone.id == row.erasure_id)
            # A number may be given again; what was written after it is something else.
            .where(row.table_name == table.name, record.written <= stone.at, *record.theirs())
        )
        for each in tx.all(query.order_by(table.c.id)):
            yield Problem(
                "erased_record_left", "It was erased and is somebody's again", f"{table.name}/{each.id}", {}
            )


@invariant("retention")
def nothing_lies_over_its_time(tx: Transaction) -> Iterator[Problem]:
    """No record on anybody lies there longer than the rule says and beyond the last run that looked, unless that run
    noted why."""
    last = tx.first(
        sa.select(retention_runs)
        .where(retention_runs.c.state.in_(("erased", "nothing")), retention_runs.c.complete)
        .order_by(retention_runs.c.id.desc())
        .limit(1)
    )
    house = household.house(tx)
    today = household.today(tx)
    noted = {
        (row.kind, row.person) for row in tx.all(sa.select(retention_holds.c.kind, retention_holds.c.person))
    }
    figures: Mapping[str, Figures] | None
    if last is not None and today - last.due_by <= UNSEEN:
        item = retention_items.c
        held = sa.select(item.kind, item.person).where(item.run_id == last.id, item.held != "")
        noted |= {(row.kind, row.person) for row in tx.all(held)}
        figures = {kind: Figures(*said) for kind, said in last.figures.items()}
        since, written = last.due_by, last.ended_at
    else:
        figures, since, written = _in_force(tx, today), today - UNSEEN, None
    if figures is None:
        return
    for group in overdue.look(tx, figures, since, house.zone, written).due():
        if (group.kind, group.person) not in noted:
            yield Problem(
                "over_its_time", "{count} records of the kind {kind} lie there since {since}",
                f"people/{group.person}", {"count": group.count, "kind": group.kind, "since": group.since},
            )  # fmt: skip


def _in_force(tx: Transaction, today: dt.date) -> dict[str, Figures] | None:
    """What the rule says by now; None, if it leaves a period open, or was not there for long enough to be asked."""
    first = deployments.version(tx, "rule", retention.RULE, 1)
    if first is None or tx.now - first.created_at <= UNSEEN:
        return None
    try:
        rule = library.ruleset(tx, retention.RULE, today)
        said: dict[str, Any] = {
            kind: evaluate.decide(rule, {"kind": kind}, as_of=today).require() for kind in kept.KINDS
        }
        return {kind: retention.figures_of(kind, outputs) for kind, outputs in said.items()}
    except GuichengError:
        return None
