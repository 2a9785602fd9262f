"""What of a period is not finished yet, over all books, and whose turn it is.

What lies with somebody outside – goods on their way, a count that nobody may see yet – blocks nothing by
itself. Not here: closing a period (closing.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from runtime.ledger import periods
from runtime.ledger.appraisals import appraisal_cycles, appraisals
from runtime.ledger.awards import awards
from runtime.ledger.bonuses import bonuses
from runtime.ledger.counting import stocktakes
from runtime.ledger.expenses import expense_claims
from runtime.ledger.operations import Call
from runtime.ledger.receipts import receipt_lines, receipts
from runtime.ledger.remedies import (
    sales_credits,
    sales_issues,
    sales_remedies,
    sales_return_lines,
    sales_returns,
)
from runtime.ledger.sales import sales_orders
from runtime.ledger.shipments import shipments
from runtime.ledger.training import trainings
from runtime.store.accounts import people
from runtime.store.cases import cases
from runtime.store.db import Instant, Transaction
from runtime.store.user_tasks import OPEN, candidates, user_tasks

MOST = 200  # that are shown; so many open items are no closing
IMPORTS = ("attendance_import", "opening_balances")


@dataclass(frozen=True)
class Item:
    """`kind`: what is still to be done · document: its number, as people know it · owner: a person's public
    id · group: whose turn it is while nobody has claimed it."""

    kind: str
    document: str
    since: dt.date
    case: str
    owner: str | None = None
    group: str | None = None

    @property
    def key(self) -> str:
        return f"{self.kind} {self.document}"

    def shown(self) -> dict[str, Any]:
        """As a form shows it."""
        return {
            "item": self.key,
            "kind": self.kind,
            "document": self.document,
            "since": self.since,
            "case": self.case,
            "owner": self.owner,
            "group": self.group,
        }


def until(call: Call, opens: dt.date) -> list[Item]:
    """Everything that is open and began before the day `opens`, the oldest first."""
    moment = dt.datetime.combine(opens, dt.time(), call.zone).astimezone(dt.UTC)
    found = []
    for row in call.tx.all(sa.union_all(*_open(opens, moment))):
        since = row.day if row.day is not None else row.moment.astimezone(call.zone).date()
        found.append(Item(row.kind, row.document, since, row.case))
    return sorted(set(found), key=lambda item: (item.since, item.key))


def with_owners(tx: Transaction, items: Sequence[Item]) -> list[Item]:
    """The same, with who is asked in each one's case: of several tasks that of the oldest."""
    about = {item.case for item in items}
    rows = tx.all(
        sa.select(cases.c.public_id, people.c.public_id.label("owner"), candidates.c.who)
        .select_from(user_tasks)
        .join(cases, cases.c.id == user_tasks.c.case_id)
        .outerjoin(people, people.c.id == user_tasks.c.assignee_id)
        .outerjoin(candidates, candidates.c.task_id == user_tasks.c.id)
        .where(cases.c.public_id.in_(about), user_tasks.c.state.in_(OPEN))
        .order_by(user_tasks.c.id.desc(), candidates.c.who.desc())
    )
    # The newest first, so that the oldest is what stays.
    asked = {row.public_id: (row.owner, row.who) for row in rows}
    return [_asked(item, *asked.get(item.case, (None, None))) for item in items]


def _asked(item: Item, owner: str | None, who: str | None) -> Item:
    kind, _, name = (who or "").partition(":")
    return replace(item, owner=owner, group=name if owner is None and kind == "group" else None)


def _one(kind: str, document: Any, case: Any, *, day: Any = None, at: Any = None) -> sa.Select[Any]:
    return sa.select(
        sa.literal(kind).label("kind"),
        document.label("document"),
        case.label("case"),
        (sa.cast(sa.null(), sa.Date) if day is None else day).label("day"),
        (sa.cast(sa.null(), Instant) if at is None else at).label("moment"),
    )


def _open(opens: dt.date, moment: dt.datetime) -> list[sa.Select[Any]]:
    """(kind, document, case, day or moment) of all that waits."""
    got, line, order, sent = receipts.c, receipt_lines.c, sales_orders.c, shipments.c
    back, remedy, credit, bonus, award = (
        sales_returns.c,
        sales_remedies.c,
        sales_credits.c,
        bonuses.c,
        awards.c,
    )
    began, spent = cases.c, expense_claims.c
    arrived = sa.select(sa.func.min(sent.delivered_on)).where(sent.order_id == order.id).scalar_subquery()
    waiting = sa.exists().where(
        line.receipt_id == got.id, line.received - line.rejected + line.conceded > line.stored
    )
    faulty = sa.exists().where(line.receipt_id == got.id, line.rejected > 0)
    bad = sa.exists().where(sales_return_lines.c.return_id == back.id, sales_return_lines.c.bad > 0)
    given = sa.exists().where(credit.remedy_id == remedy.id)
    return [
        _one("put_away", got.number, got.case, day=got.received_on).where(got.received_on < opens, waiting),
        _one("rejects", got.number, got.case, day=got.received_on).where(
            got.received_on < opens, got.disposition.is_(None), faulty
        ),
        _one("settlement", order.number, order.case, day=arrived).where(
            order.state == "delivered", arrived < opens
        ),
        _one("variance", stocktakes.c.number, stocktakes.c.case, at=stocktakes.c.at).where(
            stocktakes.c.state.in_(("counting", "judged")), stocktakes.c.at < moment
        ),
        _one("quarantine", back.number, back.case, at=back.at).where(
            back.disposition.is_(None), back.at < moment, bad
        ),
        # The remedies of an issue have no numbers of their own.
        _one(
            "credit", sa.func.coalesce(sales_issues.c.number, remedy.public_id), remedy.case, at=remedy.at
        )
        .join_from(sales_remedies, sales_issues)
        .where(
            remedy.state == "approved",
            remedy.kind.in_(("refund", "return")),
            remedy.at < moment,
            ~given,
        ),
        # Whose it is stands in its case, for those who may see it.
        _one("bonus", appraisal_cycles.c.period + sa.literal(" ") + bonus.public_id, bonus.case, at=bonus.at)
        .join_from(bonuses, appraisals)
        .join(appraisal_cycles)
        .where(bonus.state != "exported", appraisal_cycles.c.period < periods.of(opens)),
        _one("award", award.number, award.case, at=award.at).where(
            award.state == "approved", award.amount > 0, award.approved_at < moment
        ),
        _one("expense", spent.number, spent.case, day=spent.spent_on).where(
            spent.state == "approved", spent.spent_on < opens
        ),
        _one("training", trainings.c.number, trainings.c.case, day=trainings.c.held_on).where(
            trainings.c.state == "planned", trainings.c.held_on < opens
        ),
        _one("import", began.process + sa.literal(" ") + began.public_id, began.public_id, at=began.started_at).where(
            began.process.in_(IMPORTS), began.status == "running", began.started_at < moment
        ),
    ]
