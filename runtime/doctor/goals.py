"""Plans and goals: nobody agreed to their own, and what is closed has nothing open.

Not here: whether a goal was really reached."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from runtime.doctor.invariant import invariant
from runtime.errors import Problem
from runtime.ledger.goals import goal_plans, goal_reviews, goals
from runtime.store.db import Transaction


@invariant("books")
def goals_are_agreed_by_another(tx: Transaction) -> Iterator[Problem]:
    """Nobody approved their own goals or confirmed their own progress."""
    plan, said = goal_plans.c, goal_reviews.c
    approved = sa.select(plan.number).where(plan.decided_by == plan.owner)
    confirmed = (
        sa.select(plan.number)
        .join(goals, goals.c.plan_id == plan.id)
        .join(goal_reviews, said.goal_id == goals.c.id)
        .where(said.confirmed_by == plan.owner)
    )
    for row in tx.all(sa.union(approved, confirmed)):
        yield Problem("own_goals", "The owner agreed to their own goals", f"goal_plans/{row.number}", {})


@invariant("books")
def closed_plans_have_no_open_goals(tx: Transaction) -> Iterator[Problem]:
    """A plan is closed when none of its goals is open, and not before."""
    plan = goal_plans.c
    open_ = sa.exists().where(goals.c.plan_id == plan.id, goals.c.state == "open")
    wrong = sa.or_(sa.and_(plan.state == "closed", open_), sa.and_(plan.state == "approved", ~open_))
    for row in tx.all(sa.select(plan.number).where(wrong)):
        yield Problem(
            "goals_do_not_fit", "Its state does not fit that of its goals", f"goal_plans/{row.number}", {}
        )
