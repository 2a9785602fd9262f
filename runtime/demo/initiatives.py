"""What the demo's people begin by themselves in a stretch of months: orders, purchases, leave, training.

Everything is planned ahead with chances of its own for each kind, so that the same seed gives the same months. Not
here: what they answer when they are asked (trade, staff), what is left waiting at the end (exceptions)."""

from __future__ import annotations

import datetime as dt
import math
import random
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import sqlalchemy as sa

from runtime.commands import cases, handbook, user_tasks
from runtime.demo import history
from runtime.demo.appraised import last_appraisal
from runtime.demo.department import Department, Script, plain
from runtime.demo.figures import customers
from runtime.demo.people import PEOPLE
from runtime.identity import SYSTEM, Actor
from runtime.ledger.sales import sales_orders
from runtime.store import deployments, handbooks
from runtime.store.db import Transaction

# For eighteen months, as the requirements have it.
ORDERS, LEAVES, TRAININGS, ERRANDS, CORRECTIONS = 1200, 30, 12, 40, 8
CHANGED = 0.03  # of the orders
WHOLE = 547  # days
CALIBRATED = 14  # by that day of a month its grades are calibrated
BUDGETED = (11, 1)  # month and day on which the next year's budget is begun
CYCLE = 66  # days between two purchases from a supplier
SPECIALISTS = ("liyang", "zhangmin", "zhoulei")
STAFF = ("liyang", "zhangmin", "zhoulei", "xuhui", "chenjie", "wangfang")
RATES = {"excellent": 20, "good": 10, "satisfactory": 5}  # percent of the wage, samples of the demo's company


def prepare(house: Department) -> None:
    """What stands at the beginning: a budget, entitlements, what everybody undertakes."""
    house.start("wangfang", "annual_budget")
    if (house.today.month, house.today.day) > BUDGETED:
        # The next year's, which comes by itself for whoever is there on that day.
        house.start("wangfang", "annual_budget")
    _entitle(house)
    text = "在职期间和离职后两年内，不外传商业秘密和客户信息。"
    answers: dict[str, Any] = {"undertaking_title": "保密承诺书", "undertaking_text": text}
    # Returned for a word it would ask nobody for weeks.
    agreed = Script({"review_request": [{"decision": "approve"}] * 2}, frozenset())
    house.start("sunli", "undertaking_text", agreed, effective_on=house.today, **answers)


def set_rates(
    house: Department, rates: Mapping[str, str], since: dt.date, script: Script | None = None
) -> None:
    """The administrator drafts the figures that the policy leaves open, and asks for them; `unset` takes them back."""
    admin = house.actor("linxi")
    row = house.runtime.read(_bonus_tier, admin)
    text = with_rates(row.content, rates, since)
    _, problems = house.runtime.save_rule(admin, "bonus_tier", text, row.version)
    assert not problems, problems
    house.start(
        "linxi",
        "rule_amendment",
        script,
        rule="bonus_tier",
        effective_on=since,
        change_reason="公司定的奖金比例（样例）",
    )


def _bonus_tier(tx: Transaction, actor: Actor) -> Any:
    newest = deployments.latest(tx, "rule", "bonus_tier")
    assert newest is not None
    return deployments.get(tx, newest.id)


def with_rates(text: str, rates: Mapping[str, str], since: dt.date) -> str:
    """The rule file with a rate for each grade, and its examples worked out anew."""

    def rate(found: re.Match[str]) -> str:
        return f"{found[1]}{rates.get(found[2], '0')}}}"

    def example(found: re.Match[str]) -> str:
        percent = rates.get(found[2], "0")
        if percent == "unset":
            return f"{found[1]}    refused: true"
        return f"{found[1]}    then: {{percent: {percent}, amount: {12000 * int(percent) // 100}}}"

    text = re.sub(r"^effective_from: .*$", f"effective_from: {since}", text, flags=re.MULTILINE)
    text = re.sub(r"(when: grade == '(\w+)'\n +then: \{percent: )[^}]+\}", rate, text)
    return re.sub(r"(  - given: \{grade: (\w+), wage: 12000\}\n)    .*", example, text)


