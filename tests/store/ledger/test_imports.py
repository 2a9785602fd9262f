"""A company's books from Excel: all problems at once, control totals, a second person, taken in once and compared."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import runtime.commands.entering  # noqa: F401
from runtime import doctor, i18n
from runtime.engine.ports import BpmnError
from runtime.identity import Actor
from runtime.ledger import budgets, catalogue, demand, import_cells, imports, orders, plans, sales, stock
from runtime.ledger.employed import employments
from runtime.ledger.import_kinds import KINDS, PROBLEMS, UnknownImport
from runtime.queries import import_templates
from runtime.store import accounts, files
from runtime.values import File
from runtime.workbooks import Book, Sheet, child, write
from tests.store.ledger.conftest import Books
from tests.store.ledger.test_doctor import OF_THE_BOOKS

PROCESSES = Path(__file__).parents[3] / "processes"
STOCK = ("组件编号", "仓库", "数量", "单位成本", "库位")
PEOPLE = ("用户名", "姓名", "岗位组", "上级", "入职日", "语言", "电子邮箱")


@pytest.fixture(autouse=True)
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the child process does, without one: it has tests of its own."""

    def read(content: bytes) -> Book:
        answer = child.answer(content)
        rows = [(each["name"], tuple((n, tuple(c)) for n, c in each["rows"]), each["more"], each["wide"])
                for each in answer.get("sheets", ())]  # fmt: skip
        return Book(tuple(Sheet(*row) for row in rows), answer.get("problem"))

    monkeypatch.setattr(imports.workbooks, "read", read)


def file(books: Books, **sheets: Sequence[Sequence[str]]) -> File:
    content = write.workbook([write.Written(name, rows) for name, rows in sheets.items()])
    return File(files.put(books.tx, content), "旧系统.xlsx", write.MEDIA_TYPE, len(content))


def stock_of(*rows: Sequence[str]) -> list[Sequence[str]]:
    return [STOCK, *rows]


