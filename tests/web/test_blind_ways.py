"""Whoever counts blind: no way leads to what the books say, or to what somebody else counted, until the count is done.

One count stands open, of figures that nobody mistakes, and each way that answers somebody is tried by those who may
have to count. Not here: what a blind step of another kind found (test_blind_count.py)."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import clock
from runtime.commands import accounts, comments, files, user_tasks
from runtime.identity import SYSTEM, Actor
from runtime.ledger.catalogue import components
from runtime.ledger.safety import stock_parameters
from runtime.outbox import Outbox
from runtime.queries import counted, held, reports, stock
from runtime.settings import Settings
from runtime.store.db import Transaction
from runtime.values import File
from tests.conftest import START
from tests.office import Office, Runtime, tells
from tests.web.programs import Program
from tests.web.stand_ins import send
from tests.web.test_blind_count import doors
from tests.web.test_with_runtime import Browser

SKU, BOOK, OFF, FIRST = "QY-P60-265", 73119, 15347, 51604
NOTE = f"货架上 {FIRST} 件"
BEFORE, ELSEWHERE = 67, 33  # pieces there, and in other warehouses, as the demo begins
WORTH = OFF * Decimal("214.65")  # CNY
# What the books say of the warehouse, and of all; how far a report was from them; what was counted first; how far
# that was from them.
FIGURES = [str(each) for each in (BOOK, BOOK + ELSEWHERE, OFF, WORTH, FIRST, BOOK - FIRST)]
SECRETS = [*FIGURES, *(f"{Decimal(each):,}" for each in FIGURES)]
COUNTERS = ("zhangmin", "zhoulei")  # who may count again: one has the sheet, the other may if it is given back
SHEET = Path(__file__).parents[2] / "processes" / "count_sheet"


@dataclass(frozen=True)
class Count:
    """A stocktake of one component: counted first by liyang, and taken by zhoulei to be counted again."""

    office: Office
    sheet: str
    photo: File
    mails: list[Any]

    def known(self) -> dict[str, list[dict[str, Any]]]:
        keys = (*reports.KINDS, "count_sheet", "stocktake", "stock_check", "stock_correction", "count_tolerance")
        return {
            "case": [{"case": each.id} for each in self.office.cases()],
            "sku": [{"sku": SKU}],
            "key": [{"key": each} for each in keys],
            "sha256": [{"sha256": self.photo.sha256}],
        }


@pytest.fixture(scope="module")
def count(databases: Any, seeded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Count]:
    mails: list[Any] = []
    with (
        databases.copied(seeded_home, tmp_path_factory.mktemp("counted") / "home") as home,
        clock.frozen(START),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("runtime.delivery.send", lambda sent, *rest, **kw: mails.extend(sent))
        runtime = Runtime(Settings(home=home, demo=True))
        runtime.load()
        runtime.house.mails = True
        yield begun(Office(runtime), mails)
        runtime.close()


def begun(office: Office, mails: list[Any]) -> Count:
    """What the books say was told in cases of those who now may have to count: a correction, an alert, an anomaly."""
    office.deploy(
        (SHEET / "count_sheet.bpmn").read_text("utf-8"),
        with_photo((SHEET / "count_goods.form").read_text("utf-8")),
        (SHEET / "recount_goods.form").read_text("utf-8"),
    )
    office.runtime.do(short, SYSTEM)
    there = {"component": SKU, "warehouse": "SH"}
    office.as_("zhangmin").start("stock_correction", **there, difference="surplus", pieces=BOOK - BEFORE, reason="漏登")
    office.as_("chenjie").do("review_correction", correction_decision="approve")
    assert office.as_("zhangmin").find("acknowledge_alert")
    office.as_("zhangmin").start(
        "stock_anomaly", **there, anomaly_kind="quantity", actual=BOOK - OFF, description="少了"
    )
    office.as_("chenjie").start("stocktake", count_kind="spot", count_warehouse="SH", count_components=[SKU])
    [sheet] = office.cases_of("count_sheet")
    first = office.as_("liyang").actor
    office.runtime.do(accounts.set_email, SYSTEM, "zhangmin", "zhangmin@firm.example")
    office.runtime.do(comments.write, first, sheet.id, f"@zhangmin {NOTE}")
    photo = office.runtime.do(files.store, first, f"点数{FIRST}.pdf", "application/pdf", f"%PDF-1.4 {FIRST}".encode())
    lines = [{"counted": FIRST, "note": NOTE}]
    task = office.as_("liyang").find("count_goods", sheet.id).id
    office.runtime.do(user_tasks.complete, first, task, {"count_lines": lines, "photos": [photo]})
    office.settle()
    again = office.as_("zhoulei")
    office.runtime.do(user_tasks.claim, again.actor, again.find("recount_goods", sheet.id).id)
    Outbox(office.runtime).drain()
    return Count(office, sheet.id, photo, mails)


def short(tx: Transaction, actor: Actor) -> None:
    """There should be more of the component than there will be, so that its next movement opens an alert."""
    of_it = stock_parameters.c.component_id.in_(sa.select(components.c.id).where(components.c.sku == SKU))
    tx.execute(sa.update(stock_parameters).where(of_it).values(safety_stock=90_000))


def with_photo(form: str) -> str:
    schema = json.loads(form)
    schema["components"].append({"type": "filepicker", "id": "field_photos", "key": "photos", "label": "照片"})
    return json.dumps(schema)


Way = Callable[[Count, str], Any]
WAYS: dict[str, Way] = {}


def way(told: Way) -> Way:
    """A way by which something is told to somebody: all that it says, address by address."""
    WAYS[told.__name__] = told
    return told


@way
def pages_and_api(count: Count, who: str) -> Any:
    """Each page, the inbox, tasks and their forms, cases, their drawings and logs, stock; all that the API answers."""
    yield from doors(count.office, who, count.known())


@way
def search(count: Count, who: str) -> Any:
    """What is searched for is said again by the page: how much is found, and whether it differs from any figure."""
    browser, program = Browser(count.office, who), Program(count.office, who)
    for found in (*FIGURES, NOTE, SKU, "盘点", "CT-2026", "70000"):
        api = json.loads(program.client.get(f"/api/v1/search?q={found}", headers=program.headers).data)
        yield found, {**api, "text": ""}
        yield found, unescape(browser.client.get(f"/search?q={found}").text).replace(found, "")


@way
def files_of_the_case(count: Count, who: str) -> Any:
    answer = Browser(count.office, who).client.get(f"/files/{count.photo.sha256}")
    yield "file", f"{answer.headers} {answer.data!r}"


@way
def what_is_held_on_oneself(count: Count, who: str) -> Any:
    packed = zipfile.ZipFile(io.BytesIO(count.office.runtime.read(held.own, count.office.as_(who).actor)))
    for name in packed.namelist():
        yield name, packed.read(name).decode("utf-8", "replace")


@way
def mails(count: Count, who: str) -> Any:
    assert count.mails
    for each in count.mails:
        yield "mail", each


@way
def forms_that_are_refused(count: Count, who: str) -> Any:
    """A count that does not fit, one that is somebody else's, and values that nobody asked for."""
    browser, program = Browser(count.office, who), Program(count.office, who)
    task = count.office.as_("zhoulei").find("recount_goods", count.sheet).id
    for lines in ([{"counted": -1}], [{"counted": "x"}], [], [{"component": "CZ-M60-265", "counted": 70000}]):
        sent = {"answers": json.dumps({"count_lines": lines, "book": 1, "variance": 0}), "version": "9"}
        yield f"/tasks/{task}", unescape(send(browser.client, f"/tasks/{task}", sent).text)
        body = {"answers": {"count_lines": lines, "book": 1}}
        yield "api", program.call("POST", f"/tasks/{task}/complete", body)


