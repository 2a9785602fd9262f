"""A blind count: who is asked to count sees nowhere what the books say, until the sheet is done."""

from __future__ import annotations

import re
from typing import Any

import pytest

from runtime.commands import user_tasks
from runtime.queries import cases, inbox, search, standing, stock, variables
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


def test_who_counts_again_does_not_read_what_was_counted_nor_what_the_books_say(office: Office) -> None:
    """The rule of the tolerance was asked with both; the case's page tells what rules were asked."""
    office.as_("chenjie").start(
        "stocktake", count_kind="spot", count_warehouse="SH", count_components=["QY-P60-265"]
    )
    [sheet] = office.cases_of("count_sheet")
    office.as_("liyang").do("count_goods", sheet.id, count_lines=[{"counted": 41}])
    assert office.as_("zhangmin").find("recount_goods", sheet.id)

    def page(who: str) -> cases.CasePage:
        return office.as_(who).case_page(sheet.id)

    assert [decision.rule for decision in page("wangfang").decisions] == ["count_tolerance"]  # above them
    for who in ("zhangmin", "zhoulei"):
        seen, known = page(who), office.runtime.read(variables.variables, office.as_(who).actor, sheet.id)
        assert seen.full and not seen.decisions
        assert not re.search(r"\b(41|67)\b", f"{known} {seen.problems} {seen.entered} {seen.documents}")


def test_where_a_count_waits_is_told_as_far_as_its_sheets_are_seen_and_nothing_of_what_was_counted(
    office: Office,
) -> None:
    count = office.as_("chenjie").start(
        "stocktake", count_kind="spot", count_warehouse="SH", count_components=["QY-P60-265"]
    )
    [sheet] = office.cases_of("count_sheet")

    def told(who: str) -> dict[str, list[tuple[str, str]]]:
        """What the lists say of the count and of its sheet, by process."""
        actor = office.as_(who).actor
        rows = office.runtime.read(inbox.started, actor).rows + office.runtime.read(search.find, actor, "盘点").cases
        assert not re.search(r"\b(41|67|100)\b", str([row.standing for row in rows]))
        return {
            row.process: [(step.names["zh_Hans"], standing.whom(step, "zh_Hans")) for step in row.standing.first]
            for row in rows
            if row.id in (count.id, sheet.id)
        }

    def both(step: list[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
        return {"stocktake": step, "count_sheet": step}

    # Who began it does not see the sheets; whoever may count sees nothing but the sheet.
    assert told("chenjie") == {"stocktake": [("等待盘点表交回", "")]}
    assert told("wangfang") == both([("盲盘点数", "运营专员")])
    assert told("liyang") == {"count_sheet": [("盲盘点数", "运营专员")]}
    office.as_("liyang").do("count_goods", sheet.id, count_lines=[{"counted": 41}])
    assert told("wangfang") == both([("复点", "运营专员")])
    assert told("chenjie") == {"stocktake": [("等待盘点表交回", "")]}


def test_whoever_sees_a_count_is_told_with_whom_each_sheet_is_and_no_more(office: Office) -> None:
    """Not at which step: that it is counted again says that the shelf and the books differ."""
    count = office.as_("chenjie").start(
        "stocktake", count_kind="spot", count_warehouse="SH", count_components=["QY-P60-265"]
    )
    [sheet] = office.cases_of("count_sheet")

    def told(who: str) -> list[tuple[str, str, list[str]]]:
        [each] = office.as_(who).case_page(count.id).calls.first
        assert (each.title, each.started_at) == (sheet.row.title, sheet.row.started_at)
        assert (each.ended_at is None) == (each.status == "running")
        return [(each.id, each.status, [standing.whom(holder, "en") for holder in each.holders])]

    def page() -> str:
        seen = office.as_("chenjie").case_page(count.id)
        return f"{[view.waiting for view in seen.diagrams]} {seen.calls} {seen.open_tasks} {seen.timeline}"

    assert told("chenjie") == [("", "running", ["Operations specialist"])]
    assert told("wangfang") == [(sheet.id, "running", ["Operations specialist"])]
    with pytest.raises(cases.NoSuchCase):
        office.as_("liyang").case_page(count.id)
    with pytest.raises(cases.NoSuchCase):
        office.as_("chenjie").case_page(sheet.id)
    office.as_("liyang").do("count_goods", sheet.id, count_lines=[{"counted": 41}])
    again = office.as_("zhangmin")
    office.runtime.do(user_tasks.claim, again.actor, again.find("recount_goods", sheet.id).id)
    assert told("chenjie") == [("", "running", ["Zhang Min"])]
    assert not re.search(r"\b(41|67)\b|复点|Count again|recount", page())
    again.do("recount_goods", sheet.id, count_lines=[{"counted": 41}])
    office.settle()
    assert told("chenjie") == [("", "completed", [])]
