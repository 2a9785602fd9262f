"""Budgets: what was approved for a year, what is committed against it, and what was spent.

A year has one approved budget; entries go by year and line, so a revision changes the limits and keeps
the entries. Of each document: commitments − releases − what became actual is outstanding. Not here:
when something is over budget (rules/budget_gate.yaml), who approves it (processes/budget_gate)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NotRequired, TypedDict

import sqlalchemy as sa

from runtime.engine.ports import BpmnError
from runtime.errors import Conflict, Invalid
from runtime.ids import public_id
from runtime.ledger import append_only, budget_gate, documents, periods
from runtime.ledger.inputs import Money, Person
from runtime.ledger.operations import Call, operation, refuse
from runtime.store.db import Exact, Id, Instant, Transaction, metadata

Line = Literal["purchasing", "training", "award", "expenses", "compensation"]

budgets = sa.Table(
    "budgets",
    metadata,
    *documents.columns(),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("amount", Exact, nullable=False),
    sa.Column("drafter", sa.String(32), nullable=False),
    sa.Column("decided_by", sa.String(32)),
    sa.Column("comment", sa.Text),
)
APPROVED = budgets.c.state == "approved"
sa.Index("uq_budgets_approved", budgets.c.year, unique=True, sqlite_where=APPROVED, postgresql_where=APPROVED)

budget_lines = sa.Table(
    "budget_lines",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("budget_id", sa.ForeignKey("budgets.id"), nullable=False),
    sa.Column("line", sa.String(16), nullable=False),
    sa.Column("amount", Exact, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("frozen", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("budget_id", "line"),
)

# commit and actual use a line up; release gives back; allow lets a document go beyond the line, and use
# takes from that for another document, such as a plan's allowance for its order.
budget_entries = sa.Table(
    "budget_entries",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("line", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("amount", Exact, nullable=False),
    sa.Column("document", sa.String(64), nullable=False),
    sa.Column("case", sa.String(32), nullable=False),
    sa.Column("actor", sa.String(32)),
    sa.Column("at", Instant, nullable=False),
    sa.Column("business_date", sa.Date, nullable=False),
    sa.Column("posting_date", sa.Date, nullable=False),  # in the period that was open
    sa.CheckConstraint("kind IN ('commit', 'release', 'actual', 'allow', 'use')", name="kind"),
    # standing: of a year
    sa.Index("ix_budget_entries_year", "year", "line"),
    # what is outstanding of a document
    sa.Index("ix_budget_entries_document", "document"),
)
append_only.protect(budget_entries)
periods.guard(budget_entries)

NEXT = {"proposed": {"proposed", "approved", "rejected"}, "approved": {"replaced"}}


class LineTwice(Invalid):
    """Rows {first} and {second} are of the same budget line; put them on one row."""

    code = "budget.line_twice"


class NotThatYear(Invalid):
    """A budget is for this year, the one before or the next, not for {year}."""

    code = "budget.not_that_year"


class OverBudget(Conflict):
    """{line} of {year}: {amount} CNY are wanted, {available} CNY are left. Somebody above must allow it."""

    code = "budget.over"


class LineFrozen(Conflict):
    """{line} of {year} is frozen: {amount} CNY are wanted. Until it is released, somebody above must allow it."""

    code = "budget.frozen"


class NothingCommitted(Conflict):
    """Nothing of {document} is committed any more."""

    code = "budget.nothing_committed"


class BudgetLine(TypedDict):
    line: Line
    amount: Money
    note: NotRequired[str]


class Compared(TypedDict):
    """A proposed line (`amount` 0: it is left out) beside the year as it stands; CNY."""

    line: str
    amount: Decimal
    in_force: Decimal | None
    committed: Decimal
    actual: Decimal
    note: str | None


class Drafted(TypedDict):
    budget: str
    number: str
    amount: Decimal
    compared: list[Compared]


class Gate(TypedDict):
    verdict: str
    approved: Decimal | None
    committed: Decimal
    actual: Decimal
    available: Decimal | None


class Entry(TypedDict):
    entry: str


class Released(TypedDict):
    released: Decimal


class Standing(TypedDict):
    lines: list[dict[str, Any]]
    over: bool


@operation("budget.draft", errors=("bad_lines",))
def draft(call: Call, year: int, lines: list[BudgetLine], drafter: Person, budget: str | None = None) -> Drafted:
    """Record a year's budget, or the rework of one that is still proposed. BPMN error: bad_lines.

    compared: its lines, and those that it leaves out though something was approved, committed or spent."""
    if abs(year - call.today.year) > 1:
        raise refuse("bad_lines", NotThatYear(year=year))
    seen: dict[str, int] = {}
    for row, line in enumerate(lines, 1):
        if line["line"] in seen:
            raise refuse("bad_lines", LineTwice(first=seen[line["line"]], second=row))
        seen[line["line"]] = row
    if not lines:
        raise refuse("bad_lines", documents.NoLines())
    tx, amount = call.tx, sum((line["amount"] for line in lines), Decimal(0))
    values = {"year": year, "amount": amount, "drafter": drafter}
    if budget is None:
        budget, number = public_id(), documents.next_number(tx, "BG", year)
        budget_id = documents.add(
            tx,
            budgets,
            public_id=budget,
            number=number,
            case=call.case,
            at=call.now,
            state="proposed",
            **values,
        )
    else:
        row = documents.get(tx, budgets, budget)
        budget_id, number = row.id, row.number
        documents.change(tx, budgets, row, "proposed", NEXT, **values)
        tx.execute(sa.delete(budget_lines).where(budget_lines.c.budget_id == budget_id))
    tx.insert(
        budget_lines,
        [
            {"budget_id": budget_id, "line": line["line"], "amount": line["amount"], "note": line.get("note")}
            for line in lines
        ],
    )
    return {"budget": budget, "number": number, "amount": amount, "compared": _compared(tx, year, lines)}


@operation("budget.approve", errors=("same_person",))
def approve(call: Call, budget: str, approver: Person, comment: str | None = None) -> None:
    """Put a proposed budget in force; it replaces the year's former one. BPMN error: same_person.

    A line that was frozen stays so: what is frozen goes on by a decision of its own."""
    tx = call.tx
    row = documents.get(tx, budgets, budget)
    if row.drafter == approver:
        raise refuse("same_person", documents.SamePerson())
    former = tx.first(sa.select(budgets).where(budgets.c.year == row.year, APPROVED).with_for_update())
    frozen = [limit.line for limit in _limits(tx, row.year).values() if limit.frozen]
    if former is not None:
        documents.change(tx, budgets, former, "replaced", NEXT)
    documents.change(tx, budgets, row, "approved", NEXT, decided_by=approver, comment=comment)
    freeze(call, row.year, frozen, True)


@operation("budget.reject")
def reject(call: Call, budget: str, by: Person, comment: str | None = None) -> None:
    """End a proposed budget; the one in force stays."""
    row = documents.get(call.tx, budgets, budget)
    documents.change(call.tx, budgets, row, "rejected", NEXT, decided_by=by, comment=comment)


@operation("budget.freeze")
def freeze(call: Call, year: int, lines: list[Line], frozen: bool) -> None:
    """Stop new commitments against lines of the year's approved budget, or let them go on."""
    held = sa.select(budgets.c.id).where(budgets.c.year == year, APPROVED)
    call.tx.execute(
        sa.update(budget_lines)
        .where(budget_lines.c.budget_id.in_(held), budget_lines.c.line.in_(lines))
        .values(frozen=frozen)
    )


