"""How the demo's people buy, store and sell: what they answer to each task of purchasing, stock and orders.

The rates are the requirements' assumptions: of 100 receipts 10 come late, 5 have rejects, 4 end short; of 100
orders 3 have an issue, of 100 counted lines 3 differ. Not here: what they begin by themselves (initiatives)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from runtime.demo.department import Manner, Seen

LATE, REJECTED, SHORT, IN_TWO, ISSUES, VARIANCES = 0.10, 0.05, 0.04, 0.45, 0.03, 0.03
ON_ACCOUNT = 0.2  # of a hundred orders twenty are paid later, some of them in two parts
FORGOTTEN = "YC-P72-280"  # hardly ever sold: nobody gets round to its parameters
TRADE: dict[str, Manner] = {}
Answer = Callable[[Seen], Mapping[str, Any] | None]


def does(
    *elements: str,
    hours: tuple[float, float] = (0.3, 6.0),
    when: Callable[[Seen], dt.datetime | None] | None = None,
) -> Callable[[Answer], Answer]:
    def register(answer: Answer) -> Answer:
        TRADE.update(dict.fromkeys(elements, Manner(answer, hours, when)))
        return answer

    return register


# ---- purchasing


@does("review_plan", hours=(0.5, 14))
def review_plan(seen: Seen) -> Mapping[str, Any]:
    if seen.chance.random() < 0.05:
        return {"manager_decision": "return", "manager_comment": "请补充需求依据"}
    return {"manager_decision": "approve", "manager_comment": "同意"}


@does("review_by_lead", hours=(2, 16))
def review_by_lead(seen: Seen) -> Mapping[str, Any]:
    return {"lead_decision": "approve", "lead_comment": "同意"}


@does("purchase_plan.draft_plan", hours=(0.3, 2))
def draft_again(seen: Seen) -> Mapping[str, Any]:
    return {"plan_reason": f"{seen.data.get('plan_reason') or '备货'}；依据近半年日均需求和在途订单"}


@does("negotiate_terms", hours=(3, 16))
def negotiate_terms(seen: Seen) -> Mapping[str, Any]:
    supplier = seen.data.get("supplier") or seen.house.memory.supplier_of(_lines(seen)[0]["component"])
    total = Decimal(str(seen.data["plan_amount"]))
    quote = {"quote_supplier": supplier, "quote_total": str(total), "quote_days": seen.chance.randint(10, 25)}
    return {"quotes": [quote], "supplier": supplier, "negotiation_note": "按框架价，交期可行"}


@does("sign_contract", hours=(4, 24))
def sign_contract(seen: Seen) -> Mapping[str, Any]:
    memory = seen.house.memory
    lines = [
        {
            "component": line["component"],
            "quantity": line["quantity"],
            "price": str(memory.price_of(line["component"])),
        }
        for line in _lines(seen)
    ]
    lead = max(memory.lead_of(line["component"]) for line in lines)
    memory.contracts += 1
    return {
        "supplier": seen.data["supplier"],
        "contract_no": f"HT-{seen.today.year}-{memory.contracts:03d}",
        "contract_lines": lines,
        "eta": seen.today + dt.timedelta(days=lead),
        "terms": "货到验收后三十日内付款",
    }


def _lines(seen: Seen) -> list[Mapping[str, Any]]:
    """Of the plan, which stand in the form's table."""
    found = next(
        value for value in seen.data.values() if isinstance(value, list) and value and "component" in value[0]
    )
    return list(found)


@does("review_deviation")
def review_deviation(seen: Seen) -> Mapping[str, Any]:
    return {"deviation_decision": "approve"}


@does("allow_overrun", hours=(2, 12))
def allow_overrun(seen: Seen) -> Mapping[str, Any]:
    return {"overrun_decision": "allow", "overrun_comment": "并网高峰前必须到货，年底调整预算"}


def _arrival(seen: Seen) -> dt.datetime:
    """On the day or a little before; of ten one is late, by so much that purchasing hears of it."""
    late = seen.chance.random() < LATE
    eta = seen.day("eta") + dt.timedelta(
        days=seen.chance.randint(6, 9) if late else -seen.chance.randint(0, 2)
    )
    day = seen.house.calendar.workday_after(max(eta, seen.today), 0)
    return max(seen.house.moment(day, seen.chance.uniform(9, 16)), seen.house.working(0.5))


