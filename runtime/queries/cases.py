"""One case as its page shows it: where it stands, the path it took, what was decided and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from runtime import access, household, i18n, library, values
from runtime.identity import Actor, Person, require
from runtime.ledger import reading
from runtime.library import NoSuchCase
from runtime.queries import counted, timeline
from runtime.queries.called import Calls, called
from runtime.queries.entered import Entered, entered
from runtime.queries.inbox import TaskRow, columns, outcome, process_names, task_rows
from runtime.queries.path import Path, labels, paths
from runtime.queries.people import shown
from runtime.queries.since import Since, since
from runtime.queries.standing import awaited, waits_for, whom
from runtime.queries.timeline import Moment
from runtime.queries.verdicts import Verdict, verdicts
from runtime.queries.withheld import Withheld, withheld
from runtime.store import deployments, event_log
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.event_log import decisions
from runtime.store.files import file_uses
from runtime.store.jobs import incidents
from runtime.store.purges import PURGED
from runtime.store.user_tasks import OPEN
from runtime.store.user_tasks import user_tasks as tasks


@dataclass(frozen=True)
class DiagramView:
    """A process of the case, drawn: element ids by what became of them; labels in the reader's language."""

    process: str
    names: Mapping[str, str]
    xml: str
    done: list[str]
    active: list[str]
    cancelled: list[str]
    flows: list[str]
    labels: dict[str, str]
    waiting: dict[str, str]  # active element → who or what it waits for


@dataclass(frozen=True)
class DecisionView:
    """A rule's decision in words."""

    at: dt.datetime
    rule: str
    names: Mapping[str, str]
    version: int
    inputs: list[tuple[str, Any]]
    outputs: list[tuple[str, Any]]
    reasons: list[str]
    trace: list[dict[str, Any]]
    refused: str


@dataclass(frozen=True)
class IncidentView:
    id: str
    element: str
    label: str
    reason: str
    at: dt.datetime


@dataclass(frozen=True)
class CasePage:
    """`full` is False for whoever only has a task in a confidential case: no variables, no decisions."""

    id: str
    title: Mapping[str, str]
    process_key: str
    process_names: Mapping[str, str]
    version: int
    status: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    initiator: Person | None
    full: bool
    diagrams: list[DiagramView] = field(default_factory=list)
    timeline: list[Moment] = field(default_factory=list)
    decisions: list[DecisionView] = field(default_factory=list)
    open_tasks: list[TaskRow] = field(default_factory=list)
    incidents: list[IncidentView] = field(default_factory=list)
    documents: list[tuple[str, Any, str]] = field(default_factory=list)  # label, value, link
    entered: Entered | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    outcome: Mapping[str, str] = field(default_factory=dict)  # what the event is called that it ended with
    since: Since | None = None  # what became of what it granted
    calls: Calls = field(default_factory=Calls)  # the cases that it called
    problems: list[tuple[str, str]] = field(default_factory=list)  # an error that it met, and what it said


@dataclass(frozen=True)
class Stopping:
    """A case that somebody may cancel, and what would go with it: `tasks` by name in each language, only
    counted (`open`) for who does not see the case."""

    id: str
    title: Mapping[str, str]
    process_key: str
    process_names: Mapping[str, str]
    status: str
    seen: bool
    open: int
    tasks: list[Mapping[str, str]]


def stopping(tx: Transaction, actor: Actor, case: str) -> Stopping:
    """Needs the right to operate cases, as cancelling does. Raises NoSuchCase."""
    require(actor, "operate", "case")
    row = tx.first(
        sa.select(cases, access.case_visible(actor).label("seen")).where(
            cases.c.public_id == case, cases.c.status != PURGED
        )
    )
    if row is None:
        raise NoSuchCase()
    rows = tx.all(
        sa.select(*columns(actor))
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(tasks.c.case_id == row.id, tasks.c.state.in_(OPEN))
        .order_by(tasks.c.id)
    )
    names = [each.names or {"en": each.element} for each in task_rows(tx, rows)] if row.seen else []
    return Stopping(
        row.public_id, row.title, row.process, process_names(tx).get(row.process, {}), row.status,
        bool(row.seen), len(rows), names,
    )  # fmt: skip


