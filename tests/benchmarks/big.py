"""A department house as it looks after years: 1,000,000 user tasks of which 100,000 are open, in
300,000 cases, by hundreds of people and their groups; 60,000 purchase orders that cases made, 20,000 components
and 2,000 suppliers.

    fill(runtime.engine, Size())

Written by plain SQL into the stores' tables, the same rows for the same seed, on SQLite and PostgreSQL. The
cases have no engine state: lists, counts and search are measured on them, steps are not."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime import values
from runtime.identity import GROUPS
from runtime.ledger import catalogue, orders, plans
from runtime.store import accounts, cases, search, user_tasks

# The rows' times end here; what is measured looks at them from this moment on.
NOW = dt.datetime(2026, 11, 1, 1, 0, tzinfo=dt.UTC)
YEARS = dt.timedelta(days=4 * 365)
BUSY = 0.05  # of the open tasks: how many each of the five busiest people has taken

# Process, its user tasks: (element, who is asked), Chinese and English names, the share of confidential ones.
PROCESSES: Sequence[tuple[str, str, str, Sequence[tuple[str, str, str, str]], bool]] = (
    ("purchase_plan", "采购计划", "Purchase plan", (
        ("draft_plan", "拟定采购计划", "Draft the purchase plan", "specialist"),
        ("review_plan", "审核采购计划", "Review the purchase plan", "supervisor"),
        ("approve_plan", "批准采购计划", "Approve the purchase plan", "manager"),
    ), False),
    ("purchase_execution", "采购执行", "Purchase execution", (
        ("choose_supplier", "选择供应商", "Choose a supplier", "specialist"),
        ("sign_contract", "签订合同", "Sign the contract", "purchasing"),
        ("place_order", "下达订单", "Place the order", "specialist"),
    ), False),
    ("goods_receipt", "到货验收", "Goods receipt", (
        ("inspect_goods", "验收到货", "Inspect the delivery", "logistics"),
        ("store_goods", "入库登记", "Put the goods into stock", "specialist"),
    ), False),
    ("sales_order", "销售订单", "Sales order", (
        ("check_order", "核对订单", "Check the order", "specialist"),
        ("confirm_payment", "确认收款", "Confirm the payment", "finance"),
        ("ship_order", "安排发货", "Ship the order", "logistics"),
    ), False),
    ("employee_appraisal", "员工考核", "Employee appraisal", (
        ("self_assessment", "自评", "Assess yourself", "specialist"),
        ("assess_employee", "上级评价", "Assess the employee", "manager"),
        ("confirm_result", "确认结果", "Confirm the result", "hr"),
    ), True),
)  # fmt: skip
SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡林郭何高罗"
GIVEN = "芳敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英"
LATIN = "Wang Li Zhang Liu Chen Yang Zhao Huang Zhou Wu Xu Sun Ma Zhu Hu Lin Guo He Gao Luo"
PINYIN = dict(zip(SURNAMES, LATIN.split(), strict=True))
GOODS = (
    ("晶澳组件", "JA Solar modules"), ("隆基组件", "LONGi modules"), ("天合组件", "Trina modules"),
    ("逆变器", "inverters"), ("支架", "mounting rails"), ("电缆", "cables"), ("汇流箱", "combiner boxes"),
)  # fmt: skip
STATE = "{" + '"a":"' + "x" * 1500 + '"}'  # as large as a small case's


@dataclass(frozen=True)
class Size:
    tasks: int = 1_000_000
    open: int = 100_000
    cases: int = 300_000
    people: int = 400
    components: int = 20_000
    suppliers: int = 2_000
    seed: int = 7


def stamp(at: dt.datetime) -> str:
    """As both databases read it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def fill(engine: sa.Engine, size: Size) -> None:
    """Into a migrated database without cases."""
    chance = random.Random(size.seed)
    with engine.begin() as connection:
        base = connection.execute(sa.select(sa.func.coalesce(sa.func.max(accounts.people.c.id), 0))).scalar_one()
        people = [base + 1 + number for number in range(size.people)]
        write(connection, accounts.people, _people(people))
        write(connection, accounts.memberships, _memberships(people))
        # What they are filled by is slower than what makes them afterwards.
        with _without_indexes(connection, (cases.cases, user_tasks.user_tasks, user_tasks.candidates)):
            write(connection, cases.cases, _cases(size, people, chance))
            write(connection, user_tasks.user_tasks, _tasks(size, people, chance))
            dash = "instr(activity, '-')" if connection.dialect.name == "sqlite" else "strpos(activity, '-')"
            connection.exec_driver_sql(CANDIDATES.replace("DASH", dash))
        search.rebuild(connection)
        for table, rows in _books(size):
            write(connection, table, rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def write(connection: sa.Connection, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    """Rows as the database keeps them: executemany on SQLite, COPY on PostgreSQL."""
    rows = iter(rows)
    first = next(rows)
    names = list(first)
    columns = ", ".join(f'"{name}"' for name in names)
    driver = connection.connection.driver_connection
    assert driver is not None

    def tuples() -> Iterator[tuple[Any, ...]]:
        yield tuple(first.values())
        for row in rows:
            yield tuple(row.values())

    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in names)
        driver.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", tuples())
        return
    with driver.cursor() as cursor:
        with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for row in tuples():
                copy.write_row(row)
        if "id" in table.c:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}")


