"""What a blind count found leaves by no door towards those who may be asked to count again."""

from __future__ import annotations

from html import unescape
from typing import Any

from runtime.queries import held, reports
from tests.office import Office, tells
from tests.web.programs import Program
from tests.web.test_with_runtime import Browser

COUNTED, NOTE = 7193, "货架背面另有散件"
FOUND = ("7193", "7,193", "7093", "7,093", NOTE)  # the pieces, the variance, what was noted


def counted(office: Office) -> str:
    office.as_("chenjie").start(
        "stocktake", count_kind="spot", count_warehouse="SH", count_components=["QY-P60-265"]
    )
    [sheet] = office.cases_of("count_sheet")
    office.as_("liyang").do("count_goods", sheet.id, count_lines=[{"counted": COUNTED, "note": NOTE}])
    office.settle()
    return str(sheet.id)


def doors(office: Office, who: str, known: dict[str, list[dict[str, Any]]]) -> Any:
    """Each page and each answer of the API that somebody may ask for: its address and what it says."""
    browser, program = Browser(office, who), Program(office, who)
    seen = known | {"task": [{"task": each.id} for each in office.as_(who).inbox()], "": [{}]}
    for rule in browser.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        for given in seen.get(",".join(sorted(rule.arguments)), []):
            address = browser.app.url_map.bind("localhost").build(rule.endpoint, given)
            if address.startswith("/api/"):
                answer = program.client.get(address, headers=program.headers)
            else:
                answer = browser.client.get(address)
            if answer.is_json or answer.mimetype.startswith("text/"):
                yield address, unescape(answer.text)


def open_to(office: Office, who: str) -> set[str]:
    """Addresses that tell somebody what was found."""
    keys = (*reports.KINDS, "count_sheet", "stocktake", "stock_check", "count_tolerance")
    known = {
        "case": [{"case": each.id} for each in office.cases()],
        "sku": [{"sku": "QY-P60-265"}],
        "key": [{"key": each} for each in keys],
        "incident": [{"incident": each} for each in office.incidents()],
    }
    return {address for address, text in doors(office, who, known) if tells(text, *FOUND)}


def test_who_may_have_to_count_again_finds_nothing_of_the_first_count_behind_any_door(office: Office) -> None:
    sheet = counted(office)
    assert office.as_("zhangmin").find("recount_goods", sheet)
    for who in ("zhangmin", "zhoulei"):
        assert open_to(office, who) == set()
    # Whoever counted, and who is above them, reads it: what is looked for is there.
    for who in ("liyang", "wangfang"):
        assert open_to(office, who) == {f"/cases/{sheet}", f"/api/v1/cases/{sheet}"}


def test_what_a_check_of_the_shelves_found_is_known_to_whoever_checked_and_who_is_above(office: Office) -> None:
    check = office.as_("zhangmin").start("stock_check").id
    seen = {"component": "QY-P60-265", "warehouse": "SH", "actual": COUNTED, "description": NOTE}
    office.as_("zhangmin").do("check_stock", check, anomalies=[{**seen, "anomaly_kind": "quantity"}])
    office.settle()
    assert office.cases_of("stock_anomaly")
    assert open_to(office, "liyang") == set() == open_to(office, "zhoulei")
    assert f"/cases/{check}" in open_to(office, "zhangmin") & open_to(office, "wangfang")


def test_what_is_held_on_who_counts_again_names_nothing_that_the_first_found(office: Office) -> None:
    sheet = counted(office)
    office.as_("zhangmin").do("recount_goods", sheet, count_lines=[{"counted": 88}])
    office.settle()

    for who in ("zhangmin", "zhoulei"):
        actor = office.as_(who).actor
        assert not tells(office.runtime.read(held.of_person, actor, actor.public_id), *FOUND)