@operation("budget.gate", errors=("rule_refused",))
def gate(call: Call, line: Line, amount: Money, document: str | None = None, year: int | None = None) -> Gate:
    """Whether so much more fits: verdict within | over | frozen, by the rule budget_gate.

    What was allowed for the document and is not used up yet counts as left. CNY; approved and
    available are None where the year has no approved budget. Default: this year."""
    return _gate(call, year or call.today.year, line, amount, document)


@operation("budget.allow")
def allow(call: Call, line: Line, amount: Money, document: str, by: Person, year: int | None = None) -> Entry:
    """Let a document go beyond its line by so much; `by`: who may decide that."""
    return _enter(call, year or call.today.year, line, "allow", amount, document, by)


@operation("budget.commit", errors=("over_budget", "rule_refused"))
def commit(
    call: Call, line: Line, amount: Money, document: str, year: int | None = None, under: str | None = None
) -> Entry:
    """Hold an amount for what was agreed, such as an order, an award or a training (`document`: its id).

    BPMN error: over_budget, unless it fits or was allowed (budget.allow) for the document, or for the
    one that it comes under."""
    when = year or call.today.year
    found = _gate(call, when, line, amount, under or document)
    if found["verdict"] == "frozen":
        raise refuse("over_budget", LineFrozen(line=line, year=when, amount=amount))
    if found["verdict"] != "within":
        left = found["available"]
        raise refuse("over_budget", OverBudget(line=line, year=when, amount=amount, available=left))
    if under is not None and _allowed(call.tx, when, line, under):
        _enter(call, when, line, "use", amount, under, call.actor)
    return _enter(call, when, line, "commit", amount, document, call.actor)


