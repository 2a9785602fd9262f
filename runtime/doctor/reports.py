"""Data analyses: what was collected is unchanged, a report says what it said, and both have decided on it.

Not here: the other documents (documents.py)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import sqlalchemy as sa

from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.ledger import snapshots
from runtime.ledger.analyses import (
    analyses,
    analysis_figures,
    analysis_sets,
)
from runtime.ledger.analysis_reports import analysis_decisions, analysis_recommendations, fingerprint
from runtime.store.db import Transaction


@invariant("books", slow=True)
def collected_data_is_unchanged(tx: Transaction) -> Iterator[Problem]:
    """Each set of data that an analysis was made of has the rows and the hash that were noted."""
    kept = analysis_sets.c
    query = sa.select(
        analyses.c.number, kept.attempt, kept.name, kept.row_count, kept.sha256, kept.content
    ).join(analyses, analyses.c.id == kept.analysis_id)
    for row in tx.execute(query.execution_options(yield_per=1)):
        try:
            rows, digest = snapshots.unpack(row.content)
        except (zlib.error, ValueError):
            rows, digest = [], ""
        if digest != row.sha256 or len(rows) != row.row_count:
            yield Problem(
                "data_differs", "The data is not what was collected",
                f"analysis_sets/{row.number}/{row.attempt}/{row.name}", {},
            )  # fmt: skip


@invariant("books")
def reports_say_what_they_said(tx: Transaction) -> Iterator[Problem]:
    """Each submitted report has its four parts, and says what it said when it was submitted."""
    for row in tx.all(sa.select(analyses).where(analyses.c.content_hash.is_not(None))):
        advice, figure = analysis_recommendations.c, analysis_figures.c
        recommendations = [
            {"number": one.number, "kind": one.kind, "finding": one.finding, "recommendation": one.text}
            for one in tx.all(
                sa.select(analysis_recommendations)
                .where(advice.analysis_id == row.id)
                .order_by(advice.number)
            )
        ]
        figures = [
            dict(one._mapping) for one in tx.all(sa.select(analysis_figures).where(figure.analysis_id == row.id))
        ]
        said = {"purpose": row.purpose, "method": row.method, "results": row.results}
        whole = all(said.values()) and recommendations
        if not whole or fingerprint(said, recommendations, figures) != row.content_hash:
            yield Problem(
                "report_differs", "The report is not what was submitted", f"analyses/{row.number}", {}
            )


@invariant("books")
def reports_are_decided_by_both(tx: Transaction) -> Iterator[Problem]:
    """Of each closed report manager and supervisor have decided on every recommendation, and neither wrote it."""
    decided = analysis_decisions.c
    counts = (
        sa.select(
            analysis_recommendations.c.id,
            analyses.c.number,
            analyses.c.state,
            sa.func.count(sa.distinct(decided.role)).label("roles"),
            sa.func.sum(sa.case((decided.by == analyses.c.analyst, 1), else_=0)).label("own"),
        )
        .select_from(analysis_recommendations)
        .join(analyses, analyses.c.id == analysis_recommendations.c.analysis_id)
        .outerjoin(analysis_decisions, decided.recommendation_id == analysis_recommendations.c.id)
        .group_by(analysis_recommendations.c.id, analyses.c.number, analyses.c.state)
    )
    for row in tx.all(counts):
        if row.own or (row.state == "decided" and row.roles < 2):
            yield Problem(
                "report_undecided",
                "A recommendation is not decided as it should be",
                f"analyses/{row.number}",
                {},
            )