@does("follow_arrival", when=_arrival)
def follow_arrival(seen: Seen) -> Mapping[str, Any]:
    return {"arrival_note": "已到仓，单据齐全"}


@does("handle_late_arrival", hours=(1, 6))
def handle_late_arrival(seen: Seen) -> Mapping[str, Any]:
    return {
        "late_action": "expedite",
        "new_eta": seen.today + dt.timedelta(days=7),
        "eta_note": "供应商排产延后，已催",
    }


@does("inspect_goods", hours=(1, 5))
def inspect_goods(seen: Seen) -> Mapping[str, Any]:
    first = seen.task.case not in seen.house.memory.inspected
    seen.house.memory.inspected.add(seen.task.case)
    chance, short = seen.chance, seen.chance.random()
    share = (
        Decimal("0.6") if first and short < IN_TWO else Decimal("0.97") if short > 1 - SHORT else Decimal(1)
    )
    rows: list[dict[str, Any]] = []
    for line in seen.data["inspection_lines"]:
        received = int(Decimal(line["outstanding"]) * share)
        rows.append({"received": received, "sampled": min(received, 20), "rejected": 0})
    if chance.random() < REJECTED and rows[0]["received"] > 20:
        rows[0]["rejected"] = chance.randint(1, 6)
        rows[0]["note"] = chance.choice(("隐裂", "边框划痕", "接线盒松动"))
    return {"lot": f"L{seen.today:%y%m%d}", "inspection_lines": rows}


@does("dispose_rejects", hours=(1, 4))
def dispose_rejects(seen: Seen) -> Mapping[str, Any]:
    way = (
        "return"
        if seen.data.get("concession_comment")
        else seen.chance.choice(("return", "replace", "concession"))
    )
    return {"disposition": way, "disposition_note": "已拍照，与供应商确认"}


@does("approve_concession", hours=(1, 8))
def approve_concession(seen: Seen) -> Mapping[str, Any]:
    return {"concession_decision": "approve"}


@does("put_away", hours=(0.5, 4))
def put_away(seen: Seen) -> Mapping[str, Any]:
    # Most is sold from Shanghai; what lies in Xi'an helps out.
    warehouse = "SH" if seen.chance.random() < 0.9 else "XA"
    return {
        "warehouse": warehouse,
        "location": f"{'A' if warehouse == 'SH' else 'B'}{seen.chance.randint(1, 12):02d}",
    }


@does("handle_shortage", hours=(1, 8))
def handle_shortage(seen: Seen) -> Mapping[str, Any]:
    if Decimal(seen.data["outstanding_total"]) > 12:
        return {
            "shortage_action": "wait",
            "new_eta": seen.today + dt.timedelta(days=seen.chance.randint(5, 10)),
        }
    return {"shortage_action": "accept", "shortage_reason": "余量不多，供应商不再补交"}


# ---- replenishment


@does("acknowledge_alert", "acknowledge_overdue_alert", hours=(0.5, 5))
def acknowledge_alert(seen: Seen) -> Mapping[str, Any]:
    return {"cause": "近期订单集中，消耗快于预测", "urgency": seen.chance.choice(("normal", "urgent"))}


@does("confirm_plan", hours=(0.5, 6))
def confirm_plan(seen: Seen) -> Mapping[str, Any]:
    return {"why": "按建议数量补足"}


@does("propose_parameters", hours=(1, 5))
def propose_parameters(seen: Seen) -> Mapping[str, Any] | None:
    """All but what is about to be given up: nobody bothers about that."""
    sku = seen.data["component"]
    if sku == FORGOTTEN:
        return None
    demand = {"daily_demand": "0.3", "demand_deviation": "1"}
    lead = {"lead_time_days": "14", "lead_time_deviation": "3"}
    what = {"abc_class": "C", "order_multiple": seen.house.memory.multiple_of(sku), **lead, **demand}
    return {**what, "change_reason": "监控缺参数，按供应商报价和近月销量填写"}


@does("review_change", hours=(1, 6))
def review_change(seen: Seen) -> Mapping[str, Any] | None:
    """What stock needs; of other master data what is left waiting (exceptions)."""
    return {"change_decision": "approve"} if seen.data["change_kind"] in ("parameters", "retention") else None


