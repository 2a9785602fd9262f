"""Feedback: what specialists hear from the market and from customers, and what a supervisor makes of it.

Not here: what comes of it (errands.py, escalations.py, issues.py, products.py)."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime.ids import public_id
from runtime.ledger import catalogue, demand, documents
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.ledger.positions import positions
from runtime.store.db import Tagged, metadata
from runtime.values import File

DAYS, MOST = 90, 20  # of what is shown with a purchase plan

entries = sa.Table(
    "feedback",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # market | customer
    sa.Column("component_id", sa.ForeignKey("components.id"), index=True),
    sa.Column("customer_id", sa.ForeignKey("customers.id"), index=True),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("files", Tagged),  # list of files
    sa.Column("by", sa.String(32), nullable=False),
    sa.Column("heard_on", sa.Date, nullable=False, index=True),
    sa.Column("action", sa.String(16)),  # errand | issue | customer_issue | product | none
    sa.Column("reason", sa.Text),
    sa.Column("handled_by", sa.String(32)),
)

NEXT = {"open": {"handled"}}


class Recorded(TypedDict):
    feedback: str
    number: str


class Recent(TypedDict):
    feedback_lines: list[dict[str, Any]]


@operation("feedback.record")
def record(
    call: Call,
    kind: Literal["market", "customer"],
    text: str,
    source: str,
    by: Person,
    component: str | None = None,
    customer: str | None = None,
    files: list[File] | None = None,
) -> Recorded:
    """Keep what somebody heard, of a component or a customer where it is about one."""
    tx = call.tx
    recorded, number = public_id(), documents.next_number(tx, "FB", call.today.year)
    documents.add(
        tx,
        entries,
        public_id=recorded,
        number=number,
        case=call.case,
        at=call.now,
        state="open",
        kind=kind,
        component_id=catalogue.component(tx, component).id if component else None,
        customer_id=catalogue.by_code(tx, catalogue.customers, customer).id if customer else None,
        source=source,
        text=text,
        files=files,
        by=by,
        heard_on=call.today,
    )
    return {"feedback": recorded, "number": number}


@operation("feedback.triage", errors=("same_person",))
def triage(
    call: Call,
    feedback: str,
    action: Literal["errand", "issue", "customer_issue", "product", "none"],
    reason: str,
    by: Person,
) -> None:
    """What is made of it, and why. BPMN error: same_person, if whoever recorded it says so."""
    row = documents.get(call.tx, entries, feedback)
    if row.by == by:
        raise refuse("same_person", documents.SamePerson())
    documents.change(call.tx, entries, row, "handled", NEXT, action=action, reason=reason, handled_by=by)


@operation("feedback.recent")
def recent(call: Call, component: str | None = None) -> Recent:
    """The latest feedback of some months for whoever plans, newest first; with a component, on it or on none.

    Each line has number, kind, component, component_name, text and action, and of its component on_hand, on_order and
    demand, in pieces (a month, by the imported history)."""
    tx = call.tx
    sku = catalogue.components.c.sku
    only = [] if component is None else [sa.or_(entries.c.component_id.is_(None), sku == component)]
    rows = tx.all(
        sa.select(entries, catalogue.components.c.sku, catalogue.components.c.names)
        .outerjoin(catalogue.components)
        .where(entries.c.heard_on >= call.today - dt.timedelta(days=DAYS), *only)
        .order_by(entries.c.id.desc())
        .limit(MOST)
    )
    about = sorted({row.component_id for row in rows if row.component_id})
    where = positions(tx, about) if about else {}
    daily = demand.daily(tx, call.today, DAYS, about) if about else {}
    lines = []
    for row in rows:
        place, wanted = where.get(row.component_id), daily.get(row.component_id)
        lines.append(
            {
                "number": row.number,
                "kind": row.kind,
                "component": row.sku,
                "component_name": catalogue.name(row) if row.component_id else None,
                "text": row.text,
                "action": row.action,
                "on_hand": place.on_hand if place else None,
                "on_order": place.on_order if place else None,
                "demand": round(wanted.mean * 30) if wanted else None,
            }
        )
    return {"feedback_lines": lines}
