"""The certificate of an award, for whoever got it and whoever may read its case.

Not here: how an award comes about (ledger/awards.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from runtime import access, household
from runtime.errors import NotFound
from runtime.identity import Actor
from runtime.ledger.awards import CERTIFIED, awards
from runtime.store import accounts
from runtime.store.cases import cases
from runtime.store.db import Transaction


class NoCertificate(NotFound):
    """There is no such certificate, or you may not see it."""

    code = "award.no_certificate"


@dataclass(frozen=True)
class Certificate:
    """`names`, `approver`: whose it is and who approved it, by language; `title` and `fact` as they were nominated."""

    case: str
    number: str
    names: Mapping[str, str]
    title: str
    fact: str
    approver: Mapping[str, str]
    day: dt.date


def certificate(tx: Transaction, actor: Actor, case: str) -> Certificate:
    """That of the case's award. Raises NoCertificate also for one that has none yet."""
    approver = accounts.people.alias("approver")
    row = tx.first(
        sa.select(awards, accounts.people.c.names, approver.c.names.label("approver"))
        .join(cases, cases.c.public_id == awards.c.case)
        .join(accounts.people, accounts.people.c.public_id == awards.c.person)
        .join(approver, approver.c.public_id == awards.c.approved_by)
        .where(
            awards.c.case == case,
            CERTIFIED,
            sa.or_(awards.c.person == actor.public_id, access.case_visible(actor, fully=True)),
        )
        .order_by(awards.c.id.desc())
    )
    if row is None:
        raise NoCertificate()
    day = household.house(tx).today(row.approved_at)
    return Certificate(case, row.number, row.names, row.title, row.fact, row.approver, day)


def certified(tx: Transaction, actor: Actor, case: str) -> bool:
    """Whether the case has a certificate that the reader may see."""
    try:
        certificate(tx, actor, case)
    except NoCertificate:
        return False
    return True
