"""What expressions of a diagram may call beside what their language has itself (expressions.PURE).

The clock of the transaction, the business calendar, the org tree; and, for a text that is evaluated
beside the engine, what `execution` answers. Not here: the language (runtime/expressions), what a
step may do (commands/world.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runtime import forms, formulas, household, i18n, library
from runtime.errors import GuichengError
from runtime.identity import Actor
from runtime.rules import evaluate as rules
from runtime.store.db import Transaction
from runtime.values import Value, over

Calls = Mapping[str, Callable[..., Any]]

# What stands in a case in place of a secret, which is told only to whom it is sent (commands/deliveries.py).
HIDDEN = "•••"
SECRET_INPUTS = frozenset({"headers", "authorization"})

# Every name that a diagram may call; what is not among them is refused at deployment.
KNOWN = frozenset(
    {
        "superior_of",
        "acting",
        "name_of",
        "holder_of",
        "now",
        "dateTime",
        "today",
        "workday_after",
        "next_last_workday",
        "next_of",
        "after_days",
        "currentUser",
        "secret",
        "execution.getVariable",
        "execution.hasVariable",
        "execution.getVariableLocal",
        "execution.hasVariableLocal",
        "execution.getVariables",
        *(f"task.{name}" for name in ("getVariable", "hasVariable", "getVariableLocal", "hasVariableLocal")),
        "task.getVariables",
        *(f"task.get{name}" for name in ("Id", "Name", "Assignee", "Priority", "DueDate", "FollowUpDate")),
        *(f"task.get{name}" for name in ("TaskDefinitionKey", "ExecutionId", "ProcessInstanceId")),
        "execution.getBusinessKey",
        "execution.getProcessBusinessKey",
        "execution.getProcessInstanceId",
        "execution.getCurrentActivityId",
        "execution.getActivityInstanceId",
    }
)


def of(tx: Transaction, actor: Actor, language: str = i18n.DEFAULT) -> Calls:
    """The functions of one transaction; names of people are told in `language`."""
    zone = household.house(tx).zone

    def workday_after(moment: dt.date, days: int) -> dt.date:
        """The n-th workday after a date; of a date-time, at the same time of day."""
        calendar = household.calendar(tx)
        if isinstance(moment, dt.datetime):
            local = moment.astimezone(zone)
            day = calendar.workday_after(local.date(), days)
            return dt.datetime.combine(day, local.time(), zone).astimezone(dt.UTC)
        return calendar.workday_after(moment, days)

    def next_last_workday(after: dt.date, at: str) -> dt.datetime:
        """The next month's-last-workday at a time of day (business zone), later than `after`."""
        calendar, time = household.calendar(tx), dt.time.fromisoformat(at)
        since = after if isinstance(after, dt.datetime) else dt.datetime.combine(after, dt.time.min, zone)
        year, month = since.astimezone(zone).year, since.astimezone(zone).month
        while True:
            day = calendar.last_workday_of_month(year, month)
            due = dt.datetime.combine(day, time, zone).astimezone(dt.UTC)
            if due > since:
                return due
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)

    def next_of(matter: str, after: dt.datetime) -> dt.datetime:
        """When a regular matter is due next, by the rule `cadence` that is in force then."""
        day = after.astimezone(zone).date()
        found = rules.decide(library.ruleset(tx, "cadence", day), {"matter": matter}, as_of=day).outputs
        every, number, hour = str(found["every"]), int(str(found["day"])), int(str(found["hour"]))
        return household.calendar(tx).next_of(every, number, hour, after, zone)

    def holder_of(group: str) -> str | None:
        members = household.organisation(tx).members(group)
        return members[0] if len(members) == 1 else None

    def name_of(person: str) -> str | None:
        row = household.organisation(tx).by_public_id.get(person)
        return i18n.label(language, dict(row.names), row.username) if row else None

    def superior_of(person: str) -> str | None:
        """The nearest who is here."""
        return next(household.organisation(tx).line(person), None)

    def acting(person: str | None, barred: Sequence[str | None] = ()) -> str | None:
        """Who does today what is asked of somebody by name (ledger/approvers.py)."""
        return household.acting(tx, person, [each for each in barred if each]) if person else None

    return {
        "superior_of": superior_of,
        "acting": acting,
        "name_of": name_of,
        "holder_of": holder_of,
        "now": lambda: tx.now,
        "dateTime": lambda: tx.now,
        "today": lambda: household.today(tx),
        "workday_after": workday_after,
        "next_last_workday": next_last_workday,
        "next_of": next_of,
        "after_days": lambda day, days: day + dt.timedelta(days=int(days)),
        "currentUser": lambda: actor.public_id or None,
        "secret": lambda name: HIDDEN,
    }


def evaluate(
    tx: Transaction, actor: Actor, text: str, variables: Mapping[str, Value], language: str = i18n.DEFAULT
) -> Value:
    """A text of a diagram, evaluated beside the engine over a case's variables. Raises CannotEvaluate."""
    formula = formulas.compile(text)
    calls = beside(tx, actor, variables, language) if formula.calls else {}
    # Not a copy: a case may hold much, and only what the text names is read.
    names = over({"execution": {"processBusinessKey": variables.get("business_key")}}, variables)
    return formula.evaluate(names, calls)


def beside(
    tx: Transaction, actor: Actor, variables: Mapping[str, Value], language: str = i18n.DEFAULT
) -> Calls:
    """The functions of a text that is evaluated beside the engine."""
    key = variables.get("business_key")
    return {
        **of(tx, actor, language),
        "execution.getVariable": variables.get,
        "execution.hasVariable": variables.__contains__,
        "execution.getVariables": lambda: dict(variables),
        "execution.getBusinessKey": lambda: key,
        "execution.getProcessBusinessKey": lambda: key,
    }


def defaults(
    tx: Transaction, actor: Actor, form: forms.Form, variables: Mapping[str, Value], *, strict: bool = False
) -> dict[str, Value]:
    """The default values of a form's fields that the case does not know yet.

    One that cannot be told leaves its field empty; with `strict` it raises DefaultDoesNotFit,
    CannotEvaluate."""
    found: dict[str, Value] = {}
    for field in form.fields:
        if field.key in variables or field.key not in form.defaults:
            continue
        text, pattern = form.defaults[field.key]
        try:
            value = evaluate(tx, actor, text, variables)
            found[field.key] = forms.default(field, value, pattern, household.house(tx).zone)
        except GuichengError:
            if strict:
                raise
    return found
