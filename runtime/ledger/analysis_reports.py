"""Reports of data analyses: submitted with their recommendations, decided on by two, settled into actions.

From its submission nothing of a report changes; its fingerprint says so. Not here: the data behind it
(analyses.py), how it is shown (queries/reports/monthly.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, Literal, NotRequired, TypedDict

import sqlalchemy as sa

from runtime import values
from runtime.errors import Conflict, Invalid
from runtime.ledger import data_checks, documents
from runtime.ledger.analyses import NEXT, analyses, analysis_figures, check, collected, figures_of
from runtime.ledger.inputs import Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store.db import Id, Instant, Transaction, metadata

analysis_recommendations = sa.Table(
    "analysis_recommendations",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("analysis_id", sa.ForeignKey("analyses.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # problem | chance
    sa.Column("finding", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.UniqueConstraint("analysis_id", "number"),
)

analysis_decisions = sa.Table(
    "analysis_decisions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("recommendation_id", sa.ForeignKey("analysis_recommendations.id"), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),  # manager | supervisor
    sa.Column("by", sa.String(32), nullable=False),
    sa.Column("adopted", sa.Boolean, nullable=False),
    sa.Column("action", sa.Text),
    sa.Column("owner", sa.String(32)),
    sa.Column("due_on", sa.Date),
    sa.Column("reason", sa.Text),
    sa.Column("at", Instant, nullable=False),
    sa.UniqueConstraint("recommendation_id", "role"),
)


class NoRecommendation(Invalid):
    """A report has at least one recommendation (clause 三(四)4)."""

    code = "analysis.no_recommendation"


class OwnReport(Conflict):
    """Nobody decides on the report that they wrote."""

    code = "analysis.own_report"


class NotAllDecided(Invalid):
    """Each recommendation needs a decision: {missing} is without one."""

    code = "analysis.not_all_decided"


class ActionIncomplete(Invalid):
    """What is adopted needs an action, an owner and a day that is not over: recommendation {number}."""

    code = "analysis.action_incomplete"


class NoReason(Invalid):
    """Say why recommendation {number} is not adopted."""

    code = "analysis.no_reason"


class Undecided(Conflict):
    """The report {number} is not decided by both yet."""

    code = "analysis.undecided"


class Recommendation(TypedDict):
    kind: Literal["problem", "chance"]
    finding: str
    recommendation: str


class Submitted(TypedDict):
    recommendations: list[dict[str, Any]]
    content_hash: str


class Decision(TypedDict):
    number: int
    adopt: Literal["adopt", "drop"]
    action: NotRequired[str]
    owner: NotRequired[Person]
    due_on: NotRequired[dt.date]
    reason: NotRequired[str]


class Settled(TypedDict):
    actions: list[dict[str, Any]]


@operation("analysis.submit", errors=("rule_refused", "no_recommendation"))
def submit(
    call: Call,
    analysis: str,
    by: Person,
    purpose: str,
    method: str,
    results: str,
    recommendations: list[Recommendation],
) -> Submitted:
    """Submit the report with its four parts; from now on nothing of it changes.

    Its key figures are computed once more from what was collected. `recommendations`: number, kind, finding and
    recommendation of each, as they are to be decided on. BPMN error: no_recommendation."""
    tx = call.tx
    row = documents.get(tx, analyses, analysis)
    documents.require_state(row, "analysed")
    if not recommendations:
        raise refuse("no_recommendation", NoRecommendation())
    numbered = [{"number": number, **each} for number, each in enumerate(recommendations, 1)]
    data = collected(tx, row.id, row.attempt)
    _, dropped = check(call, data)
    figures = figures_of(call, row, data_checks.without(data, dropped))
    tx.insert(
        analysis_figures,
        [
            {**{name: value for name, value in each.items() if name != "unit"}, "analysis_id": row.id}
            for each in figures
        ],
    )
    tx.insert(
        analysis_recommendations,
        [
            {
                "analysis_id": row.id,
                "number": each["number"],
                "kind": each["kind"],
                "finding": each["finding"],
                "text": each["recommendation"],
            }
            for each in numbered
        ],
    )
    said = {"purpose": purpose, "method": method, "results": results}
    digest = fingerprint(said, numbered, figures)
    documents.change(
        tx, analyses, row, "submitted", NEXT, **said, analyst=by, submitted_at=call.now, content_hash=digest
    )
    return {"recommendations": numbered, "content_hash": digest}


@operation("analysis.decide", errors=("same_person", "bad_decisions"))
def decide(
    call: Call,
    analysis: str,
    role: Literal["manager", "supervisor"],
    by: Person,
    decisions: list[Decision],
) -> None:
    """Keep for each recommendation whether it is adopted, with action, owner and day, or why not.

    BPMN errors: same_person, by whoever wrote the report; bad_decisions."""
    tx = call.tx
    row = documents.get(tx, analyses, analysis)
    documents.require_state(row, "submitted")
    if by == row.analyst:
        raise refuse("same_person", OwnReport())
    known = _recommendations(tx, row.id)
    given = {each["number"]: each for each in decisions}
    missing = [number for number in known if number not in given]
    if missing:
        raise refuse("bad_decisions", NotAllDecided(missing=missing[0]))
    entered = []
    for number, recommendation in known.items():
        one = given[number]
        adopted = one["adopt"] == "adopt"
        if adopted and not _complete(one, call.today):
            raise refuse("bad_decisions", ActionIncomplete(number=number))
        if not adopted and not (one.get("reason") or "").strip():
            raise refuse("bad_decisions", NoReason(number=number))
        entered.append(
            {
                "recommendation_id": recommendation.id,
                "role": role,
                "by": by,
                "adopted": adopted,
                "action": one.get("action") if adopted else None,
                "owner": one.get("owner") if adopted else None,
                "due_on": one.get("due_on") if adopted else None,
                "reason": one.get("reason"),
                "at": call.now,
            }
        )
    tx.insert(analysis_decisions, entered)


@operation("analysis.settle")
def settle(call: Call, analysis: str) -> Settled:
    """Close a report that both have decided on; `actions`: key, action, owner, due_on and giver of each.

    What the manager does not adopt is not done, whoever else wants it. Raises Undecided."""
    tx = call.tx
    row = documents.get(tx, analyses, analysis)
    known = _recommendations(tx, row.id)
    decided: dict[int, dict[str, Any]] = {}
    for one in tx.all(
        sa.select(analysis_decisions, analysis_recommendations.c.number)
        .join(analysis_recommendations)
        .where(analysis_recommendations.c.analysis_id == row.id)
        .order_by(analysis_recommendations.c.number, analysis_decisions.c.role)
    ):
        decided.setdefault(one.number, {})[one.role] = one
    if any(len(decided.get(number, {})) < 2 for number in known):
        raise Undecided(number=row.number)
    documents.change(tx, analyses, row, "decided", NEXT, closed_at=call.now)
    actions = []
    for number, by_role in decided.items():
        if by_role["manager"].adopted:
            actions += [
                {
                    "key": f"{row.number}-{number}-{role}",
                    "action": one.action,
                    "owner": one.owner,
                    "due_on": one.due_on,
                    "giver": one.by,
                }
                for role, one in by_role.items()
                if one.adopted
            ]
    return {"actions": actions}


def fingerprint(
    said: Mapping[str, str],
    recommendations: Iterable[Mapping[str, Any]],
    figures: Iterable[Mapping[str, Any]],
) -> str:
    """The SHA-256 of what a report says: its parts, recommendations and key figures."""

    def exact(value: Any) -> int | None:
        return None if value is None else int(Decimal(value).scaleb(4))

    numbers = ("value", "target", "former")
    content = {
        "said": dict(said),
        "recommendations": [
            [each["number"], each["kind"], each["finding"], each["recommendation"]]
            for each in recommendations
        ],
        "figures": sorted(
            [each["figure"], each["better"], each["verdict"], *(exact(each[name]) for name in numbers)]
            for each in figures
        ),
    }
    return sha256(values.dumps(content).encode()).hexdigest()


def _recommendations(tx: Transaction, analysis_id: int) -> dict[int, Any]:
    which = analysis_recommendations.c.analysis_id == analysis_id
    rows = tx.all(
        sa.select(analysis_recommendations).where(which).order_by(analysis_recommendations.c.number)
    )
    return {row.number: row for row in rows}


def _complete(decision: Mapping[str, Any], today: dt.date) -> bool:
    said = (decision.get("action") or "").strip() and decision.get("owner")
    due = decision.get("due_on")
    return bool(said) and due is not None and due >= today