class _without_indexes:
    """The tables' plain indexes are dropped and made again."""

    def __init__(self, connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
        self.connection, self.indexes = connection, [index for table in tables for index in table.indexes]

    def __enter__(self) -> None:
        for index in self.indexes:
            index.drop(self.connection)

    def __exit__(self, *_: object) -> None:
        for index in self.indexes:
            index.create(self.connection)


CANDIDATES = """
INSERT INTO user_task_candidates (task_id, who, created_at, ready, due_by, rank, process, element)
SELECT id, 'group:' || substr(activity, 1, DASH - 1), created_at, state = 'ready',
  coalesce(due_at, '9999-12-31T00:00:00.000000Z'), -priority, case_process, element
FROM user_tasks
"""


def names(chinese: str, english: str) -> str:
    return values.dumps({"zh_Hans": chinese, "zh_Hant": chinese, "en": english})


def person(number: int) -> tuple[str, str]:
    """Chinese and English name."""
    surname, given = SURNAMES[number % 20], GIVEN[number // 20 % 20]
    return surname + given, f"{PINYIN[surname]} {chr(65 + number // 20 % 20)}."


def _people(ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    for number, row_id in enumerate(ids):
        yield {
            "id": row_id,
            "public_id": f"{row_id:032x}",
            "username": f"person{number}",
            "names": names(*person(number)),
            # Ten leads; everybody else reports to one of them.
            "superior_id": ids[number % 10] if number >= 10 else None,
            "language": "zh_Hans",
            "active": True,
            "created_at": stamp(NOW - YEARS),
        }


def groups_of(number: int) -> list[str]:
    """One group, or two for some: most are specialists."""
    groups = list(GROUPS)
    first = "specialist" if number % 2 else groups[number // 2 % len(groups)]
    more = [groups[number // 3 % len(groups)]] if number % 3 == 0 else []
    return list(dict.fromkeys([first, *more]))


def _memberships(ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    for number, row_id in enumerate(ids):
        for group in groups_of(number):
            yield {"person_id": row_id, "group": group}


def _books(size: Size) -> Iterator[tuple[sa.Table, Iterator[dict[str, Any]]]]:
    """What the cases of PROCESSES[1] signed and ordered, of whom, and components."""
    yield catalogue.suppliers, (
        {
            "id": number + 1, "code": f"SUP-{number:05d}",
            "names": names(f"供应商{person(number)[0]}{number}", f"Supplier {number}"),
        }
        for number in range(size.suppliers)
    )  # fmt: skip
    yield catalogue.components, (
        {
            "id": number + 1, "sku": f"{PINYIN[SURNAMES[number % 20]].upper()}-M{number:06d}",
            "names": names(f"{GOODS[number % 7][0]} {number}", f"{GOODS[number % 7][1]} {number}"),
            "brand": "x", "model": f"M{number}", "technology": "x", "bifacial": True, "purchase_price": 1,
        }
        for number in range(size.components)
    )  # fmt: skip
    made = {"case": "0", "at": stamp(NOW - YEARS)}
    plan: dict[str, Any] = {"id": 1, "public_id": "0", "number": "PP-2022-0001", "state": "ordered", "drafter": "x"}
    plan |= {"reason": "x", "amount": 1}
    yield plans.plans, iter([plan | made])
    signing = range(1, size.cases, len(PROCESSES))
    day = NOW.date().isoformat()

    def row(number: int, of_it: int) -> dict[str, Any]:
        return {
            "id": of_it + 1, "public_id": f"{number + 1:032x}", "case": f"{number + 1:032x}",
            "at": stamp(NOW - YEARS + YEARS * (number / size.cases)), "plan_id": 1,
            "supplier_id": of_it % size.suppliers + 1,
        }  # fmt: skip

    yield orders.contracts, (
        row(number, at) | {"contract_no": f"HT-{number:06d}", "signed_on": day} for at, number in enumerate(signing)
    )
    yield orders.orders, (
        row(number, at)
        | {"number": f"PO-{2022 + at * 5 // len(signing)}-{number:06d}", "contract_id": at + 1, "state": "open"}
        | {"amount": 1, "promised": day, "eta": day}
        for at, number in enumerate(signing)
    )


def _cases(size: Size, people: Sequence[int], chance: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(size.cases):
        process, _, _, _, confidential = PROCESSES[number % len(PROCESSES)]
        who = chance.randrange(len(people))
        about, about_en = person(who)
        goods, goods_en = GOODS[number % len(GOODS)]
        started = NOW - YEARS + YEARS * (number / size.cases)
        key = f"PO-{started.year}-{number:06d}"
        last = number >= size.cases * 0.85
        title = f"{key} {goods} {about}", f"{key} {goods_en} {about_en}"
        yield {
            "id": number + 1,
            "public_id": f"{number + 1:032x}",
            "process": process,
            "bindings": "{}",
            "business_key": key,
            "title": names(*title),
            "status": "running" if last else "completed",
            "initiator_id": chance.choice(people[: 5 + number % 395]),
            "subject_id": people[who] if confidential else None,
            "confidential": confidential,
            "version": 5,
            "state": STATE,
            "sequence": 20,
            "chain": "0" * 64,
            "started_at": stamp(started),
            "ended_at": None if last else stamp(started + dt.timedelta(days=9)),
        }


def _tasks(size: Size, people: Sequence[int], chance: random.Random) -> Iterator[dict[str, Any]]:
    """Closed ones first, as in life: those of the newest cases are open."""
    closed = size.tasks - size.open
    recent = size.cases * 85 // 100
    for number in range(size.tasks):
        is_open = number >= closed
        case = (
            recent + (number - closed) % (size.cases - recent)
            if is_open
            else number * size.cases // closed % size.cases
        )
        process, _, _, steps, _ = PROCESSES[case % len(PROCESSES)]
        element, chinese, english, group = steps[number % len(steps)]
        created = NOW - YEARS + YEARS * (number / size.tasks)
        taken = is_open and chance.random() < 0.4
        # The five busiest have taken a quarter of what is open; the rest is spread.
        assignee = people[chance.randrange(5)] if chance.random() < 0.6 else chance.choice(people)
        by = chance.choice(people) if not is_open else None
        yield {
            "id": number + 1,
            "public_id": f"{number + 1:032x}",
            "case_id": case + 1,
            "process": process,
            "case_process": process,
            "element": element,
            "activity": f"{group}-{number}",
            "names": names(chinese, english),
            "state": ("claimed" if taken else "ready") if is_open else "completed",
            "assignee_id": by or (assignee if taken else None),
            "excluded": "[]",
            "priority": chance.choice((50, 50, 50, 80, 20)),
            "version": 1 if is_open else 2,
            "created_at": stamp(created),
            "due_at": stamp(created + dt.timedelta(days=chance.randrange(1, 400)))
            if chance.random() < 0.7
            else None,
            "completed_at": None if is_open else stamp(created + dt.timedelta(days=2)),
            "completed_by": by,
        }
