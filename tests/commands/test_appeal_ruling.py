"""Whoever appealed is told how it was decided and why; nothing waits until they have read it."""

from __future__ import annotations

import pytest

from runtime.library import NoSuchCase
from runtime.queries import cases as case_queries
from tests.office import Case, Office

OWN = {"self_work": "90", "self_ability": "90", "self_attitude": "90"}
SCORES = {"work": "70", "ability": "70", "attitude": "70", "assessment_comment": "一般"}
WHY = "漏计的两项业绩不属于当月"
DEPARTMENT = ("wangfang", "chenjie", "liyang", "zhangmin", "zhoulei", "xuhui", "zhaoming")


def everybody_does(office: Office, element: str, **answers: str) -> None:
    for who in DEPARTMENT:
        for row in [row for row in office.as_(who).inbox() if row.element == element]:
            office.as_(who).do(element, row.case, **answers)


@pytest.fixture
def appraisal(office: Office) -> Case:
    """liyang's, appealed against and decided."""
    office.as_("sunli").start("monthly_appraisal")
    everybody_does(office, "self_assess", **OWN)
    everybody_does(office, "assess_employee", **SCORES)
    everybody_does(office, "calibrate_grades")
    mine = office.as_("liyang").find("confirm_result").case
    office.as_("liyang").do("confirm_result", mine, confirmation="appeal", appeal_reason="漏计两项业绩")
    office.as_("sunli").do("decide_appeal", mine, appeal_decision="uphold", appeal_ruling=WHY)
    return office.case(mine)


def test_whoever_appealed_reads_the_ruling_and_its_reason(office: Office, appraisal: Case) -> None:
    page = office.as_("liyang").page("read_ruling")
    shown = {name: page.data[name] for name in ("appeal_outcome", "appeal_ruling", "grade_before", "grade")}
    assert shown == {
        "appeal_outcome": "uphold", "appeal_ruling": WHY, "grade_before": "satisfactory", "grade": "satisfactory",
    }  # fmt: skip
    [told] = office.cases_of("appeal_ruling")
    office.later(days=3)
    assert office.as_("liyang").find("read_ruling").reminded == 1
    office.as_("liyang").do("read_ruling", ruling_known=True)
    assert (told.status, told.end) == ("completed", "ruling_read")


def test_neither_the_appraisal_nor_the_bonus_waits_until_it_is_read(office: Office, appraisal: Case) -> None:
    assert (appraisal.status, appraisal.end) == ("completed", "appraisal_settled")
    everybody_does(office, "confirm_result", confirmation="accept")
    employee = office.as_("liyang").actor.public_id
    assert employee in [bonus.variables["employee"] for bonus in office.cases_of("employee_bonus")]
    assert office.as_("liyang").find("read_ruling")


def test_nobody_else_but_human_resources_is_told(office: Office, appraisal: Case) -> None:
    [told] = office.cases_of("appeal_ruling")
    for who in ("chenjie", "wangfang", "zhaoming", "zhoulei", "qianwei", "linxi"):
        assert not [row for row in office.as_(who).inbox() if row.element == "read_ruling"]
        with pytest.raises(NoSuchCase):
            office.as_(who).case_page(told.id)
    for who in ("liyang", "sunli"):
        assert office.runtime.read(case_queries.case_page, office.as_(who).actor, told.id, "en").full
