"""A blind count: who is asked to count sees nowhere what the books say, until the sheet is done."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.queries import cases, stock, variables
from tests.office import Office


def test_who_may_count_does_not_see_the_books(office: Office) -> None:
    office.as_("chenjie").start(
        "stocktake", count_kind="spot", count_warehouse="SH", count_components=["QY-P60-265"]
    )
    office.settle()
    [sheet] = office.cases_of("count_sheet")
    [count] = office.cases_of("stocktake")
    counter, manager = office.as_("liyang"), office.as_("wangfang")

    def seen(desk: Any) -> Any:
        lines = office.runtime.read(stock.overview, desk.actor)
        return next(line.on_hand for line in lines if line.sku == "QY-P60-265")

    def held(name: str, desk: Any) -> Any:
        return getattr(office.runtime.read(stock.component, desk.actor, "QY-P60-265"), name)

    assert (seen(counter), seen(manager)) == (None, 100)
    assert held("counting", counter) and not held("movements", counter) and not held("warehouses", counter)
    assert held("movements", manager)
    known = office.runtime.read(variables.variables, counter.actor, sheet.id)
    assert "book" not in str(known) and "67" not in str(known["count_lines"])
    with pytest.raises(cases.NoSuchCase):
        office.runtime.read(variables.variables, counter.actor, count.id)
    counter.do("count_goods", sheet.id, count_lines=[{"counted": 67}])
    office.settle()
    assert seen(counter) == 100
