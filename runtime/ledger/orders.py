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
from runtime.ledger import budgets, catalogue, documents, plans, safety, stock
from runtime.ledger.inputs import Money, Person, Pieces
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
    # What lets it go beyond its plan: rule | person | unknown (signed before this was kept); NULL: it does not.
    sa.Column("beyond", sa.String(8)),
    sa.Column("deviation_approved_by", sa.String(32)),
    sa.UniqueConstraint("supplier_id", "contract_no"),
    # queries/named.py: by how it begins
    sa.Index("ix_purchase_contracts_contract_no", "contract_no", postgresql_ops={"contract_no": "varchar_pattern_ops"}),
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


class Matched(TypedDict):
    within: bool
    amount: Decimal
    deviations: list[dict[str, Any]]


class Expected(TypedDict):
    eta: dt.date


class Cancelled(TypedDict):
    open_lines: list[dict[str, Any]]
    released: Decimal


class Outstanding(TypedDict):
    outstanding_total: int
    lines: list[dict[str, Any]]


@operation("purchasing.match_contract", errors=("bad_lines", "rule_refused"))
def match_contract(call: Call, plan: str, supplier: str, lines: list[OrderLine]) -> Matched:
    """Hold a contract that is to be signed against what is left of its approved plan.

    within: everything is tolerated by the rule contract_match. deviations: component,
    component_name, what (quantity | price | supplier | not_planned), planned, planned_price,
    quantity and price of each line that is not. amount: CNY. BPMN error: bad_lines; a diagram that does not catch it is
    from before it was thrown, and hears of it from purchasing.sign_contract."""
    if call.catches("bad_lines"):
        documents.check_lines(lines)
    row = documents.get(call.tx, plans.plans, plan)
    deviations = _deviations(_matched(call, row, supplier, lines))
    amount = documents.typed_amount((line["quantity"], line["price"]) for line in lines)
    return {"within": not deviations, "amount": amount, "deviations": deviations}


@operation(
    "purchasing.sign_contract",
    errors=(
        "bad_lines",
        "beyond_plan",
        "contract_number_taken",
        "over_budget",
        "rule_refused",
        "supplier_blocked",
    ),
)
def sign_contract(
    call: Call,
    plan: str,
    supplier: str,
    contract_no: str,
    lines: list[OrderLine],
    eta: dt.date,
    terms: str | None = None,
    attachment: list[File] | None = None,
    deviation_approved_by: Person | None = None,
) -> Signed:
    """Record a signed contract of an approved plan and the order that it makes; its amount is committed.

    A plan may be bought by several contracts; together they go beyond what was approved only as far as
    the rule contract_match tolerates, or somebody approved it. BPMN errors: bad_lines, beyond_plan,
    contract_number_taken; over_budget, unless it fits or was allowed for the plan; supplier_blocked."""
    documents.check_lines(lines)
    tx = call.tx
    row = documents.get(tx, plans.plans, plan)
    documents.require_state(row, "approved", "ordered")
    found = catalogue.components_by_sku(tx, [line["component"] for line in lines])
    seller = catalogue.by_code(tx, catalogue.suppliers, supplier)
    if not seller.active:
        raise refuse("supplier_blocked", catalogue.SupplierBlocked(supplier=catalogue.name(seller)))
    amount = documents.typed_amount((line["quantity"], line["price"]) for line in lines)
    beyond: str | None = "person"
    if deviation_approved_by is None:
        matched = _matched(call, row, supplier, lines)
        for deviation in _deviations(matched):
            what = f"{deviation['component']} · {deviation['what']}"
            raise refuse("beyond_plan", BeyondPlan(plan=row.number, what=what))
        beyond = "rule" if any(map(_more, matched)) else None
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
        beyond=beyond,
        deviation_approved_by=deviation_approved_by,
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
    budgets.commit(call, "purchasing", amount, order, under=plan)
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
    lines = [shown(line) for line in lines_of(call.tx, row.id)]
    return {"outstanding_total": sum(line["outstanding"] for line in lines), "lines": lines}


@operation("purchasing.close_order")
def close_order(call: Call, order: str, reason: str) -> None:
    """End an order: what is still outstanding is no longer wanted."""
    row = documents.get(call.tx, orders, order)
    _end(call, row, "closed", reason)


