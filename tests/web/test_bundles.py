"""Each bundle in a real browser under the strictest policy that it has to live with.

Not here: the pages themselves; this page is the smallest that each bundle can start on."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

DIST = Path(__file__).resolve().parents[2] / "web" / "static" / "dist"
POLICY = (
    "default-src 'none'; script-src 'nonce-once'; style-src 'self' 'nonce-once'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
)
DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"
 xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC">
<process id="p"><userTask id="approve" name="审批"/></process>
<di:BPMNDiagram><di:BPMNPlane bpmnElement="p"><di:BPMNShape bpmnElement="approve">
<dc:Bounds x="100" y="80" width="100" height="80"/></di:BPMNShape></di:BPMNPlane></di:BPMNDiagram>
</definitions>"""
SCHEMA = {
    "type": "default",
    "components": [
        {"type": "number", "key": "pieces", "label": "数量", "validate": {"required": True, "min": 1}},
        {"type": "textfield", "key": "reason", "label": "原因", "conditional": {"hide": "=pieces < 10"}},
    ],
}
MESSAGES = {"Field is required.": "必填", "Field must have minimum value of {0}.": "不能小于 {0}"}


def block(name: str, value: Any) -> str:
    return f'<script type="application/json" data-{name}>{json.dumps(value)}</script>'


PAGES = {
    "form": "<div data-form>"
    + block("schema", SCHEMA)
    + block("values", {})
    + block("messages", MESSAGES)
    + '<div data-form-body></div><form data-answer method="post" action="/sent">'
    '<input type="hidden" name="answers"><button>提交</button><span data-progress></span></form></div>',
    "diagram": "<div data-diagram>"
    + block("view", {"xml": DIAGRAM, "active": ["approve"], "labels": {"approve": "Approve"}})
    + '<div class="tall" data-canvas></div></div>',
    "editor": '<form data-editor-form data-check="/check"><textarea data-editor data-nonce="once" name="text">'
    "rule: limit\nrules: []\n</textarea>"
    + block("problems", [{"line": 2, "column": 8, "severity": "error", "text": "没有规则"}])
    + "<div data-found></div></form>",
    "charts": "<figure data-stock-chart>"
    + block(
        "rows",
        [{"sku": "a", "name": "a", "on_hand": 3, "safety_stock": 2, "reorder_point": 4, "below": False}],
    )
    + block("words", {"language": "zh-Hans", "axis": "库存", "href": "/stock/SKU"})
    + "<div class='tall' data-canvas><canvas></canvas></div></figure>",
    "htmx": '<button hx-get="/part" hx-target="#part">+</button><div id="part"></div>',
    "app": '<form method="post" action="/sent"><button name="choice" value="yes">是</button></form>',
}


class Server(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.strip("/")
        if name in PAGES:
            style = f'<link rel="stylesheet" href="/{name}.css">' if (DIST / f"{name}.css").exists() else ""
            tall = '<style nonce="once">.tall { height: 300px }</style>'
            script = f'<script nonce="once" src="/{name}.js" defer></script>'
            page = f"<!doctype html><meta charset=utf-8>{style}{tall}{script}{PAGES[name]}"
            self.answer(page, "text/html; charset=utf-8")
        elif name == "favicon.ico":
            self.answer("", "image/x-icon")
        elif name == "part":
            self.answer("<b>部分</b>", "text/html; charset=utf-8")
        else:
            super().do_GET()

    def do_POST(self) -> None:
        if self.path == "/check":
            self.answer('{"problems": []}', "application/json")
            return
        self.answer(self.rfile.read(int(self.headers["Content-Length"])).decode(), "text/plain")

    def answer(self, text: str, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test's output is for its failures."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=str(DIST)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: said.type in ("error", "warning") and complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    assert complaints == []


pytestmark = pytest.mark.browser


def test_a_form_is_drawn_checked_and_sent(page: Page, address: str) -> None:
    page.goto(f"{address}/form")
    pieces = page.get_by_label("数量")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("必填").wait_for()
    pieces.fill("0")
    page.get_by_text("不能小于 1").wait_for()
    assert page.get_by_label("原因").count() == 0
    pieces.fill("12")
    page.get_by_label("原因").fill("库存不足")
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/sent")
    assert "pieces" in page.content()


def test_the_forms_of_bpmn_io_keep_their_watermark(page: Page, address: str) -> None:
    page.goto(f"{address}/form")
    page.locator(".fjs-powered-by-link").wait_for()
    page.goto(f"{address}/diagram")
    page.locator(".bjs-powered-by").wait_for()


def test_a_diagram_shows_where_the_case_stands(page: Page, address: str) -> None:
    page.goto(f"{address}/diagram")
    page.locator(".djs-element.is-active").wait_for()
    # In the reader's language, whatever the file says.
    assert page.get_by_text("Approve").count() == 1


def test_a_rule_is_edited_with_its_problems_at_their_lines(page: Page, address: str) -> None:
    page.goto(f"{address}/editor")
    page.locator(".cm-lint-marker-error").wait_for()
    # Its own style sheet got through the policy.
    assert page.evaluate("getComputedStyle(document.querySelector('.cm-gutters')).display") == "flex"
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("owner: buyers")
    assert page.locator("textarea[name=text]").input_value().endswith("owner: buyers")


def test_a_chart_is_drawn(page: Page, address: str) -> None:
    page.goto(f"{address}/charts")
    page.wait_for_function("document.querySelector('canvas').width > 100")


def test_a_part_of_a_page_is_fetched(page: Page, address: str) -> None:
    page.goto(f"{address}/htmx")
    page.get_by_role("button").click()
    page.get_by_text("部分").wait_for()


def test_a_pressed_button_is_sent_with_its_value(page: Page, address: str) -> None:
    page.goto(f"{address}/app")
    page.get_by_role("button").click()
    page.wait_for_url("**/sent")
    assert "choice=yes" in page.content()