def _entitle(house: Department) -> None:
    year = house.today.year
    rows = [{"person": house.id(who), "kind": "annual", "year": year, "days": "10"} for who in STAFF]
    house.start("sunli", "leave_entitlement", entitlements=rows, entitlement_reason=f"{year} 年度额度")


def plan(house: Department, begin: dt.date, end: dt.date) -> None:
    """Everything that somebody begins from `begin` until before `end`."""
    days = [begin + dt.timedelta(days=number) for number in range((end - begin).days)]
    working = [day for day in days if house.calendar.is_workday(day)]
    last = last_appraisal(house, begin, end)
    if last is not None and last.before is not None:
        # From the day on which the manager is there to approve them.
        since = house.calendar.workday_after(begin, 0)
        set_rates(house, {grade: str(rate) for grade, rate in RATES.items()}, since)
    _orders(house, working, len(days))
    _purchases(house, working)
    for count, act in (
        (LEAVES, _leave),
        (TRAININGS, _training),
        (ERRANDS, _errand),
        (CORRECTIONS, _correction),
    ):
        for day in _spread(house.chance(act.__name__), working, max(1, round(count * len(days) / WHOLE))):
            hour = house.chance(act.__name__).uniform(9.2, 16)
            house.at(house.moment(day, hour), partial(act, house))
    _goals(house, working, end)
    for day in _first_workdays(working):
        house.at(house.moment(day, house.chance("month").uniform(9.5, 11)), lambda: _monthly(house))


def _first_workdays(working: list[dt.date]) -> Iterator[dt.date]:
    seen: set[tuple[int, int]] = set()
    for day in working[3:]:
        if (day.year, day.month) not in seen:
            seen.add((day.year, day.month))
            yield day


def _spread(chance: random.Random, working: list[dt.date], count: int) -> list[dt.date]:
    """So many days, one of each part of the time."""
    part = len(working) / count
    return [
        working[min(len(working) - 1, int((number + chance.random()) * part))]
        for number in range(count)
    ]


# ---- sales


def _orders(house: Department, working: list[dt.date], days: int) -> None:
    wanted = round(ORDERS * days / WHOLE)
    weights = [history.season(day, "Y") for day in working]
    chance = house.chance("orders")
    for day in sorted(chance.choices(working, weights, k=wanted)):
        house.at(house.moment(day, chance.uniform(9, 17.5)), lambda: _order(house))


def _order(house: Department) -> None:
    chance, memory = house.chance("order"), house.memory
    rows = list(memory.rows.values())
    weights = [math.sqrt(float(row["base"])) for row in rows]
    taken: dict[str, Mapping[str, Any]] = {}
    for row in chance.choices(rows, weights, k=chance.choice((1, 1, 2, 2, 2, 3, 3))):
        mean = _pieces(house, row)
        price = Decimal(row["sale_price"]) * Decimal(chance.choice(("1", "1", "0.98", "0.97")))
        pieces = max(1, round(mean * chance.uniform(0.5, 1.5)))
        taken[row["sku"]] = {"component": row["sku"], "quantity": pieces, "price": f"{price:.2f}"}
    customer = chance.choice(customers())
    lines = list(taken.values())
    case = house.start(
        chance.choice(SPECIALISTS),
        "sales_order",
        customer=customer["code"],
        order_lines=lines,
        address=customer["address"],
        promised=house.today + dt.timedelta(days=chance.randint(9, 16)),
    )
    memory.ordered[case] = lines
    if chance.random() < CHANGED:
        day = house.calendar.workday_after(house.today, chance.choice((1, 1, 2, 4)))
        house.at(house.moment(day, chance.uniform(9, 16)), lambda: _change(house, case))


def _change(house: Department, case: str) -> None:
    """The customer's system asks for a change, whatever has become of the order by now."""
    query = sa.select(sales_orders.c.number).where(sales_orders.c.case == case)
    number = house.runtime.read(lambda tx, actor: tx.scalar(query), SYSTEM)
    if number is not None:
        house.memory.ordered.pop(case, None)  # what was ordered may no longer be what is settled
        wish = "客户核减用量，请按新数量交货"
        house.send("customer_order_change", number, order_number=number, change_wish=wish)


def _pieces(house: Department, row: Mapping[str, str]) -> float:
    """How many of a component a line asks for on average: as many as make its demand a day, asked for as seldom
    as its weight says."""
    share = math.sqrt(float(row["base"])) / sum(
        math.sqrt(float(each["base"])) for each in house.memory.rows.values()
    )
    return float(row["base"]) / (ORDERS / WHOLE * 1.97 * share)


