"""Rule files as their pages show them: the table in words, versions, drafts and what these would have decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from runtime import access, household, i18n, library
from runtime.identity import Actor, Person, require
from runtime.queries.people import shown
from runtime.rules import rulefile, table
from runtime.rules.conditions import render
from runtime.store import deployments
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.deployments import resources

MOST_REPLAYED = 2_000  # decisions of last month that a draft is put to
MOST_LINES = 50  # of those that it would make otherwise, on the page


@dataclass(frozen=True)
class RuleRow:
    """A rule in the list; `unset`: how many of its figures nobody has entered yet."""

    key: str
    names: Mapping[str, str]
    version: int
    has_draft: bool
    clause: str
    samples: bool
    unset: int


@dataclass(frozen=True)
class Column:
    """An input or an output; `formula`: what an output is computed by; `choices`: value → label."""

    id: str
    label: str
    unit: str
    type: str
    formula: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Derived:
    """A figure that is computed before any row is looked at."""

    id: str
    label: str
    formula: str


@dataclass(frozen=True)
class Line:
    """A row of the table in the reader's language; `then`: output id → text, None where unset."""

    id: str
    label: str
    when: str
    then: dict[str, str | None]
    because: str


@dataclass(frozen=True)
class Table:
    """`refusal`: what is said when no row fits and the file refuses; else `otherwise` is that line."""

    description: str
    owner: str
    clause: str
    effective_from: dt.date
    samples: bool
    hit: str
    inputs: list[Column]
    derived: list[Derived]
    outputs: list[Column]
    lines: list[Line]
    otherwise: Line | None
    refusal: str


@dataclass(frozen=True)
class Version:
    version: int
    at: dt.datetime
    by: Person | None
    origin: str
    effective_from: dt.date | None
    approved_by: Person | None = None


@dataclass(frozen=True)
class Otherwise:
    """A decision of last month that a draft would make otherwise; figures by their labels. `after` is None
    where the draft decides nothing, and `refused` says why."""

    case: str
    title: Mapping[str, str]
    before: list[tuple[str, Any]] | None
    after: list[tuple[str, Any]] | None
    refused: str


@dataclass(frozen=True)
class Rehearsal:
    """Last month's decisions put to a draft: how many (`most` at the most, the newest), how many would come out
    otherwise, and of those the ones in cases that the reader sees whole; `difference`: new less old sum of
    each figure, told only where the reader sees every case that differs."""

    decisions: int
    most: int
    changed: int
    lines: list[Otherwise]
    difference: list[tuple[str, Decimal]]


@dataclass(frozen=True)
class Draft:
    """`proven`: its examples and proofs hold; `mine`: the reader saved it."""

    id: str
    at: dt.datetime
    by: Person | None
    text: str
    base_version: int | None
    proven: bool = True
    mine: bool = True
    effective_from: dt.date | None = None
    rehearsal: Rehearsal | None = None


@dataclass(frozen=True)
class RulePage:
    key: str
    names: Mapping[str, str]
    text: str
    version: int
    active: bool
    table: Table
    versions: list[Version]
    draft: Draft | None
    may_edit: bool


def listing(tx: Transaction, actor: Actor) -> list[RuleRow]:
    """Every rule, by id."""
    require(actor, "read", "rule")
    drafts = {
        row.key
        for row in tx.all(
            sa.select(resources.c.key)
            .where(resources.c.kind == "rule", resources.c.state == "draft")
            .distinct()
        )
    }
    rows = []
    for row in library.active(tx, "rule"):
        file = library.rule_version(tx, row.key, row.version)
        if file is not None:
            rows.append(
                RuleRow(
                    row.key,
                    file.names,
                    row.version,
                    row.key in drafts and actor.may("edit", "rule"),
                    file.clause,
                    file.samples,
                    _unset(file),
                )
            )
    return rows


def rule_page(tx: Transaction, actor: Actor, key: str, language: str) -> RulePage:
    """Raises NoSuchRule."""
    require(actor, "read", "rule")
    row = library.newest(tx, "rule", key)
    file = library.rule_version(tx, key, row.version) if row is not None else None
    if row is None or file is None:
        raise library.NoSuchRule(rule=key)
    org = household.organisation(tx)
    may_edit = actor.may("edit", "rule")
    every = deployments.versions(tx, "rule", key)
    # What somebody saved before what was published of theirs since is over: they went on from it.
    waiting = (
        each
        for each in every
        if each.state == "draft" and (each.id > row.id or each.created_by != row.created_by)
    )
    draft = next(waiting, None) if sees_drafts(tx, actor, key) else None
    return RulePage(
        key=key,
        names=file.names,
        text=deployments.get(tx, row.id).content,
        version=row.version,
        active=file.effective_from <= household.today(tx),
        table=table_of(file, language),
        versions=[
            Version(
                each.version,
                each.created_at,
                shown(org, each.created_by),
                each.origin,
                each.effective_from,
                shown(org, each.approved_by),
            )
            for each in every
            if each.state == "active"
        ],
        draft=_draft(tx, actor, draft, language) if draft is not None else None,
        may_edit=may_edit,
    )