def commit_approved(call: Call, line: Line, amount: Decimal, document: str, by: str, year: int | None = None) -> None:
    """`commit` what somebody approved. An older diagram asked nobody else about the budget and catches nothing of
    it, so what `by` approved under it stands as what allows the overrun."""
    try:
        with call.tx.savepoint():
            commit(call, line, amount, document, year)
    except BpmnError as refused:
        if refused.code != "over_budget" or call.catches("over_budget"):
            raise
        allow(call, line, amount, document, by, year)
        commit(call, line, amount, document, year)


@operation("budget.release", errors=("nothing_committed",))
def release(call: Call, document: str, amount: Money | None = None) -> Released:
    """Give back what is still committed for a document, or so much of it.

    BPMN error: nothing_committed, unless something is."""
    given = give_back(call, document, amount)
    if not given:
        raise refuse("nothing_committed", NothingCommitted(document=document))
    return {"released": given}


def give_back(call: Call, document: str, amount: Decimal | None = None) -> Decimal:
    """`release` for other books: nothing committed is nothing given back."""
    given = Decimal(0)
    for (year, line), held in _outstanding(call.tx, document).items():
        part = held if amount is None else min(held, amount - given)
        if part > 0:
            _enter(call, year, line, "release", part, document, call.actor)
            given += part
    return given


def hand_on(call: Call, line: str, amount: Decimal, source: str, target: str) -> Decimal:
    """Let a document have what is committed for another one, at most `amount`: a training, of its plan's.

    Nothing more is taken of the budget by it. What was handed on."""
    given = Decimal(0)
    for (year, name), held in _outstanding(call.tx, source).items():
        part = min(held, amount - given) if name == line else Decimal(0)
        if part > 0:
            _enter(call, year, line, "release", part, source, call.actor)
            _enter(call, year, line, "commit", part, target, call.actor)
            given += part
    return given


def withdraw(call: Call, document: str) -> Decimal:
    """What a document may still go beyond its lines by is no longer allowed: it must be asked for anew."""
    taken = Decimal(0)
    for year, line in sorted({(row.year, row.line) for row in _entries(call.tx, document)}):
        left = _allowed(call.tx, year, line, document)
        if left:
            _enter(call, year, line, "use", left, document, call.actor)
            taken += left
    return taken


@operation("budget.actual")
def actual(
    call: Call,
    line: Line,
    amount: Money,
    document: str,
    year: int | None = None,
    spent_on: dt.date | None = None,
) -> Entry:
    """Enter what a document really cost. It takes the place of as much of its commitment; what goes
    beyond that is spent all the same, and the next gate knows. spent_on: if it was before today."""
    tx, when = call.tx, year or call.today.year
    held = _outstanding(tx, document)
    # In the year it was committed for, if it was.
    when = next((each for each, name in held if name == line), when)
    covered = min(held.get((when, line), Decimal(0)), amount)
    # First, so that entry by entry no more is taken than there is.
    if covered:
        _enter(call, when, line, "release", covered, document, call.actor, spent_on)
    return _enter(call, when, line, "actual", amount, document, call.actor, spent_on)


@operation("budget.standing")
def standing(call: Call, year: int | None = None) -> Standing:
    """Approved, committed, actual and available of each line of a year, in CNY, and `used`, a percentage.

    over: a line has less than nothing left."""
    when = year or call.today.year
    limits, spent = _limits(call.tx, when), _sums(call.tx, when)
    lines: list[dict[str, Any]] = []
    for line in sorted({*limits, *spent}):
        limit = limits[line].amount if line in limits else Decimal(0)
        committed, used = spent.get(line, (Decimal(0), Decimal(0)))
        taken = committed + used
        share = (taken * 100 / limit).quantize(Decimal("0.1")) if limit else None
        lines.append(
            {
                "line": line,
                "approved": limit,
                "committed": committed,
                "actual": used,
                "available": limit - taken,
                "used": share,
                "frozen": bool(line in limits and limits[line].frozen),
            }
        )
    return {"lines": lines, "over": any(line["available"] < 0 for line in lines)}


def _gate(call: Call, year: int, line: str, amount: Decimal, document: str | None) -> Gate:
    tx = call.tx
    # Held, so that of two that would each fit the second sees the first.
    tx.first(sa.select(budgets.c.id).where(budgets.c.year == year, APPROVED).with_for_update())
    limit = _limits(tx, year).get(line)
    committed, used = _sums(tx, year).get(line, (Decimal(0), Decimal(0)))
    allowed = _allowed(tx, year, line, document) if document else Decimal(0)
    in_force = tx.scalar(sa.select(sa.func.count()).select_from(budgets).where(budgets.c.year == year, APPROVED))
    approved = limit.amount if limit is not None else Decimal(0)
    decision = call.decide(
        "budget_gate",
        {
            "in_force": bool(in_force),
            "frozen": bool(limit is not None and limit.frozen),
            "approved": approved,
            "taken": committed + used,
            "amount": amount,
            "allowed": allowed,
        },
    )
    return {
        "verdict": str(decision["verdict"]),
        "approved": approved if in_force else None,
        "committed": committed,
        "actual": used,
        "available": approved - committed - used if in_force else None,
    }


