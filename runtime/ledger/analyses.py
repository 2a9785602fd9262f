"""Data analyses: what was collected, cleaned and found about a period.

One analysis of a period is under way at a time. Data that failed the quality gate is analysed only with a caveat
that the report carries. Not here: its report and what is decided on it (analysis_reports.py), what the data says
(snapshots.py, data_checks.py, key_figures.py), who is asked (processes/data_analysis)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import append_only, data_checks, documents, key_figures, snapshots
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store.db import Exact, Id, Instant, Tagged, Transaction, metadata

analyses = sa.Table(
    "analyses",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("period", sa.String(7), nullable=False),  # 2026-11
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("until", sa.Date, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),  # how often data was collected
    sa.Column("checks", Tagged),  # list of what each check found, of the last attempt
    sa.Column("good", sa.Boolean),  # the quality gate; None: not cleaned yet
    sa.Column("caveat", sa.Text),  # why it goes on with data that is not
    sa.Column("accepted_by", sa.String(32)),
    sa.Column("model_id", sa.ForeignKey("analysis_models.id")),
    sa.Column("analyst", sa.String(32)),
    sa.Column("purpose", sa.Text),
    sa.Column("method", sa.Text),
    sa.Column("results", sa.Text),
    sa.Column("submitted_at", Instant),
    sa.Column("content_hash", sa.String(64)),  # of the report as it was submitted
    sa.Column("closed_at", Instant),
)
UNDER_WAY = analyses.c.state != "decided"
sa.Index(
    "uq_analyses_under_way",
    analyses.c.period,
    unique=True,
    sqlite_where=UNDER_WAY,
    postgresql_where=UNDER_WAY,
)

# What was collected, once a set and attempt, as it was.
analysis_sets = sa.Table(
    "analysis_sets",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("analysis_id", sa.ForeignKey("analyses.id"), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("name", sa.String(16), nullable=False),
    sa.Column("row_count", sa.Integer, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.UniqueConstraint("analysis_id", "attempt", "name"),
)
append_only.protect(analysis_sets)

# Key figures of an analysis, as they were when its report was submitted.
analysis_figures = sa.Table(
    "analysis_figures",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("analysis_id", sa.ForeignKey("analyses.id"), nullable=False),
    sa.Column("figure", sa.String(32), nullable=False),
    sa.Column("value", Exact, nullable=False),
    sa.Column("target", Exact),
    sa.Column("better", sa.String(8), nullable=False),  # higher | lower | none
    sa.Column("verdict", sa.String(8), nullable=False),  # met | near | missed | none
    sa.Column("former", Exact),  # of the last submitted analysis of an earlier period
    sa.UniqueConstraint("analysis_id", "figure"),
)
append_only.protect(analysis_figures)

# Models by name and version; what a version is never changes.
analysis_models = sa.Table(
    "analysis_models",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("version", sa.String(20), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("by", sa.String(32), nullable=False),
    sa.Column("case", sa.String(32), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.UniqueConstraint("name", "version"),
)
append_only.protect(analysis_models)

# What was asked of the owners of bad data, and what they did about it.
data_repairs = sa.Table(
    "data_repairs",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("analysis_id", sa.ForeignKey("analyses.id"), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("owner", sa.String(16), nullable=False),  # group
    sa.Column("by", sa.String(32), nullable=False),
    sa.Column("mended", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.UniqueConstraint("analysis_id", "attempt", "owner"),
)

# Data that fails the gate is collected anew; what was analysed may be written again until it is submitted.
NEXT = {
    "opened": {"collected"},
    "collected": {"cleaned"},
    "cleaned": {"collected", "cleaned", "analysed"},
    "analysed": {"analysed", "submitted"},
    "submitted": {"decided"},
}


class NotAMonth(Invalid):
    """{period} is no month that is over, and only such a month is analysed."""

    code = "analysis.not_a_month"


class AnalysisUnderWay(Conflict):
    """The analysis of {period} is under way already: {number}."""

    code = "analysis.under_way"


class DataNotGood(Conflict):
    """The data of analysis {number} did not pass the quality gate, and nobody has said with which caveat it goes on."""

    code = "analysis.data_not_good"


class OtherModel(Conflict):
    """The model {name} {version} is something else already; give what you changed another version."""

    code = "analysis.other_model"


class Opened(TypedDict):
    analysis: str
    analysis_number: str
    period: str
    since: dt.date
    until: dt.date


class Collected(TypedDict):
    attempt: int
    sets: list[dict[str, Any]]


class Cleaned(TypedDict):
    good: bool
    dropped: int
    checks: list[dict[str, Any]]
    faults: list[dict[str, Any]]
    figures: list[dict[str, Any]]


@operation("analysis.open", errors=("not_a_month", "under_way"))
def open_analysis(call: Call, period: str | None = None) -> Opened:
    """Begin the analysis of a month that is over (default: the last one).

    BPMN errors: not_a_month, under_way."""
    tx = call.tx
    first = call.today.replace(day=1)
    period = period or f"{first - dt.timedelta(days=1):%Y-%m}"
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", period) or period >= f"{first:%Y-%m}":
        raise refuse("not_a_month", NotAMonth(period=period))
    other = tx.first(sa.select(analyses.c.number).where(analyses.c.period == period, UNDER_WAY))
    if other is not None:
        raise refuse("under_way", AnalysisUnderWay(period=period, number=other.number))
    since = dt.date(int(period[:4]), int(period[5:]), 1)
    until = (since + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    analysis, number = public_id(), documents.next_number(tx, "DA", call.today.year)
    documents.add(
        tx,
        analyses,
        public_id=analysis,
        case=call.case,
        at=call.now,
        number=number,
        period=period,
        since=since,
        until=until,
        state="opened",
    )
    return {"analysis": analysis, "analysis_number": number, "period": period, "since": since, "until": until}


@operation("analysis.collect")
def collect(call: Call, analysis: str) -> Collected:
    """Keep the period's data as the books have it now; `sets`: name, rows and sha256 of each.

    Collected again, the former data stays beside it."""
    tx = call.tx
    row = documents.get(tx, analyses, analysis)
    attempt = row.attempt + 1
    documents.change(tx, analyses, row, "collected", NEXT, attempt=attempt, good=None, checks=None)
    kept = []
    for name, rows in snapshots.collect(tx, row.since, row.until, call.zone).items():
        content, digest = snapshots.pack(rows)
        kept.append({"name": name, "row_count": len(rows), "sha256": digest, "content": content})
    tx.insert(
        analysis_sets, [{**each, "analysis_id": row.id, "attempt": attempt, "at": call.now} for each in kept]
    )
    told = [{"name": each["name"], "rows": each["row_count"], "sha256": each["sha256"]} for each in kept]
    return {"attempt": attempt, "sets": told}


@operation("analysis.clean", errors=("rule_refused",))
def clean(call: Call, analysis: str) -> Cleaned:
    """Check the collected data by the rule data_quality, and compute key figures from what stays.

    `checks`: check, set, rows, found, dropped, verdict, owner and examples of each. `good`: none of them stops
    the analysis. `faults`: those that do, by the group that owns the data. `figures`: figure, value, unit, target,
    better, verdict and former of each."""
    tx = call.tx
    row = documents.get(tx, analyses, analysis)
    data = collected(tx, row.id, row.attempt)
    checks, dropped = check(call, data)
    good = all(each["verdict"] != "stop" for each in checks)
    documents.change(tx, analyses, row, "cleaned", NEXT, checks=checks, good=good)
    owners = dict.fromkeys(each["owner"] for each in checks if each["verdict"] == "stop")
    return {
        "good": good,
        "dropped": sum(map(len, dropped.values())),
        "checks": checks,
        "faults": [
            {"owner": owner, "checks": [c for c in checks if (c["owner"], c["verdict"]) == (owner, "stop")]}
            for owner in owners
        ],
        "figures": figures_of(call, row, data_checks.without(data, dropped)),
    }


def check(call: Call, data: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, set[int]]]:
    """What each check found and what the rule says of it; set → places of the rows that are dropped."""
    findings = data_checks.examine(data)
    outcomes = call.decide_many(
        "data_quality",
        [{"check": one.check.name, "rows": one.rows, "found": len(one.places)} for one in findings],
    )
    dropped: dict[str, set[int]] = {}
    checks = []
    for one, outcome in zip(findings, outcomes, strict=True):
        drop = outcome["handling"] == "drop"
        if drop:
            dropped.setdefault(one.check.set, set()).update(one.places)
        checks.append(
            {
                "check": one.check.name,
                "set": one.check.set,
                "rows": one.rows,
                "found": len(one.places),
                "dropped": len(one.places) if drop else 0,
                "verdict": outcome["verdict"],
                "owner": outcome["owner"],
                "examples": "、".join(one.examples),
            }
        )
    return checks, dropped


def figures_of(call: Call, row: Any, data: Mapping[str, Any]) -> list[dict[str, Any]]:
    computed = key_figures.compute(data, row.since, row.until)
    known = {name: value for name, value in computed.items() if value is not None}
    outcomes = call.decide_many(
        "key_figures", [{"figure": name, "value": value} for name, value in known.items()]
    )
    before = _before(call.tx, row.period)
    return [
        {
            "figure": name,
            "value": value,
            "unit": key_figures.UNITS[name],
            "target": outcome["target"] if outcome["better"] != "none" else None,
            "better": outcome["better"],
            "verdict": outcome["verdict"],
            "former": before.get(name),
        }
        for (name, value), outcome in zip(known.items(), outcomes, strict=True)
    ]


def _before(tx: Transaction, period: str) -> dict[str, Any]:
    """Figure → value of the newest submitted analysis of the nearest earlier period."""
    last = tx.scalar(
        sa.select(analyses.c.id)
        .where(analyses.c.period < period, analyses.c.submitted_at.is_not(None))
        .order_by(analyses.c.period.desc(), analyses.c.id.desc())
        .limit(1)
    )
    figure = analysis_figures.c
    rows = tx.all(sa.select(figure.figure, figure.value).where(figure.analysis_id == last))
    return {row.figure: row.value for row in rows}


@operation("analysis.record_repair")
def record_repair(call: Call, analysis: str, owner: str, by: Person, mended: bool, note: str) -> None:
    """What the owner of bad data (a group) says was done about it."""
    row = documents.get(call.tx, analyses, analysis)
    documents.require_state(row, "cleaned")
    values = {"owner": owner, "by": by, "mended": mended, "note": note, "at": call.now}
    call.tx.insert(data_repairs, [{"analysis_id": row.id, "attempt": row.attempt, **values}])


@operation("analysis.accept_data")
def accept_data(call: Call, analysis: str, caveat: str, by: Person) -> None:
    """Go on with data that did not pass the gate; the report says with which caveat."""
    row = documents.get(call.tx, analyses, analysis)
    documents.require_state(row, "cleaned")
    documents.change(call.tx, analyses, row, "cleaned", NEXT, caveat=caveat, accepted_by=by)


@operation("analysis.record_result", errors=("other_model",))
def record_result(
    call: Call,
    analysis: str,
    by: Person,
    method: str,
    results: str,
    model: str,
    model_version: str,
    model_description: str,
) -> None:
    """Keep how it was analysed and what came of it; a model's version that is new is entered.

    BPMN error: other_model, if that version is described otherwise. Raises DataNotGood."""
    tx = call.tx
    row = documents.get(tx, analyses, analysis)
    if not row.good and not row.caveat:
        raise DataNotGood(number=row.number)
    named = sa.and_(analysis_models.c.name == model, analysis_models.c.version == model_version)
    known = tx.first(sa.select(analysis_models).where(named))
    if known is not None and known.description.strip() != model_description.strip():
        raise refuse("other_model", OtherModel(name=model, version=model_version))
    model_id = known.id if known is not None else None
    if model_id is None:
        entered = {"name": model, "version": model_version, "description": model_description}
        model_id = documents.add(tx, analysis_models, **entered, by=by, case=call.case, at=call.now)
    said = {"method": method, "results": results, "analyst": by, "model_id": model_id}
    documents.change(tx, analyses, row, "analysed", NEXT, **said)


def collected(tx: Transaction, analysis_id: int, attempt: int) -> dict[str, list[Any]]:
    """Set → rows, as an attempt collected them."""
    kept = analysis_sets.c
    found = tx.all(
        sa.select(kept.name, kept.content).where(kept.analysis_id == analysis_id, kept.attempt == attempt)
    )
    return {row.name: list(snapshots.unpack(row.content)[0]) for row in found}
