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


def test_what_was_spoken_of_with_a_customer_stands_on_its_page(office: Any) -> None:
    supervisor = office.as_("chenjie")
    supervisor.start("external_contact")
    promise = {"promised_by": "us", "promise": "寄检测报告", "due_on": "2026-03-11"}
    supervisor.do(
        "note_contact", party="customer", customer="K01", held_on="2026-03-09", topic="回访", said="问发电量",
        contact_issue="none", promise_lines=[promise], next_on="2026-03-12",
    )  # fmt: skip
    office.settle()
    office.later(days=5)
    shown = page(office, "liyang")
    assert "/master-data/customer/K01/contacts" in shown
    told = Browser(office, "liyang").client.get("/master-data/customer/K01/contacts").text
    assert all(word in told for word in ("问发电量", "寄检测报告", "陈杰", "已逾期", "到期", "CO-2026-0001"))
    # Who deals with suppliers alone does not read of customers, and of nobody there is a page of nothing.
    buyer = Browser(office, "wuting").client
    assert buyer.get("/master-data/customer/K01/contacts").status_code == 403
    assert buyer.get("/master-data/supplier/NO/contacts").status_code == 404
    assert buyer.get("/master-data/warehouse/SH/contacts").status_code == 404
    assert buyer.get("/master-data/supplier/S1/contacts").status_code == 200
