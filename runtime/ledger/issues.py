"""Issues of customers with an order, and the remedies that are proposed and decided for them.

An issue has a remedy after another until the customer is content; each is proposed by one person and decided
by another. Not here: goods that come back (returns.py), credits (credits.py), replacements (replacements.py)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import budgets, catalogue, credited, documents
from runtime.ledger.inputs import Money, Person, Pieces
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.remedies import (
    NEXT,
    REMEDY_NEXT,
    sales_credits,
    sales_issues,
    sales_remedies,
    sales_remedy_lines,
    sales_replacements,
    sales_returns,
)
from runtime.ledger.sales import sales_orders
from runtime.ledger.shipments import shipments
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.values import File

RemedyKind = Literal["replace", "refund", "return", "none"]


COMPLAINED_OF = ("confirmed", "shipped", "delivered", "settled")  # states of an order of which something may have left


class NoSuchOrder(Invalid):
    """There is no sales order {order}."""

    code = "issue.unknown_order"


class NotShippedYet(Conflict):
    """Order {order} was not shipped or has been taken back, so there is nothing to put right."""

    code = "issue.not_shipped"


class NothingAffected(Invalid):
    """Say which components are affected, and how many pieces of each."""

    code = "issue.nothing_affected"


class NotDelivered(Invalid):
    """Of {component} the customer has {pieces} pieces of order {order}; the remedy is about {wanted}. They have:
    {holds}."""

    code = "issue.not_delivered"


class InAnotherIssue(Conflict):
    """{wanted} pieces of {component} are too many: of order {order} issue {issue} is about {pieces} of those that the
    customer has, and it is not settled yet."""

    code = "issue.in_another"


class RefundMissing(Invalid):
    """A refund needs an amount."""

    code = "issue.refund_missing"


class RefundTooLarge(Invalid):
    """What is affected still comes to {most} CNY; {amount} CNY cannot be refunded for it."""

    code = "issue.refund_too_large"


class AffectedLine(TypedDict):
    component: str
    quantity: Pieces


class Recorded(TypedDict):
    issue: str
    number: str
    remedy: str
    round: int
    order: str
    customer: str
    shipment: str
    warehouse: str
    compensation: Decimal
    affected: list[dict[str, Any]]


@operation("issues.record", errors=("bad_remedy",))
def record(
    call: Call,
    order_number: str,
    kind: Literal["damage", "quantity", "quality", "late", "documents", "other"],
    description: str,
    remedy: RemedyKind,
    by: Person,
    proposal: str | None = None,
    lines: list[AffectedLine] | None = None,
    amount: Money | None = None,
    evidence: list[File] | None = None,
    issue: str | None = None,
) -> Recorded:
    """Enter an issue with the remedy proposed for it, or a further remedy of an issue that is not solved.

    lines: what is affected; needed unless the remedy is none. amount: what is to be refunded, in CNY.
    compensation: what the remedy comes to, in CNY. BPMN error: bad_remedy, if there is no
    such order, the customer has not so many pieces, another issue is about them already, or the refund is more than
    what is affected."""
    tx = call.tx
    order = tx.first(sa.select(sales_orders).where(sales_orders.c.number == order_number.strip()).with_for_update())
    if order is None:
        raise refuse("bad_remedy", NoSuchOrder(order=order_number))
    if order.state not in COMPLAINED_OF:
        raise refuse("bad_remedy", NotShippedYet(order=order.number))
    # Of an order that went in parts, the last that left and was not refused.
    sent = tx.first(
        sa.select(shipments.c.public_id, catalogue.warehouses.c.code, catalogue.customers.c.code.label("customer"))
        .join(catalogue.warehouses, catalogue.warehouses.c.id == shipments.c.warehouse_id)
        .join(sales_orders, sales_orders.c.id == shipments.c.order_id)
        .join(catalogue.customers, catalogue.customers.c.id == sales_orders.c.customer_id)
        .where(shipments.c.order_id == order.id, shipments.c.return_reason.is_(None))
        .order_by(shipments.c.id.desc())
        .limit(1)
    )
    if sent is None:
        raise refuse("bad_remedy", NotShippedYet(order=order.number))
    held = credited.held(tx, order.id)
    affected = _affected(lines or (), held, order, needed=remedy != "none")
    _require_free(tx, order, affected, held, issue)
    compensation = _compensation(remedy, amount, affected, held)
    if issue is None:
        issue, number, round_ = public_id(), documents.next_number(tx, "CI", call.today.year), 1
        issue_id = documents.add(
            tx,
            sales_issues,
            public_id=issue,
            number=number,
            case=call.case,
            at=call.now,
            state="open",
            order_id=order.id,
            kind=kind,
            description=description,
            evidence=evidence,
            by=by,
        )
    else:
        row = documents.get(tx, sales_issues, issue)
        documents.change(tx, sales_issues, row, "open", NEXT, description=description, evidence=evidence)
        issue_id, number = row.id, row.number
        rounds = sa.select(sa.func.max(sales_remedies.c.round)).where(sales_remedies.c.issue_id == issue_id)
        round_ = (tx.scalar(rounds) or 0) + 1
    proposed = public_id()
    remedy_id = documents.add(
        tx,
        sales_remedies,
        public_id=proposed,
        case=call.case,
        at=call.now,
        issue_id=issue_id,
        round=round_,
        kind=remedy,
        state="proposed",
        proposal=proposal,
        amount=compensation,
        proposed_by=by,
    )
    tx.insert(
        sales_remedy_lines,
        [
            {"remedy_id": remedy_id, "component_id": held[sku].component_id, "quantity": pieces}
            for sku, pieces in affected.items()
        ],
    )
    return {
        "issue": issue,
        "number": number,
        "remedy": proposed,
        "round": round_,
        "order": order.public_id,
        "customer": sent.customer,
        "shipment": sent.public_id,
        "warehouse": sent.code,
        "compensation": compensation,
        "affected": [
            {"component": sku, "component_name": held[sku].name, "quantity": pieces}
            for sku, pieces in affected.items()
        ],
    }


@operation("issues.decide", errors=("same_person", "over_budget", "rule_refused"))
def decide(
    call: Call, remedy: str, approved: bool, by: Person, comment: str | None = None, budgeted: bool = False
) -> None:
    """A superior approves the remedy or has another one proposed.

    budgeted: approved, what it comes to is committed in the budget until it is carried out. BPMN errors: same_person;
    over_budget, unless it fits or was allowed."""
    row = documents.get(call.tx, sales_remedies, remedy)
    if row.proposed_by == by:
        raise refuse("same_person", documents.SamePerson())
    if approved and budgeted and row.amount:
        budgets.commit(call, "compensation", row.amount, remedy)
    state = "approved" if approved else "rejected"
    documents.change(call.tx, sales_remedies, row, state, REMEDY_NEXT, decided_by=by, comment=comment)


@operation("issues.close")
def close(call: Call, issue: str, resolution: str) -> None:
    """The customer is content: the issue is solved."""
    row = documents.get(call.tx, sales_issues, issue)
    documents.change(call.tx, sales_issues, row, "solved", NEXT, resolution=resolution, closed_at=call.now)


@operation("sales.record_issue")
def record_issue(
    call: Call, order: str, kind: str, description: str, by: Person, resolution: str | None = None
) -> None:
    """Keep what a customer reported about an order, and how it was resolved, without a remedy: for orders
    whose delivery began before customer_issue was a process."""
    row = documents.get(call.tx, sales_orders, order)
    documents.add(
        call.tx,
        sales_issues,
        public_id=public_id(),
        case=call.case,
        at=call.now,
        state="solved",
        order_id=row.id,
        kind=kind,
        description=description,
        resolution=resolution,
        by=by,
    )


def _affected(
    lines: Any, held: Mapping[str, credited.Held], order: Any, *, needed: bool
) -> dict[str, int]:
    """SKU → pieces, each no more than the customer has."""
    affected: dict[str, int] = {}
    for line in lines:
        affected[line["component"]] = affected.get(line["component"], 0) + line["quantity"]
    affected = {sku: pieces for sku, pieces in affected.items() if pieces}
    if needed and not affected:
        raise refuse("bad_remedy", NothingAffected())
    for sku, pieces in affected.items():
        there = held[sku].pieces if sku in held else 0
        if pieces > there:
            holds = ", ".join(f"{has} {one.pieces}" for has, one in sorted(held.items()) if one.pieces) or "–"
            told = NotDelivered(component=sku, pieces=there, order=order.number, wanted=pieces, holds=holds)
            raise refuse("bad_remedy", told)
    return affected


def _require_free(
    tx: Transaction, order: Any, affected: Mapping[str, int], held: Mapping[str, credited.Held], issue: str | None
) -> None:
    """No piece is in two issues at once: it would come back or be credited twice."""
    line, remedy = sales_remedy_lines.c, sales_remedies.c
    carried_out = (sales_returns, sales_credits, sales_replacements)
    done = [sa.exists().where(table.c.remedy_id == remedy.id) for table in carried_out]
    given_up = sa.exists().where(cases.c.public_id == remedy.case, cases.c.status != "running")
    rows = tx.all(
        sa.select(sales_issues.c.number, line.component_id, line.quantity)
        .join(sales_remedies, remedy.id == line.remedy_id)
        .join(sales_issues, sales_issues.c.id == remedy.issue_id)
        .where(
            sales_issues.c.order_id == order.id,
            sales_issues.c.public_id != (issue or ""),
            remedy.kind != "none",
            remedy.state.in_(("proposed", "approved")),
            ~sa.or_(given_up, *done),
        )
        .order_by(line.id)
    )
    for sku, wanted in affected.items():
        others = [row for row in rows if row.component_id == held[sku].component_id]
        pieces = sum(row.quantity for row in others)
        if others and wanted > held[sku].pieces - pieces:
            told = InAnotherIssue(
                wanted=wanted, component=sku, order=order.number, issue=others[-1].number, pieces=pieces
            )
            raise refuse("bad_remedy", told)


def _compensation(
    remedy: str, amount: Decimal | None, affected: Mapping[str, int], held: Mapping[str, credited.Held]
) -> Decimal:
    """What the remedy comes to: the refund, or the value of the pieces that are taken back or replaced."""
    if remedy == "none":
        return Decimal(0)
    if remedy == "replace":
        return documents.amount_of((pieces, held[sku].price) for sku, pieces in affected.items())
    most = sum((held[sku].creditable(pieces) for sku, pieces in affected.items()), Decimal(0))
    if remedy == "return":
        return most
    if not amount:
        raise refuse("bad_remedy", RefundMissing())
    if amount > most:
        raise refuse("bad_remedy", RefundTooLarge(amount=amount, most=most))
    return amount