def case_page(tx: Transaction, actor: Actor, case: str, language: str) -> CasePage:
    """Raises NoSuchCase when there is none or it is not the reader's to see."""
    row = tx.first(
        sa.select(cases, access.case_visible(actor, fully=True).label("fully")).where(
            cases.c.public_id == case, access.case_visible(actor)
        )
    )
    if row is None:
        raise NoSuchCase()
    org = household.organisation(tx)
    log = event_log.of_case(tx, row.id)
    open_rows = tx.all(
        sa.select(*columns(actor))
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(tasks.c.case_id == row.id, tasks.c.state.in_(OPEN))
        .order_by(tasks.c.id)
    )
    open_tasks = task_rows(tx, open_rows)
    root = deployments.get(tx, row.bindings[row.process])
    full = bool(row.fully)
    kept = withheld(tx, actor, row) if full else Withheld()
    told = full and not kept
    open_to_see = full or not row.confidential
    labels = Labels(tx, row.bindings, language)
    return CasePage(
        id=row.public_id,
        title=row.title,
        process_key=row.process,
        process_names=process_names(tx).get(row.process, {}),
        version=root.version,
        status=row.status,
        started_at=row.started_at,
        ended_at=row.ended_at,
        initiator=shown(org, row.initiator_id),
        full=full,
        diagrams=_diagrams(
            tx, row, log, open_tasks, language, path=open_to_see, topics=actor.may("operate", "case")
        ),
        timeline=timeline.moments(log, org, labels.of, _rule_names(tx, language), language, full=full, kept=kept.by),
        # What a rule was asked about a blind step names what was found, and what the books say.
        decisions=_decisions(tx, actor, row, language) if told else [],
        open_tasks=open_tasks,
        incidents=_incidents(tx, row.id, labels, reasons=open_to_see) if actor.may("operate", "case") else [],
        documents=_documents(tx, row, language, kept) if full else [],
        entered=entered(tx, actor, row, language) if full else None,
        verdicts=verdicts(tx, row, log, org, labels.of, language) if told else [],
        outcome=outcome(tx, row) if full else {},
        since=since(tx, actor, [row.public_id]).get(row.public_id) if full and row.ended_at else None,
        calls=called(tx, actor, row) if open_to_see else Calls(),
        problems=_problems(tx, row, log, labels) if full else [],
    )


def _problems(tx: Transaction, case: Any, log: list[Any], labels: Labels) -> list[tuple[str, str]]:
    """The errors that the case's own process met and has not put right, by the event that caught each."""
    way = paths(log, case.process).get(case.process, Path())
    caught = {
        node.id: node.trigger.message_variable
        for node in library.process(tx, case.bindings[case.process]).walk()
        if node.trigger is not None and node.trigger.kind == "error" and node.id in way.left
    }
    if not any(caught.values()):
        return []
    known = library.at_rest(tx, case.id, case.process, case.bindings, case.state).sight()
    told = {labels.of(case.process, event): known.get(name) for event, name in caught.items() if name}
    return [(event, why) for event, why in told.items() if isinstance(why, str) and why]


class Labels:
    """What elements are called, in one language."""

    def __init__(self, tx: Transaction, bindings: Mapping[str, int], language: str) -> None:
        self._names = {
            (process, node.id): i18n.label(language, dict(node.names), node.id)
            for process, resource in bindings.items()
            for node in library.process(tx, resource).walk()
        }

    def of(self, process: str, element: str) -> str:
        if (process, element) in self._names:
            return self._names[process, element]
        return next((name for (_, node), name in self._names.items() if node == element), element)


def _diagrams(
    tx: Transaction,
    case: Any,
    log: list[Any],
    open_tasks: list[TaskRow],
    language: str,
    *,
    path: bool,
    topics: bool,
) -> list[DiagramView]:
    """The case's process and each called one that was entered, with the path so far.

    Not `path`: only people's tasks, since the way between them tells what was decided. `topics`: external work also by
    its topic."""
    taken = paths(log, case.process)
    waiting: dict[str, list[str]] = {}
    for task in open_tasks:
        waiting.setdefault(task.element, []).append(whom(task, language))
    waits = awaited(tx, case.id) if path else {}
    views = []
    for process in [case.process, *sorted(set(taken) - {case.process})]:
        if process not in case.bindings:
            continue
        row = deployments.get(tx, case.bindings[process])
        model = library.process(tx, row.id)
        way = taken.get(process, Path())
        active = way.standing
        told = {node.id for node in model.walk() if path or node.kind == "userTask"}
        for node in model.walk() if path else ():
            if node.id in active and node.id not in waiting:
                waiting[node.id] = waits_for(node, model, waits, language, topics=topics)
        views.append(
            DiagramView(
                process=process,
                names=model.names,
                xml=row.content,
                done=[e for e in way.left if e in told and e not in active],
                active=active,
                cancelled=[e for e in way.cancelled if e in told],
                flows=list(way.flows) if path else [],
                labels=dict(labels(model, language)),
                waiting={e: i18n.comma(language).join(waiting[e]) for e in active if waiting.get(e)},
            )
        )
    return views


