"""Plans and goals: what somebody sets out to reach by when, who approved it, and how it went at each review.

A goal has a measure, a target and a day, and is reviewed until it is reached or given up. Not here: when reviews
are due (rules/cadence.yaml), who approves (processes/goal_plan)."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, NotRequired, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import append_only, documents
from runtime.ledger.inputs import Person, Share
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts
from runtime.store.db import Exact, Id, Instant, metadata

goal_plans = sa.Table(
    "goal_plans",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("owner", sa.String(32), nullable=False, index=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("strategy", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("decided_by", sa.String(32)),
    sa.Column("decided_at", Instant),
)

goals = sa.Table(
    "goals",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("plan_id", sa.ForeignKey("goal_plans.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("goal", sa.Text, nullable=False),
    sa.Column("measure", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, server_default="open"),  # open | reached | given_up
    sa.UniqueConstraint("plan_id", "number"),
)

# What was said of a goal at a review; who is above the owner confirms it.
goal_reviews = sa.Table(
    "goal_reviews",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("goal_id", sa.ForeignKey("goals.id"), nullable=False, index=True),
    sa.Column("case", sa.String(32), nullable=False),
    sa.Column("progress", Exact, nullable=False),  # percent
    sa.Column("outcome", sa.String(16), nullable=False),  # on_track | behind | reached | given_up
    sa.Column("note", sa.Text),
    sa.Column("measures", sa.Text),
    sa.Column("reported_by", sa.String(32), nullable=False),
    sa.Column("confirmed_by", sa.String(32), nullable=False),
    sa.Column("comment", sa.Text),
    sa.Column("at", Instant, nullable=False),
)
append_only.protect(goal_reviews)

NEXT = {"drafted": {"drafted", "approved", "rejected"}, "approved": {"closed"}}


class DueInThePast(Invalid):
    """The day by which “{goal}” is to be reached has passed."""

    code = "goal.due_past"


class OwnGoals(Conflict):
    """Nobody approves or confirms their own goals."""

    code = "goal.own"


class NoMeasures(Invalid):
    """A goal that is behind needs measures: number {number}."""

    code = "goal.no_measures"


class Goal(TypedDict):
    goal: str
    measure: str
    target: str
    due_on: dt.date


class Drafted(TypedDict):
    goal_plan: str
    goal_plan_number: str
    goals_text: str


class Due(TypedDict):
    reviews: list[dict[str, Any]]


class Progress(TypedDict):
    number: int
    progress: Share
    outcome: Literal["on_track", "behind", "reached", "given_up"]
    note: NotRequired[str]
    measures: NotRequired[str]


@operation("goals.draft", errors=("bad_goals",))
def draft(
    call: Call, owner: Person, title: str, strategy: str, goals: list[Goal], goal_plan: str | None = None
) -> Drafted:
    """Record a plan with its goals, or the rework of one that is not approved yet. `goals_text`: all of it, to read.

    BPMN error: bad_goals, without a goal or with a day that has passed."""
    tx = call.tx
    if not goals:
        raise refuse("bad_goals", documents.NoLines())
    for each in goals:
        if each["due_on"] <= call.today:
            raise refuse("bad_goals", DueInThePast(goal=each["goal"][:60]))
    said = {"title": title, "strategy": strategy}
    if goal_plan is None:
        goal_plan, number = public_id(), documents.next_number(tx, "GP", call.today.year)
        made = {"public_id": goal_plan, "number": number, "case": call.case, "at": call.now}
        plan_id = documents.add(tx, goal_plans, **made, owner=owner, state="drafted", **said)
    else:
        row = documents.get(tx, goal_plans, goal_plan)
        plan_id, number = row.id, row.number
        documents.change(tx, goal_plans, row, "drafted", NEXT, **said)
        tx.execute(sa.delete(_goals).where(_goals.c.plan_id == plan_id))
    tx.insert(_goals, [{"plan_id": plan_id, "number": n, **each} for n, each in enumerate(goals, 1)])
    lines = [
        f"{n}. {g['goal']}：{g['measure']} → {g['target']}（{g['due_on']}）" for n, g in enumerate(goals, 1)
    ]
    return {
        "goal_plan": goal_plan,
        "goal_plan_number": number,
        "goals_text": "\n".join([title, strategy, *lines]),
    }


@operation("goals.approve", errors=("same_person",))
def approve(call: Call, goal_plan: str, by: Person) -> None:
    """The plan is agreed; its goals are reviewed from now on. BPMN error: same_person, if it is one's own."""
    row = documents.get(call.tx, goal_plans, goal_plan)
    if by == row.owner:
        raise refuse("same_person", OwnGoals())
    documents.change(call.tx, goal_plans, row, "approved", NEXT, decided_by=by, decided_at=call.now)