def sees_drafts(tx: Transaction, actor: Actor, key: str) -> bool:
    """Whether the person edits rules, or answers for the figures of this one: they are asked to approve a change."""
    row = library.newest(tx, "rule", key)
    file = library.rule_version(tx, key, row.version) if row is not None else None
    return actor.may("edit", "rule") or (file is not None and file.owner in actor.groups)


def _draft(tx: Transaction, actor: Actor, row: Any, language: str) -> Draft:
    text = deployments.get(tx, row.id).content
    return Draft(
        row.public_id,
        row.created_at,
        shown(household.organisation(tx), row.created_by),
        text,
        row.base_version,
        row.proven_at is not None,
        row.created_by == actor.id,
        row.effective_from,
        rehearsal(tx, actor, text, row.file, language),
    )


def rehearsal(tx: Transaction, actor: Actor, text: str, name: str, language: str) -> Rehearsal | None:
    file, _ = rulefile.load(text, name)
    if file is None:
        return None
    found = library.rehearsal(tx, file, MOST_REPLAYED)
    ids = {int(each.subject) for each in found.changes if each.subject.isdigit()}
    seen = {
        str(row.id): row
        for row in tx.all(
            sa.select(cases.c.id, cases.c.public_id, cases.c.title).where(
                cases.c.id.in_(ids), access.case_visible(actor, fully=True)
            )
        )
    }

    def told(given: Mapping[str, Any] | None, which: tuple[str, ...]) -> list[tuple[str, Any]] | None:
        if given is None:
            return None
        return [
            (i18n.label(language, dict(of.names), name), _cell(of, given.get(name), say))
            for name, of in file.outputs.items()
            if name in which
        ]

    def say(names: Mapping[str, str], fallback: str = "") -> str:
        return i18n.label(language, dict(names), fallback)

    lines = [
        Otherwise(
            seen[each.subject].public_id,
            seen[each.subject].title,
            told(each.before, each.outputs),
            told(each.after, each.outputs),
            say(each.refused) if each.refused else i18n.say(language, each.error.message, **each.error.params)
            if each.error
            else "",
        )
        for each in found.changes
        if each.subject in seen
    ]
    return Rehearsal(
        found.decisions,
        MOST_REPLAYED,
        len(found.changes),
        lines[:MOST_LINES],
        [
            (say(file.outputs[name].names, name), total)
            for name, total in found.difference.items()
            if total and name in file.outputs and len(lines) == len(found.changes)
        ],
    )


def _unset(file: table.RuleFile) -> int:
    return sum(cell is table.UNSET for row in file.rows for cell in row.then.values())


def table_of(file: table.RuleFile, language: str) -> Table:
    def say(names: Mapping[str, str], fallback: str = "") -> str:
        return i18n.label(language, dict(names), fallback)

    def column(of: table.Field) -> Column:
        return Column(
            of.id,
            say(of.names, of.id),
            of.unit,
            of.type,
            of.formula.text if of.formula else "",
            {str(choice.value): say(choice.names, str(choice.value)) for choice in of.choices},
        )

    def cells(then: Mapping[str, Any]) -> dict[str, str | None]:
        return {name: _cell(file.outputs[name], cell, say) for name, cell in then.items()}

    otherwise, refusal = None, ""
    if isinstance(file.default, table.Refusing):
        refusal = say(file.default.messages)
    elif isinstance(file.default, table.Default):
        otherwise = Line("default", "", "", cells(file.default.then), say(file.default.because))
    return Table(
        description=say(file.descriptions),
        owner=file.owner,
        clause=file.clause,
        effective_from=file.effective_from,
        samples=file.samples,
        hit=file.hit,
        inputs=[column(of) for of in file.inputs.values()],
        derived=[Derived(of.id, say(of.names, of.id), of.formula.text) for of in file.let.values()],
        outputs=[column(of) for of in file.outputs.values()],
        lines=[
            Line(row.id, say(row.names, row.id), render(row.when), cells(row.then), say(row.because))
            for row in file.rows
        ],
        otherwise=otherwise,
        refusal=refusal,
    )


def _cell(of: table.Field, cell: Any, say: Any) -> str | None:
    if cell is table.UNSET or cell is None:
        return None
    if isinstance(cell, table.Expression):
        return str(cell.text)
    for choice in of.choices:
        if choice.value == cell:
            return str(say(choice.names, str(cell)))
    return format(cell, "f") if hasattr(cell, "as_tuple") else str(cell)
