"""Awards, improvement plans and attendance: who may decide, what follows a grade, what is counted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from runtime.engine.ports import BpmnError
from runtime.errors import Conflict
from runtime.ledger import attendance, awards, budget_gate
from runtime.store import files
from runtime.values import File
from tests.store.ledger.conftest import Books

DAY = dt.date(2026, 3, 2)
WHY = {"title": "服务之星", "fact": "零差错"}


def refused(books: Books, topic: str, **inputs: Any) -> str:
    with pytest.raises(BpmnError) as caught:
        books.do(topic, **inputs)
    return caught.value.code


def nominated(books: Books, **more: Any) -> Any:
    given = {
        "person": "specialist",
        "by": "supervisor",
        "kind": "money",
        "amount": Decimal(500),
        **WHY,
        **more,
    }
    return books.do("awards.nominate", **given)


def test_nobody_nominates_themselves(empty: Books) -> None:
    given = {"by": "supervisor", "kind": "certificate", **WHY}
    assert refused(empty, "awards.nominate", person="supervisor", **given) == "bad_award"


@pytest.mark.parametrize(("kind", "amount"), [("money", None), ("both", 0), ("certificate", 5)])
def test_money_needs_an_amount_and_a_certificate_has_none(empty: Books, kind: str, amount: Any) -> None:
    given = {"person": "specialist", "by": "supervisor", **WHY}
    assert refused(empty, "awards.nominate", kind=kind, amount=amount, **given) == "bad_award"


def test_who_nominates_or_gains_neither_approves_nor_pays(empty: Books) -> None:
    award = nominated(empty)["award"]
    for who in ("specialist", "supervisor"):
        assert refused(empty, "awards.approve", award=award, by=who) == "same_person"
    empty.do("awards.approve", award=award, by="manager")
    for who in ("specialist", "supervisor"):
        assert refused(empty, "awards.pay", award=award, by=who) == "same_person"
    empty.do("awards.pay", award=award, by="lead")
    with pytest.raises(Conflict):
        empty.do("awards.pay", award=award, by="lead")


def test_a_budget_is_asked_for_once_there_is_one(empty: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    assert nominated(empty)["budget_left"] is None
    asked = []

    def source(tx: Any, purpose: str, day: dt.date) -> Decimal:
        asked.append((purpose, day))
        return Decimal("123.45")

    monkeypatch.setattr(budget_gate, "SOURCES", [lambda *_: None, source])
    assert nominated(empty)["budget_left"] == Decimal("123.45")
    assert asked == [("award", empty.today)]


def test_only_what_was_approved_has_a_certificate(empty: Books) -> None:
    award = nominated(empty)["award"]
    assert awards.granted(empty.tx, award) is None
    empty.do("awards.approve", award=award, by="manager")
    assert awards.granted(empty.tx, award).title == "服务之星"


def test_nobody_judges_their_own_improvement_and_it_ends_once(empty: Books) -> None:
    opened = empty.do("improvement.open", employee="specialist", superior="supervisor", facts="三次发错")
    plan = {"improvement": opened["improvement"], "goals": "不发错", "support": "带教"}
    assert refused(empty, "improvement.plan", review_on=empty.today, **plan) == "bad_review"
    empty.do("improvement.plan", review_on=empty.today + dt.timedelta(days=30), **plan)
    close = {"improvement": opened["improvement"], "outcome": "improved"}
    assert refused(empty, "improvement.close", by="specialist", **close) == "same_person"
    empty.do("improvement.close", by="supervisor", **close)
    with pytest.raises(Conflict):
        empty.do("improvement.close", by="supervisor", **close)


def line(books: Books, kind: str = "late", minutes: int = 30, day: dt.date = DAY) -> dict[str, Any]:
    return {"person": books.people["specialist"], "day": day, "kind": kind, "minutes": minutes}


def test_an_exception_is_entered_once_and_counted_by_the_rule(empty: Books) -> None:
    lines = [line(empty), line(empty, minutes=3, day=DAY + dt.timedelta(days=1)), line(empty, "absent", 480)]
    first = empty.do("attendance.record", lines=lines, by="hr")
    assert first["people"] == [{"person": empty.people["specialist"], "count": 3}]
    assert empty.do("attendance.record", lines=lines, by="hr")["entered"] == 0
    counted = attendance.counted(empty.tx, empty.people["specialist"], DAY, DAY + dt.timedelta(days=30))
    assert counted == {"late": 1, "absence": 1}


def test_what_is_excused_by_another_is_no_longer_counted(empty: Books) -> None:
    empty.do("attendance.record", lines=[line(empty)], by="hr")
    listed = empty.do("attendance.standing", person="specialist", first=DAY, last=DAY)["exceptions"]
    judged = [{"exception": listed[0]["exception"], "excused": True}]
    assert refused(empty, "attendance.judge", lines=judged, by="specialist") == "same_person"
    empty.do("attendance.judge", lines=judged, by="supervisor")
    assert attendance.counted(empty.tx, empty.people["specialist"], DAY, DAY) == {"late": 0, "absence": 0}
    assert (
        refused(empty, "attendance.standing", person="specialist", first=DAY, last=DAY)
        == "nothing_to_explain"
    )


def test_what_two_are_asked_to_judge_and_one_excused_stays_excused(empty: Books) -> None:
    empty.do("attendance.record", lines=[line(empty), line(empty, "absent", 480)], by="hr")
    listed = empty.do("attendance.standing", person="specialist", first=DAY, last=DAY)["exceptions"]
    late, absent = (each["exception"] for each in listed)
    empty.do("attendance.judge", lines=[{"exception": late, "excused": True}], by="supervisor")
    later = [{"exception": late, "excused": False}, {"exception": absent, "excused": True}]
    empty.do("attendance.judge", lines=later, by="manager")
    assert attendance.counted(empty.tx, empty.people["specialist"], DAY, DAY) == {"late": 0, "absence": 0}
    rows = {row.public_id: row for row in empty.rows(attendance.attendance_exceptions)}
    assert rows[late].decided_by == empty.people["supervisor"]


def test_a_file_is_read_line_by_line_and_what_cannot_be_read_is_said(empty: Books) -> None:
    bad = ["chenhao,2026-03-03,asleep,5", "nobody,2026-03-02,late,1", "x", "chenhao,2026-03-04,late,1.5"]
    text = "\n".join(["chenhao,2026-03-02,late,12", "", *bad])
    content = text.encode("utf-8-sig")
    sha256 = files.put(empty.tx, content)
    file = File(sha256, "march.csv", "text/csv", len(content))
    read = empty.do("attendance.read_import", file=file)
    assert (read["count"], len(read["problems"].splitlines())) == (1, 4)
    assert read["rows"][0]["person"] == empty.people["specialist"]


def test_more_than_is_taken_at_once_is_refused_and_nothing_is_left_out_in_silence(empty: Books) -> None:
    def file(content: bytes) -> File:
        return File(files.put(empty.tx, content), "years.csv", "text/csv", len(content))

    days = [DAY - dt.timedelta(days=number) for number in range(attendance.MOST_ROWS + 1)]
    lines = [f"chenhao,{day},late,12".encode() for day in days]
    assert refused(empty, "attendance.read_import", file=file(b"\n".join(lines))) == "bad_import"
    read = empty.do("attendance.read_import", file=file(b"\n".join(lines[1:])))
    assert len(read["rows"]) == read["count"] == attendance.MOST_ROWS
    again = b"\n".join(lines[:1] * (attendance.MOST_LINES + 1))
    assert refused(empty, "attendance.read_import", file=file(again)) == "bad_import"
