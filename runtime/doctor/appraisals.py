"""Appraisals: grades are published by calibration, within its places, and what bars the top grade holds.

Not here: whether a grade is fair; months that were opened before grades were calibrated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.ledger.appraisals import (
    GRADES,
    appraisal_appeals,
    appraisal_cycles,
    appraisals,
    grade_calibrations,
)
from runtime.ledger.employed import employments
from runtime.store.db import Transaction

_ONE, _CYCLE, _ROUND, _APPEAL = appraisals.c, appraisal_cycles.c, grade_calibrations.c, appraisal_appeals.c
_PUBLISHED = ("graded", "appealed", "settled")
# What an appeal gave stands past calibration.
_APPEALED = sa.exists().where(_APPEAL.appraisal_id == _ONE.id, _APPEAL.outcome == "change")


def _published() -> sa.Select[Any]:
    return (
        sa.select(_ONE.public_id, _CYCLE.period, _ROUND.unit, _ROUND.calibrated_by)
        .join(appraisal_cycles, _CYCLE.id == _ONE.cycle_id)
        .outerjoin(grade_calibrations, _ROUND.id == _ONE.calibration_id)
        .where(_CYCLE.calibrated, _ONE.state.in_(_PUBLISHED), ~_APPEALED)
    )


@invariant("books")
def grades_are_calibrated(tx: Transaction) -> Iterator[Problem]:
    """Each published grade was settled in a calibration by somebody else, with a reason where it was changed."""
    wrong = sa.or_(
        _ONE.calibration_id.is_(None),
        _ROUND.calibrated_by == _ONE.employee,
        sa.and_(_ONE.grade != _ONE.proposed_grade, sa.func.coalesce(_ONE.calibration_reason, "") == ""),
    )
    for row in tx.all(_published().where(wrong).order_by(_ONE.id)):
        yield Problem(
            "grade_not_calibrated",
            "Its grade was published without calibration",
            f"appraisals/{row.public_id}",
            {},
        )


@invariant("books")
def top_places_are_kept(tx: Transaction) -> Iterator[Problem]:
    """No more people of a unit are excellent in a month than there were places, but for appeals."""
    query = (
        _published()
        .where(_ONE.grade == GRADES[0])
        .with_only_columns(
            _CYCLE.period,
            _ROUND.unit,
            sa.func.count().label("excellent"),
            sa.func.max(_ROUND.top_places).label("places"),
        )
        .group_by(_CYCLE.period, _ROUND.unit)
        .having(sa.func.count() > sa.func.max(_ROUND.top_places))
    )
    for row in tx.all(query):
        yield Problem(
            "too_many_excellent", "{count} are excellent where there were {places} places",
            f"appraisal_cycles/{row.period}/{row.unit}", {"count": row.excellent, "places": row.places},
        )  # fmt: skip


@invariant("books")
def barred_are_not_excellent(tx: Transaction) -> Iterator[Problem]:
    """Nobody whom something bars from the top grade has it."""
    query = sa.select(_ONE.public_id).where(_ONE.bar != "none", _ONE.grade == GRADES[0]).order_by(_ONE.id)
    for row in tx.all(query):
        yield Problem(
            "barred_excellent", "They were barred from the top grade", f"appraisals/{row.public_id}", {}
        )


@invariant("books")
def appeals_of_leavers_are_decided_apart(tx: Transaction) -> Iterator[Problem]:
    """Whoever told a result to who had left, and appealed for them, did not decide the appeal."""
    query = (
        sa.select(_ONE.public_id)
        .join(appraisal_appeals, _APPEAL.appraisal_id == _ONE.id)
        .where(_ONE.told_by == _APPEAL.decided_by)
        .order_by(_ONE.id)
    )
    for row in tx.all(query):
        yield Problem(
            "own_appeal_decided", "The same person appealed for them and decided", f"appraisals/{row.public_id}", {}
        )


@invariant("books")
def employment_is_confirmed_by_another(tx: Transaction) -> Iterator[Problem]:
    """Days of employment are entered by one and confirmed by another, neither of them whose they are."""
    row = employments.c
    wrong = sa.or_(row.entered_by == row.confirmed_by, row.person.in_((row.entered_by, row.confirmed_by)))
    for each in tx.all(sa.select(row.id).where(wrong).order_by(row.id)):
        yield Problem("own_employment", "The same person had two hands in it", f"employments/{each.id}", {})
