"""Exceptions of the warehouse: alerts, anomalies, losses and counts."""

from __future__ import annotations

from typing import Any

from runtime.commands import comments
from runtime.demo.department import Department, Script
from runtime.demo.exceptions.telling import fullest, story


@story(4)
def alert_that_nobody_acknowledges(house: Department) -> None:
    house.left |= {"acknowledge_alert", "acknowledge_overdue_alert"}
    lines = [
        line
        for line in house.stock("chenjie")
        if line.safety_stock and line.on_hand is not None and not line.alert
    ]
    shelves, kept = house.shelves(), house.memory.spoken_for
    reach = {line.sku: (line.on_hand or 0) - (line.safety_stock or 0) + 1 for line in lines}
    fits = sorted(
        (pieces, sku)
        for sku, pieces in reach.items()
        if sku not in kept and 0 < pieces <= shelves.get((sku, "SH"), (0, 0))[1]
    )
    if not fits:
        return  # then every alert is there already
    pieces, sku = fits[0]
    kept.add(sku)
    answers: dict[str, Any] = {"difference": "shortage", "pieces": pieces, "reason": "仓库漏雨，受潮报废"}
    house.start("liyang", "stock_correction", component=sku, warehouse="SH", **answers)


@story(5)
def anomaly_that_nobody_handles(house: Department) -> None:
    answers: dict[str, Any] = {"anomaly_kind": "damage", "description": "托盘倒塌，边框变形"}
    case = house.start("zhangmin", "stock_anomaly", Script(), component="CZ-M60-265", warehouse="SH", **answers)
    # Asked and answered on the case, and not read yet.
    asked = f"@{house.called('zhangmin')} 是整托还是只有外层？"
    for who, text in (("chenjie", asked), ("zhangmin", "外层 4 件，@chenjie 请看。")):
        house.runtime.do(comments.write, house.actor(who), case, text)


CAUSE = {"cause": "theft", "cause_note": "夜间被盗，已报案"}


def _count(house: Department, share: float, script: Script) -> None:
    """A spot count in which so much of what the books say is found."""
    sku = fullest(house, alone=True)
    house.memory.found[sku] = round(house.shelves()[sku, "SH"][0] * share)
    answers: dict[str, Any] = {"count_kind": "spot", "count_warehouse": "SH", "count_components": [sku]}
    house.start("chenjie", "stocktake", script, **answers)


@story(9)
def loss_for_the_division_lead(house: Department) -> None:
    agreed: list[Any] = [{"manager_decision": "approve"}]
    _count(house, 0.7, Script({"explain_variances": [{"variances": [CAUSE]}], "review_variances": agreed}))


@story(8)
def loss_that_nobody_reviews(house: Department) -> None:
    _count(house, 0.7, Script({"explain_variances": [{"variances": [CAUSE]}]}))


@story(9)
def loss_to_book(house: Department) -> None:
    agreed: dict[str, list[Any]] = {
        "review_variances": [{"manager_decision": "approve"}],
        "review_loss": [{"lead_decision": "approve"}],
    }
    _count(house, 0.7, Script({"explain_variances": [{"variances": [CAUSE]}], **agreed}))


@story(6)
def count_overtaken_by_a_movement(house: Department) -> None:
    house.left.add("recount_goods")
    sku = fullest(house, alone=True)
    counted: dict[str, Any] = {"count_kind": "spot", "count_warehouse": "SH", "count_components": [sku]}

    def approve() -> dict[str, Any]:
        # The count begins just before the movement that overtakes it.
        house.start("chenjie", "stocktake", **counted)
        return {"correction_decision": "approve"}

    moved: dict[str, Any] = {
        "component": sku,
        "warehouse": "SH",
        "difference": "shortage",
        "pieces": 1,
        "reason": "叉车撞坏",
    }
    house.start("zhoulei", "stock_correction", Script({"review_correction": [approve]}, frozenset()), **moved)


@story(3)
def count_still_to_be_done(house: Department) -> None:
    house.left.add("count_goods")
    house.start(
        "chenjie", "stocktake", count_kind="spot", count_warehouse="XA", count_components=["QY-M60-255"]
    )


@story(4)
def check_that_nobody_does(house: Department) -> None:
    house.start("chenjie", "stock_check", Script())
