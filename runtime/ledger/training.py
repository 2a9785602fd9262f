"""Training: what people need, the year's plan, events with attendance, scores and feedback.

The last score of each counts, of those who were absent or failed that of the resit. Not here: what a
score does to an appraisal – it is shown to the assessor, nothing more."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import budget_gate, budgets, documents
from runtime.ledger.appraisals import DEPARTMENT
from runtime.ledger.inputs import Money, Person, Score
from runtime.ledger.operations import Call, operation, refuse
from runtime.store import accounts
from runtime.store.db import Exact, Id, Instant, Tagged, Transaction, metadata

Form = Literal["internal", "external", "online"]
Area = Literal["business", "skills", "management"]
PASS = Decimal(60)

training_needs = sa.Table(
    "training_needs",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("person", sa.String(32), nullable=False),
    sa.Column("topic", sa.String(200), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("case", sa.String(32), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_training_needs_year", "year", "id"),  # needs of a year
)

training_plans = sa.Table(
    "training_plans",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("drafted_by", sa.String(32), nullable=False),
    sa.Column("lines", Tagged, nullable=False),  # list of PlanLine
    sa.Column("total", Exact, nullable=False),  # CNY
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("approved_by", sa.String(32)),
    sa.Column("approved_at", Instant),
)

trainings = sa.Table(
    "trainings",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(16), nullable=False, unique=True),
    sa.Column("topic", sa.String(200), nullable=False),
    sa.Column("form", sa.String(16), nullable=False),
    sa.Column("area", sa.String(16), nullable=False),
    sa.Column("held_on", sa.Date, nullable=False),
    sa.Column("trainer", sa.String(32), nullable=False),
    sa.Column("organiser", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("cost", Exact, nullable=False, server_default="0"),  # CNY: as planned, then as it was
    sa.Column("plan_id", sa.ForeignKey("training_plans.id")),  # whose line has its topic
    sa.Column("covered", Exact, nullable=False, server_default="0"),  # CNY of its cost that this line had committed
)

training_records = sa.Table(
    "training_records",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("training_id", sa.ForeignKey("trainings.id"), nullable=False),
    sa.Column("person", sa.String(32), nullable=False, index=True),
    sa.Column("attended", sa.Boolean),  # None: not known yet
    sa.Column("score", Exact),  # 0 to 100
    sa.Column("resit", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("usefulness", sa.Integer),  # 1 to 5, by the participant
    sa.Column("remark", sa.Text),
    sa.UniqueConstraint("training_id", "person"),
)

PLAN_NEXT = {"drafted": {"drafted", "approved", "rejected"}, "approved": {"replaced"}}
NEXT = {"planned": {"held", "cancelled"}, "held": {"held", "scored"}, "scored": {"scored"}}


class NothingPlanned(Invalid):
    """A training plan needs at least one line."""

    code = "training.nothing_planned"


class FrozenForPlan(Conflict):
    """The training budget of {year} is frozen: a plan for {amount} CNY cannot be entered until it is released."""

    code = "training.budget_frozen"


class OwnTrainingPlan(Conflict):
    """Nobody approves the training plan that they drafted."""

    code = "training.own_plan"


class NobodyInvited(Invalid):
    """A training needs at least one participant besides its trainer."""

    code = "training.nobody_invited"


class OwnScore(Conflict):
    """Nobody scores themselves."""

    code = "training.own_score"


class PlanLine(TypedDict):
    """`month`: 1 to 12; `cost`: CNY."""

    topic: str
    form: Form
    area: Area
    month: int
    cost: Money


class AttendanceRow(TypedDict):
    person: Person
    attended: bool


class ScoreRow(TypedDict):
    person: Person
    score: Score


class Staff(TypedDict):
    staff: list[str]
    year: int


class Needs(TypedDict):
    needs: list[dict[str, Any]]


class Planned(TypedDict):
    plan: str
    plan_number: str
    total: Decimal
    budget_left: Decimal | None


class Priced(TypedDict):
    document: str
    beyond: Decimal


class Opened(TypedDict):
    training: str
    training_number: str
    cost: Decimal
    invited: list[str]
    people: list[dict[str, Any]]


class Present(TypedDict):
    present: list[dict[str, Any]]
    absent: list[str]


class Resit(TypedDict):
    resit: list[dict[str, Any]]
    attendants: list[str]


@operation("training.staff")
def staff(call: Call) -> Staff:
    """Everybody in the department now, and the year."""
    organisation = accounts.organisation(call.tx)
    people = dict.fromkeys(person for group in DEPARTMENT for person in organisation.members(group))
    return {"staff": list(people), "year": call.today.year}


@operation("training.record_need")
def record_need(call: Call, year: int, person: Person, topic: str, reason: str | None = None) -> None:
    """What somebody would like to learn in a year."""
    row = {"year": year, "person": person, "topic": topic[:200], "reason": reason}
    call.tx.insert(training_needs, [{**row, "case": call.case, "at": call.now}])


@operation("training.needs")
def needs(call: Call, year: int) -> Needs:
    """What was asked for, for a year: person, topic and reason of each."""
    rows = call.tx.all(
        sa.select(training_needs).where(training_needs.c.year == year).order_by(training_needs.c.id)
    )
    return {"needs": [{"person": r.person, "topic": r.topic, "reason": r.reason} for r in rows[:500]]}


@operation("training.record_plan", errors=("bad_plan",))
def record_plan(
    call: Call, year: int, lines: list[PlanLine], drafted_by: Person, plan: str | None = None
) -> Planned:
    """Enter the year's plan (again, if `plan` is given). `budget_left`: CNY; None while no budget is entered.

    BPMN error: bad_plan, if it has no line, or costs more than what a frozen budget leaves it."""
    tx = call.tx
    if not lines:
        raise refuse("bad_plan", NothingPlanned())
    total = sum((line["cost"] for line in lines), Decimal(0))
    left = _left(call, year)
    if left is not None and total > left and budgets.is_frozen(tx, "training", dt.date(year, 1, 1)):
        # A budget of 0.00 alone would not say why.
        raise refuse("bad_plan", FrozenForPlan(year=year, amount=total))
    kept: list[Any] = [dict(line) for line in lines]
    entered = {"year": year, "lines": kept, "drafted_by": drafted_by, "total": total}
    if plan is None:
        plan, number = public_id(), documents.next_number(tx, "TP", call.today.year)
        documents.add(
            tx,
            training_plans,
            public_id=plan,
            case=call.case,
            at=call.now,
            number=number,
            state="drafted",
            **entered,
        )
    else:
        row = documents.get(tx, training_plans, plan)
        number = row.number
        documents.change(tx, training_plans, row, "drafted", PLAN_NEXT, **entered)
    return {"plan": plan, "plan_number": number, "total": total, "budget_left": left}


@operation("training.decide_plan", errors=("same_person", "over_budget", "rule_refused"))
def decide_plan(call: Call, plan: str, outcome: Literal["approved", "rejected"], by: Person) -> None:
    """Decide on a plan. Approved, it takes the place of the year's former one, and its total is committed in the
    year's budget. BPMN errors: same_person, if whoever decides drafted it; over_budget."""
    tx = call.tx
    row = documents.get(tx, training_plans, plan)
    if by == row.drafted_by:
        raise refuse("same_person", OwnTrainingPlan())
    if outcome == "approved":
        former = _plan_of(tx, row.year)
        if former is not None:
            budgets.give_back(call, former.public_id)
            documents.change(tx, training_plans, former, "replaced", PLAN_NEXT)
        if row.total:
            budgets.commit_approved(call, "training", row.total, plan, by, row.year)
    documents.change(tx, training_plans, row, outcome, PLAN_NEXT, approved_by=by, approved_at=call.now)