# ---- stock


@does("check_stock", hours=(1, 8))
def check_stock(seen: Seen) -> Mapping[str, Any]:
    if seen.chance.random() > 0.12:
        return {"anomalies": []}
    shelves = seen.house.shelves()
    sku, warehouse = seen.chance.choice(sorted(place for place, (there, _) in shelves.items() if there > 20))
    kind = seen.chance.choice(("damage", "misplaced", "label", "quantity"))
    row: dict[str, Any] = {
        "component": sku,
        "warehouse": warehouse,
        "anomaly_kind": kind,
        "description": "核对货位时发现",
    }
    if kind == "quantity":
        row["actual"] = shelves[sku, warehouse][0] - 1
    return {"anomalies": [row]}


@does("handle_anomaly", "handle_late_anomaly", hours=(1, 8))
def handle_anomaly(seen: Seen) -> Mapping[str, Any]:
    if seen.data.get("anomaly_kind") == "quantity":
        return {"handling": "spot_count"}
    return {"handling": "none", "handling_note": "已更换标签并归位"}


@does("count_goods", "recount_goods", hours=(0.5, 6))
def count_goods(seen: Seen) -> Mapping[str, Any]:
    shelves, memory = seen.house.shelves(), seen.house.memory
    wrong = memory.miscounted.setdefault(seen.task.case, {})
    rows = []
    for line in seen.data["count_lines"]:
        sku = line["component"]
        there, _ = shelves.get((sku, seen.data["warehouse"]), (0, 0))
        if sku in memory.found:
            wrong[sku] = memory.found.pop(sku)
        elif seen.task.element == "count_goods" and seen.chance.random() < VARIANCES:
            wrong[sku] = max(0, there + seen.chance.choice((-3, -2, -1, -1, 1)))
        rows.append({"counted": wrong.get(sku, there)})
    return {"count_lines": rows}


@does("explain_variances", hours=(1, 8))
def explain_variances(seen: Seen) -> Mapping[str, Any]:
    causes = (
        {"cause": "damage", "cause_note": "边框变形，已报废"},
        {"cause": "miscount", "cause_note": "出库时多拿"},
    )
    return {"variances": [dict(seen.chance.choice(causes)) for _ in seen.data["variances"]]}


@does("review_variances", hours=(1, 10))
def review_variances(seen: Seen) -> Mapping[str, Any]:
    return {"manager_decision": "approve"}


@does("review_loss", hours=(1, 10))
def review_loss(seen: Seen) -> Mapping[str, Any]:
    return {"lead_decision": "approve"}


@does("book_loss", hours=(1, 10))
def book_loss(seen: Seen) -> Mapping[str, Any]:
    return {"loss_voucher": f"PZ-{seen.today:%Y%m%d}"}


@does("review_correction")
def review_correction(seen: Seen) -> Mapping[str, Any]:
    return {"correction_decision": "approve"}


@does("revise_correction")
def revise_correction(seen: Seen) -> Mapping[str, Any]:
    return {"reason": "已补充照片与说明"}


# ---- sales


@does("check_order", hours=(0.2, 2.5))
def check_order(seen: Seen) -> Mapping[str, Any]:
    draw = seen.chance.random()
    if draw < 0.015 and seen.task.case not in seen.house.memory.asked:
        seen.house.memory.asked.add(seen.task.case)
        return {"order_check": "ask", "check_note": "收货人电话打不通，请客户确认地址"}
    if draw > 0.99:
        return {"order_check": "refuse", "check_note": "单价低于成本价"}
    return {"order_check": "correct", "warehouse": _warehouse(seen)}


def _warehouse(seen: Seen) -> str:
    """Where all of the order can be taken from, else where most of it can."""
    shelves = seen.house.shelves()
    lines = seen.house.memory.ordered.get(seen.task.case) or seen.data["order_lines"]
    missing = {
        place: sum(
            max(0, int(line["quantity"]) - shelves.get((line["component"], place), (0, 0))[1])
            for line in lines
        )
        for place in ("SH", "XA")
    }
    return min(missing, key=lambda place: (missing[place], place))


