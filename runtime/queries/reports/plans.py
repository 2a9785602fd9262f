"""Plans and goals: how far each goal is that was due or looked at in the period.

Only of plans whose case the reader may see. Not here: key figures against their targets (figures.py)."""

from __future__ import annotations

import sqlalchemy as sa

from runtime import access, household
from runtime.ledger import goals as ledger
from runtime.queries.reports.shape import Ask, Chart, Column, Report, Row
from runtime.store.cases import cases


def goals(ask: Ask) -> Report:
    """Goal by goal, the latest review first: progress in percent, and what came of it."""
    goal, plan, review = ledger.goals.c, ledger.goal_plans.c, ledger.goal_reviews.c
    latest = (
        sa.select(review.goal_id, sa.func.max(review.id).label("id"))
        .where(review.at < ask.period.last)
        .group_by(review.goal_id)
        .subquery()
    )
    found = ask.tx.all(
        sa.select(
            goal.goal, goal.target, goal.due_on, goal.state, plan.owner, plan.case,
            review.progress, review.outcome, review.at,
        )
        .join(ledger.goal_plans, plan.id == goal.plan_id)
        .join(cases, cases.c.public_id == plan.case)
        .outerjoin(latest, latest.c.goal_id == goal.id)
        .outerjoin(ledger.goal_reviews, review.id == latest.c.id)
        .where(
            plan.state.in_(("approved", "closed")),
            plan.decided_at < ask.period.last,
            access.case_visible(ask.actor),
            sa.or_(goal.state == "open", goal.due_on >= ask.period.since, review.at >= ask.period.first),
        )
        .order_by(goal.due_on, goal.id)
    )  # fmt: skip
    people = household.organisation(ask.tx).by_public_id
    linked = ask.cases({row.case: [row.case] for row in found})
    rows = [
        Row(
            {
                "goal": row.goal,
                "owner": dict(people[row.owner].names) if row.owner in people else row.owner,
                "target": row.target,
                "due_on": row.due_on,
                "progress": row.progress,
                "outcome": row.outcome or "not_reviewed",
            },
            linked.get(row.case, ()),
            bad=row.outcome == "behind" or (row.state == "open" and row.due_on <= ask.period.until),
        )
        for row in found
    ]
    columns = [
        Column("goal", "Goal"),
        Column("owner", "Owner"),
        Column("target", "Target"),
        Column("due_on", "To be reached by", "date"),
        Column("progress", "Progress", "percent"),
        Column("outcome", "At the latest review", "choice"),
    ]
    return Report(
        columns,
        rows,
        Chart("sideways", "goal", ("progress",)),
        "Open goals, and those that were due or reviewed in the period, as their latest review in it tells. Marked are "
        "those that are behind or past their day.",
    )