@way
def delisting(count: Count, who: str) -> Any:
    """Pieces in stock are why a component cannot be delisted."""
    desk = count.office.as_(who)
    case = desk.start("product_listing", component=SKU)
    desk.do("propose_change", case.id, change_kind="delist", component=SKU, change_reason="停产")
    yield "form", desk.page("propose_change", case.id)
    yield "case", desk.case_page(case.id)
    desk.do("propose_change", case.id, withdraw=True)


@way
def more_than_there_is(count: Count, who: str) -> Any:
    """A correction of more pieces than the books have is refused, and its case says why."""
    desk, above = count.office.as_(who), count.office.as_("chenjie")
    wanted = {"component": SKU, "warehouse": "SH", "difference": "shortage", "pieces": 900_000, "reason": "试"}
    case = desk.start("stock_correction", **wanted)
    above.do("review_correction", case.id, correction_decision="approve")
    told = above.page("review_correction", case.id).data["correction_problem"]
    assert "盘点" in told and not tells(told, *SECRETS)
    yield "case", desk.case_page(case.id)
    above.do("review_correction", case.id, correction_decision="reject", correction_comment="不对")


@way
def anomalies(count: Count, who: str) -> Any:
    """How far a report is from the books tells what these say."""
    desk = count.office.as_(who)
    seen = {"component": SKU, "warehouse": "SH", "anomaly_kind": "quantity", "actual": BOOK - OFF, "description": "少"}
    case = desk.start("stock_anomaly", **seen)
    yield "case", desk.case_page(case.id)
    yield "variables", Program(count.office, who).get(f"/cases/{case.id}/variables")


@way
def what_others_may_do(count: Count, who: str) -> Any:
    """External work, messages, signals, incidents, reports as files, and tasks of others are not theirs."""
    browser, program = Browser(count.office, who), Program(count.office, who)
    for path, body in (
        ("/external-tasks/fetch", {"worker": who, "topics": [{"name": "stocktake.record", "lock_seconds": 60}]}),
        ("/messages", {"name": "count_sheet_done", "key": "x", "variables": {}}),
        ("/signals", {"name": "x", "variables": {}}),
    ):
        answer = program.client.post(f"/api/v1{path}", headers=program.headers, json=body)
        assert answer.status_code >= 400, path
        yield path, answer.text
    for key in reports.KINDS:
        for kind in ("csv", "xlsx"):
            sent = {"kind": kind, "since": "2026-01-01", "until": "2026-03-09"}
            answer = send(browser.client, f"/reports/{key}/exports", sent)
            assert answer.status_code >= 400, key
            yield key, answer.text


