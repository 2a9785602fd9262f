"""Meetings, notices and errands: what is kept, and who may not decide."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from runtime.engine.ports import BpmnError
from runtime.errors import Conflict
from runtime.ledger import notices
from tests.store.ledger.conftest import Books


def refused(books: Books, topic: str, **inputs: Any) -> str:
    with pytest.raises(BpmnError) as caught:
        books.do(topic, **inputs)
    return caught.value.code


def test_a_meeting_takes_updates_until_its_minutes_are_kept(empty: Books) -> None:
    called = empty.do("meetings.call")
    assert empty.people["specialist"] in called["staff"] and empty.people["hr"] not in called["staff"]
    mine = {"meeting": called["meeting"], "person": "specialist", "done": "十单", "planned": "盘点"}
    empty.do("meetings.report", **mine)
    told = empty.do("meetings.updates", meeting=called["meeting"])["updates"]
    assert [(row["person"], row["blocks"]) for row in told] == [(empty.people["specialist"], None)]
    empty.do("meetings.close", meeting=called["meeting"], held=True, by="manager", minutes="盘点")
    with pytest.raises(Conflict):
        empty.do("meetings.report", **{**mine, "person": "analyst"})


def test_a_notice_has_another_approver_receipts_and_is_withdrawn_by_who_is_answerable(empty: Books) -> None:
    text = {"title": "值班", "text": "见附件", "drafted_by": "supervisor"}
    assert refused(empty, "notices.publish", approved_by="supervisor", **text) == "same_person"
    out = empty.do("notices.publish", approved_by="manager", **text)
    assert sorted(out["readers"]) == sorted(set(empty.people.values()) - {empty.people["supervisor"]})
    empty.do("notices.read", notice=out["notice"], person="specialist")
    assert [row.person for row in empty.rows(notices.notice_readings)] == [empty.people["specialist"]]
    back = {"number": out["notice_number"], "reason": "日期有误"}
    assert refused(empty, "notices.withdraw", by="specialist", **back) == "no_such_notice"
    empty.do("notices.withdraw", by="manager", **back)
    assert empty.sent == [("notice_withdrawn", out["notice_number"], {})]
    assert refused(empty, "notices.withdraw", by="manager", **back) == "no_such_notice"


def test_nobody_accepts_what_they_did_and_what_is_sent_back_is_done_again(empty: Books) -> None:
    day = dt.date(2026, 3, 12)
    given = empty.do("errands.give", giver="supervisor", doer="specialist", assignment="整理", due_on=day)
    errand = given["errand"]
    empty.do("errands.report", errand=errand, result="好了")
    assert refused(empty, "errands.accept", errand=errand, accepted=True, by="specialist") == "same_person"
    empty.do("errands.accept", errand=errand, accepted=False, by="supervisor")
    empty.do("errands.report", errand=errand, result="真的好了")
    empty.do("errands.accept", errand=errand, accepted=True, by="supervisor")
    with pytest.raises(Conflict):
        empty.do("errands.report", errand=errand, result="又好了")