@operation("training.price")
def price(call: Call, topic: str, held_on: dt.date, cost: Money | None = None) -> Priced:
    """What an event will cost beyond the line of the year's plan with its topic, in CNY, and the document that an
    overrun can be allowed for before the event has been entered."""
    plan = _plan_of(call.tx, held_on.year)
    left = Decimal(0) if plan is None else _line_left(call.tx, plan, topic[:200])
    return {"document": public_id(), "beyond": max((cost or Decimal(0)) - left, Decimal(0))}


@operation("training.open", errors=("bad_training", "over_budget", "rule_refused"))
def open_training(
    call: Call,
    topic: str,
    form: Form,
    area: Area,
    held_on: dt.date,
    trainer: Person,
    organiser: Person,
    participants: list[Person],
    cost: Money | None = None,
    document: str | None = None,
) -> Opened:
    """Enter an event and whom it invites, its trainer never, and commit what it will cost. `people`: a row for
    each, to tick.

    cost: CNY; what the line of the year's plan with its topic has left of it is committed already. document: what
    an overrun was allowed for, if it was. BPMN errors: bad_training; over_budget, for what goes beyond the plan."""
    tx = call.tx
    invited = [person for person in dict.fromkeys(participants) if person != trainer]
    if not invited:
        raise refuse("bad_training", NobodyInvited())
    training, number = public_id(), documents.next_number(tx, "TR", call.today.year)
    topic, cost = topic[:200], cost or Decimal(0)
    plan = _plan_of(tx, held_on.year)
    covered = Decimal(0)
    if plan is not None and cost:
        covered = budgets.hand_on(call, "training", min(cost, _line_left(tx, plan, topic)), plan.public_id, training)
    if cost > covered:
        budgets.commit(call, "training", cost - covered, training, held_on.year, document)
    row_id = documents.add(
        call.tx,
        trainings,
        public_id=training,
        case=call.case,
        at=call.now,
        number=number,
        topic=topic,
        form=form,
        area=area,
        held_on=held_on,
        trainer=trainer,
        organiser=organiser,
        state="planned",
        cost=cost,
        plan_id=plan.id if covered else None,
        covered=covered,
    )
    call.tx.insert(training_records, [{"training_id": row_id, "person": person} for person in invited])
    rows = [{"person": person, "attended": True} for person in invited]
    return {"training": training, "training_number": number, "cost": cost, "invited": invited, "people": rows}