def _enter(
    call: Call,
    year: int,
    line: str,
    kind: str,
    amount: Decimal,
    document: str,
    actor: str | None,
    day: dt.date | None = None,
) -> Entry:
    entry = public_id()
    row = {
        "public_id": entry,
        "year": year,
        "line": line,
        "kind": kind,
        "amount": amount,
        "document": document,
        "case": call.case,
        "actor": actor,
        "at": call.now,
        "business_date": min(day or call.today, call.today),
    }
    periods.post(call.tx, budget_entries, [row])
    return {"entry": entry}


def _limits(tx: Transaction, year: int) -> dict[str, Any]:
    query = sa.select(budget_lines).join(budgets).where(budgets.c.year == year, APPROVED)
    return {row.line: row for row in tx.all(query)}


def _compared(tx: Transaction, year: int, lines: list[BudgetLine]) -> list[Compared]:
    limits, spent = _limits(tx, year), _sums(tx, year)
    wanted: dict[str, BudgetLine] = {line["line"]: line for line in lines}
    found: list[Compared] = []
    for line in [*wanted, *sorted({*limits, *spent} - wanted.keys())]:
        committed, actual = spent.get(line, (Decimal(0), Decimal(0)))
        found.append(
            {
                "line": line,
                "amount": wanted[line]["amount"] if line in wanted else Decimal(0),
                "in_force": limits[line].amount if line in limits else None,
                "committed": committed,
                "actual": actual,
                "note": wanted[line].get("note") if line in wanted else None,
            }
        )
    return found


def _sums(tx: Transaction, year: int) -> dict[str, tuple[Decimal, Decimal]]:
    """Line → (committed and still outstanding, actual)."""
    found: dict[str, dict[str, Decimal]] = {}
    entry = budget_entries.c
    # Added here: the database would add amounts as it stores them, and SQLite stores text.
    for row in tx.all(sa.select(entry.line, entry.kind, entry.amount).where(entry.year == year)):
        kinds = found.setdefault(row.line, {})
        kinds[row.kind] = kinds.get(row.kind, Decimal(0)) + row.amount
    return {line: (_net(kinds), kinds.get("actual", Decimal(0))) for line, kinds in found.items()}


def _outstanding(tx: Transaction, document: str) -> dict[tuple[int, str], Decimal]:
    """(year, line) → what is still committed for a document, where there is something."""
    found: dict[tuple[int, str], dict[str, Decimal]] = {}
    for row in _entries(tx, document):
        kinds = found.setdefault((row.year, row.line), {})
        kinds[row.kind] = kinds.get(row.kind, Decimal(0)) + row.amount
    return {key: _net(kinds) for key, kinds in found.items() if _net(kinds) > 0}


def _allowed(tx: Transaction, year: int, line: str, document: str) -> Decimal:
    """What is left of the document's allowance: what it has committed since is used up."""
    left = Decimal(0)
    for row in _entries(tx, document):
        if (row.year, row.line) == (year, line):
            left += row.amount if row.kind == "allow" else 0
            left -= min(left, row.amount) if row.kind in ("commit", "use") else 0
    return left


def _entries(tx: Transaction, document: str) -> Sequence[Any]:
    return tx.all(sa.select(budget_entries).where(budget_entries.c.document == document).order_by(budget_entries.c.id))


def _net(kinds: Mapping[str, Decimal]) -> Decimal:
    return kinds.get("commit", Decimal(0)) - kinds.get("release", Decimal(0))


def committed_for(tx: Transaction, document: str) -> Decimal:
    """CNY that are still committed for a document."""
    return sum(_outstanding(tx, document).values(), Decimal(0))


def is_frozen(tx: Transaction, purpose: str, day: dt.date) -> bool:
    """Whether nothing more may be promised of the line in the day's year, however much is left of it."""
    limit = _limits(tx, day.year).get(purpose)
    return limit is not None and bool(limit.frozen)


def left(tx: Transaction, purpose: str, day: dt.date) -> Decimal | None:
    """CNY that may still be promised of the line in the day's year; None: the year has no approved budget."""
    if tx.scalar(sa.select(budgets.c.id).where(budgets.c.year == day.year, APPROVED)) is None:
        return None
    limit = _limits(tx, day.year).get(purpose)
    if limit is None or limit.frozen:
        return Decimal(0)
    return Decimal(max(limit.amount - sum(_sums(tx, day.year).get(purpose, ())), Decimal(0)))


budget_gate.SOURCES.append(left)
