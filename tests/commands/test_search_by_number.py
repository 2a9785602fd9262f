"""Search by number, code and name: what the books hold is found by those who may see it, and by nobody else."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.commands import advance
from runtime.identity import SYSTEM
from runtime.ids import public_id
from runtime.ledger import catalogue, contacts, documents, leave, orders, plans, sales, settlements, shipments
from runtime.queries import named, search
from runtime.store.db import Transaction, metadata
from runtime.values import Value
from tests.diagrams import bpmn, end, properties, start, user
from tests.office import Office
from tests.queries_seen import asked, scans

BUY = bpmn("buy", start(), user("sign", candidateGroups="purchasing"), end(), extra=properties(title="采购"))
SECRET = bpmn(
    "rest", start(), user("look", candidateGroups="hr"), end(),
    extra=properties(confidential="true", subject="${about}", title="请假"),
)  # fmt: skip
DAY = dt.date(2026, 3, 2)


def book(tx: Transaction, table: sa.Table, case: str, **values: Any) -> int:
    return documents.add(tx, table, public_id=public_id(), case=case, at=tx.now, **values)


def order(tx: Transaction, case: str, number: str, contract: str, supplier: int) -> int:
    called = number.replace("PO", "PP")
    plan = book(tx, plans.plans, case, number=called, state="ordered", drafter="x", reason="x", amount=1)
    held = book(
        tx, orders.contracts, case, plan_id=plan, supplier_id=supplier, contract_no=contract, signed_on=DAY
    )
    return book(
        tx, orders.orders, case, number=number, state="open", contract_id=held, plan_id=plan, supplier_id=supplier,
        amount=1, promised=DAY, eta=DAY,
    )  # fmt: skip


def fill(tx: Transaction, buy: str, rest: str) -> None:
    names = [
        ("SUP-LONGI", {"en": "LONGi Green Energy", "zh_Hans": "隆基绿能"}, True),
        ("SUP-HANS", {"en": "Hans & 100% Sons", "zh_Hans": "汉斯"}, False),
    ]
    for code, called, active in names:
        tx.insert(catalogue.suppliers, [{"code": code, "names": called, "contact": "王芳", "active": active}])
    tx.insert(catalogue.customers, [{"code": "CU-1", "names": {"zh_Hans": "光明电站"}, "active": True}])
    panel = {
        "sku": "JAM72D42-585", "names": {"en": "Bifacial module", "zh_Hans": "双面组件"}, "brand": "JA Solar",
        "model": "JAM72D42", "technology": "TOPCon", "bifacial": True, "purchase_price": 1, "state": "draft",
    }  # fmt: skip
    tx.insert(catalogue.components, [panel, panel | {"sku": "PV_9", "names": {"en": "Cable"}, "model": "X"}])
    supplier = tx.scalar(sa.select(catalogue.suppliers.c.id).where(catalogue.suppliers.c.code == "SUP-LONGI"))
    customer = tx.scalar(sa.select(catalogue.customers.c.id))
    order(tx, buy, "PO-2026-0012", "HT-2025-118", supplier)
    order(tx, buy, "PO-2026-0123", "合同2025（甲）", supplier)
    sold = book(
        tx, sales.sales_orders, buy, number="SO-2026-0001", state="confirmed", customer_id=customer, address="x",
        promised=DAY, amount=1, recorded_by="x", reference="alt-77",
    )  # fmt: skip
    book(tx, settlements.settlements, buy, number="ST-2026-0001", order_id=sold, amount=1, paid=0, invoice="FP00998",
         settled_on=DAY, by="x")  # fmt: skip
    tx.insert(catalogue.warehouses, [{"code": "W", "names": {}}])
    book(tx, shipments.shipments, buy, number="SH-2026-0001", order_id=sold, carrier="x", tracking="SF-1234",
         shipped_on=DAY, warehouse_id=tx.scalar(sa.select(catalogue.warehouses.c.id)))  # fmt: skip
    book(tx, contacts.contacts, buy, number="CO-2026-0001", supplier_id=supplier, held_on=DAY, topic="价格",
         said="x", by="x")  # fmt: skip
    book(tx, leave.leaves, rest, number="LV-2026-0001", person="x", kind="annual", first_day=DAY, starts_at_noon=False,
         last_day=DAY, ends_at_noon=False, workdays=1, days=1, statutory=0, state="approved")  # fmt: skip


def begin(firm: Office, who: str, process: str) -> str:
    actor = firm.as_(who).actor
    about: dict[str, Value] = {"about": actor.public_id}
    return firm.runtime.do(lambda tx, actor: advance.begin(tx, actor, process, variables=about), actor).case


@pytest.fixture
def books(firm: Office) -> tuple[str, str]:
    """The case of the buyer that made the documents, and that of a specialist's leave."""
    firm.deploy(BUY, SECRET)
    made = begin(firm, "buyer", "buy"), begin(firm, "spec", "rest")
    firm.runtime.do(lambda tx, actor: fill(tx, *made), SYSTEM)
    return made


