"""What the demo's people remember from one task to the next, and know of the catalogue by heart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from runtime.demo.figures import catalogue


@dataclass
class Memory:
    """`ordered`: lines of a sales order by case; `miscounted`: what was found on the shelves, by case and
    component; `shortages`: how often a case was asked about; `found`: what the next count of a component will find;
    `spoken_for`: components that only one story takes from; `needed`: who takes no leave from when to when; `poor`,
    `unassessed`: who has a bad month, and whom nobody has assessed yet; `assessed_late`: who is assessed when."""

    ordered: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    miscounted: dict[str, dict[str, int]] = field(default_factory=dict)
    shortages: dict[str, int] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    inspected: set[str] = field(default_factory=set)
    found: dict[str, int] = field(default_factory=dict)
    spoken_for: set[str] = field(default_factory=set)
    needed: list[tuple[str, dt.date, dt.date]] = field(default_factory=list)
    poor: str = ""
    unassessed: str = ""
    assessed_late: tuple[str, dt.datetime | None] = ("", None)
    contracts: int = 0
    budgeted: bool = False

    @cached_property
    def rows(self) -> dict[str, Mapping[str, str]]:
        return {row["sku"]: row for row in catalogue()}

    def supplier_of(self, sku: str) -> str:
        return self.rows[sku]["usual_supplier"]

    def price_of(self, sku: str) -> Decimal:
        """What a piece is bought for, in CNY."""
        return Decimal(self.rows[sku]["purchase_price"])

    def lead_of(self, sku: str) -> int:
        """Days from contract to delivery."""
        return int(self.rows[sku]["lead_time_days"] or 14)

    def multiple_of(self, sku: str) -> int:
        return int(self.rows[sku]["order_multiple"])
