"""A promotion or rotation holds from the day that was agreed: not before it was approved, and not at once; until
then it may be put off or called off."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from runtime.forms import FormInvalid
from tests.office import Case, Office


def approved(office: Office) -> Case:
    """On Monday the 9th: who is to move, with the day still to be set."""
    office.as_("sunli").start(
        "vacancy_posting", vacancy_group="supervisor", places=1, open_until="2026-04-30", vacancy_text="三年运营经验"
    )
    office.as_("zhaoming").do("review_request", decision="approve")
    case = office.as_("liyang").start(
        "career_move", move_kind="rotation", to_group="supervisor", move_evidence="熟悉全流程"
    )
    for who in ("chenjie", "wangfang"):
        office.as_(who).do("review_request", case.id, decision="approve")
    return case


def asked(office: Office, who: str) -> list[str]:
    return [row.element for row in office.as_(who).inbox()]


def test_everybody_reads_which_position_is_open_for_how_many_until_when_and_what_it_asks(office: Office) -> None:
    approved(office)
    told = office.as_("zhoulei").page("read_notice").data
    assert told["notice_title"] == "岗位空缺 VC-2026-0001：运营主管"
    assert told["notice_text"] == "名额 1 个，申请截止 2026-04-30。\n三年运营经验"


def test_a_move_holds_from_no_day_that_is_over(office: Office) -> None:
    case = approved(office)
    for day in ("2026-03-08", "2025-01-01"):
        with pytest.raises(FormInvalid) as refused:
            office.as_("sunli").do("set_effective_day", case.id, effect_decision="set", effective_on=day)
        assert [(each.where, each.rule) for each in refused.value.problems] == [("effective_on", "answer.passed")]
    office.as_("sunli").do("set_effective_day", case.id, effect_decision="set", effective_on="2026-03-09")
    office.as_("linxi").do("change_position", case.id, position_outcome="changed")
    assert case.end == "move_effected"


def test_a_position_is_changed_on_its_day_and_not_before(office: Office) -> None:
    case = approved(office)
    office.as_("sunli").do("set_effective_day", case.id, effect_decision="set", effective_on="2026-04-01")
    assert "change_position" not in asked(office, "linxi")
    office.later(days=22)  # Tuesday the 31st
    assert "change_position" not in asked(office, "linxi") and case.end is None
    office.later(days=1)
    office.as_("linxi").do("change_position", case.id, position_outcome="changed")
    assert case.end == "move_effected"


@pytest.mark.parametrize(
    ("day", "ahead", "due"), [("2026-04-01", 23, dt.date(2026, 4, 1)), ("2026-05-01", 53, dt.date(2026, 5, 6))]
)
def test_on_a_holiday_it_is_due_on_the_next_workday(office: Office, day: str, ahead: int, due: dt.date) -> None:
    """Nobody can do it before its day, and nobody is at work on that one."""
    case = approved(office)
    office.as_("sunli").do("set_effective_day", case.id, effect_decision="set", effective_on=day)
    office.later(days=ahead)
    told = office.as_("linxi").find("change_position", case.id).due_at
    assert told is not None and told.astimezone(ZoneInfo("Asia/Shanghai")).date() == due


def test_a_move_that_is_called_off_gives_its_place_back(office: Office) -> None:
    """The vacancy has one place: while the move stands, nobody else can have it."""
    case = approved(office)
    office.as_("sunli").do("set_effective_day", case.id, effect_decision="set", effective_on="2026-04-01")
    wanted = {"move_kind": "rotation", "to_group": "supervisor", "move_evidence": "熟悉全流程"}
    office.as_("zhangmin").start("career_move", **wanted)
    assert asked(office, "sunli") == ["before_effect", "weigh_vacancy"]

    office.as_("sunli").do("before_effect", case.id, what_changed="本人不再去")
    with pytest.raises(FormInvalid) as refused:
        office.as_("sunli").do("set_effective_day", case.id, effect_decision="call_off")
    assert [each.where for each in refused.value.problems] == ["call_off_reason"]
    office.as_("sunli").do("set_effective_day", case.id, effect_decision="call_off", call_off_reason="本人不再去")
    assert case.end == "move_called_off"
    office.as_("sunli").do("weigh_vacancy", vacancy_decision="again", vacancy_note="有了空缺")
    assert "review_request" in asked(office, "chenjie")
    office.later(days=23)
    assert "change_position" not in asked(office, "linxi")


def test_what_cannot_be_changed_on_its_day_goes_back_to_who_set_it(office: Office) -> None:
    case = approved(office)
    office.as_("sunli").do("set_effective_day", case.id, effect_decision="set", effective_on="2026-04-01")
    office.later(days=23)
    office.as_("linxi").do("change_position", case.id, position_outcome="not_now", not_now_reason="本人出差")
    told = office.as_("sunli").find("set_effective_day", case.id)
    assert case.end is None and told is not None
    office.as_("sunli").do("set_effective_day", case.id, effect_decision="set", effective_on="2026-04-02")
    office.later(days=1)
    office.as_("linxi").do("change_position", case.id, position_outcome="changed")
    assert case.end == "move_effected"
