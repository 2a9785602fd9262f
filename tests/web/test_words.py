"""Words: what browsers' libraries say, how values and conditions read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runtime import i18n
from runtime.clock import now
from runtime.ledger import reading
from runtime.queries import cases, named
from tests.web.stand_ins import Office
from web import app, incidents, messages, show, stock, typed
from web.wording import wording


@pytest.mark.parametrize("language", ["zh_Hans", "zh_Hant"])
def test_what_libraries_and_the_framework_say_is_translated(language: str) -> None:
    known = i18n.catalogue(language)
    ours = [
        *messages.FORMS,
        *messages.EDITOR,
        *app.HTTP_SENTENCES.values(),
        *stock.KINDS.values(),
        *stock.REASONS.values(),
        *incidents.DONE.values(),
        *incidents.RESOLUTIONS.values(),
        *typed.sentences(),
        *(label for label, _ in stock.FIGURES.values()),
        *named.SENTENCES.values(),
        "and",
        "or",
        "not",
        "in",
        "true",
        "false",
        "null",
    ]
    assert [sentence for sentence in ours if sentence not in known] == []


def test_every_document_that_a_case_lists_has_a_name() -> None:
    assert set(cases.SENTENCES) == reading.NUMBERED


def told(value: object, language: str = "en", by: Callable[[Any], str] = show.shown) -> str:
    office = Office()
    office.client()
    with office.app.test_request_context(headers={"Cookie": f"language={language}"}):
        return by(value)


def test_values_read_as_people_write_them() -> None:
    assert told(Decimal("182400.50")) == "182,400.5"
    assert told(True) == "yes" and told(None) == "—"
    assert told(dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)) == "2026-03-09 09:00"  # the business zone
    assert told([1, "a"]) == "1, a" and told([1, "a"], "zh_Hans") == "1、a"
    assert told(["specialist", "analyst"], "zh_Hans", show.group_names) == "数据分析员、运营专员"
    assert told({"en": "Plan", "zh_Hans": "计划"}, "zh_Hant") == "计划"


def test_a_time_is_relative_with_the_exact_one_behind_it() -> None:
    office = Office()
    office.client()
    with office.app.test_request_context(headers={"Cookie": "language=en"}):
        told = str(show.ago(now() - dt.timedelta(hours=3)))
    assert "3 hours ago" in told and 'title="' in told and 'datetime="' in told


def test_a_condition_reads_with_names_for_ids() -> None:
    office = Office()
    office.client()
    with office.app.test_request_context(headers={"Cookie": "language=zh_Hans"}):
        words = wording({"amount": "金额", "kind": "类别"})
        assert (
            words('amount >= 100 && not (kind in ["amount", "b"])')
            == "金额 ≥ 100 且 非 (类别 属于 [“amount”, “b”])"
        )
        assert words("amount > 500000 or amount == 2.50") == "金额 > 500,000 或 金额 = 2.5"
        assert words("amounts - 1") == "amounts − 1"  # no part of a longer name is replaced
        assert words(None) == ""


def test_no_page_writes_a_latin_colon_after_a_word_of_the_readers_language() -> None:
    """It stands as the language has it: colon() in a page, or within the sentence that is translated."""
    latin = re.compile(r"(_\([^{}]*\)|\bname|\blabel[^{}]*|group_names[^{}]*)\s*\}\}(\{% endif %\})?:(?= |</)")
    pages = sorted((Path(show.__file__).parent / "templates").glob("*.html"))
    found = [f"{page.name}: {each[0]}" for page in pages for each in latin.finditer(page.read_text("utf-8"))]
    assert len(pages) > 20 and found == []