# ---- purchasing


def _purchases(house: Department, working: list[dt.date]) -> None:
    """Each supplier's turn comes round; in the first days all are asked, for as long as their turn is away."""
    suppliers = sorted({row["usual_supplier"] for row in house.memory.rows.values()})
    cycle = round(CYCLE * 5 / 7)  # in workdays
    for number, supplier in enumerate(suppliers):
        first = 1 + number
        following = first + cycle * (number + 3) // (len(suppliers) + 2)
        turns = [first, *range(following, len(working), cycle)]
        for index, days in zip(turns, [following - first, *[cycle] * len(working)], strict=False):
            if index < len(working):
                house.at(
                    house.moment(working[index], house.chance(supplier).uniform(9.5, 15)),
                    lambda supplier=supplier, days=days: _purchase(house, supplier, days * 7 / 5),  # type: ignore[misc]
                )


def _demand_days(today: dt.date, days: float) -> float:
    """How many usual days' demand the next days will see: before the grid deadlines it is more."""
    ahead = sum(history.season(today + dt.timedelta(days=number), "Y") for number in range(round(days)))
    year = sum(history.season(today + dt.timedelta(days=number), "Y") for number in range(365))
    return ahead * 365 / year


def _purchase(house: Department, supplier: str, days: float) -> None:
    """As much as brings every component of the supplier up to what will be taken until it comes round again."""
    lines = []
    for line in house.stock("chenjie"):
        row = house.memory.rows.get(line.sku)
        if row is None or row["usual_supplier"] != supplier or line.on_hand is None:
            continue
        ahead = _demand_days(house.today, house.memory.lead_of(line.sku) + days + 10)
        # Few orders of many pieces: what they add up to varies by the size of one.
        swing = math.sqrt(float(row["base"]) * ahead * _pieces(house, row))
        wanted = float(row["base"]) * ahead + 1.6 * swing + (line.safety_stock or 0)
        missing = wanted - (line.on_hand + line.on_order - line.committed)
        multiple = house.memory.multiple_of(line.sku)
        if missing > multiple:
            lead = house.memory.lead_of(line.sku)
            lines.append(
                {
                    "component": line.sku,
                    "quantity": math.ceil(missing / multiple) * multiple,
                    "need_by": house.today + dt.timedelta(days=lead + 7),
                    "est_price": row["purchase_price"],
                    "reason": "按日均需求与在途",
                }
            )
    if not lines:
        return
    started = house.runtime.do(cases.start, house.actor("chenjie"), "purchase_plan", {})
    assert started.next_task is not None
    answers: dict[str, Any] = {"plan_reason": f"{supplier} 周期备货", "lines": lines}
    house.runtime.do(user_tasks.complete, house.actor("chenjie"), started.next_task, plain(answers))


# ---- people


def _leave(house: Department) -> None:
    chance = house.chance("leave")
    who = chance.choice(STAFF)
    first = house.calendar.workday_after(house.today, chance.randint(3, 12))
    if who == "wangfang" and first.day <= CALIBRATED:
        # Whoever calibrates the grades is there while they are.
        first = house.calendar.workday_after(first.replace(day=CALIBRATED), 1)
    last = house.calendar.workday_after(first, chance.choice((0, 0, 1, 1, 2)))
    kind = chance.choice(("annual", "annual", "annual", "personal", "sick"))
    needed = [span for name, *span in house.memory.needed if name == who]
    if any(not (last < begun or first > ended) for begun, ended in (*house.away.get(who, ()), *needed)):
        return
    deputy = chance.choice([each for each in SPECIALISTS if each != who])
    answers: dict[str, Any] = {
        "leave_type": kind,
        "leave_from": first,
        "leave_to": last,
        "leave_reason": "已交接",
    }
    house.start(who, "leave_request", **answers, deputy=house.id(deputy))
    house.away.setdefault(who, []).append((first, last))


