"""The page of master data: what one may read, its state, who changed it, and where to propose a change."""

from __future__ import annotations

import re
from typing import Any

from tests.web.test_with_runtime import Browser, send


def page(office: Any, username: str) -> str:
    return Browser(office, username).client.get("/master-data").text


def test_a_change_stands_on_the_page_while_it_waits_and_when_it_is_in_effect(office: Any) -> None:
    buyer = Browser(office, "wuting")
    send(
        buyer.client,
        "/processes/supplier_change/start",
        {"answers": '{"change_action": "block", "supplier": "S4"}'},
    )
    [task] = re.findall(r'href="(/tasks/\w+)"', buyer.client.get("/inbox").text)
    assert buyer.complete(task, {"change_reason": "交货不合格"}).status_code == 302
    office.settle()
    waiting = buyer.client.get("/master-data").text
    assert (
        "MD-2026-0001" in waiting and "停用" not in waiting and "/processes/supplier_change/start" in waiting
    )
    assert 'id="customer"' not in waiting and "/processes/warehouse_change/start" not in waiting

    supervisor = Browser(office, "chenjie")
    tasks = re.findall(r'href="(/tasks/\w+)"', supervisor.client.get("/inbox").text)
    [review] = [each for each in tasks if "MD-2026-0001" in supervisor.client.get(each).text]
    assert supervisor.complete(review, {"change_decision": "approve"}).status_code == 302
    office.settle()
    done = supervisor.client.get("/master-data").text
    assert "停用" in done and "吴婷" in done and "陈杰" in done
    assert 'id="customer"' in done and "/processes/supplier_change/start" not in done


def test_whoever_deals_with_neither_sees_warehouses_and_components_alone(office: Any) -> None:
    shown = page(office, "sunli")
    assert 'id="warehouse"' in shown and 'id="component"' in shown
    assert (
        'id="supplier"' not in shown
        and 'id="customer"' not in shown
        and "/start" not in shown.split("<main")[1]
    )