def hits(firm: Office, who: str, text: str) -> named.Named:
    return firm.runtime.read(search.find, firm.as_(who).actor, text).named


def numbers(firm: Office, who: str, text: str) -> list[str]:
    return sorted(hit.number for hit in hits(firm, who, text).documents)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("PO-2026-0012", ["PO-2026-0012"]), ("po20260012", ["PO-2026-0012"]),
        ("ＰＯ－２０２６－０１", ["PO-2026-0123"]),
        ("PO", ["PO-2026-0012", "PO-2026-0123"]), ("PO 2026", ["PO-2026-0012", "PO-2026-0123"]),
        ("PO-2026-", ["PO-2026-0012", "PO-2026-0123"]), ("PO-2025", []), ("PO-2026-00121", []), ("0012", []),
        ("P", []), ("PX-2026", []), ("SO-2026-0001", ["SO-2026-0001"]), ("PP-2026-0123", ["PP-2026-0123"]),
        ("HT-2025", ["HT-2025-118"]), ("ht-2025-118", ["HT-2025-118"]), ("合同2025", ["合同2025（甲）"]), ("HT", []),
        ("FP00998", ["FP00998"]), ("fp009", ["FP00998"]), ("sf-12", ["SF-1234"]), ("alt-7", ["alt-77"]),
        ("ALT-7", []), ("%", []), ("PO-2026%", []), ("PO-____", []), ("\0PO\0", ["PO-2026-0012", "PO-2026-0123"]),
    ],
)  # fmt: skip
def test_a_document_is_found_by_its_number_and_how_that_begins(
    firm: Office, books: tuple[str, str], text: str, wanted: list[str]
) -> None:
    assert numbers(firm, "buyer", text) == wanted


def test_what_is_called_exactly_so_comes_first_and_leads_to_its_case(firm: Office, books: tuple[str, str]) -> None:
    firm.runtime.do(lambda tx, actor: _orders(tx, books[0], "PO-2026-00{}", range(120, 129)), SYSTEM)
    found = hits(firm, "buyer", "PO-2026-0012")
    assert [hit.number for hit in found.documents][:2] == ["PO-2026-0012", "PO-2026-00128"]
    assert (found.documents[0].case, found.documents[0].kind) == (books[0], "purchase_orders")
    assert len(found.documents) == named.MOST and found.more == {"documents"}


def _orders(tx: Transaction, case: str, number: str, which: range) -> None:
    supplier = tx.scalar(sa.select(catalogue.suppliers.c.id).limit(1))
    for each in which:
        order(tx, case, number.format(each), f"N{each}", supplier)


def test_who_may_not_see_a_case_whole_cannot_tell_that_its_documents_exist(
    firm: Office, books: tuple[str, str]
) -> None:
    # A neighbour, and an administrator, who sees of cases only where they stand.
    for who in ("spec", "root"):
        for there, never in (("PO-2026-0012", "PO-2026-0099"), ("HT-2025-118", "HT-2025-119"), ("FP00998", "FP00999")):
            found = firm.runtime.read(search.find, firm.as_(who).actor, there)
            assert found.named == firm.runtime.read(search.find, firm.as_(who).actor, never).named == named.Named()
    # Somebody's leave: they, those above them, and human resources.
    everybody = ("spec", "spec2", "sup", "boss", "lead", "hr", "money", "buyer", "root")
    assert [who for who in everybody if numbers(firm, who, "LV-2026-0001")] == [
        who for who in everybody if firm.runtime.read(search.find, firm.as_(who).actor, "请假").cases and who != "root"
    ]
    assert numbers(firm, "spec", "LV") == ["LV-2026-0001"] and numbers(firm, "spec2", "LV") == []


