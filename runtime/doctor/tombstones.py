"""Cases whose details were erased: the tombstones, their chain, and that nothing else is left."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from runtime.commands.purge import DETAILS
from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.store import purges
from runtime.store.accounts import admin_log
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.purges import PURGED, purged_cases

SOME = 500  # rows that are read at a time


@invariant("log")
def tombstone_chain(tx: Transaction) -> Iterator[Problem]:
    """The tombstones of erased cases are a chain without gaps, and its end is in the log of what was administered."""
    end = ""
    for row in purges.tombstones(tx):
        end = purges.link(end, row._asdict())
        if end != row.link:
            yield Problem(
                "tombstone_altered",
                "The tombstones do not hold from this one on",
                f"purged_cases/{row.public_id}",
            )
            return
    noted = tx.first(
        sa.select(admin_log.c.detail)
        .where(admin_log.c.action == "cases.purged")
        .order_by(admin_log.c.id.desc())
        .limit(1)
    )
    if end != (noted.detail["link"] if noted else ""):
        yield Problem(
            "tombstone_missing", "The tombstones do not end as the last purge noted", "purged_cases"
        )


@invariant("log")
def tombstones_of_cases(tx: Transaction) -> Iterator[Problem]:
    """Each erased case has one tombstone that says how its log ended, and nothing else is left of it."""
    stone, purged = purged_cases.c, cases.c.status == PURGED
    differing = sa.or_(
        stone.id.is_(None),
        sa.not_(purged),
        stone.public_id != cases.c.public_id,
        stone.sequence != cases.c.sequence,
        stone.chain != cases.c.chain,
        cases.c.state != "",
    )
    wrong = (
        sa.select(cases.c.public_id)
        .outerjoin(purged_cases, stone.case_id == cases.c.id)
        .where(sa.or_(purged, stone.id.is_not(None)), differing)
    )
    for row in tx.execute(wrong.execution_options(yield_per=SOME)):
        yield Problem(
            "tombstone_differs",
            "The erased case and its tombstone do not say the same",
            f"cases/{row.public_id}",
        )
    for table in DETAILS:
        left = (
            sa.select(cases.c.public_id)
            .where(purged, sa.exists().where(table.c.case_id == cases.c.id))
            .execution_options(yield_per=SOME)
        )
        for row in tx.execute(left):
            yield Problem(
                "erased_case_left", "Of an erased case there are still {table}",
                f"cases/{row.public_id}", {"table": table.name},
            )  # fmt: skip