@operation("training.cancel")
def cancel(call: Call, training: str) -> None:
    """The event does not take place: what was committed for it is free again, or its plan's."""
    tx = call.tx
    row = documents.get(tx, trainings, training)
    documents.change(tx, trainings, row, "cancelled", NEXT)
    if row.covered:
        plan = tx.first(sa.select(training_plans).where(training_plans.c.id == row.plan_id))
        # Of a plan that was replaced nothing is committed any more.
        if plan is not None and plan.state == "approved":
            budgets.hand_on(call, "training", row.covered, training, plan.public_id)
    budgets.give_back(call, training)


@operation("training.attended", errors=("over_budget", "rule_refused"))
def attended(call: Call, training: str, lines: list[AttendanceRow], cost: Money | None = None) -> Present:
    """Who was there and who was not, and what it cost, which is spent. `present`: a row for each, to score.

    cost: CNY, by default as planned. BPMN error: over_budget, for what goes beyond what was committed."""
    row = documents.get(call.tx, trainings, training)
    spent = row.cost if cost is None else cost
    if spent > row.cost:
        budgets.commit(call, "training", spent - row.cost, training, row.held_on.year)
    if spent:
        budgets.actual(call, "training", spent, training, row.held_on.year, min(row.held_on, call.today))
    budgets.give_back(call, training)
    documents.change(call.tx, trainings, row, "held", NEXT, cost=spent)
    for line in lines:
        _write(call.tx, row, line["person"], attended=line["attended"])
    there = [line["person"] for line in lines if line["attended"]]
    return {
        "present": [{"person": person, "score": None} for person in there],
        "absent": [line["person"] for line in lines if not line["attended"]],
    }


@operation("training.score", errors=("same_person",))
def score(call: Call, training: str, lines: list[ScoreRow], by: Person, resit: bool = False) -> Resit:
    """Keep the scores. `resit`: a row for each who was absent or has less than 60 and did not resit yet.

    BPMN error: same_person, if somebody scores themselves."""
    tx = call.tx
    row = documents.get(tx, trainings, training)
    if any(line["person"] == by for line in lines):
        raise refuse("same_person", OwnScore())
    documents.change(tx, trainings, row, "scored", NEXT)
    for line in lines:
        _write(tx, row, line["person"], score=line["score"], resit=resit)
    records = tx.all(
        sa.select(training_records)
        .where(training_records.c.training_id == row.id)
        .order_by(training_records.c.id)
    )
    again = [r.person for r in records if not r.resit and (r.score is None or r.score < PASS)]
    return {
        "resit": [{"person": person, "score": None} for person in again],
        "attendants": [r.person for r in records if r.attended],
    }


@operation("training.feedback")
def feedback(call: Call, training: str, person: Person, usefulness: int, remark: str | None = None) -> None:
    """What a participant made of it: 1 (no use) to 5."""
    row = documents.get(call.tx, trainings, training)
    _write(call.tx, row, person, usefulness=max(1, min(5, usefulness)), remark=remark)


def results(tx: Transaction, person: str, first: dt.date, last: dt.date) -> list[dict[str, Any]]:
    """Trainings of a person between two days: topic, held_on, attended, score of each."""
    rows = tx.all(
        sa.select(
            trainings.c.topic, trainings.c.held_on, training_records.c.attended, training_records.c.score
        )
        .join(trainings, trainings.c.id == training_records.c.training_id)
        .where(
            training_records.c.person == person,
            trainings.c.held_on.between(first, last),
            trainings.c.state.in_(("held", "scored")),
        )
        .order_by(trainings.c.held_on, trainings.c.id)
    )
    return [
        {"topic": r.topic, "held_on": r.held_on, "attended": bool(r.attended), "score": r.score} for r in rows
    ]


def _plan_of(tx: Transaction, year: int) -> Any:
    """The year's plan that is in force, held; None if there is none."""
    plan = training_plans.c
    return tx.first(
        sa.select(training_plans)
        .where(plan.year == year, plan.state == "approved")
        .order_by(plan.id.desc())
        .limit(1)
        .with_for_update()
    )


def _line_left(tx: Transaction, plan: Any, topic: str) -> Decimal:
    """CNY of the plan's lines with this topic that no event has had yet."""
    planned = sum((Decimal(line["cost"]) for line in plan.lines if line["topic"] == topic), Decimal(0))
    event = trainings.c
    had = tx.all(
        sa.select(event.covered).where(
            event.plan_id == plan.id, event.topic == topic, event.state != "cancelled"
        )
    )
    return planned - sum((row.covered for row in had), Decimal(0))


def _left(call: Call, year: int) -> Decimal | None:
    """CNY that a new plan of the year may promise: what the former one has committed it would have instead."""
    left = budget_gate.left(call.tx, "training", dt.date(year, 1, 1))
    former = _plan_of(call.tx, year)
    if left is None or former is None:
        return left
    return left + budgets.committed_for(call.tx, former.public_id)


def _write(tx: Transaction, training: Any, person: str, **values: Any) -> None:
    which = (training_records.c.training_id == training.id) & (training_records.c.person == person)
    tx.execute(sa.update(training_records).where(which).values(**values))