@does("ask_customer", hours=(1, 10))
def ask_customer(seen: Seen) -> Mapping[str, Any]:
    return {"customer_answer": "地址无误，电话已更新"}


@does("decide_shortage", hours=(0.5, 4))
def decide_shortage(seen: Seen) -> Mapping[str, Any]:
    asked = seen.house.memory.shortages
    asked[seen.task.case] = asked.get(seen.task.case, 0) + 1
    if asked[seen.task.case] > 2:
        return {"shortage_decision": "cancel", "shortage_note": "客户改向他处采购"}
    if asked[seen.task.case] > 1 or seen.chance.random() < 0.6:
        way = "short" if asked[seen.task.case] % 2 else "partial"
        return {"shortage_decision": way, "shortage_note": "先发现货"}
    return {"shortage_decision": "wait", "shortage_note": "补货在途"}


@does("arrange_shipment", hours=(0.3, 3))
def arrange_shipment(seen: Seen) -> Mapping[str, Any]:
    return {
        "shipping_instructions": seen.chance.choice(("立放，防压", "到货前一日电话联系", "工地收货，需吊车"))
    }


@does("report_dispatch", hours=(1, 9))
def report_dispatch(seen: Seen) -> Mapping[str, Any]:
    carrier = seen.chance.choice(("顺达物流", "长风快运", "江海联运"))
    return {
        "carrier": carrier,
        "tracking": f"SD{seen.chance.randint(10**7, 10**8)}",
        "shipped_on": seen.today,
    }


def _delivery(seen: Seen) -> dt.datetime:
    """Two to five days; of fifteen one takes so long that the promise may be broken."""
    days = seen.chance.choice((2, 2, 3, 3, 4, 5)) + (8 if seen.chance.random() < 0.07 else 0)
    day = seen.house.calendar.workday_after(seen.today + dt.timedelta(days=days), 0)
    return seen.house.moment(day, seen.chance.uniform(9, 17))


@does("report_delivery", when=_delivery)
def report_delivery(seen: Seen) -> Mapping[str, Any]:
    return {
        "delivered_on": seen.today,
        "signed_by": seen.chance.choice(("李工", "陈站长", "门卫代收", "王工")),
    }


@does("follow_up_receipt", hours=(2, 14))
def follow_up_receipt(seen: Seen) -> Mapping[str, Any]:
    draw = seen.chance.random()
    if draw < ISSUES:
        kind = seen.chance.choice(("damage", "quantity", "quality", "late", "documents"))
        return {"receipt_result": "issue", "issue_kind": kind, "issue_description": "客户来电反映，已拍照"}
    if draw > 0.995:
        return {"receipt_result": "refused", "issue_description": "型号与图纸不符，客户拒收"}
    return {"receipt_result": "fine"}


@does("resolve_issue", hours=(3, 24))
def resolve_issue(seen: Seen) -> Mapping[str, Any]:
    return {"issue_resolution": "与客户商定补发并折价处理"}


@does("settle_order", hours=(10, 60))
def settle_order(seen: Seen) -> Mapping[str, Any]:
    memory, case = seen.house.memory, seen.task.case
    if case in memory.ordered and case not in memory.shortages:
        lines = memory.ordered[case]
        amount = str(sum(int(line["quantity"]) * Decimal(line["price"]) for line in lines))
    else:
        amount = str(seen.data["order_amount"])
    invoice = f"FP{seen.today:%y%m}{seen.chance.randint(1000, 9999)}"
    paid = "0" if seen.chance.random() < ON_ACCOUNT else amount
    return {"settlement_amount": amount, "paid": paid, "invoice": invoice}


def _payment(seen: Seen) -> dt.datetime:
    """One to five weeks after the settlement, so that some are reminded of it."""
    day = seen.house.calendar.workday_after(seen.today, seen.chance.randint(5, 25))
    return seen.house.moment(day, seen.chance.uniform(9, 17))


@does("record_payment", when=_payment)
def record_payment(seen: Seen) -> Mapping[str, Any]:
    whole = Decimal(str(seen.data["outstanding"]))
    part = whole if seen.chance.random() < 0.6 else (whole / 2).quantize(Decimal("0.01"))
    bank = f"YH{seen.chance.randint(10**7, 10**8)}"
    return {"payment_amount": str(part), "payment_date": seen.today, "payment_reference": bank}


