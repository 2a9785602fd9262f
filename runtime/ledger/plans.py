"""Purchase plans: what is to be bought and why, until they are approved or rejected.

Not here: the contract that follows (orders.py); who must approve (rules/approval_limits.yaml)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, NotRequired, TypedDict

import sqlalchemy as sa

from runtime.ids import public_id
from runtime.ledger import budgets, catalogue, documents
from runtime.ledger.inputs import Money, Person, Pieces
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.safety import stock_alerts
from runtime.store.db import Exact, Id, Transaction, metadata

plans = sa.Table(
    "purchase_plans",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("drafter", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("alert_id", sa.ForeignKey("stock_alerts.id")),
    sa.Column("amount", Exact, nullable=False),
    sa.Column("decided_by", sa.String(32)),
    sa.Column("comment", sa.Text),
)

purchase_plan_lines = sa.Table(
    "purchase_plan_lines",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("plan_id", sa.ForeignKey("purchase_plans.id"), nullable=False, index=True),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False),
    sa.Column("quantity", sa.BigInteger, nullable=False),
    sa.Column("need_by", sa.Date, nullable=False),
    sa.Column("est_price", Exact, nullable=False),  # CNY a piece
    sa.Column("reason", sa.Text),
    sa.UniqueConstraint("plan_id", "component_id"),
)

# A returned plan is recorded again: proposed → proposed; one that purchasing sends back is proposed again.
NEXT = {
    "proposed": {"proposed", "approved", "rejected"},
    "approved": {"ordered", "proposed"},
    "ordered": {"ordered"},
}


class PlanLine(TypedDict):
    component: str
    quantity: Pieces
    need_by: dt.date
    est_price: NotRequired[Money]
    reason: NotRequired[str]


class Recorded(TypedDict):
    plan: str
    number: str
    amount: Decimal


class Shown(TypedDict):
    number: str
    amount: Decimal
    drafter: str
    reason: str | None
    lines: list[dict[str, Any]]


@operation("purchasing.record_plan", errors=("bad_lines",))
def record_plan(
    call: Call,
    lines: list[PlanLine],
    drafter: Person,
    plan: str | None = None,
    reason: str | None = None,
    alert: str | None = None,
) -> Recorded:
    """Record a plan, or the rework of one that is still proposed: its lines are replaced.

    A line without a price takes the component's purchase price. BPMN error: bad_lines."""
    documents.check_lines(lines)
    tx = call.tx
    found = catalogue.components_by_sku(tx, [line["component"] for line in lines])
    catalogue.require_listed(found.values())
    rows = [
        {
            "component_id": found[line["component"]].id,
            "quantity": line["quantity"],
            "need_by": line["need_by"],
            "est_price": line.get("est_price", found[line["component"]].purchase_price),
            "reason": line.get("reason"),
        }
        for line in lines
    ]
    amount = documents.typed_amount((row["quantity"], row["est_price"]) for row in rows)
    if plan is None:
        plan, number = public_id(), documents.next_number(tx, "PP", call.today.year)
        plan_id = documents.add(
            tx,
            plans,
            public_id=plan,
            number=number,
            case=call.case,
            at=call.now,
            state="proposed",
            drafter=drafter,
            reason=reason,
            amount=amount,
            alert_id=documents.get(tx, stock_alerts, alert).id if alert else None,
        )
    else:
        row = documents.get(tx, plans, plan)
        plan_id, number = row.id, row.number
        documents.change(
            tx,
            plans,
            row,
            "proposed",
            NEXT,
            drafter=drafter,
            amount=amount,
            reason=row.reason if reason is None else reason,
        )
        tx.execute(sa.delete(purchase_plan_lines).where(purchase_plan_lines.c.plan_id == plan_id))
    tx.insert(purchase_plan_lines, [{"plan_id": plan_id, **row} for row in rows])
    return {"plan": plan, "number": number, "amount": amount}


@operation("purchasing.approve_plan", errors=("same_person",))
def approve_plan(
    call: Call, plan: str, approver: Person, comment: str | None = None, over_budget: bool = False
) -> None:
    """Approve a proposed plan. BPMN error: same_person, if the approver drafted it.

    over_budget: the approver knows that it goes beyond the budget, and allows it for this plan."""
    row = documents.get(call.tx, plans, plan)
    if row.drafter == approver:
        raise refuse("same_person", documents.SamePerson())
    documents.change(call.tx, plans, row, "approved", NEXT, decided_by=approver, comment=comment)
    if over_budget:
        budgets.allow(call, "purchasing", row.amount, plan, approver)


@operation("purchasing.reject_plan")
def reject_plan(call: Call, plan: str, by: Person, comment: str | None = None) -> None:
    """End a proposed plan; nothing is bought for it."""
    row = documents.get(call.tx, plans, plan)
    documents.change(call.tx, plans, row, "rejected", NEXT, decided_by=by, comment=comment)


@operation("purchasing.send_back")
def send_back(call: Call, plan: str, by: Person, reason: str) -> None:
    """Purchasing gives an approved plan of which nothing is ordered back to whoever drafted it: it is to be approved
    anew, and what was allowed for it beyond the budget is not any more."""
    row = documents.get(call.tx, plans, plan)
    documents.require_state(row, "approved")
    documents.change(call.tx, plans, row, "proposed", NEXT, decided_by=None, comment=reason)
    budgets.withdraw(call, plan)


@operation("purchasing.drop_demand")
def drop_demand(call: Call, by: Person, reason: str | None = None, plan: str | None = None) -> None:
    """What came back from purchasing is not wanted any more; a plan that was sent back ends with it."""
    if plan is None:
        return
    row = documents.get(call.tx, plans, plan)
    if row.state == "proposed":
        documents.change(call.tx, plans, row, "rejected", NEXT, decided_by=by, comment=reason)


@operation("purchasing.plan_lines")
def plan_lines(call: Call, plan: str) -> Shown:
    """The plan as forms show it.

    Each line has component, component_name, quantity, need_by, est_price and reason."""
    row = documents.get(call.tx, plans, plan)
    return {
        "number": row.number,
        "amount": row.amount,
        "drafter": row.drafter,
        "reason": row.reason,
        "lines": [
            {
                "component": line.sku,
                "component_name": catalogue.name(line),
                "quantity": line.quantity,
                "need_by": line.need_by,
                "est_price": line.est_price,
                "reason": line.reason,
            }
            for line in lines_of(call.tx, row.id)
        ],
    }


def lines_of(tx: Transaction, plan_id: int) -> list[Any]:
    """The plan's lines with each component's sku and names."""
    return list(
        tx.all(
            sa.select(purchase_plan_lines, catalogue.components.c.sku, catalogue.components.c.names)
            .join(catalogue.components)
            .where(purchase_plan_lines.c.plan_id == plan_id)
            .order_by(purchase_plan_lines.c.id)
        )
    )
