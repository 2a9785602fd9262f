"""Whether somebody may take a report away as a file today: its class by the rule, and their approval.

Commands hold it and queries tell it, so both find it here; it only reads. Not here: that it was taken
(commands/exports.py), how an approval comes about (processes/data_export, ledger/exports.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from runtime import household, library
from runtime.ledger.exports import data_exports
from runtime.ledger.report_exports import OPEN, RULE, right
from runtime.rules import evaluate
from runtime.store.cases import cases
from runtime.store.db import Transaction

__all__ = ["OPEN", "Approval", "approvals", "class_of", "covering", "right"]


@dataclass(frozen=True)
class Approval:
    """A request of a person for a report: `first_day` to `last_day` are the days of the report, both included;
    `valid_until`: the last day on which it holds, None while it is not approved; `over`: it held once; `case`:
    the public id of its data export."""

    number: str
    case: str
    first_day: dt.date
    last_day: dt.date
    valid_until: dt.date | None
    over: bool

    @property
    def holds(self) -> bool:
        return self.valid_until is not None and not self.over

    @property
    def waits(self) -> bool:
        """It is not decided."""
        return self.valid_until is None


def class_of(tx: Transaction, report: str) -> str:
    """open, confidential or personal, by the rule in force today. Raises NoSuchReport, NoRuleInForce."""
    right(report)
    today = household.today(tx)
    ruleset = library.ruleset(tx, RULE, today)
    return str(evaluate.decide(ruleset, {"report": report}, as_of=today).outputs["class"])


def approvals(
    tx: Transaction, person: str, report: str, days: tuple[dt.date, dt.date] | None = None
) -> list[Approval]:
    """What the person asked for of a report, the newest first, except what was rejected or withdrawn; of exactly
    these `days`, if they are given."""
    row = data_exports.c
    wanted = [row.report == report, row.requested_by == person]
    # Whoever withdraws a request leaves it as it was: its case is no longer running.
    asked = sa.and_(row.state == "requested", cases.c.status == "running")
    wanted.append(sa.or_(asked, row.state.in_(("made", "closed"))))
    if days is not None:
        wanted += [row.first_day == days[0], row.last_day == days[1]]
    query = sa.select(data_exports).outerjoin(cases, cases.c.public_id == row.case).where(*wanted)
    today = household.today(tx)
    return [
        Approval(
            found.number,
            found.case,
            found.first_day,
            found.last_day,
            found.valid_until,
            found.state == "closed" or (found.valid_until is not None and found.valid_until < today),
        )
        for found in tx.all(query.order_by(row.id.desc()))
    ]


def covering(found: Sequence[Approval]) -> Approval | None:
    """The first that holds."""
    return next((each for each in found if each.holds), None)
