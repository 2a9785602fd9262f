"""Purchase contracts and orders: what a supplier owes us, until it is there or given up.

Of each order line: quantity = cancelled + accepted + outstanding; `rejected` pieces of
the outstanding lie here awaiting a decision. Not here: inspecting what arrives
(receipts.py)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import catalogue, documents, plans
from runtime.ledger.inputs import Money, Pieces
from runtime.ledger.operations import Call, operation, refuse
from runtime.store.db import Exact, Id, Tagged, Transaction, metadata
from runtime.values import File

contracts = sa.Table(
    "purchase_contracts",
    metadata,
    *documents.columns(),
    sa.Column("plan_id", sa.ForeignKey("purchase_plans.id"), nullable=False),
    sa.Column("supplier_id", sa.ForeignKey("suppliers.id"), nullable=False),
    sa.Column("contract_no", sa.String(100), nullable=False),
    sa.Column("terms", sa.Text),
    sa.Column("attachment", Tagged),  # list of files
    sa.Column("signed_on", sa.Date, nullable=False),
    sa.UniqueConstraint("supplier_id", "contract_no"),
)

orders = sa.Table(
    "purchase_orders",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("contract_id", sa.ForeignKey("purchase_contracts.id"), nullable=False, unique=True),
    sa.Column("plan_id", sa.ForeignKey("purchase_plans.id"), nullable=False, index=True),
    sa.Column("supplier_id", sa.ForeignKey("suppliers.id"), nullable=False),
    sa.Column("amount", Exact, nullable=False),
    sa.Column("promised", sa.Date, nullable=False),  # arrival as signed
    sa.Column("eta", sa.Date, nullable=False),  # arrival as last heard
    sa.Column("note", sa.Text),
    sa.Column("end_reason", sa.Text),
    # positions.py: what is on order
    sa.Index(
        "ix_purchase_orders_open",
        "id",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    ),
)

order_lines = sa.Table(
    "purchase_order_lines",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("order_id", sa.ForeignKey("purchase_orders.id"), nullable=False, index=True),
    sa.Column("component_id", sa.ForeignKey("components.id"), nullable=False, index=True),
    sa.Column("quantity", sa.BigInteger, nullable=False),  # pieces, as are all below
    sa.Column("price", Exact, nullable=False),  # CNY a piece
    sa.Column("cancelled", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("accepted", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("rejected", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("stored", sa.BigInteger, nullable=False, server_default="0"),  # of the accepted
    sa.UniqueConstraint("order_id", "component_id"),
    sa.CheckConstraint("cancelled + accepted + rejected <= quantity", name="fulfilled"),
    sa.CheckConstraint("cancelled >= 0 AND rejected >= 0", name="not_negative"),
    sa.CheckConstraint("stored >= 0 AND stored <= accepted", name="stored"),
)

NEXT = {"open": {"open", "closed", "cancelled"}}


class BeyondPlan(Invalid):
    """The contract goes beyond the approved plan {plan}: {what}."""

    code = "order.beyond_plan"


class ContractNumberTaken(Conflict):
    """There is already a contract {contract_no} with this supplier."""

    code = "contract.number_taken"


class RejectsUndecided(Conflict):
    """What was rejected of order {order} awaits a decision: return it, have it replaced, or accept it."""

    code = "order.rejects_undecided"


class OrderLine(TypedDict):
    component: str
    quantity: Pieces
    price: Money


class Signed(TypedDict):
    order: str
    number: str
    amount: Decimal
    eta: dt.date


class Expected(TypedDict):
    eta: dt.date


class Outstanding(TypedDict):
    outstanding_total: int
    lines: list[dict[str, Any]]


@operation("purchasing.sign_contract", errors=("bad_lines", "beyond_plan", "contract_number_taken"))
def sign_contract(
    call: Call,
    plan: str,
    supplier: str,
    contract_no: str,
    lines: list[OrderLine],
    eta: dt.date,
    terms: str | None = None,
    attachment: list[File] | None = None,
) -> Signed:
    """Record a signed contract of an approved plan and the order that it makes.

    A plan may be bought by several contracts; together they have no more pieces of a component
    and no higher amount than was approved. BPMN errors: bad_lines, beyond_plan,
    contract_number_taken."""
    documents.check_lines(lines)
    tx = call.tx
    row = documents.get(tx, plans.plans, plan)
    documents.require_state(row, "approved", "ordered")
    found = catalogue.components_by_sku(tx, [line["component"] for line in lines])
    seller = catalogue.by_code(tx, catalogue.suppliers, supplier)
    amount = documents.amount_of((line["quantity"], line["price"]) for line in lines)
    _check_plan(tx, row, lines, found, amount)
    same = sa.and_(contracts.c.supplier_id == seller.id, contracts.c.contract_no == contract_no)
    if tx.scalar(sa.select(contracts.c.id).where(same)) is not None:
        raise refuse("contract_number_taken", ContractNumberTaken(contract_no=contract_no))
    contract_id = documents.add(
        tx,
        contracts,
        public_id=public_id(),
        case=call.case,
        at=call.now,
        plan_id=row.id,
        supplier_id=seller.id,
        contract_no=contract_no,
        terms=terms,
        attachment=attachment,
        signed_on=call.today,
    )
    order, number = public_id(), documents.next_number(tx, "PO", call.today.year)
    order_id = documents.add(
        tx,
        orders,
        public_id=order,
        number=number,
        case=call.case,
        at=call.now,
        state="open",
        contract_id=contract_id,
        plan_id=row.id,
        supplier_id=seller.id,
        amount=amount,
        promised=eta,
        eta=eta,
    )
    tx.insert(
        order_lines,
        [
            {
                "order_id": order_id,
                "component_id": found[line["component"]].id,
                "quantity": line["quantity"],
                "price": line["price"],
            }
            for line in lines
        ],
    )
    documents.change(tx, plans.plans, row, "ordered", plans.NEXT)
    return {"order": order, "number": number, "amount": amount, "eta": eta}


@operation("purchasing.expect")
def expect(call: Call, order: str, eta: dt.date, note: str | None = None) -> Expected:
    """Note when an open order is now expected; the date that was signed stays."""
    row = documents.get(call.tx, orders, order)
    documents.change(call.tx, orders, row, "open", NEXT, eta=eta, note=note or row.note)
    return {"eta": eta}


@operation("purchasing.outstanding")
def outstanding(call: Call, order: str) -> Outstanding:
    """What is still to be delivered.

    Each line has component, component_name, quantity, price, accepted and outstanding."""
    row = documents.get(call.tx, orders, order)
    lines = [
        {
            "component": line.sku,
            "component_name": catalogue.name(line),
            "quantity": line.quantity,
            "price": line.price,
            "accepted": line.accepted,
            "outstanding": left(line),
        }
        for line in lines_of(call.tx, row.id)
    ]
    return {"outstanding_total": sum(line["outstanding"] for line in lines), "lines": lines}


@operation("purchasing.close_order")
def close_order(call: Call, order: str, reason: str) -> None:
    """End an order: what is still outstanding is no longer wanted."""
    row = documents.get(call.tx, orders, order)
    _end(call.tx, row, "closed", reason)


@operation("purchasing.cancel_order")
def cancel_order(call: Call, order: str, reason: str) -> None:
    """Give up what is outstanding. An order of which something was accepted is closed, not cancelled."""
    row = documents.get(call.tx, orders, order)
    accepted = sum(line.accepted for line in lines_of(call.tx, row.id))
    _end(call.tx, row, "closed" if accepted else "cancelled", reason)


def left(line: Any) -> int:
    """Pieces of an order line that are still to be delivered in good order."""
    return int(line.quantity - line.cancelled - line.accepted)


def lines_of(tx: Transaction, order_id: int) -> list[Any]:
    """The order's lines with each component's sku and names."""
    return list(
        tx.all(
            sa.select(order_lines, catalogue.components.c.sku, catalogue.components.c.names)
            .join(catalogue.components)
            .where(order_lines.c.order_id == order_id)
            .order_by(order_lines.c.id)
        )
    )


def _end(tx: Transaction, row: Any, state: str, reason: str) -> None:
    lines = lines_of(tx, row.id)
    if any(line.rejected for line in lines):
        raise RejectsUndecided(order=row.number)
    documents.change(tx, orders, row, state, NEXT, end_reason=reason)
    documents.update_rows(
        tx, order_lines, [{"row_id": line.id, "cancelled": left(line)} for line in lines if left(line)]
    )


def _check_plan(
    tx: Transaction, plan: Any, lines: list[OrderLine], found: dict[str, Any], amount: Decimal
) -> None:
    allowed_of = {line.component_id: int(line.quantity) for line in plans.lines_of(tx, plan.id)}
    for ordered in tx.all(sa.select(order_lines).join(orders).where(orders.c.plan_id == plan.id)):
        allowed_of[ordered.component_id] -= ordered.quantity - ordered.cancelled
    for line in lines:
        allowed = allowed_of.get(found[line["component"]].id, 0)
        if line["quantity"] > allowed:
            what = f"{line['component']} {line['quantity']} > {allowed}"
            raise refuse("beyond_plan", BeyondPlan(plan=plan.number, what=what))
    # An order that was cancelled does not use up what was approved.
    spent = sum(
        (
            row.amount
            for row in tx.all(
                sa.select(orders.c.amount).where(orders.c.plan_id == plan.id, orders.c.state != "cancelled")
            )
        ),
        Decimal(0),
    )
    if spent + amount > plan.amount:
        what = f"{spent + amount} CNY > {plan.amount} CNY"
        raise refuse("beyond_plan", BeyondPlan(plan=plan.number, what=what))