@operation("goals.reject")
def reject(call: Call, goal_plan: str, by: Person) -> None:
    """The plan is not agreed."""
    row = documents.get(call.tx, goal_plans, goal_plan)
    documents.change(call.tx, goal_plans, row, "rejected", NEXT, decided_by=by, decided_at=call.now)


@operation("goals.due")
def due(call: Call) -> Due:
    """Every approved plan with open goals whose owner is still here; `reviews`: goal_plan, goal_plan_number,
    goal_plan_title, owner, superior (None: nobody above) and progress, a row for each open goal."""
    organisation = accounts.organisation(call.tx)
    rows = call.tx.all(
        sa.select(
            goal_plans.c.public_id, goal_plans.c.number.label("plan"), goal_plans.c.title, goal_plans.c.owner, _goals
        )
        .join(_goals, _goals.c.plan_id == goal_plans.c.id)
        .where(goal_plans.c.state == "approved", _goals.c.state == "open")
        .order_by(goal_plans.c.id, _goals.c.number)
    )
    plans: dict[str, dict[str, Any]] = {}
    for row in rows:
        known = organisation.by_public_id.get(row.owner)
        if known is None or not known.active:
            continue
        plan = plans.setdefault(
            row.public_id,
            {
                "goal_plan": row.public_id,
                "goal_plan_number": row.plan,
                "goal_plan_title": row.title,
                "owner": row.owner,
                "superior": organisation.superior(row.owner),
                "progress": [],
            },
        )
        told = {"number": row.number, "goal": row.goal, "measure": row.measure, "target": row.target}
        plan["progress"].append({**told, "due_on": row.due_on, "progress": None, "outcome": None})
    return {"reviews": list(plans.values())}


@operation("goals.review", errors=("same_person",))
def review(
    call: Call,
    goal_plan: str,
    progress: list[Progress],
    by: Person,
    confirmed_by: Person,
    comment: str | None = None,
) -> None:
    """Keep a review that the superior has confirmed; a plan without open goals is closed.

    BPMN error: same_person, if the owner confirms their own. Raises NoMeasures."""
    tx = call.tx
    row = documents.get(tx, goal_plans, goal_plan)
    documents.require_state(row, "approved", "closed")  # closed: by another review meanwhile
    if confirmed_by == row.owner:
        raise refuse("same_person", OwnGoals())
    rows = tx.all(sa.select(_goals).where(_goals.c.plan_id == row.id, _goals.c.state == "open"))
    known = {one.number: one for one in rows}
    # What another review has ended meanwhile stays as it is.
    told = [each for each in progress if each["number"] in known]
    for each in told:
        if each["outcome"] == "behind" and not (each.get("measures") or "").strip():
            raise NoMeasures(number=each["number"])
    tx.insert(
        goal_reviews,
        [
            {
                "goal_id": known[each["number"]].id,
                "case": call.case,
                "progress": each["progress"],
                "outcome": each["outcome"],
                "note": each.get("note"),
                "measures": each.get("measures"),
                "reported_by": by,
                "confirmed_by": confirmed_by,
                "comment": comment,
                "at": call.now,
            }
            for each in told
        ],
    )
    ended = {each["number"]: each["outcome"] for each in told if each["outcome"] in ("reached", "given_up")}
    for number, state in ended.items():
        tx.execute(sa.update(_goals).where(_goals.c.id == known[number].id).values(state=state))
    if row.state == "approved" and len(ended) == len(known):
        documents.change(tx, goal_plans, row, "closed", NEXT)


_goals = goals  # an operation's parameter has the name
