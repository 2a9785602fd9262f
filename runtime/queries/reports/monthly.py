"""The monthly analysis report as a document: what was submitted, so that it reads the same for ever.

Its figures come from what the analysis kept, never from the books of today. Not here: key figures over months
(figures.py), tampering (doctor/reports.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime import household
from runtime.errors import NotFound
from runtime.identity import Actor, Person, require
from runtime.ledger import analyses as book
from runtime.ledger.analyses import (
    analyses,
    analysis_figures,
    analysis_models,
    analysis_sets,
)
from runtime.ledger.analysis_reports import analysis_decisions, analysis_recommendations
from runtime.ledger.key_figures import UNITS
from runtime.queries.people import shown
from runtime.store.db import Transaction

MOST = 10  # rows of a drawn list


class NoSuchDocument(NotFound):
    """There is no submitted analysis report {number}."""

    code = "report.no_document"


@dataclass(frozen=True)
class Line:
    """A submitted report in the list."""

    number: str
    period: str
    state: str
    submitted_at: dt.datetime
    analyst: Person | None


@dataclass(frozen=True)
class Recommendation:
    """`decisions`: role → adopted, action, owner, due_on, reason and by."""

    number: int
    kind: str
    finding: str
    text: str
    decisions: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Document:
    """`figures`: figure, unit, value, former, target, verdict; `sets`: name, rows, sha256; `checks`: what each
    check of the data found; `sales`, `stock`, `deliveries`: what is drawn, from the kept data."""

    number: str
    period: str
    since: dt.date
    until: dt.date
    state: str
    case: str
    analyst: Person | None
    submitted_at: dt.datetime
    content_hash: str
    purpose: str
    method: str
    results: str
    caveat: str | None
    model: str
    model_description: str
    figures: Sequence[Mapping[str, Any]]
    sets: Sequence[Mapping[str, Any]]
    checks: Sequence[Mapping[str, Any]]
    recommendations: Sequence[Recommendation]
    sales: Sequence[tuple[Mapping[str, str], Any]]
    stock: Sequence[tuple[Mapping[str, str], Any]]
    deliveries: tuple[int, int]  # on time, late


def documents(tx: Transaction, actor: Actor) -> list[Line]:
    """The submitted reports, the newest period first."""
    require(actor, "read", "report")
    organisation = household.organisation(tx)
    one = analyses.c
    rows = tx.all(
        sa.select(one.number, one.period, one.state, one.submitted_at, one.analyst)
        .where(one.submitted_at.is_not(None))
        .order_by(one.period.desc(), one.id.desc())
        .limit(60)
    )
    return [
        Line(row.number, row.period, row.state, row.submitted_at, _person(organisation, row.analyst))
        for row in rows
    ]


def document(tx: Transaction, actor: Actor, number: str) -> Document:
    """Raises NoSuchDocument, NotGranted."""
    require(actor, "read", "report")
    row = tx.first(
        sa.select(analyses).where(analyses.c.number == number, analyses.c.submitted_at.is_not(None))
    )
    if row is None:
        raise NoSuchDocument(number=number)
    organisation = household.organisation(tx)
    model = tx.first(sa.select(analysis_models).where(analysis_models.c.id == row.model_id))
    kept, figure = analysis_sets.c, analysis_figures.c
    sets = tx.all(
        sa.select(kept.name, kept.row_count, kept.sha256)
        .where(kept.analysis_id == row.id, kept.attempt == row.attempt)
        .order_by(kept.id)
    )
    figures = tx.all(sa.select(analysis_figures).where(figure.analysis_id == row.id).order_by(figure.id))
    data = book.collected(tx, row.id, row.attempt)
    return Document(
        number=row.number,
        period=row.period,
        since=row.since,
        until=row.until,
        state=row.state,
        case=row.case,
        analyst=_person(organisation, row.analyst),
        submitted_at=row.submitted_at,
        content_hash=row.content_hash,
        purpose=row.purpose,
        method=row.method,
        results=row.results,
        caveat=row.caveat,
        model=f"{model.name} {model.version}" if model else "",
        model_description=model.description if model else "",
        figures=[
            {
                "figure": each.figure,
                "unit": UNITS.get(each.figure, ""),
                "value": each.value,
                "former": each.former,
                "target": each.target,
                "verdict": each.verdict,
            }
            for each in figures
        ],
        sets=[{"name": each.name, "rows": each.row_count, "sha256": each.sha256} for each in sets],
        checks=list(row.checks or ()),
        recommendations=_recommendations(tx, row.id, organisation),
        sales=_top(data["customers"], "customer", "settled"),
        stock=_top(
            [{**each, "worth": each["closing"] * each["price"]} for each in data["stock"]],
            "component",
            "worth",
        ),
        deliveries=(
            sum(each["on_time"] for each in data["deliveries"]),
            sum(not each["on_time"] for each in data["deliveries"]),
        ),
    )


def _top(rows: Sequence[Mapping[str, Any]], label: str, value: str) -> list[tuple[Mapping[str, str], Any]]:
    """The greatest ten that are something."""
    found = sorted((row for row in rows if row[value]), key=lambda row: (-row[value], row[label]))
    return [(row.get("names") or {"en": row[label]}, row[value]) for row in found[:MOST]]


def _recommendations(tx: Transaction, analysis_id: int, organisation: Any) -> list[Recommendation]:
    advice, decided = analysis_recommendations.c, analysis_decisions.c
    by: dict[int, dict[str, Mapping[str, Any]]] = {}
    for one in tx.all(
        sa.select(analysis_decisions)
        .join(analysis_recommendations, advice.id == decided.recommendation_id)
        .where(advice.analysis_id == analysis_id)
        .order_by(decided.role)
    ):
        by.setdefault(one.recommendation_id, {})[one.role] = {
            "adopted": one.adopted,
            "action": one.action,
            "owner": _person(organisation, one.owner),
            "due_on": one.due_on,
            "reason": one.reason,
            "by": _person(organisation, one.by),
        }
    rows = tx.all(
        sa.select(analysis_recommendations).where(advice.analysis_id == analysis_id).order_by(advice.number)
    )
    return [Recommendation(row.number, row.kind, row.finding, row.text, by.get(row.id, {})) for row in rows]


def _person(organisation: Any, public_id: str | None) -> Person | None:
    known = organisation.by_public_id.get(public_id)
    return shown(organisation, known.id) if known is not None else None
