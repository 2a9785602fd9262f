"""The demo department at work in a real browser, from the first click to the last figure.

Not here: each end of each process (test_scenarios.py), the pages one by one (tests/web)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from runtime import clock
from runtime.demo import NEARLY_SHORT
from runtime.identity import SYSTEM
from runtime.ledger import reading
from tests.acceptance import desks
from tests.acceptance.desks import Desk, House

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with desks.chromium() as browser:
        yield browser


@pytest.fixture
def house(seeded: Path, still_clock: None, browser: Browser) -> Iterator[House]:
    """The demo department, served; no page may complain of anything."""
    house = House(seeded, browser)
    yield house
    house.close()
    assert house.complaints == []


def today() -> dt.date:
    return (clock.now() + dt.timedelta(hours=8)).date()


def days(count: int) -> dt.date:
    return today() + dt.timedelta(days=count)


def on_page(house: House, sku: str) -> dict[str, int]:
    """What the stock page says of a component."""
    page = house.desk("xuhui").go("/stock")
    row = page.locator("tr", has=page.locator(".code", has_text=desks.exactly(sku)))
    names = ("on_hand", "committed", "on_order", "safety_stock", "reorder_point")
    texts = row.locator("td.num").all_inner_texts()
    return {name: int(text.split()[0].replace(",", "")) for name, text in zip(names, texts, strict=True)}


def in_books(house: House, sku: str) -> reading.StockLine:
    [line] = [
        row for row in house.runtime.read(lambda tx, actor: reading.overview(tx), SYSTEM) if row.sku == sku
    ]
    return line


ORDER = {
    "客户": "江南电力工程",
    "订单明细": [{"组件": NEARLY_SHORT, "数量": 20, "单价": "272.40"}],
    "收货地址": "苏州市工业园区示例路 11 号",
}


def test_an_order_empties_the_shelf_and_the_shelf_is_filled_again(house: House, tmp_path: Path) -> None:
    before = on_page(house, NEARLY_SHORT)
    assert before["on_hand"] - 20 < before["safety_stock"] <= before["on_hand"]

    # The customer's order, from the telephone to the lorry.
    specialist, logistics = house.desk("zhangmin"), house.desk("guotao")
    specialist.start("组件销售订单", ORDER | {"承诺日期": days(10)})
    specialist.do("核对订单", {"核对结果": "无误，可接", "发货仓库": "上海嘉定仓"})
    assert on_page(house, NEARLY_SHORT)["committed"] == before["committed"] + 20
    specialist.do("安排发货", {"装运要求": "立放，防压"})
    logistics.do("反馈发货", {"承运商": "顺达物流", "运单号": "SD-1001", "发货日期": today()})
    left = before["on_hand"] - 20
    assert on_page(house, NEARLY_SHORT)["on_hand"] == left == in_books(house, NEARLY_SHORT).on_hand

    # Below the safety stock: the alert came by itself, and is seen on the stock page.
    page = specialist.go("/stock")
    assert page.locator("tr.is-below").count() == 1
    specialist.do("确认补货提醒", {"原因": "大单出库", "紧急程度": "紧急"})

    # The supervisor orders more than the manager may release alone.
    supervisor = house.desk("chenjie")
    supervisor.do(
        "确定补货计划", {"确定数量": 2178, "需用日期": days(30), "预计单价": "238.95", "说明": "备足一个季度"}
    )
    house.desk("wangfang").do("审核计划", {"审核结论": "通过", "意见": "请领导定"})
    house.desk("zhaoming").do("复审计划", {"审核结论": "通过"})

    # Purchasing negotiates and signs.
    contract = tmp_path / "采购合同.pdf"
    contract.write_bytes(b"%PDF-1.7\n% the demo's contract\n")
    buyer = house.desk("wuting")
    buyer.do("洽谈供货条件", {
        "供应商报价": [{"供应商": "朗霁太阳能", "报价总额": "511830", "交货期": 12}],
        "选定供应商": "朗霁太阳能", "选择理由": "原厂，交期最短",
    })  # fmt: skip
    buyer.do("签订采购合同", {
        "合同号": "HT-2026-031", "合同明细": [{"组件": NEARLY_SHORT, "数量": 2178, "合同单价": "235"}],
        "预计到货日": days(12), "合同文件": contract,
    })  # fmt: skip
    assert on_page(house, NEARLY_SHORT)["on_order"] == before["on_order"] + 2178

    # Eighteen are broken: they go back, the rest goes to the shelf.
    photo = tmp_path / "隐裂.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n")
    house.later(days=11)
    specialist.do("跟进到货", {"到货情况": "六十六托"})
    specialist.do("组织验收", {
        "批号": "L-2026-03", "逐项验收": [{"实到": 2178, "抽检": 125, "不合格": 18, "情况": "隐裂"}],
        "验收照片": photo,
    })  # fmt: skip
    specialist.do("处置不合格品", {"处置": "退货", "处置说明": "隐裂 18 件，退回供应商"})
    assert on_page(house, NEARLY_SHORT)["on_hand"] == left
    specialist.do("安排入库", {"仓库": "上海嘉定仓", "库位": "A-07"})

    # Right to the piece, on the page and in the books; nothing is on its way and no alert is open.
    after, line = on_page(house, NEARLY_SHORT), in_books(house, NEARLY_SHORT)
    assert after["on_hand"] == line.on_hand == left + 2160
    assert (after["on_order"], after["committed"]) == (before["on_order"], before["committed"])
    assert line.alert is None

    # The case tells who decided, by which rule and why, and gives the contract back as it was.
    page = case_of(supervisor, "确定补货计划")
    assert page.locator("h1 .pill.is-completed").count()
    decision = page.locator(".decision", has_text="采购计划审批权限")
    expect(decision).to_contain_text("520,433.1")
    expect(decision).to_contain_text("分管领导批准")
    expect(page.locator(".timeline")).to_contain_text("赵明 完成了“复审计划”")
    with page.expect_download() as taken:
        page.get_by_role("link", name="采购合同.pdf").click()
    assert taken.value.path().read_bytes() == contract.read_bytes()

    # The order goes on to its settlement; an amount that is not the order's is asked for again.
    logistics.do("反馈送达", {"送达日期": today(), "签收人": "沈航"})
    specialist.do("跟进客户收货", {"收货情况": "无误"})
    specialist.do("办理结算", {"应收金额": "5440", "现已收到": "0"})
    specialist.do(
        "办理结算", {"应收金额": "5448", "现已收到": "3000", "发票号": "FP-0311", "银行流水号": "YH-0001"}
    )
    # What is still owed is paid later, and then the order is done.
    finance = house.desk("qianwei")
    finance.do("登记收款", {"本次收款": "2448", "到账日期": today(), "银行流水号": "YH-0002"})
    page = case_of(specialist, "办理结算")
    assert page.locator("h1 .pill.is-completed").count()
    expect(page.locator("main")).to_contain_text("ST-2026-0001")
    assert page.locator(".djs-element.is-active").count() == 0
    # What the calendar brings is not of this story.
    weekly = {"核对库存", "写汇报", "提出参数"}
    assert [set(desk.inbox()) - weekly for desk in (specialist, logistics, buyer)] == [set(), set(), set()]


def case_of(desk: Desk, task: str) -> Page:
    """The page of the case in which this person last completed that task."""
    page = desk.go("/inbox/done")
    page.locator("a[data-row]").filter(has=page.locator("b", has_text=desks.exactly(task))).first.click()
    page.locator(".djs-element").first.wait_for()
    return page


def test_an_appraisal_is_graded_and_its_bonus_waits_for_a_figure(house: House) -> None:
    employee, superior, colleague = house.desk("liyang"), house.desk("chenjie"), house.desk("zhangmin")
    hr = house.desk("sunli")
    hr.start("月度绩效考核", {"考核期间": "2026-02"})
    month = hr.page.url
    employee.do("自评", {"业绩自评": "90", "能力自评": "85.5", "态度自评": "90", "事例": "本月无错发"})
    superior.do(
        "评估下属", {"业绩": "86", "能力": "85.5", "态度": "80", "评语": "准确，可以再快一些"}, about="李洋"
    )
    # Nobody is told a grade before the cohort is calibrated, which does not wait for the others for ever.
    house.later(days=5)
    manager = house.desk("wangfang")
    page = manager.open("校准等级")
    shown = page.locator("[data-form-body] input").evaluate_all("all => all.map(one => one.value)")
    assert "李洋" in shown and "85.25" in shown
    manager.send()
    page = employee.open("确认考核结果")
    form = page.locator("[data-form-body]")
    assert (desks.value(form, "总分"), desks.value(form, "等级")) == ("85.25", "良好")
    appraisal, asked = page.locator(".task-case a").get_attribute("href"), page.url
    desks.fill(form, {"您的意见": "确认"})
    employee.send()

    # The policy leaves the figure open: the bonus stops with the administrator, and says so.
    admin = house.desk("linxi")
    page = admin.open("设定奖金比例", about="李洋")
    bonus = page.locator(".task-case a").get_attribute("href")
    assert "还没有填写“奖金比例”" in desks.value(page.locator("[data-form-body]"), "规则拒绝计算的原因")
    assert employee.go(str(bonus)).locator(".pill.is-running").count()

    # The administrator writes it into the rule. Saving runs its examples: one no longer holds.
    with page.expect_popup() as opened:
        page.get_by_role("link", name="绩效奖金比例").click()
    page = opened.value
    page.get_by_role("link", name="编辑").click()
    found = page.locator("[data-found]")
    expect(found).to_have_text("检查完毕，没有问题。")
    rewrite(page, below="when: grade == 'good'", by="then: {percent: 7.777}")
    page.get_by_role("button", name="保存为草稿").click()
    expect(page.locator(".notice").first).to_be_visible()
    expect(found.locator("li").first).to_contain_text("第")
    rewrite(page, below="given: {grade: good", by="then: {percent: 7.777, amount: 933.24}")
    expect(found).to_have_text("检查完毕，没有问题。")
    page.get_by_role("button", name="保存为草稿").click()
    expect(page.locator(".flash").first).to_contain_text("草稿已保存")
    page.get_by_label("生效日").fill("2026-02-01")
    page.get_by_label("修订理由").fill("总经理办公会决定")
    page.get_by_role("button", name="报请批准").click()
    expect(page.locator("h1 .pill.is-running")).to_be_visible()
    house.desk("wangfang").do("批准修订", {"结论": "批准"}, about="绩效奖金比例")
    page.goto(f"{house.address}/rules/bonus_tier")
    expect(page.locator("tr", has_text="良好")).to_contain_text("7.777")

    admin.do("设定奖金比例", {"批准依据": "总经理办公会 2026 年第 3 次会议"}, about="李洋")
    page = house.desk("wangfang").open("确认奖金", about="李洋")
    assert desks.value(page.locator("[data-form-body]"), "奖金") == "871.02"
    house.desk("wangfang").send()
    house.desk("qianwei").do("发放奖金", {"发放日期": today()}, about="李洋")
    page = employee.go(str(bonus))
    expect(page.locator("h1 .pill.is-completed")).to_be_visible()
    expect(page.locator("main")).to_contain_text("871.02")

    # A colleague learns neither that there is such a case nor any figure of it.
    page = colleague.page
    for address in (str(appraisal), str(bonus), asked):
        response = page.goto(address)
        assert response is not None and response.status == 404
    for address in (
        "/inbox",
        "/inbox/done",
        "/inbox/started",
        "/stock",
        "/rules",
        "/rules/bonus_tier",
        str(month),
    ):
        page.goto(address)
        text = page.content()
        assert not [figure for figure in ("871.02", "85.25", "11,200", "11200") if figure in text]


def test_a_task_finished_in_two_tabs_is_finished_once(house: House) -> None:
    desk = house.desk("zhangmin")
    desk.start("组件销售订单", ORDER | {"承诺日期": days(10)})
    first = desk.open("核对订单")
    second = first.context.new_page()
    second.goto(first.url)
    desks.ready(second)
    for page in (first, second):
        desks.fill(page.locator("[data-form-body]"), {"核对结果": "无误，可接", "发货仓库": "上海嘉定仓"})
    desk.send()
    desks.press(second)
    expect(second.locator(".notice.is-kind")).to_contain_text("没有重复办理")
    assert second.locator(".is-error").count() == 0
    case = second.locator(".task-case a")
    case.click()
    told = second.locator(".timeline p").all_inner_texts()
    assert len([line for line in told if "张敏" in line and "核对订单" in line]) == 1
    assert in_books(house, NEARLY_SHORT).committed == 20


def test_an_answer_that_does_not_fit_comes_back_at_its_field(house: House) -> None:
    desk = house.desk("zhangmin")
    page = desk.go("/processes/sales_order/start")
    desks.ready(page)
    form = page.locator("[data-form-body]")
    # A number that the server does not let pass, from a browser that does not know its bound.
    wrong = [
        {"组件": NEARLY_SHORT, "数量": 20, "单价": "272.40"},
        {"组件": "QY-P60-265", "数量": 999999, "单价": "260"},
    ]
    desks.fill(form, ORDER | {"订单明细": wrong, "承诺日期": days(10)})
    started = "**/processes/sales_order/start"

    def enlarged(route: Route) -> None:
        sent = route.request.post_data or ""
        assert sent.count("999999") == 1
        route.continue_(post_data=sent.replace("999999", "9" * 17))

    page.route(started, enlarged, times=1)
    desks.press(page)
    desks.ready(page)
    expect(page.locator(".notice.is-bad")).to_be_visible()
    marked = page.locator(".fjs-has-errors")
    expect(marked).to_have_count(1)
    expect(marked.locator("input")).to_have_value("9" * 17)
    assert desks.value(form, "客户") == "江南电力工程"
    assert desks.value(form, "收货地址") == ORDER["收货地址"]
    assert page.get_by_label("单价").nth(1).input_value() == "260"
    desks.fill(desks.field(form, "订单明细"), {"数量": "31"}, row=1)
    desk.send()
    assert desk.inbox() == ["核对订单"]


CLAUSE = re.compile(r"[一二三四五六]\([一二三四五六]\)[0-9-]*")  # the policy's own numbering
SIMPLIFIED = set("单订库发货审办务标额经销说这们为该应时间规则现状态类项员计划价购组织级评奖绩")


def test_every_page_speaks_the_readers_language(house: House) -> None:
    specialist = house.desk("zhangmin")
    specialist.start("组件销售订单", ORDER | {"收货地址": "11 Example Road, Suzhou", "承诺日期": days(10)})
    page = specialist.page
    for language, is_foreign in (("en", is_chinese), ("zh_Hant", SIMPLIFIED.__contains__)):
        page.goto("/inbox")
        with page.expect_navigation():
            page.locator("select[name=language]").select_option(language)
        assert page.locator("html").get_attribute("lang") == language.replace("_", "-")
        found = {}
        for where in ("inbox", "task", "case", "processes", "start", "stock", "rules", "rule", "account"):
            shown(page, where)
            typed = page.locator("main input").evaluate_all("fields => fields.map(field => field.value)")
            lines = [*page.locator("main").inner_text().splitlines(), *typed]
            if foreign := [line for line in lines if any(map(is_foreign, CLAUSE.sub("", line)))]:
                found[where] = foreign
        assert found == {}, f"{language}: {found}"


def is_chinese(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff"


def shown(page: Page, where: str) -> None:
    """Go to a page and wait until what it draws is there."""
    if where == "task":
        page.goto("/inbox")
        page.locator("a[data-row]").first.click()
        page.wait_for_url("**/tasks/*")
        desks.ready(page)
    elif where == "case":
        page.locator(".task-case a").click()
        page.locator(".djs-element").first.wait_for()
    else:
        page.goto(
            {"start": "/processes/sales_order/start", "rule": "/rules/bonus_tier"}.get(where, f"/{where}")
        )
        if where == "start":
            desks.ready(page)
    page.wait_for_load_state("networkidle")


def test_nothing_runs_off_a_phone(house: House) -> None:
    house.desk("zhangmin").start("组件销售订单", ORDER | {"承诺日期": days(10)})
    page = desks.Desk(house, "liyang", viewport=desks.PHONE, is_mobile=True, has_touch=True).page
    for where in ("inbox", "task", "case", "stock", "start", "rule"):
        shown(page, where)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, where


def rewrite(page: Page, *, below: str, by: str) -> None:
    """In the rule editor, replace the line below the one that holds a text, by keyboard alone."""
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+f")
    page.keyboard.type(below)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    for key in ("End", "ArrowDown", "Home", "Shift+End"):
        page.keyboard.press(key)
    page.keyboard.type(by)
