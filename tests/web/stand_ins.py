"""An office of stand-ins: what the runtime would answer, without a database.

For tests of pages alone. Whether the runtime answers like this is tested in tests/commands
and tests/acceptance."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from flask.testing import FlaskClient

from runtime import clock
from runtime.commands import accounts, attempts, cases, drafts, files, user_tasks
from runtime.errors import Problem
from runtime.identity import Actor, Person, SignInRefused
from runtime.queries import (
    amendments,
    awards,
    comments,
    handbook,
    handing,
    inbox,
    people,
    processes,
    rules,
    search,
    standing,
    stock,
    tasks,
    tokens,
)
from runtime.queries import cases as case_queries
from runtime.queries import files as file_queries
from runtime.queries.stock import Movement, Review, StockLine
from runtime.values import File
from web.app import create_app

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
PASSWORD = "correct horse"


def names(zh: str, hant: str, en: str) -> dict[str, str]:
    return {"zh_Hans": zh, "zh_Hant": hant, "en": en}


PEOPLE = {
    "wangfang": Actor(1, "a" * 32, "wangfang", names("王芳", "王芳", "Wang Fang"), frozenset({"manager"})),
    "limin": Actor(2, "b" * 32, "limin", names("李敏", "李敏", "Li Min"), frozenset({"supervisor"}), "en"),
}
LI = Person("b" * 32, names("李敏", "李敏", "Li Min"))
WANG = Person("a" * 32, names("王芳", "王芳", "Wang Fang"))
REVIEW = names("审核采购计划", "審核採購計劃", "Review the purchase plan")
PLAN = names("采购计划", "採購計劃", "Purchase plan")
TITLE = names("PP-2026-0007 九月组件补货", "PP-2026-0007 九月組件補貨", "PP-2026-0007 Modules for September")
SCHEMA: dict[str, Any] = {
    "type": "default",
    "id": "review_plan",
    "components": [
        {"type": "text", "id": "intro", "text": "### 审核要点\n核对数量、需求日期与预算。"},
        {
            "type": "radio",
            "id": "f_decision",
            "key": "decision",
            "label": "决定",
            "values": [
                {"label": "同意", "value": "approve"},
                {"label": "退回修改", "value": "return"},
                {"label": "拒绝", "value": "reject"},
            ],
            "validate": {"required": True},
        },
        {
            "type": "number",
            "id": "f_amount",
            "key": "amount",
            "label": "金额",
            "decimalDigits": 2,
            "appearance": {"suffixAdorner": "CNY"},
            "validate": {"min": 0},
        },
        {"type": "datetime", "id": "f_date", "key": "need_by", "subtype": "date", "dateLabel": "需求日期"},
        {
            "type": "select",
            "id": "f_supplier",
            "key": "supplier",
            "label": "供应商",
            "searchable": True,
            "values": [{"label": "晶澳", "value": "JA"}, {"label": "隆基", "value": "LONGI"}],
        },
        {
            "type": "dynamiclist",
            "id": "f_lines",
            "path": "lines",
            "label": "明细",
            "showOutline": True,
            "isRepeating": True,
            "allowAddRemove": True,
            "defaultRepetitions": 1,
            "components": [
                {
                    "type": "textfield",
                    "id": "f_component",
                    "key": "component",
                    "label": "组件",
                    "validate": {"required": True},
                    "layout": {"row": "r", "columns": 8},
                },
                {
                    "type": "number",
                    "id": "f_quantity",
                    "key": "quantity",
                    "label": "数量",
                    "validate": {"required": True, "min": 1},
                    "layout": {"row": "r", "columns": 8},
                },
            ],
        },
        {"type": "filepicker", "id": "f_files", "key": "photos", "label": "附件", "multiple": True},
        {"type": "textarea", "id": "f_comment", "key": "comment", "label": "意见"},
    ],
}
DATA = {
    "amount": 182400.5,
    "need_by": "2026-12-20",
    "lines": [
        {"component": "JAM72D42-585", "quantity": 300},
        {"component": "LR7-72HVH-650", "quantity": 120},
    ],
}

RULE = """\
rule: approval_limits
name: 审批权限
# 单位 CNY
rows:
  - id: large
    when: amount > 50000
    then: {approver: division_lead}
    because: "大额"