@does("press_customer", hours=(1, 10))
def press_customer(seen: Seen) -> Mapping[str, Any]:
    return {"customer_promise": "资金月底到位，下周安排付款"}


@does("pay_refund", hours=(4, 16))
def pay_refund(seen: Seen) -> Mapping[str, Any]:
    return {"refund_date": seen.today, "refund_reference": f"TK{seen.chance.randint(10**7, 10**8)}"}


# ---- orders that are changed


@does("agree_change", hours=(0.3, 3))
def agree_change(seen: Seen) -> Mapping[str, Any]:
    """A piece less of what has not left; of an order of single pieces all the rest."""
    lines = [
        {"component": line["component"], "price": str(line["price"]), "quantity": int(Decimal(str(line["quantity"])))}
        for line in seen.data["change_lines"]
    ]
    shipped = [int(Decimal(str(line["shipped"]))) for line in seen.data["current_lines"]]
    if seen.data.get("change_problem") or seen.data.get("credit_comment"):
        return {"change_kind": "none"}
    for line, gone in zip(lines, shipped, strict=True):
        if line["quantity"] - 1 >= max(gone, 1):
            line["quantity"] -= 1
            return {"change_kind": "amend", "change_lines": lines, "change_reason": "客户核减用量"}
    return {"change_kind": "cancel", "change_reason": "客户项目延期"}


@does("tell_customer", hours=(0.3, 3))
def tell_customer(seen: Seen) -> Mapping[str, Any]:
    return {"customer_told": "已向客户说明，需要的话按退货办理"}


@does("decide_missing_goods", hours=(0.5, 4))
def decide_missing_goods(seen: Seen) -> Mapping[str, Any]:
    return {"missing_decision": "again", "warehouse": seen.data["warehouse"]}


# ---- issues of customers, and what comes back


@does("propose_remedy", hours=(1, 6))
def propose_remedy(seen: Seen) -> Mapping[str, Any]:
    """At first an explanation, which most accept; what comes from a delivery knows its order."""
    kind = seen.data.get("issue_kind") or "damage"
    told = seen.data.get("issue_description") or "两件边框变形"
    answers = {"issue_kind": kind, "urgency": "normal", "issue_description": told, "remedy_kind": "none"}
    return answers | {"proposal": "向客户说明情况，下次发货加固包装"}


@does("confirm_solution", hours=(4, 20))
def confirm_solution(seen: Seen) -> Mapping[str, Any]:
    return {"issue_outcome": "solved", "customer_answer": "接受说明"}


@does("inspect_return", hours=(2, 10))
def inspect_return(seen: Seen) -> Mapping[str, Any]:
    lines = [{"good": int(Decimal(str(line["quantity"]))), "bad": 0} for line in seen.data["return_lines"]]
    return {"return_lines": lines}


@does("decide_quarantine", hours=(2, 10))
def decide_quarantine(seen: Seen) -> Mapping[str, Any]:
    return {"disposition": "write_off"}


# ---- the monthly analysis


@does("analyse_data", hours=(3, 16))
def analyse_data(seen: Seen) -> Mapping[str, Any]:
    model = {"model": "月度趋势", "model_version": "1", "model_description": "与上月和目标比较"}
    return model | {"method": "与上月及目标比较", "results": "销售随并网节奏，库存总体充足"}


@does("write_report", hours=(3, 12))
def write_report(seen: Seen) -> Mapping[str, Any]:
    found = {"kind": "problem", "finding": "个别组件低于安全库存", "recommendation": "提高补货频率"}
    return {"purpose": "看上月经营情况", "recommendations": [found]}


@does("decide_report", hours=(2, 16))
def decide_report(seen: Seen) -> Mapping[str, Any]:
    return {"decisions": [{"adopt": "drop", "reason": "已在执行"} for _ in seen.data["decisions"]]}


@does("weigh_data", hours=(1, 8))
def weigh_data(seen: Seen) -> Mapping[str, Any]:
    return {"data_choice": "go_on", "caveat": "个别组件没有参数"}


@does("mend_data", hours=(2, 12))
def mend_data(seen: Seen) -> Mapping[str, Any]:
    return {"mended": "yes", "mend_note": "已补充"}