def test_a_contact_is_found_by_who_sees_its_case_or_may_read_whom_it_was_with(
    firm: Office, books: tuple[str, str]
) -> None:
    (of_case,) = hits(firm, "buyer", "CO-2026-0001").documents
    assert (of_case.case, of_case.topic) == (books[0], "价格")
    (of_page,) = hits(firm, "spec", "CO-2026").documents
    assert (of_page.case, of_page.title, of_page.party) == ("", {}, ("supplier", "SUP-LONGI"))
    for who in ("hr", "money"):  # neither reads suppliers
        assert hits(firm, who, "CO-2026-0001") == hits(firm, who, "CO-2026-0002") == named.Named()


@pytest.mark.parametrize(
    ("text", "components", "partners"),
    [
        ("jam72d", ["JAM72D42-585"], []), ("72D42", ["JAM72D42-585"], []), ("双面", ["JAM72D42-585"], []),
        ("JA Solar bifacial", ["JAM72D42-585"], []), ("JA cable", ["PV_9"], []), ("v_9", ["PV_9"], []),
        ("J_M72", [], []),
        ("隆基", [], ["SUP-LONGI"]), ("绿 longi", [], ["SUP-LONGI"]), ("sup-", [], ["SUP-HANS", "SUP-LONGI"]),
        ("hans", [], ["SUP-HANS"]), ("100%", [], ["SUP-HANS"]), ("王芳", [], ["SUP-HANS", "SUP-LONGI"]),
        ("光明", [], ["CU-1"]), ("zh_Hans", [], []), ("zh", [], []), ("HANT", [], []),
        ("en", [], ["SUP-LONGI"]), ('":"', [], []), ("j", [], []),
        ("%", [], []),
    ],
)  # fmt: skip
def test_components_and_partners_are_found_by_code_and_name(
    firm: Office, books: tuple[str, str], text: str, components: list[str], partners: list[str]
) -> None:
    found = hits(firm, "spec", text)
    assert [hit.sku for hit in found.components] == components
    assert [hit.code for hit in found.partners] == partners
    assert {hit.code: hit.active for hit in found.partners}.get("SUP-HANS") in (None, False)


def test_partners_are_found_by_those_who_may_read_them(firm: Office, books: tuple[str, str]) -> None:
    for who in ("hr", "money"):
        assert hits(firm, who, "隆基") == hits(firm, who, "光明") == hits(firm, who, "没有") == named.Named()
        assert hits(firm, who, "jam72d").components  # stock is everybody's to read
    assert hits(firm, "buyer", "隆基").partners and not hits(firm, "buyer", "光明").partners


def test_whoever_sees_few_of_very_many_numbers_is_told_that_not_all_were_looked_at(
    firm: Office, books: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = begin(firm, "boss", "rest")
    firm.runtime.do(lambda tx, actor: _orders(tx, other, "PO-2026-{}", range(1000, 1004)), SYSTEM)
    monkeypatch.setattr(named, "LOOKED_AT", 3)
    assert hits(firm, "buyer", "PO-2026") == named.Named(partly=True)
    assert numbers(firm, "buyer", "PO-2026-0") == ["PO-2026-0012", "PO-2026-0123"]
    assert numbers(firm, "buyer", "PO-2026-0012") == ["PO-2026-0012"]


def test_no_number_is_looked_for_in_a_whole_table(firm: Office, books: tuple[str, str]) -> None:
    actor = firm.as_("buyer").actor
    firm.runtime.read(search.find, actor, "PO-2026")
    with asked(firm.runtime.engine) as said:
        for text in ("PO-2026", "CO-2026-0001", "HT-2025", "FP00998", "SF-1234", "alt-77", "LV-2026"):
            firm.runtime.read(search.find, actor, text)
    theirs = [column.table.name for column, _ in named.THEIRS]
    tables = {table.name for of_prefix in named.NUMBERED.values() for table in of_prefix}
    assert scans(firm.runtime.engine, said, "cases", "user_tasks", *theirs, *tables) == []


def test_every_series_of_numbers_is_found() -> None:
    numbered = {table for of_prefix in named.NUMBERED.values() for table in of_prefix}
    assert numbered == {
        table
        for table in metadata.sorted_tables
        if {"number", "case"} <= set(table.c.keys()) and isinstance(table.c.number.type, sa.String)
    }
    assert {table.name for table in numbered} | {kind for _, kind in named.THEIRS} == set(named.SENTENCES)
    texts = [file.read_text(encoding="utf-8") for file in Path(documents.__file__).parent.glob("*.py")]
    given = {prefix for text in texts for prefix in re.findall(r'next_number\([\w.]+, "(\w+)"', text)}
    assert given == set(named.NUMBERED)