"""


class Office:
    """A runtime whose answers a test may change: `answers[function] = value` or a function of the call.

    `calls` are (function name, actor, positional and named arguments)."""

    def __init__(self, *, demo: bool = True, hosts: str = "") -> None:
        self.settings = SimpleNamespace(
            demo=demo, hosts=hosts, zone="Asia/Shanghai", proxies=0, log_requests=False, metrics_token=""
        )
        self.calls: list[tuple[str, Actor | None, tuple, dict]] = []
        self.answers: dict[Callable, Any] = dict(self._usual())
        self.tried: Counter[str] = Counter()
        self.unproven: list[Problem] = []  # what speaks against a draft that is saved
        self.present = dict(PEOPLE)  # who may still sign in, and as what

    def secret(self) -> bytes:
        return b"only for tests"

    def do(self, command: Callable, actor: Actor | None, *args: Any, **kw: Any) -> Any:
        self.calls.append((command.__name__, actor, args, kw))
        answer = self.answers[command]
        if isinstance(answer, Exception):
            raise answer
        return answer(actor, *args, **kw) if callable(answer) else answer

    read = do

    def save_rule(self, actor: Actor, key: str, text: str, base: int) -> tuple[str, list[Problem]]:
        return self.do(drafts.save_rule, actor, key, text, base), self.unproven

    def called(self, name: str) -> list[tuple]:
        return [args for called, _, args, _ in self.calls if called == name]

    def client(self) -> FlaskClient:
        demo = [
            SimpleNamespace(username=who.username, password=PASSWORD, names=who.names, groups=who.groups)
            for who in PEOPLE.values()
        ]
        self.app = create_app(self, demo)
        self.app.testing = False
        return self.app.test_client()

    def _usual(self) -> dict[Callable, Any]:
        now = clock.now()
        case = example_case(now)
        return {
            people.by_session: self._by_session,
            people.stands_in: [],
            attempts.note: self._note,
            accounts.sign_in: self._sign_in,
            accounts.set_language: None,
            accounts.sign_out: None,
            accounts.change_password: None,
            tokens.own: [],
            inbox.counts: inbox.Counts(12, 3, 9, 41, 5),
            inbox.todo: inbox.Page(
                [
                    task(
                        "t1",
                        names("审核采购计划", "審核採購計劃", "Review the purchase plan"),
                        assignee=WANG,
                        created_at=now - 3 * DAY,
                        due_at=now - 4 * HOUR,
                        overdue=True,
                        reminded=1,
                    ),
                    task(
                        "t2",
                        names("验收到货", "驗收到貨", "Inspect the delivery"),
                        groups=("manager", "specialist"),
                        created_at=now - 5 * HOUR,
                        due_at=now + DAY,
                        title=names("PO-2026-0012 隆基", "PO-2026-0012 隆基", "PO-2026-0012 LONGi"),
                        process="purchase_execution",
                        process_names=names("采购执行", "採購執行", "Purchase execution"),
                    ),
                    task(
                        "t3",
                        names("上级评价", "上級評價", "Assess the employee"),
                        assignee=WANG,
                        created_at=now - 20 * dt.timedelta(minutes=1),
                        title=names(
                            "2026-10 考核 赵强", "2026-10 考核 趙強", "2026-10 appraisal, Zhao Qiang"
                        ),
                        process="employee_appraisal",
                        process_names=names("员工考核", "員工考核", "Employee appraisal"),
                    ),
                ],
                "2026-11-01T00:00:00+00:00~7",
            ),
            inbox.done: inbox.Page(
                [
                    task(
                        "t9",
                        names("审核采购计划", "審核採購計劃", "Review the purchase plan"),
                        completed_at=now - DAY,
                    )
                ],
                None,
            ),
            inbox.started: inbox.Page(
                [
                    inbox.CaseRow(
                        "c1",
                        TITLE,
                        "purchase_plan",
                        PLAN,
                        "running",
                        now - 3 * DAY,
                        None,
                        waits("review_plan", REVIEW, assignee=WANG),
                    )
                ],
                None,
            ),
            search.find: lambda actor, text, after=None: found(now, text),
            tasks.task_page: lambda actor, task, language: task_page(now),
            handbook.pending: None,
            handing.of_case: {},
            comments.unread: 2,
            comments.thread: lambda actor, case, before=None, limit=50: thread(now, case),
            comments.mentioning: inbox.Page(
                [
                    comments.MentionRow(
                        "k1", "c1", TITLE, "purchase_plan", PLAN, LI, now - HOUR, "@王芳 数量对吗？", False
                    )
                ],
                None,
            ),
            awards.certified: False,
            user_tasks.claim: None,
            user_tasks.release: None,
            user_tasks.complete: user_tasks.Completed("c1", None),
            processes.startable: [
                processes.ProcessRow(
                    "purchase_plan", PLAN, "根据需求和销售情况拟定采购计划，交部门经理审核。", "三(一)1"
                ),
                processes.ProcessRow(
                    "stock_correction",
                    names("库存更正", "庫存更正", "Stock correction"),
                    "更正一种组件的账面数量。",
                    "三(二)5",
                ),
            ],
            processes.start_page: lambda actor, key, language: processes.StartPage(
                key, PLAN, "根据需求和销售情况拟定采购计划。", "三(一)1", SCHEMA, {}
            ),
            cases.start: cases.Started("c1", None),
            case_queries.case_page: case,
            rules.listing: [
                rules.RuleRow(
                    "approval_limits",
                    names("审批权限", "審批權限", "Approval limits"),
                    3,
                    True,
                    "三(一)2",
                    False,
                    0,
                ),
                rules.RuleRow(
                    "bonus_tier", names("奖金档次", "獎金檔次", "Bonus tier"), 1, False, "四(二)1", True, 3
                ),
            ],
            rules.rule_page: rule_page(now),
            amendments.of_draft: None,
            drafts.check_rule: [],
            drafts.save_rule: "draft1",
            files.store: lambda actor, name, media_type, data: File("f" * 64, name, media_type, len(data)),
            file_queries.content: (File("f" * 64, '合同 "7".pdf', "application/pdf", 5), b"%PDF-"),
            stock.overview: stock_rows(),
            stock.component: component(now),
        }

    def _by_session(self, actor: None, public_id: str, epoch: int) -> Actor | None:
        return next((p for p in self.present.values() if (p.public_id, p.epoch) == (public_id, epoch)), None)

    def _note(self, actor: None, tried: dict[str, attempts.Limit]) -> None:
        for key, limit in tried.items():
            self.tried[key] += 1
            if self.tried[key] > limit.most:
                raise attempts.TooManyAttempts

    def _sign_in(self, actor: None, username: str, password: str) -> Actor:
        if username not in self.present or password != PASSWORD:
            raise SignInRefused
        return self.present[username]


def task(id: str, names: dict[str, str], **given: Any) -> inbox.TaskRow:
    usual: dict[str, Any] = {
        "element": "review_plan",
        "case": "c1",
        "case_title": given.pop("title", TITLE),
        "process": "purchase_plan",
        "process_names": PLAN,
        "state": "ready",
        "assignee": None,
        "in_place_of": None,
        "groups": (),
        "created_at": clock.now(),
        "due_at": None,
        "overdue": False,
        "priority": 50,
        "reminded": 0,
        "completed_at": None,
    }
    return inbox.TaskRow(id=id, names=names, **{**usual, **given})


def thread(now: dt.datetime, case: str) -> comments.Thread:
    """Somebody asks the reader, who has answered."""
    asked = comments.CommentView(
        "k1", LI, now - HOUR, "@王芳 数量对吗？", [("@王芳", True), (" 数量对吗？", False)], [WANG],
        names("审核采购计划", "審核採購計劃", "Review the purchase plan"), None, None, False, False, True,
    )  # fmt: skip
    said = comments.CommentView(
        "k2", WANG, now, "<b>对</b>", [("<b>对</b>", False)], [], None, now, None, True, True, False
    )
    return comments.Thread(case, True, True, [asked, said], None)


def waits(element: str, called: dict[str, str], assignee: Person | None = None) -> standing.Standing:
    """A case waits for one step, with whoever has it, else with the managers."""
    return standing.Standing((called,), (standing.Step(element, called, assignee, () if assignee else ("manager",)),))


def found(now: dt.datetime, text: str) -> search.Found:
    ended = now - 80 * DAY
    cases = [
        inbox.CaseRow("c1", TITLE, "purchase_plan", PLAN, "running", now - 3 * DAY, None, waits("review_plan", REVIEW)),
        inbox.CaseRow("c2", TITLE, "purchase_plan", PLAN, "completed", now - 90 * DAY, ended, standing.Standing()),
    ]
    return search.Found(text, [task("t1", REVIEW, assignee=WANG)], True, cases, "7", True)


def task_page(now: dt.datetime, **changed: Any) -> tasks.TaskPage:
    row = task(
        "t1",
        names("审核采购计划", "審核採購計劃", "Review the purchase plan"),
        assignee=WANG,
        created_at=now - 3 * DAY,
        due_at=now - 4 * HOUR,
        overdue=True,
    )
    usual: dict[str, Any] = {
        "row": row,
        "version": 4,
        "schema": SCHEMA,
        "data": DATA,
        "may_claim": False,
        "may_complete": True,
        "may_release": True,
        "documentation": "核对每一行的数量、需求日期和预计价格；超出权限时系统会转分管领导。",
        "clause": "三(一)2",
        "case_summary": [("发起人", "李敏"), ("计划金额", "182,400.50 CNY")],
    }
    return tasks.TaskPage(**{**usual, **changed})


def stock_rows() -> list[StockLine]:
    made: list[tuple[str, str, int, int | None, int | None, int, int]] = [
        ("JAM72D42-585", "晶澳 JAM72D42-585/LB 双玻", 120, 211, 771, 300, 40),
        ("LR7-72HVH-650", "隆基 LR7-72HVH-650M", 900, 180, 640, 0, 120),
        ("TSM-NEG21C.20-720", "天合 TSM-NEG21C.20-720W", 660, 150, 500, 0, 0),
        ("CS7N-700TB-AG", "阿特斯 CS7N-700TB-AG", 90, 95, 310, 400, 0),
        ("JKM-635N-78HL4-BDV", "晶科 JKM635N-78HL4-BDV", 1450, 230, 700, 0, 0),
        ("NEW-1", "新组件（参数未定）", 15, None, None, 0, 0),
    ]
    return [
        StockLine(sku, {"zh_Hans": name, "en": sku}, on_hand, on_order, 0, committed, safety, reorder,
                  *(("al1", "c1") if safety and on_hand < safety else (None, None)))
        for sku, name, on_hand, safety, reorder, on_order, committed in made
    ]  # fmt: skip


def component(now: dt.datetime) -> stock.ComponentPage:
    pieces = [
        ("opening", 400),
        ("issue", -60),
        ("issue", -110),
        ("receipt", 150),
        ("issue", -200),
        ("correction", -60),
    ]
    movements, balance = [], 0
    for place, (kind, quantity) in enumerate(pieces):
        balance += quantity
        at = now - (30 - 5 * place) * DAY
        movements.append(
            Movement(place, at, at.date(), kind, "SZ", quantity, balance, None, None, f"c{place % 2}", None)
        )
    return stock.ComponentPage(
        sku="JAM72D42-585",
        names=names("晶澳 JAM72D42-585/LB 双玻", "晶澳 JAM72D42-585/LB 雙玻", "JA JAM72D42-585/LB"),
        line=stock_rows()[0],
        figures={"brand": "JA Solar", "power": Decimal(585), "efficiency": Decimal("22.6"), "voc": None},
        movements=movements[::-1],
        reviews=[Review(now - DAY, "c1", 120, 211, 771, True, "below", None)],
        demand=[],
        warehouses=[
            ("SZ", names("苏州仓", "蘇州倉", "Suzhou"), 100, 40),
            ("HF", names("合肥仓", "合肥倉", "Hefei"), 20, 0),
        ],
        readable=frozenset({"c1"}),
    )


def rule_page(now: dt.datetime, **changed: Any) -> rules.RulePage:
    column = rules.Column
    table = rules.Table(
        description="采购计划按金额决定由谁审批。",
        owner="manager",
        clause="三(一)2",
        effective_from=dt.date(2026, 1, 1),
        samples=True,
        hit="first",
        inputs=[column("amount", "计划金额", "CNY", "decimal"), column("category", "类别", "", "text")],
        derived=[rules.Derived("converted", "折算金额", "amount * 1.13")],
        outputs=[column("approver", "审批人", "", "text"), column("days", "期限", "天", "integer")],
        lines=[
            rules.Line(
                "large",
                "大额",
                'amount > 50000 and category == "A"',
                {"approver": "分管领导", "days": "2"},
                "大额采购由分管领导审批",
            ),
            rules.Line(
                "medium", "中额", "amount > 10000", {"approver": "部门经理", "days": None}, "政策三(一)2"
            ),
        ],
        otherwise=None,
        refusal="金额未填，不能决定。",
    )
    usual: dict[str, Any] = {
        "key": "approval_limits",
        "names": names("审批权限", "審批權限", "Approval limits"),
        "version": 3,
        "active": True,
        "table": table,
        "text": RULE,
        "versions": [
            rules.Version(3, now - DAY, WANG, "browser", dt.date(2026, 1, 1)),
            rules.Version(2, now - 40 * DAY, None, "folder", None),
        ],
        "draft": rules.Draft(
            "draft1",
            now - HOUR,
            LI,
            "rule: approval_limits\n",
            3,
            effective_from=dt.date(2026, 4, 1),
            rehearsal=rules.Rehearsal(
                12,
                2000,
                3,
                [
                    rules.Otherwise(
                        "c1", TITLE, [("审批人", "部门经理")], [("审批人", "分管领导")], ""
                    ),
                    rules.Otherwise("c2", TITLE, [("审批人", "部门经理")], None, "金额未填，不能决定。"),
                ],
                [("期限", Decimal(4))],
            ),
        ),
        "may_edit": True,
    }
    return rules.RulePage(**{**usual, **changed})


def example_case(now: dt.datetime) -> case_queries.CasePage:
    from runtime.queries.timeline import Moment

    return case_queries.CasePage(
        id="c1",
        title=TITLE,
        process_key="purchase_plan",
        process_names=PLAN,
        version=2,
        status="running",
        started_at=now - 3 * DAY,
        ended_at=None,
        initiator=LI,
        full=True,
        diagrams=[
            case_queries.DiagramView(
                "purchase_plan",
                PLAN,
                DIAGRAM,
                ["start", "draft"],
                ["review"],
                [],
                ["f1", "f2"],
                {"draft": "拟定采购计划", "review": "审核采购计划", "start": "需要采购"},
                {"review": "王芳"},
            )
        ],
        timeline=[
            Moment(now - 3 * DAY, "case_started", LI, "李敏发起了流程", "start"),
            Moment(now - 3 * DAY + HOUR, "task_completed", LI, "李敏完成了“拟定采购计划”", "draft"),
            Moment(
                now - 3 * DAY + HOUR,
                "decided",
                None,
                "规则“审批权限”（第 3 版）：由部门经理审批",
                "limits",
                "金额 ≤ 50,000 CNY",
            ),
        ],
        decisions=[
            case_queries.DecisionView(
                now - 3 * DAY,
                "approval_limits",
                names("审批权限", "審批權限", "Approval limits"),
                3,
                [("计划金额", "182400.50 CNY")],
                [("审批人", "部门经理")],
                ["大额采购由部门经理和分管领导审批"],
                [
                    {
                        "row": "small",
                        "false": [{"term": "amount <= 10000", "values": {"amount": Decimal("182400.50")}}],
                    }
                ],
                "",
            )
        ],
        open_tasks=[
            task(
                "t1",
                names("审核采购计划", "審核採購計劃", "Review the purchase plan"),
                assignee=WANG,
                created_at=now - 3 * DAY,
            )
        ],
        documents=[("application/pdf", "合同.pdf", "/files/" + "f" * 64)],
    )


def signed_in(client: FlaskClient, username: str = "wangfang") -> FlaskClient:
    """The client after signing in through the page, as a browser does."""
    answer = send(client, "/sign-in", {"username": username, "password": PASSWORD}, page="/sign-in")
    assert answer.status_code == 302, answer.text
    return client


def token(client: FlaskClient, page: str = "/account") -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(page).text)
    assert found, page
    return found[1]


def send(client: FlaskClient, address: str, fields: dict[str, Any], page: str = "/account", **kw: Any) -> Any:
    """POST a form with the token that `page` carries."""
    return client.post(address, data={"csrf_token": token(client, page), **fields}, **kw)


DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
 xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
 xmlns:di="http://www.omg.org/spec/DD/20100524/DI"
 targetNamespace="t">
<bpmn:process id="purchase_plan">
<bpmn:startEvent id="start" name="需要采购"/>
<bpmn:userTask id="draft" name="拟定采购计划"/>
<bpmn:userTask id="review" name="审核采购计划"/>
<bpmn:endEvent id="end" name="交采购部"/>
<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="draft"/>
<bpmn:sequenceFlow id="f2" sourceRef="draft" targetRef="review"/>
<bpmn:sequenceFlow id="f3" sourceRef="review" targetRef="end"/></bpmn:process>
<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="purchase_plan">
<bpmndi:BPMNShape bpmnElement="start"><dc:Bounds x="100" y="102" width="36" height="36"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape bpmnElement="draft"><dc:Bounds x="200" y="80" width="100" height="80"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape bpmnElement="review"><dc:Bounds x="370" y="80" width="100" height="80"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape bpmnElement="end"><dc:Bounds x="540" y="102" width="36" height="36"/></bpmndi:BPMNShape>
<bpmndi:BPMNEdge bpmnElement="f1"><di:waypoint x="136" y="120"/><di:waypoint x="200" y="120"/></bpmndi:BPMNEdge>
<bpmndi:BPMNEdge bpmnElement="f2"><di:waypoint x="300" y="120"/><di:waypoint x="370" y="120"/></bpmndi:BPMNEdge>
<bpmndi:BPMNEdge bpmnElement="f3"><di:waypoint x="470" y="120"/><di:waypoint x="540" y="120"/></bpmndi:BPMNEdge>
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>"""