@pytest.mark.parametrize("who", COUNTERS)
@pytest.mark.parametrize("told", WAYS.values(), ids=WAYS)
def test_no_way_leads_whoever_counts_to_the_books_or_to_another_count(
    count: Count, told: Way, who: str, capfd: pytest.CaptureFixture[str]
) -> None:
    said = list(told(count, who))
    assert said
    assert [address for address, text in said if tells(text, *SECRETS)] == []
    assert not tells(capfd.readouterr(), *SECRETS)  # what the log says meanwhile


def test_what_forms_show_of_the_books_goes_by_names_that_are_kept_back() -> None:
    def labelled(of: Any) -> Iterator[str]:
        for each in of.get("components", []) + of.get("columns", []):
            if re.match("现有库存|账存|别的仓库可用", each.get("label") or ""):
                yield each["key"]
            yield from labelled(each)

    forms = [json.loads(path.read_text("utf-8")) for path in sorted(SHEET.parent.glob("*/*.form"))]
    named = {name for form in forms for name in labelled(form)}
    assert named and named <= counted.BOOKS


def test_what_a_diagram_calls_a_component_and_is_none_hides_nothing_and_breaks_nothing(count: Count) -> None:
    who = count.office.as_("zhangmin").actor

    def told(known: dict[str, Any]) -> Any:
        return count.office.runtime.read(counted.told, who, known, known)

    assert told({"component": SKU, "on_hand": 1}) == {"component": SKU, "on_hand": None}
    for other in ({"code": SKU}, [SKU], None, "CZ-M60-265"):
        assert told({"component": other, "on_hand": 1}) == {"component": other, "on_hand": 1}


def test_whoever_reviews_sees_both_so_that_they_could_have_been_found(count: Count) -> None:
    def open_to(who: str, figure: int | Decimal) -> set[str]:
        shown = doors(count.office, who, count.known())
        return {address for address, text in shown if tells(text, str(figure), f"{figure:,}")}

    sheet = f"/cases/{count.sheet}"
    correction, alert, anomaly = (
        f"/api/v1/cases/{count.office.cases_of(process)[0].id}/variables"
        for process in ("stock_correction", "replenishment_alert", "stock_anomaly")
    )
    assert {f"/stock/{SKU}", sheet, f"/api/v1{sheet}", correction, anomaly} <= open_to("wangfang", BOOK)
    assert {"/stock", f"/stock/{SKU}", correction, alert} <= open_to("wangfang", BOOK + ELSEWHERE)
    assert anomaly in open_to("wangfang", OFF)
    case = f"/cases/{count.office.cases_of('stock_anomaly')[0].id}"
    assert {case, f"/api/v1{case}"} <= open_to("wangfang", WORTH)  # by a rule's decision
    assert {sheet, f"/api/v1{sheet}", f"/api/v1{sheet}/comments"} <= open_to("wangfang", FIRST)
    for who in ("liyang", "wangfang"):
        answer = Browser(count.office, who).client.get(f"/files/{count.photo.sha256}")
        assert str(FIRST).encode() in answer.data


def test_a_superior_who_is_left_to_count_is_told_no_more_than_the_others(office: Office) -> None:
    """Where all of the lane have posted the component, or counted it, their superior counts."""
    barred = [office.as_(who).actor.public_id for who in COUNTERS]
    asked = {"count_kind": "spot", "count_warehouse": "SH", "count_components": [SKU], "barred": barred}
    office.message("spot_count_wanted", "1", **asked)
    [sheet] = office.cases_of("count_sheet")

    def open_to(who: str) -> set[str]:
        known = {"case": [{"case": each.id} for each in office.cases()], "sku": [{"sku": SKU}]}
        known["key"] = [{"key": each} for each in (*reports.KINDS, "count_tolerance")]
        secrets = (str(FIRST), f"{FIRST:,}", str(FIRST - BEFORE), f"{FIRST - BEFORE:,}")
        return {address for address, text in doors(office, who, known) if tells(text, *secrets)}

    office.as_("liyang").do("count_goods", sheet.id, count_lines=[{"counted": FIRST, "note": NOTE}])
    left = office.as_("chenjie")
    assert left.find("recount_goods", sheet.id)
    assert open_to("chenjie") == set()
    assert office.runtime.read(stock.component, left.actor, SKU).counting
    assert f"/cases/{sheet.id}" in open_to("wangfang")
    left.do("recount_goods", sheet.id, count_lines=[{"counted": BEFORE}])
    assert f"/cases/{sheet.id}" in open_to("chenjie")
