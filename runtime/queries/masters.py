"""Master data as its page lists it: what state each is in, who changed it last, which change is under way.

What one may not read is not there; which processes change a kind is for its diagrams. Not here: stock
(queries/stock.py), the history of one change, which its case shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime import access, library
from runtime.identity import Actor, require
from runtime.ledger import catalogue
from runtime.ledger.masters import OPEN, master_changes, master_history
from runtime.store import accounts
from runtime.store.cases import cases
from runtime.store.db import Transaction

# Of each list: its table, its code, the right to read it, the kinds of change that it shows, what changes it.
_LISTS: Mapping[str, tuple[sa.Table, str, str, tuple[str, ...], tuple[str, ...]]] = {
    "supplier": (catalogue.suppliers, "code", "supplier", ("supplier",), ("supplier_change",)),
    "customer": (catalogue.customers, "code", "customer", ("customer",), ("customer_change",)),
    "warehouse": (catalogue.warehouses, "code", "stock", ("warehouse",), ("warehouse_change",)),
    "component": (
        catalogue.components,
        "sku",
        "stock",
        ("component", "parameters"),
        ("product_listing", "component_change", "stock_parameters_change"),
    ),
}


@dataclass(frozen=True)
class Change:
    """One that took effect (`since`, by whom) or one under way (`since` is None); `case` is "" where the reader may
    not see it."""

    number: str
    case: str
    since: dt.date | None = None
    proposed_by: Mapping[str, str] | None = None
    approved_by: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Master:
    """`state`: active | blocked | closed, of a component draft | listed | delisted."""

    code: str
    names: Mapping[str, str]
    state: str
    contact: str | None
    phone: str | None
    address: str | None
    last: Change | None
    under_way: list[Change]


@dataclass(frozen=True)
class MasterList:
    """`processes`: key and names of what the reader may start to change it."""

    kind: str
    rows: list[Master]
    processes: list[tuple[str, Mapping[str, str]]]


def lists(tx: Transaction, actor: Actor) -> list[MasterList]:
    """Every list that the person may read. Raises NotGranted if there is none."""
    readable = [kind for kind, (_, _, right, _, _) in _LISTS.items() if actor.may("read", right)]
    if not readable:
        require(actor, "read", "stock")
    startable = {}
    for key in {key for *_, keys in _LISTS.values() for key in keys}:
        row = library.newest(tx, "bpmn", key)
        model = library.process(tx, row.id) if row is not None else None
        if model is not None and library.may_start(model, actor):
            startable[key] = model.names
    made = []
    for kind in readable:
        table, code, _, kinds, keys = _LISTS[kind]
        last, under_way = _last(tx, actor, kinds), _under_way(tx, actor, kinds)
        rows = [
            Master(
                code=getattr(row, code),
                names=row.names,
                state=_state(kind, row),
                contact=getattr(row, "contact", None),
                phone=getattr(row, "phone", None),
                address=getattr(row, "address", None),
                last=last.get(getattr(row, code)),
                under_way=under_way.get(getattr(row, code), []),
            )
            for row in tx.all(sa.select(table).order_by(table.c[code]))
        ]
        if kind == "component":
            # There may be thousands; what is listed as it always was stands on the page of stock.
            rows = [row for row in rows if row.last or row.under_way or row.state != "listed"]
        made.append(MasterList(kind, rows, [(key, startable[key]) for key in keys if key in startable]))
    return made


def _state(kind: str, row: Any) -> str:
    if kind == "component":
        return str(row.state)
    return "active" if row.active else "closed" if kind == "warehouse" else "blocked"


def _visible(actor: Actor) -> Any:
    """The case of a change, where the reader may see it."""
    return sa.case((access.case_visible(actor), cases.c.public_id), else_="").label("seen")


def _last(tx: Transaction, actor: Actor, kinds: tuple[str, ...]) -> dict[str, Change]:
    """Code → what last took effect."""
    kept, change = master_history.c, master_changes.c
    newest = sa.select(sa.func.max(kept.id)).where(kept.kind.in_(kinds)).group_by(kept.subject)
    proposer, approver = accounts.people.alias("proposer"), accounts.people.alias("approver")
    rows = tx.all(
        sa.select(
            kept.subject,
            kept.since,
            change.number,
            proposer.c.names.label("proposer"),
            approver.c.names.label("approver"),
            _visible(actor),
        )
        .join(master_changes, change.id == kept.change_id)
        .join(proposer, proposer.c.public_id == kept.proposed_by)
        .join(approver, approver.c.public_id == kept.approved_by)
        .outerjoin(cases, cases.c.public_id == kept.case)
        .where(kept.id.in_(newest))
    )
    return {
        row.subject: Change(row.number, row.seen or "", row.since, row.proposer, row.approver) for row in rows
    }


def _under_way(tx: Transaction, actor: Actor, kinds: tuple[str, ...]) -> dict[str, list[Change]]:
    """Code → changes that are wanted, proposed, returned or wait for their day."""
    change = master_changes.c
    rows = tx.all(
        sa.select(change.subject, change.number, _visible(actor))
        .join(cases, cases.c.public_id == change.case)
        .where(change.kind.in_(kinds), change.state.in_(OPEN), cases.c.status == "running")
        .order_by(change.id)
    )
    found: dict[str, list[Change]] = {}
    for row in rows:
        found.setdefault(row.subject, []).append(Change(row.number, row.seen))
    return found