@operation("purchasing.cancel_order")
def cancel_order(call: Call, order: str, reason: str) -> Cancelled:
    """Give up what is outstanding. An order of which something was accepted is closed, not cancelled.

    open_lines: what is to be planned anew, as purchasing.record_plan takes it: component, quantity, need_by and
    est_price. released: what is no longer committed, in CNY."""
    tx = call.tx
    row = documents.get(tx, orders, order)
    lines = lines_of(tx, row.id)
    planned = {line.component_id: line for line in plans.lines_of(tx, row.plan_id)}
    released = _end(call, row, "closed" if any(line.accepted for line in lines) else "cancelled", reason)
    wanted = [
        {
            "component": line.sku,
            "component_name": catalogue.name(line),
            "quantity": left(line),
            "need_by": max(planned[line.component_id].need_by if line.component_id in planned else row.eta, call.today),
            "est_price": line.price,
        }
        for line in lines
        if left(line)
    ]
    return {"open_lines": wanted, "released": released}


def outstanding_lines(tx: Transaction, order_id: int) -> list[dict[str, Any]]:
    """The lines of which pieces have not come, as forms show them, and how many pieces are in stock (`on_hand`)."""
    lines = [line for line in lines_of(tx, order_id) if left(line)]
    there = stock.on_hand(tx, [line.component_id for line in lines]) if lines else {}
    return [shown(line) | {"on_hand": there[line.component_id]} for line in lines]


def shown(line: Any) -> dict[str, Any]:
    """A line of `lines_of` as forms show it."""
    return {
        "component": line.sku,
        "component_name": catalogue.name(line),
        "quantity": line.quantity,
        "price": line.price,
        "accepted": line.accepted,
        "cancelled": line.cancelled,
        "outstanding": left(line),
    }


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


def _end(call: Call, row: Any, state: str, reason: str) -> Decimal:
    """What is no longer committed, in CNY."""
    tx = call.tx
    lines = lines_of(tx, row.id)
    if any(line.rejected for line in lines):
        raise RejectsUndecided(order=row.number)
    documents.change(tx, orders, row, state, NEXT, end_reason=reason)
    documents.update_rows(
        tx, order_lines, [{"row_id": line.id, "cancelled": left(line)} for line in lines if left(line)]
    )
    # What was thought to be on its way covers nothing any more: where too little is there, that is told again.
    missing = [line.component_id for line in lines if left(line)]
    safety.uncover(call, missing)
    safety.warn(call, stock.on_hand(tx, missing))
    # Whatever of it was never spent is free for something else.
    return budgets.give_back(call, row.public_id)


def _deviations(matched: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each line that the rule contract_match does not tolerate."""
    return [line for line in matched if line["what"] != "within"]


def _more(line: dict[str, Any]) -> bool:
    return bool(line["quantity"] > line["planned"] or line["price"] > line["planned_price"])


def _matched(call: Call, plan: Any, supplier: str, lines: list[OrderLine]) -> list[dict[str, Any]]:
    """Each line against what is left of the plan; `what` is the verdict of the rule contract_match."""
    tx = call.tx
    planned = {line.sku: line for line in plans.lines_of(tx, plan.id)}
    left_of = {sku: int(line.quantity) for sku, line in planned.items()}
    for ordered in tx.all(
        sa.select(order_lines, catalogue.components.c.sku)
        .join(orders, orders.c.id == order_lines.c.order_id)
        .join(catalogue.components, catalogue.components.c.id == order_lines.c.component_id)
        .where(orders.c.plan_id == plan.id)
    ):
        if ordered.sku in left_of:
            left_of[ordered.sku] = max(left_of[ordered.sku] - (ordered.quantity - ordered.cancelled), 0)
    found = catalogue.components_by_sku(tx, [line["component"] for line in lines])
    seller = catalogue.by_code(tx, catalogue.suppliers, supplier)
    facts = [
        {
            "planned": left_of.get(line["component"], 0),
            "quantity": line["quantity"],
            "planned_price": planned[line["component"]].est_price if line["component"] in planned else Decimal(0),
            "price": line["price"],
            "usual_supplier": found[line["component"]].usual_supplier_id in (None, seller.id),
        }
        for line in lines
    ]
    return [
        {
            "component": line["component"],
            "component_name": catalogue.name(found[line["component"]]),
            "what": outcome["verdict"],
            **{name: value for name, value in fact.items() if name != "usual_supplier"},
        }
        for line, fact, outcome in zip(lines, facts, call.decide_many("contract_match", facts), strict=True)
    ]