def _goals(house: Department, working: list[dt.date], end: dt.date) -> None:
    """Who leads plans at once, and each January anew; shortly before the end the manager asks how far they are."""
    if len(working) < 3:
        return
    soon = working[0] + dt.timedelta(days=28)
    begins = [working[2], *(day for day in _first_workdays(working) if day.month == 1 and day > soon)]
    for day in begins:
        for who in ("chenjie", "wangfang"):
            house.at(house.moment(day, house.chance("goals").uniform(10, 12)), partial(_begin, house, who, "goal_plan"))
    asked = house.calendar.workday_after(end, -12)
    if asked > begins[0] + dt.timedelta(days=10):
        house.at(house.moment(asked, 10), partial(_begin, house, "wangfang", "goal_review"))


def _begin(house: Department, who: str, process: str) -> None:
    house.start(who, process)


def _training(house: Department) -> None:
    chance = house.chance("training")
    topic, area = chance.choice((("组件检测", "skills"), ("商务谈判", "business"), ("库位管理", "skills")))
    house.start(
        "wangfang",
        "training_event",
        training_topic=topic,
        training_form=chance.choice(("internal", "online")),
        training_area=area,
        trainer=house.id(chance.choice(("chenjie", "xuhui"))),
        held_on=house.calendar.workday_after(house.today, chance.randint(4, 9)),
        participants=[house.id(who) for who in SPECIALISTS],
        training_cost=str(chance.choice((600, 900, 1200))),
    )


def _errand(house: Department) -> None:
    chance = house.chance("errand")
    doer = chance.choice(SPECIALISTS)
    due = house.calendar.workday_after(house.today, chance.randint(2, 6))
    task = chance.choice(("整理三号库位照片", "收集客户对新型号的反馈", "核对运费账单"))
    house.start("chenjie", "errand", doer=house.id(doer), errand_task=task, due_on=due)
    if chance.random() < 0.3:
        since = house.today - dt.timedelta(days=30)
        answers: dict[str, Any] = {"export_scope": "stock_movements", "export_purpose": "月度分析"}
        house.start("xuhui", "data_export", first_day=since, last_day=house.today, **answers)


def _correction(house: Department) -> None:
    chance = house.chance("correction")
    there = sorted(place for place, (_, free) in house.shelves().items() if free > 30)
    sku, warehouse = chance.choice(there)
    answers: dict[str, Any] = {
        "difference": "shortage",
        "pieces": chance.randint(1, 3),
        "reason": "搬运时边框变形，报废",
    }
    house.start(
        chance.choice(SPECIALISTS), "stock_correction", component=sku, warehouse=warehouse, **answers
    )


def _monthly(house: Department) -> None:
    """HR reads the door's list in; somebody has something to announce; the year's first month has its own."""
    chance = house.chance("monthly")
    lines = []
    for who in chance.sample(STAFF[:4], 2):
        day = house.calendar.workday_after(house.today, -chance.randint(1, 2))
        if house.present(who, day):
            lines.append(
                {"person": house.id(who), "day": day, "kind": "late", "minutes": chance.randint(3, 40)}
            )
    if lines:
        house.start("sunli", "attendance_import", attendance_lines=lines)
    house.start(
        chance.choice(SPECIALISTS),
        "expense_claim",
        expense_purpose="打车给客户送样",
        expense_amount=str(chance.choice((46, 78, 112))),
        spent_on=house.calendar.workday_after(house.today, -2),
    )
    title = chance.choice(("仓库消防演练", "月度盘点安排", "物流提货时间调整", "并网季值班"))
    house.start("chenjie", "notice", notice_title=title, notice_text="详见附页，请各岗位照办。")
    _acknowledge(house)
    if house.today.month == 1:
        _entitle(house)
    if house.today.month in (6, 12):
        for who in SPECIALISTS:
            actions = [{"action": "参加商务谈判培训", "by_when": house.today + dt.timedelta(days=120)}]
            house.start(
                "chenjie",
                "career_development",
                employee=house.id(who),
                career_goals="两年内独立带区域",
                actions=actions,
            )


def _acknowledge(house: Department) -> None:
    """Who has not said so yet has read the handbook in force by now; one always forgets."""
    row = house.runtime.read(lambda tx, actor: handbooks.in_force(tx, house.today), SYSTEM)
    for person in PEOPLE if row is not None else ():
        if person.username != "zhoulei":
            house.runtime.do(handbook.acknowledge, house.actor(person.username), row.number)
