"""The handbook's pages over the real runtime: read, confirmed, loaded, and led on from."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from runtime.handbook.carriers import PAGES
from tests.web.stand_ins import send
from tests.web.test_with_runtime import Browser
from web.handbook import PAGES as ADDRESSES

OURS = (
    "---\nlanguage: zh_Hans\ntitle: 本公司手册\neffective_from: 2026-03-01\n---\n# 1 总则\n\n## 1.1 目的\n\n"
    "<script>alert(1)</script> [去](javascript:alert(1)) **照章办事**。\n\n→ clause:三(一)2\n"
)


def load(browser: Browser, *texts: str, charset: str = "utf-8") -> Any:
    """Send a handbook as the form does."""
    form = browser.client.get("/handbook/versions").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token
    files = [(io.BytesIO(text.encode(charset)), f"ours{number or ''}.md") for number, text in enumerate(texts)]
    data = {"csrf_token": token[1], "files": files}
    return browser.client.post("/handbook/versions", data=data, content_type="multipart/form-data")


def test_every_page_that_a_handbook_may_name_has_an_address(office: Any) -> None:
    assert set(ADDRESSES) == set(PAGES)
    endpoints = {rule.endpoint for rule in Browser(office, "liyang").app.url_map.iter_rules()}
    assert set(ADDRESSES.values()) <= endpoints


@pytest.mark.parametrize(
    ("language", "told"), [("zh_Hans", "验收"), ("zh_Hant", "驗收"), ("en", "Inspection")]
)
def test_everybody_reads_the_handbook_in_their_language(office: Any, language: str, told: str) -> None:
    browser = Browser(office, "liyang")
    send(browser.client, "/language", {"language": language}, page="/handbook")
    page = browser.client.get("/handbook?period=year").text
    assert told in page and 'id="三(一)5"' in page and "/processes/goods_receipt?step=inspect_goods" in page
    assert "is-gap" not in page


def test_what_nothing_carries_out_stands_out_and_can_be_shown_alone(office: Any) -> None:
    more = "\n\n# 8 茶水\n\n每天上午十点。\n"
    assert load(Browser(office, "linxi"), OURS.rstrip() + more).status_code == 302
    browser = Browser(office, "liyang")
    assert "is-gap" in browser.client.get("/handbook").text
    gaps = browser.client.get("/handbook?only=gaps").text
    assert 'id="8"' in gaps and "is-gap" in gaps and "/processes/plan_approval" not in gaps


def test_a_period_that_makes_no_sense_is_the_usual_one(office: Any) -> None:
    browser = Browser(office, "liyang")
    for query in (
        "period=never",
        "since=2026-99-99&until=x",
        "since=2026-03-09&until=2026-01-01",
        "since=0001-01-01",
    ):
        assert browser.client.get(f"/handbook?{query}").status_code == 200
    assert browser.client.get("/handbook?since=0001-01-01&until=9999-12-31").status_code == 200


def test_whoever_signs_in_is_asked_to_read_it_until_they_confirm(office: Any) -> None:
    browser = Browser(office, "liyang")
    assert 'href="/handbook"' in browser.client.get("/inbox").text.partition('role="status"')[2]
    answer = send(browser.client, "/handbook/acknowledge", {"number": "1"}, page="/handbook")
    assert answer.status_code == 302
    assert "已确认读过这一版" in browser.client.get("/handbook").text
    again = Browser(office, "liyang")
    assert 'href="/handbook"' not in again.client.get("/inbox").text.partition('role="status"')[2]
    stale = send(again.client, "/handbook/acknowledge", {"number": "7"}, page="/handbook")
    assert stale.status_code == 409


def test_a_process_is_drawn_with_the_step_that_a_clause_led_to(office: Any) -> None:
    page = Browser(office, "liyang").client.get("/processes/goods_receipt?step=inspect_goods").text
    assert '"active": ["inspect_goods"]' in page and "组织验收" in page
    assert Browser(office, "liyang").client.get("/processes/nothing").status_code == 404


def test_an_administrator_loads_the_companys_own(office: Any) -> None:
    admin = Browser(office, "linxi")
    broken = load(admin, "# 1 x\n")
    assert broken.status_code == 400 and "ours.md:1:" in broken.text
    other = load(admin, OURS, charset="gbk")
    assert other.status_code == 400 and "ours.md:1: 无法作为 UTF-8 文本文件读取。" in other.text
    twice = load(admin, OURS, OURS)
    assert twice.status_code == 400 and "ours1.md:2: 有两个文件" in twice.text
    assert load(admin, OURS).status_code == 302
    listed = admin.client.get("/handbook/versions").text
    assert "林溪" in listed
    page = Browser(office, "wangfang").client.get("/handbook").text
    assert "本公司手册" in page and "<strong>照章办事</strong>" in page
    assert "<script>alert" not in page and 'href="javascript' not in page
    assert "/processes/plan_approval?step=review_plan" in page  # by the policy's number


def test_who_may_not_load_or_look_after_it_is_refused(office: Any) -> None:
    browser = Browser(office, "liyang")
    assert browser.client.get("/handbook/versions").status_code == 403
    answer = send(browser.client, "/handbook/versions", {}, page="/handbook")
    assert answer.status_code == 403
    shown = browser.client.get("/handbook/acknowledgements").text
    assert "李洋" in shown and "王芳" not in shown