def _decisions(tx: Transaction, actor: Actor, case: Any, language: str) -> list[DecisionView]:
    """Without those that were asked with what the books say of what the reader counts."""
    rows = tx.all(sa.select(decisions).where(decisions.c.case_id == case.id).order_by(decisions.c.id))
    asked = [counted.BOOKS.isdisjoint(orjson.loads(row.decision)["inputs"]) for row in rows]
    skus = frozenset[str]() if all(asked) else counted.counted(tx, actor)
    if skus:
        known = library.at_rest(tx, case.id, case.process, case.bindings, case.state).variables()
        if counted.concerns(known, skus):
            rows = [row for row, free in zip(rows, asked, strict=True) if free]
    return [decision_view(tx, row, language) for row in rows]


def decision_view(tx: Transaction, row: Any, language: str) -> DecisionView:
    """A stored decision in words: labels and units from the rule version that decided."""
    kept = values.from_json(orjson.loads(row.decision))
    rule = library.rule_version(tx, row.rule, row.version)
    names = {**rule.inputs, **rule.outputs} if rule else {}
    row_names = {of.id: i18n.label(language, dict(of.names), of.id) for of in rule.rows} if rule else {}

    def told(given: Mapping[str, Any]) -> list[tuple[str, Any]]:
        return [
            (_heading(names.get(name), name, language), _choice(names.get(name), value, language))
            for name, value in given.items()
        ]

    return DecisionView(
        at=row.at,
        rule=row.rule,
        names=rule.names if rule else {"en": row.rule},
        version=row.version,
        inputs=told(kept["inputs"]),
        outputs=told(kept["outputs"]),
        reasons=[i18n.label(language, each["reason"]) for each in kept["because"]],
        trace=[
            {"row": row_names.get(each["row"], each["row"]), "false": each["false"]} for each in kept["trace"]
        ],
        refused=i18n.label(language, kept["refused"]) if kept["refused"] else "",
    )


def _heading(of: Any, name: str, language: str) -> str:
    """An input's or output's name, with what one of it is."""
    if of is None:
        return name
    label = i18n.label(language, dict(of.names), name)
    return f"{label} ({i18n.say(language, of.unit)})" if of.unit else label


def _choice(of: Any, value: Any, language: str) -> Any:
    """A value by the name that the rule file gives it."""
    for choice in of.choices if of is not None else ():
        if choice.value == value:
            return i18n.label(language, dict(choice.names), str(value))
    return value


def _rule_names(tx: Transaction, language: str) -> dict[str, str]:
    found = {}
    for row in library.active(tx, "rule"):
        rule = library.rule_version(tx, row.key, row.version)
        if rule is not None:
            found[row.key] = i18n.label(language, dict(rule.names), row.key)
    return found


def _incidents(tx: Transaction, case_id: int, labels: Labels, *, reasons: bool) -> list[IncidentView]:
    """Not `reasons`: only the code, since the sentence may name what the case holds."""
    rows = tx.all(
        sa.select(incidents)
        .where(incidents.c.case_id == case_id, incidents.c.resolved_at.is_(None))
        .order_by(incidents.c.id)
    )
    return [
        IncidentView(
            r.public_id,
            r.element,
            labels.of("", r.element),
            r.reason if reasons else r.reason.partition(":")[0],
            r.created_at,
        )
        for r in rows
    ]


# What the books call their documents.
SENTENCES = {
    "purchase_plans": "Purchase plan",
    "purchase_orders": "Purchase order",
    "purchase_receipts": "Goods receipt",
    "sales_orders": "Sales order",
    "shipments": "Shipment",
    "settlements": "Settlement",
    "sales_payments": "Payment",
    "sales_order_changes": "Order change",
    "sales_issues": "Issue of a customer",
    "sales_returns": "Goods returned",
    "sales_credits": "Credit",
    "sales_replacements": "Replacement",
    "contacts": "Contact",
    "escalations": "Issue raised",
    "feedback": "Feedback",
    "product_changes": "Change of a product",
    "master_changes": "Change of master data",
    "analyses": "Analysis",
    "goal_plans": "Goals",
    "stock_anomalies": "Stock anomaly",
    "budgets": "Budget",
    "stocktakes": "Stocktake",
    "stocktake_sheets": "Count sheet",
}


def _documents(tx: Transaction, case: Any, language: str, kept: Withheld) -> list[tuple[str, Any, str]]:
    """What the case made in the books, and the files that it holds and does not keep back: label, value, link."""
    made: list[tuple[str, Any, str]] = [
        (i18n.say(language, SENTENCES[of.kind]), of.number, "")
        for of in reading.documents_of(tx, case.public_id)
    ]
    of_case = file_uses.c.case_id == case.id, file_uses.c.person_id.not_in(kept.by)
    held = tx.all(sa.select(file_uses).where(*of_case).order_by(file_uses.c.id))
    return made + [(i18n.say(language, "File"), row.name, f"/files/{row.sha256}") for row in held]