def tried(books: Books, kind: str, given: File, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = books.do("imports.dry_run", kind=kind, file=given, by=more.pop("by", "supervisor"), **more)
    return found


def problems(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(each["problem"], each["sheet"], each["row"], each["column"]) for each in found["problems"]]


def taken(books: Books, found: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Handed in, approved and taken; what the books say then."""
    books.do("imports.submit", document=found["document"], by="supervisor", **more)
    accept = {"difference_accepted": True} if more else {}
    books.do("imports.review", document=found["document"], decision="approve", by="manager", **accept)
    books.do("imports.take", document=found["document"])
    said: dict[str, Any] = books.do("imports.reconcile", document=found["document"])
    return said


def findings(books: Books) -> set[str]:
    ours = [each for name, each in doctor.INVARIANTS.items() if name.startswith("import")]
    return {each.name for each in ours for _ in each.ask(books.tx)}


def test_an_empty_house_starts_from_one_file(empty: Books) -> None:
    given = file(
        empty,
        仓库=[("编号", "中文名称"), ("HF", "合肥仓")],
        供应商=[("编号", "中文名称", "联系人"), ("S01", "晨光", "王工")],
        客户=[("编号", "中文名称"), ("K01", "苏州用户")],
        组件=[
            ("组件编号", "中文名称", "品牌", "型号", "技术", "采购价", "常用供应商", "供货天数", "日需求",
             "日需求波动"),
            ("LJ-295", "绿晶 295", "绿晶", "M60", "mono", "215", "S01", "14", "40", "12"),
            ("LJ-300", "绿晶 300", "绿晶", "M61", "mono", "220", "", "", "", ""),
        ],
        库存=stock_of(("LJ-295", "HF", "20", "210.505", "A-03"), ("LJ-300", "HF", "1,200", "¥3", "")),
    )
    found = tried(empty, "opening", given, count=2, quantity=1220, amount=Decimal("7810.10"))
    assert found["problems"] == [] and not found["differing"]
    assert found["totals"] == [{"what": "合肥仓", "count": 2, "quantity": 1220, "amount": Decimal("7810.10")}]
    said = taken(empty, found)
    told = {(row["what"], row["unit"], row["file"], row["books"]) for row in said["reconciliation"]}
    assert said["agrees"] and told == {
        ("合肥仓", "rows", 2, 2), ("合肥仓", "pieces", 1220, 1220), ("", "matched_rows", 2, 2),
        ("warehouses", "rows", 1, 1), ("suppliers", "rows", 1, 1), ("customers", "rows", 1, 1),
        ("components", "rows", 2, 2),
    }  # fmt: skip
    assert (empty.on_hand("LJ-295"), empty.on_hand("LJ-300")) == (20, 1200)
    # Few enough to be replenished at once, and it is said at once.
    assert [key for name, key, _ in empty.sent if name == "stock_below_safety"] == ["LJ-295"]
    assert {row.document for row in empty.rows(stock.stock_movements)} == {found["document"]}
    assert findings(empty) == set()


def test_every_problem_is_told_at_once_with_its_place(books: Books) -> None:
    books.put("M1", 5)
    books.tx.execute(sa.update(catalogue.components).where(catalogue.components.c.sku == "M3").values(state="delisted"))
    books.tx.execute(sa.update(catalogue.warehouses).where(catalogue.warehouses.c.code == "XA").values(active=False))
    given = file(
        books,
        供应商=[("编号", "中文名称", "备注"), ("S1", "晨光", ""), ("有空 格", "甲", "")],
        库存=stock_of(
            ("M1", "SH", "1", "1", ""), ("M9", "XX", "-3", "一百", ""), ("M2", "XA", "1.5", "1.00001", ""),
            ("M2", "SH", "0", "", ""), ("M3", "SH", "2", "3", ""), ("M2", "SH", "7", "9", ""),
        ),
        草稿=[("随便",)],
    )  # fmt: skip
    found = tried(books, "opening", given, count=6, quantity=10, amount=1)
    assert sorted(problems(found), key=str) == sorted([
        ("unknown_sheet", "草稿", None, None), ("unknown_column", "suppliers", 1, None),
        ("in_books", "suppliers", 2, "code"), ("bad_code", "suppliers", 3, "code"),
        ("counted_already", "stock", 2, "quantity"),
        ("unknown_component", "stock", 3, "component"), ("unknown_warehouse", "stock", 3, "warehouse"),
        ("negative", "stock", 3, "quantity"), ("not_a_number", "stock", 3, "unit_cost"),
        ("closed", "stock", 4, "warehouse"), ("not_whole", "stock", 4, "quantity"),
        ("too_many_decimals", "stock", 4, "unit_cost"),
        ("not_more_than_zero", "stock", 5, "quantity"), ("missing", "stock", 5, "unit_cost"),
        ("delisted", "stock", 6, "component"), ("twice", "stock", 7, "component"),
    ], key=str)  # fmt: skip
    assert {row["found"] for row in found["problems"]} >= {"一百", "M2 · SH (5)", "-3"}
    # Nothing of it is in the books, and it cannot be handed in.
    assert books.on_hand("M2") == 0
    with pytest.raises(BpmnError, match=r"还有 16 个问题"):
        books.do("imports.submit", document=found["document"], by="supervisor")


def test_a_corrected_file_goes_on_with_the_same_import(books: Books) -> None:
    wrong, right = (file(books, 库存=stock_of((sku, "SH", "1", "1", ""))) for sku in ("M9", "M2"))
    first = tried(books, "opening", wrong, count=1, quantity=1, amount=1)
    again = tried(books, "opening", right, count=1, quantity=1, amount=1, document=first["document"])
    assert again["number"] == first["number"] == "IM-2026-0001" and again["problems"] == []
    assert taken(books, again)["agrees"] and books.on_hand("M2") == 1


def test_a_difference_is_explained_by_one_and_accepted_by_the_other(books: Books) -> None:
    given = file(books, 库存=stock_of(("M2", "SH", "40", "210", "")))
    found = tried(books, "opening", given, count=1, quantity=42, amount=Decimal("8820"))
    assert [(row["measure"], row["difference"]) for row in found["comparison"]] == [
        ("count", 0), ("quantity", -2), ("amount", Decimal("-420.00")),
    ]  # fmt: skip
    document = found["document"]
    with pytest.raises(BpmnError) as unexplained:
        books.do("imports.submit", document=document, by="supervisor", explanation="  ")
    assert unexplained.value.code == "not_fit"
    books.do("imports.submit", document=document, by="supervisor", explanation="两块已报损")
    with pytest.raises(imports.SameImportHands):
        books.do("imports.review", document=document, decision="approve", by="supervisor", difference_accepted=True)
    with pytest.raises(imports.DifferenceNotAccepted):
        books.do("imports.review", document=document, decision="approve", by="manager")
    books.do("imports.review", document=document, decision="return", by="manager", comment="附单号")
    books.do("imports.submit", document=document, by="supervisor", explanation="报损单 0311")
    books.do("imports.review", document=document, decision="approve", by="manager", difference_accepted=True)
    books.do("imports.take", document=document)
    assert books.on_hand("M2") == 40 and findings(books) == set()


def test_the_same_file_and_the_same_approval_are_taken_in_once(books: Books) -> None:
    given = file(books, 库存=stock_of(("M2", "SH", "4", "1", "")))
    found = tried(books, "opening", given, count=1, quantity=4, amount=4)
    books.do("imports.submit", document=found["document"], by="supervisor")
    books.do("imports.review", document=found["document"], decision="approve", by="manager")
    for _ in range(2):
        books.do("imports.take", key="case/take_import/1", document=found["document"])
    assert books.on_hand("M2") == 4
    again = tried(books, "opening", given, count=1, quantity=4, amount=4)
    assert problems(again) == [("same_file", None, None, None)]
    assert again["problems"][0]["found"] == found["number"]


def test_what_the_books_got_meanwhile_sends_an_approved_import_back_whole(books: Books) -> None:
    given = file(books, 库存=stock_of(("M1", "SH", "4", "1", ""), ("M2", "SH", "4", "1", "")))
    found = tried(books, "opening", given, count=2, quantity=8, amount=8)
    books.do("imports.submit", document=found["document"], by="supervisor")
    books.do("imports.review", document=found["document"], decision="approve", by="manager")
    books.put("M2", 3)
    with pytest.raises(BpmnError) as moved:
        books.do("imports.take", document=found["document"])
    assert moved.value.code == "books_moved" and (books.on_hand("M1"), books.on_hand("M2")) == (0, 3)
    again = tried(books, "opening", given, count=2, quantity=8, amount=8, document=found["document"])
    assert problems(again) == [("counted_already", "stock", 3, "quantity")]
    books.do("imports.give_up", document=found["document"])
    assert [row.state for row in books.rows(imports.imports)] == ["given_up"]


def test_only_its_groups_bring_a_kind_in(books: Books) -> None:
    given = file(books, 库存=stock_of(("M2", "SH", "4", "1", "")))
    with pytest.raises(imports.NotYourImport, match="admin, supervisor"):
        tried(books, "opening", given, by="specialist", count=1, quantity=4, amount=4)
    with pytest.raises(imports.NotYourImport):
        tried(books, "people", given, count=1)
    with pytest.raises(UnknownImport):
        tried(books, "planets", given, count=1)


PURCHASES = ("合同号", "供应商", "组件编号", "订购数量", "已到数量", "单价", "签订日", "预计到货日", "已预付")
SALES = ("订单号", "客户", "组件编号", "订购数量", "已送达", "单价", "地址", "约定交货日", "仓库", "已预付")


def broken(books: Books) -> dict[str, list[str]]:
    """What the books say of themselves; the case that acts here is none of the database's."""
    found = {each.name: [problem.where for problem in each.ask(books.tx)] for each in OF_THE_BOOKS}
    of_the_case = ("effects_once", "entries_have_cases")
    return {name: where for name, where in found.items() if where and name not in of_the_case}


@pytest.fixture
def buying(books: Books) -> Books:
    """With somebody who buys."""
    books.people["buyer"] = "b" * 32
    person = books.tx.execute(sa.insert(accounts.people).values(
        public_id="b" * 32, username="buyer", names={}, language="en", created_at=books.tx.now,
    ).returning(accounts.people.c.id)).scalar_one()  # fmt: skip
    books.tx.insert(accounts.memberships, [{"person_id": person, "group": "purchasing"}])
    return books


def test_open_purchase_orders_become_plan_contract_and_order_of_what_is_still_to_come(buying: Books) -> None:
    given = file(buying, 未结采购订单=[
        PURCHASES,
        ("HT-118", "S1", "M1", "300", "120", "212.5", "2026-01-10", "2026-03-20", "10000"),
        ("HT-118", "S1", "M2", "50", "", "180", "2026-01-10", "2026-03-20", ""),
        ("HT-9", "S2", "M1", "10", "", "200", "2026-01-10", "2026-03-25", ""),
    ])  # fmt: skip
    found = tried(buying, "purchase_orders", given, by="buyer", count=3, quantity=240, amount=Decimal("49250"))
    assert found["problems"] == [] and not found["differing"]
    buying.do("imports.submit", document=found["document"], by="buyer")
    buying.do("imports.review", document=found["document"], decision="approve", by="manager")
    buying.do("imports.take", document=found["document"])
    assert buying.do("imports.reconcile", document=found["document"])["agrees"]
    first, second = buying.rows(orders.orders)
    assert (first.state, first.amount, second.amount) == ("open", Decimal(47250), Decimal(2000))
    assert budgets.committed_for(buying.tx, first.public_id) == Decimal(47250)
    plan = buying.rows(plans.plans)[0]
    assert (plan.state, plan.drafter, plan.decided_by) == ("ordered", "b" * 32, buying.people["manager"])
    assert "订 300 件，已到 120 件，已预付 10000.00 元" in buying.rows(orders.contracts)[0].terms
    sent = [payload for name, _, payload in buying.sent if name == "purchase_order_taken_over"]
    assert [each["order"] for each in sent] == [first.public_id, second.public_id]
    assert not broken(buying)
    again = file(buying, 未结采购订单=[
        PURCHASES,
        ("HT-118", "S1", "M1", "300", "300", "1", "2026-01-10", "2026-03-20", ""),
        ("HT-7", "S9", "M9", "2", "", "10", "2026-06-10", "2026-07-20", "21"),
        ("HT-7", "S9", "M2", "2", "", "10", "2026-06-10", "2026-07-21", ""),
    ])  # fmt: skip
    told = problems(tried(buying, "purchase_orders", again, by="buyer", count=3, quantity=4, amount=40))
    assert sorted(told, key=str) == sorted([
        *((problem, "purchase_orders", row, column) for problem, row, column in (
            ("in_books", 2, "contract_no"), ("nothing_open", 2, "arrived"), ("unknown_supplier", 3, "supplier"),
            ("unknown_component", 3, "component"), ("paid_too_much", 3, "paid"), ("in_the_future", 3, "signed_on"),
            ("unknown_supplier", 4, "supplier"), ("differs_in_order", 4, "expected"), ("in_the_future", 4, "signed_on"),
        )),
    ], key=str)  # fmt: skip


def test_open_purchases_beyond_the_budget_do_not_come_in(buying: Books) -> None:
    line = {"line": "purchasing", "amount": Decimal(1000)}
    budget = buying.do("budget.draft", year=2026, lines=[line], drafter="manager")["budget"]
    buying.do("budget.approve", budget=budget, approver="lead")
    row = ("HT-1", "S1", "M1", "6", "", "200", "2026-01-10", "2026-03-20", "")
    given = file(buying, 未结采购订单=[PURCHASES, row])
    found = tried(buying, "purchase_orders", given, by="buyer", count=1, quantity=6, amount=1200)
    assert problems(found) == [("over_budget", "purchase_orders", None, None)]


def test_open_sales_orders_are_confirmed_for_what_is_still_to_be_shipped(books: Books) -> None:
    given = file(books, 未结销售订单=[
        SALES,
        ("XS-1", "K1", "M1", "100", "80", "268", "苏州市示例路", "2026-03-20", "SH", "1000"),
        ("XS-1", "K1", "M2", "10", "", "230", "苏州市示例路", "2026-03-20", "SH", ""),
    ])  # fmt: skip
    found = tried(books, "sales_orders", given, count=2, quantity=30, amount=Decimal("7660"))
    assert found["problems"] == [] and taken(books, found)["agrees"]
    [order] = books.rows(sales.sales_orders)
    assert (order.state, order.reference, order.amount) == ("confirmed", "XS-1", Decimal(7660))
    assert order.credit_verdict and order.recorded_by == books.people["supervisor"]
    assert order.credit_released_by in (None, books.people["manager"])
    [payload] = [payload for name, _, payload in books.sent if name == "sales_order_taken_over"]
    assert (payload["order"], payload["paid"], payload["warehouse"]) == (order.public_id, Decimal(1000), "SH")
    assert not broken(books)
    again = file(books, 未结销售订单=[
        SALES,
        ("XS-1", "K1", "M1", "100", "80", "268", "苏州", "2026-03-20", "SH", ""),
        ("XS-2", "K9", "M1", "5", "", "10", "苏州", "2026-03-20", "NJ", ""),
    ])  # fmt: skip
    assert problems(tried(books, "sales_orders", again, count=2, quantity=25, amount=1)) == [
        ("in_books", "sales_orders", 2, "reference"),
        ("unknown_customer", "sales_orders", 3, "customer"), ("unknown_warehouse", "sales_orders", 3, "warehouse"),
    ]  # fmt: skip


DEMAND = ("组件编号", "日期", "数量")


def test_past_demand_comes_in_once_and_whole_and_is_what_forecasts_read(books: Books) -> None:
    given = file(books, 过往需求=[
        DEMAND, ("M1", "2026-02-26", "10"), ("M1", "2026-03-01", "6"),
        ("M2", "2026-02-27", "4"), ("M2", "2026-02-28", "0"),
    ])  # fmt: skip
    found = tried(books, "demand", given, count=4, quantity=20)
    assert found["problems"] == [] and not found["differing"]
    assert [(part["what"], part["quantity"]) for part in found["totals"]] == [("2026-02", 14), ("2026-03", 6)]
    done = taken(books, found)
    assert done["agrees"] and not broken(books)
    assert [(row["what"], row["file"]) for row in done["reconciliation"]] == [
        ("components", 2), ("2026-02", 14), ("2026-03", 6),
    ]  # fmt: skip
    first, second = catalogue.component(books.tx, "M1").id, catalogue.component(books.tx, "M2").id
    series = {row.component_id: row for row in books.rows(demand.demand_series)}
    # 27 and 28 February had none; the zero of M2 says that its history goes on to that day.
    assert (series[first].first_day.day, series[first].last_day.day) == (26, 1)
    assert (series[second].last_day, series[second].source) == (dt.date(2026, 2, 28), found["document"])
    wanted = demand.daily(books.tx, dt.date(2026, 3, 2), 90)
    assert (wanted[first].mean, wanted[first].days) == (Decimal(4), 4)
    assert (wanted[second].mean, wanted[second].days) == (Decimal(2), 2)
    old = file(books, 过往需求=[DEMAND, ("M3", "1950-01-01", "1"), ("M3", "2016-01-01", "1")])
    assert problems(tried(books, "demand", old, count=2, quantity=2)) == [("odd_date", "demand", 2, "day")]
    again = file(books, 过往需求=[
        DEMAND, ("M1", "2026-02-01", "1"), ("M9", "2027-01-01", "-1"), ("M9", "2027-01-01", "1"),
    ])  # fmt: skip
    assert problems(tried(books, "demand", again, count=3, quantity=1)) == [
        ("in_books", "demand", 2, "component"),
        ("unknown_component", "demand", 3, "component"), ("in_the_future", "demand", 3, "day"),
        ("negative", "demand", 3, "quantity"),
        ("twice", "demand", 4, "component"), ("unknown_component", "demand", 4, "component"),
        ("in_the_future", "demand", 4, "day"),
    ]  # fmt: skip


def test_a_history_of_many_days_is_read_and_other_sheets_stay_short(books: Books) -> None:
    first = dt.date(2020, 1, 1)
    days = [("M1", (first + dt.timedelta(days=n)).isoformat(), "1") for n in range(2_200)]
    assert tried(books, "demand", file(books, 过往需求=[DEMAND, *days]), count=2_200, quantity=2_200)["problems"] == []
    rows = [("M1", "SH", "1", "1", "") for _ in range(2_001)]
    assert ("too_many_rows", "stock", None, None) in problems(
        tried(books, "opening", file(books, 库存=stock_of(*rows)), count=2_001, quantity=2_001, amount=2_001)
    )


DEMAND_DEFECTS = [
    "UPDATE demand SET pieces = pieces + 1",
    "UPDATE imports SET state = 'given_up'",
    "UPDATE demand_series SET source = 'x'",
    "UPDATE demand_series SET last_day = first_day",
    "DELETE FROM demand_series",
]


@pytest.mark.parametrize("statement", DEMAND_DEFECTS, ids=lambda each: each[-28:])
def test_a_defect_of_imported_demand_is_seen(books: Books, statement: str) -> None:
    given = file(books, 过往需求=[DEMAND, ("M1", "2026-02-26", "10"), ("M1", "2026-02-28", "6")])
    taken(books, tried(books, "demand", given, count=2, quantity=16))
    assert findings(books) == set()
    books.tx.connection.exec_driver_sql(statement)
    assert "imported_demand_is_in_the_books" in findings(books)


@pytest.fixture
def house(empty: Books) -> Books:
    """With somebody who administers it."""
    empty.people["admin"] = "a" * 32
    person = empty.tx.execute(sa.insert(accounts.people).values(
        public_id="a" * 32, username="admin", names={}, language="en", created_at=empty.tx.now,
    ).returning(accounts.people.c.id)).scalar_one()  # fmt: skip
    empty.tx.insert(accounts.memberships, [{"person_id": person, "group": "admin"}])
    return empty


def test_people_come_with_their_groups_superior_first_day_and_without_a_password(house: Books) -> None:
    given = file(house, 人员=[
        PEOPLE,
        ("xuli", "许丽", "运营专员、Data analyst", "gaoyang", "2024/3/1", "English", "xuli@example.com"),
        ("gaoyang", "高阳", "supervisor", "linyue", "2020年7月15日", "", ""),
    ])  # fmt: skip
    found = tried(house, "people", given, by="admin", count=2)
    assert found["problems"] == [] and not found["differing"]
    assert [(row["what"], row["count"]) for row in found["totals"]] == [
        ("supervisor", 1), ("specialist", 1), ("analyst", 1),
    ]  # fmt: skip
    house.do("imports.submit", document=found["document"], by="admin")
    house.do("imports.review", document=found["document"], decision="approve", by="hr")
    house.do("imports.take", document=found["document"])
    assert house.do("imports.reconcile", document=found["document"])["agrees"]
    org = accounts.organisation(house.tx)
    xuli, gaoyang = (accounts.find(house.tx, username=name) for name in ("xuli", "gaoyang"))
    assert (xuli.password, xuli.language, xuli.email) == (None, "en", "xuli@example.com")
    assert xuli.superior_id == gaoyang.id and org.superior(gaoyang.public_id) == house.people["manager"]
    assert accounts.groups_of(house.tx, xuli.id) == {"specialist", "analyst"}
    days = {row.person: (row.entered_on, row.entered_by, row.confirmed_by) for row in house.rows(employments)}
    assert days[gaoyang.public_id] == (dt.date(2020, 7, 15), house.people["admin"], house.people["hr"])
    noted = house.tx.all(sa.select(accounts.admin_log.c.subject).where(accounts.admin_log.c.action == "person.added"))
    assert {row.subject for row in noted} == {"xuli", "gaoyang"}


def test_what_is_wrong_with_people_is_told_of_each(house: Books) -> None:
    given = file(house, 人员=[
        PEOPLE,
        ("WANGFANG", "王芳", "主管们", "nobody", "昨天", "Klingon", "no mail"),
        ("a", "甲", "运营专员", "", "1803-01-01", "", ""),
        ("aa", "乙", "运营专员", "bb", "2024-01-01", "", ""),
        ("bb", "丙", "运营专员", "aa", "2024-01-01", "", ""),
        ("bb", "丁", "", "", "", "", ""),
    ])  # fmt: skip
    assert sorted(problems(tried(house, "people", given, by="admin", count=5)), key=str) == sorted([
        ("in_books", "people", 2, "username"), ("unknown_group", "people", 2, "groups"),
        ("unknown_superior", "people", 2, "superior"), ("not_a_date", "people", 2, "employed_on"),
        ("not_a_choice", "people", 2, "language"), ("bad_email", "people", 2, "email"),
        ("bad_username", "people", 3, "username"), ("odd_date", "people", 3, "employed_on"),
        ("circular", "people", 4, "superior"), ("circular", "people", 5, "superior"),
        ("twice", "people", 6, "username"), ("missing", "people", 6, "groups"), ("missing", "people", 6, "employed_on"),
    ], key=str)  # fmt: skip


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("language", sorted(i18n.LANGUAGES))
def test_a_template_is_read_as_it_was_written_and_its_examples_fit(empty: Books, kind: str, language: str) -> None:
    wanted = KINDS[kind]
    actor = Actor(1, "p" * 32, "x", groups=frozenset(wanted.groups))
    name, content = import_templates.template(empty.tx, actor, kind, language)
    assert name.endswith(".xlsx")
    sheets = {each["name"]: each["rows"] for each in child.answer(content)["sheets"]}
    assert len(sheets) == len(wanted.sheets) + 1
    filled = Book(tuple(
        Sheet(title, (sheets[title][0], (2, tuple(column.example for column in sheet.columns))))
        for sheet in wanted.sheets for title in [i18n.say(language, sheet.title)[:31]]
    ))  # fmt: skip
    rows, found = import_cells.rows_of(wanted, filled)
    assert found == [] and {len(each) for each in rows.values()} == {1}
    with pytest.raises(imports.NotYourImport):
        import_templates.template(empty.tx, Actor(2, "q" * 32, "y"), kind, language)


def test_a_file_without_sheets_or_columns_says_which(books: Books) -> None:
    nothing = {"count": 0, "quantity": 0, "amount": 0}
    found = tried(books, "opening", file(books, 仓库=[("编号", "中文名称"), ("HF", "合肥仓")]), **nothing)
    assert problems(found) == [("sheet_missing", "stock", None, None)]
    found = tried(books, "opening", file(books, 库存=[("组件编号", "组件编号", "数量"), ("M1", "M1", "1")]), **nothing)
    assert sorted(problems(found), key=str) == [
        ("column_missing", "stock", 1, "unit_cost"), ("column_missing", "stock", 1, "warehouse"),
        ("column_twice", "stock", 1, "component"),
    ]  # fmt: skip
    locked = File(files.put(books.tx, child.OLE + b"\0" * 99), "旧.xlsx", write.MEDIA_TYPE, 107)
    assert problems(tried(books, "opening", locked, **nothing)) == [("locked", None, None, None)]


def test_forms_know_every_problem_sheet_and_column_in_every_language() -> None:
    form = json.loads((PROCESSES / "import_review" / "check_import.form").read_text(encoding="utf-8"))
    [table] = [each for each in form["components"] if each["id"] == "table_import_problems"]
    offered = {column["key"]: column.get("values", []) for column in table["columns"]}
    assert [each["value"] for each in offered["problem"]] == list(PROBLEMS)
    assert [each["value"] for each in offered["remedy"]] == list(PROBLEMS)
    words = {sheet.key: sheet.title for kind in KINDS.values() for sheet in kind.sheets}
    assert _named(offered["sheet"]) == {key: _in_all(word) for key, word in words.items()}
    columns = [column for kind in KINDS.values() for sheet in kind.sheets for column in sheet.columns]
    assert _named(offered["column"]) == {column.key: _in_all(column.heading) for column in columns}
    # One heading a key: the form cannot tell two of the same key apart.
    assert len({(column.key, column.heading) for column in columns}) == len({column.key for column in columns})


def _named(offered: list[dict[str, str]]) -> dict[str, tuple[str, ...]]:
    return {each["value"]: (each["label_en"], each["label"], each["label_zh_hant"]) for each in offered}


def _in_all(word: str) -> tuple[str, ...]:
    return tuple(i18n.say(language, word) for language in ("en", "zh_Hans", "zh_Hant"))


DEFECTS = [
    ("imports_are_approved_by_another", "UPDATE imports SET reviewed_by = NULL"),
    ("imports_are_approved_by_another", "UPDATE imports SET explanation = NULL"),
    ("imports_are_approved_by_another", "UPDATE imports SET problems = 1"),
    ("imported_stock_is_in_the_books", "UPDATE imports SET state = 'given_up'"),
    ("imported_stock_is_in_the_books", "UPDATE imports SET public_id = 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("invariant", "statement"), DEFECTS, ids=lambda each: each[-28:])
def test_a_defect_of_an_import_is_seen(books: Books, invariant: str, statement: str) -> None:
    given = file(books, 库存=stock_of(("M2", "SH", "4", "1", "")))
    found = tried(books, "opening", given, count=1, quantity=5, amount=4)
    taken(books, found, explanation="少一块")
    assert findings(books) == set()
    books.tx.connection.exec_driver_sql(statement)
    assert invariant in findings(books)
