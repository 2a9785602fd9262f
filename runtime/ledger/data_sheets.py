"""The data sheet of a component as master data: electrical figures at standard test conditions, size and weight.

Not here: what it is called, its prices and whether it is listed (products.py), its stock parameters
(parameters.py), how a change is proposed and approved (masters.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from runtime.ledger import catalogue, masters
from runtime.ledger.catalogue import components
from runtime.ledger.inputs import Figure, Measure, Person, Pieces
from runtime.ledger.masters import Kind, Proposed
from runtime.ledger.operations import Call, operation
from runtime.store.db import Transaction

FIELDS = (
    "bifacial",
    "cells",
    "voc",
    "isc",
    "vmp",
    "imp",
    "efficiency",
    "power_coefficient",
    "noct",
    "length",
    "width",
    "weight",
)


@operation("masters.propose_component", errors=("bad_change",))
def propose_component(
    call: Call,
    component: str,
    reason: str,
    by: Person,
    bifacial: bool = False,
    cells: Pieces | None = None,
    voc: Measure | None = None,
    isc: Measure | None = None,
    vmp: Measure | None = None,
    imp: Measure | None = None,
    efficiency: Measure | None = None,
    power_coefficient: Figure | None = None,
    noct: Figure | None = None,
    length: Measure | None = None,
    width: Measure | None = None,
    weight: Measure | None = None,
    effective_on: dt.date | None = None,
    master_change: str | None = None,
) -> Proposed:
    """Propose a component's data sheet, whole: V, A, % (a kelvin), °C, mm, kg.

    component: its SKU. What is left out will be empty. BPMN error: bad_change, see masters.propose."""
    wanted = {
        "bifacial": bifacial,
        "cells": cells,
        "voc": voc,
        "isc": isc,
        "vmp": vmp,
        "imp": imp,
        "efficiency": efficiency,
        "power_coefficient": power_coefficient,
        "noct": noct,
        "length": length,
        "width": width,
        "weight": weight,
    }
    return masters.propose(
        call, "component", "change", component, wanted, reason, by, effective_on, master_change
    )


def _look(tx: Transaction, sku: str, held: bool) -> tuple[dict[str, Any], str] | None:
    query = sa.select(components).where(components.c.sku == sku)
    row = tx.first(query.with_for_update() if held else query)
    return ({field: getattr(row, field) for field in FIELDS}, catalogue.name(row)) if row else None


def _write(call: Call, sku: str, after: Mapping[str, Any], new: bool, by: str) -> None:
    call.tx.execute(sa.update(components).where(components.c.sku == sku).values(**after))


def _always(tx: Transaction, sku: str, after: Mapping[str, Any]) -> None:
    """A data sheet is corrected at any time."""


masters.KINDS["component"] = Kind(
    FIELDS, (), _look, lambda sku: catalogue.UnknownComponent(component=sku), _write, _always
)
