"""A rule's amendment as whoever decides it reads it: which line changes from what to what, and what it would do.

Not here: the rest of the rule's own page (rules.py), the steps of the process (commands/amendments.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from runtime import access, i18n, library
from runtime.identity import GROUPS, Actor
from runtime.queries.rules import Column, Line, Rehearsal, Table, rehearsal, sees_drafts, table_of
from runtime.rules import rulefile
from runtime.rules.table import RuleFile
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.deployments import resources
from runtime.store.user_tasks import OPEN
from runtime.store.user_tasks import user_tasks as tasks

PROCESS = "rule_amendment"
SENTENCES = {
    "whole": "The whole rule",
    "description": "Description",
    "clause": "Policy",
    "owner": "Responsible",
    "hit": "Which lines count",
    "first": "the first that fits",
    "collect": "all that fit",
    "samples": "Figures are samples",
    "yes": "yes",
    "no": "no",
    "refusal": "Where no line fits",
    "name": "Name",
    "unit": "Unit",
    "type": "Type",
    "formula": "Computed as",
    "choices": "Choices",
    "when": "When",
    "because": "Because",
    "unset": "not set",
    "otherwise": "Otherwise",
    "lines": "The lines",
    "order": "Their order",
}


@dataclass(frozen=True)
class Part:
    """What a place says before and after; None where it says nothing. `code`: an expression of the rule."""

    what: str
    before: str | None
    after: str | None
    code: bool = False


@dataclass(frozen=True)
class Change:
    """A place of the rule that changes. `kind`: added, removed or changed."""

    place: str
    kind: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Amendment:
    """`before` and `after` as tables, for the words of their expressions; `text`: the same as lines of the file,
    with + and −. Of a draft that nobody was asked to decide yet without text and rehearsal."""

    rule: str
    names: Mapping[str, str]
    version: int
    since: dt.date
    effective_from: dt.date
    before: Table
    after: Table
    changes: Sequence[Change]
    examples: int  # that differ; they decide nothing
    rehearsal: Rehearsal | None = None
    text: str = ""


def of_task(tx: Transaction, actor: Actor, task: str, language: str) -> Amendment | None:
    """What the draft changes that the task's case is about; None where the task is of no amendment, or the draft
    is gone. Whoever is asked to decide may read it; cases only as far as they may see them."""
    row = tx.first(
        sa.select(tasks.c.case_id, tasks.c.case_process, tasks.c.activity, cases.c.bindings, cases.c.state)
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(tasks.c.public_id == task, tasks.c.state.in_(OPEN), access.task_visible(actor))
    )
    if row is None or row.case_process != PROCESS:
        return None
    known = library.at_rest(tx, row.case_id, row.case_process, row.bindings, row.state).sight(row.activity)
    draft = tx.first(
        sa.select(resources).where(
            resources.c.public_id == known.get("draft"), resources.c.kind == "rule",
            resources.c.key == known.get("rule"), resources.c.state == "draft",
        )
    )  # fmt: skip
    if draft is None:
        return None
    found = _compared(tx, draft, language)
    if found is None:
        return None
    tried = rehearsal(tx, actor, draft.content, draft.file, language)
    return replace(found, rehearsal=tried, text=str(known.get("rule_change") or ""))


def of_draft(tx: Transaction, actor: Actor, draft: str, language: str) -> Amendment | None:
    """What a draft that waits changes, for whoever sees it on its rule's page; None where it is gone, or does not
    read as a rule file."""
    which = resources.c.public_id == draft, resources.c.kind == "rule", resources.c.state == "draft"
    row = tx.first(sa.select(resources).where(*which))
    return _compared(tx, row, language) if row is not None and sees_drafts(tx, actor, row.key) else None


def _compared(tx: Transaction, draft: sa.Row[Any], language: str) -> Amendment | None:
    before = library.rule_version(tx, draft.key, draft.base_version)
    after, _ = rulefile.load(draft.content, draft.file)
    if before is None or after is None:
        return None
    old, new = table_of(before, language), table_of(after, language)
    return Amendment(
        draft.key,
        after.names,
        draft.base_version,
        before.effective_from,
        after.effective_from,
        old,
        new,
        changes(old, new, language),
        _examples(before, after),
    )


def changes(old: Table, new: Table, language: str) -> list[Change]:
    """Every place that says something else: first of the whole rule, then what it asks and computes, then its lines."""

    whole = [
        Part(_say(language, "description"), old.description, new.description),
        Part(_say(language, "clause"), old.clause, new.clause),
        Part(_say(language, "owner"), _group(old, language), _group(new, language)),
        Part(_say(language, "hit"), _hit(old, language), _hit(new, language)),
        Part(_say(language, "samples"), _yes(old.samples, language), _yes(new.samples, language)),
        Part(_say(language, "refusal"), old.refusal or None, new.refusal or None),
    ]
    found = [Change(_say(language, "whole"), "changed", told)] if (told := _differing(whole)) else []
    for theirs, ours in ((old.inputs, new.inputs), (old.outputs, new.outputs)):
        found += _fields(theirs, ours, language)
    found += _paired(
        {each.id: (each.label, [Part(_say(language, "formula"), each.formula, None, True)]) for each in old.derived},
        {each.id: (each.label, [Part(_say(language, "formula"), None, each.formula, True)]) for each in new.derived},
    )
    found += _lines(old, new, language)
    return found


def _say(language: str, word: str) -> str:
    return i18n.say(language, SENTENCES[word])


def _hit(table: Table, language: str) -> str:
    return _say(language, "first" if table.hit == "first" else "collect")


def _group(table: Table, language: str) -> str:
    return i18n.label(language, dict(GROUPS.get(table.owner, {})), table.owner)


def _yes(value: bool, language: str) -> str:
    return _say(language, "yes" if value else "no")


def _differing(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if part.before != part.after]


def _fields(old: Sequence[Column], new: Sequence[Column], language: str) -> list[Change]:
    def parts(column: Column, *, after: bool) -> list[Part]:
        told = (
            ("name", column.label, False), ("unit", column.unit, False), ("type", column.type, False),
            ("formula", column.formula, True), ("choices", ", ".join(column.choices.values()), False),
        )  # fmt: skip
        return [
            Part(_say(language, what), None if after else text, text if after else None, code)
            for what, text, code in told
            if text
        ]

    return _paired(
        {each.id: (each.label, parts(each, after=False)) for each in old},
        {each.id: (each.label, parts(each, after=True)) for each in new},
    )


def _lines(old: Table, new: Table, language: str) -> Iterator[Change]:
    columns = {
        each.id: f"{each.label} ({each.unit})" if each.unit else each.label
        for each in (*old.outputs, *new.outputs)
    }
    otherwise = _say(language, "otherwise")

    def lines(table: Table, *, after: bool) -> dict[str, tuple[str, list[Part]]]:
        every = [*table.lines, *([table.otherwise] if table.otherwise else [])]
        return {each.id: (each.label or otherwise, _parts(each, columns, language, after=after)) for each in every}

    yield from _paired(lines(old, after=False), lines(new, after=True))
    # Where the first line that fits decides, their order is part of the rule.
    ids = {each.id for each in old.lines} & {each.id for each in new.lines}
    kept, order = ([each for each in table.lines if each.id in ids] for table in (old, new))
    if [each.id for each in kept] != [each.id for each in order]:
        before, after = (" · ".join(each.label for each in lines) for lines in (kept, order))
        yield Change(_say(language, "lines"), "changed", [Part(_say(language, "order"), before, after)])


def _parts(line: Line, columns: Mapping[str, str], language: str, *, after: bool) -> list[Part]:
    unset = _say(language, "unset")
    told = [
        (_say(language, "name"), line.label, False),
        (_say(language, "when"), line.when, True),
        *((columns[name], unset if cell is None else cell, True) for name, cell in line.then.items()),
        (_say(language, "because"), line.because, False),
    ]
    return [
        Part(what, None if after else text, text if after else None, code) for what, text, code in told if text
    ]


def _paired(old: Mapping[str, tuple[str, list[Part]]], new: Mapping[str, tuple[str, list[Part]]]) -> list[Change]:
    """Places of both, by id, each with what it says before and after."""
    found = []
    for id in [*old, *(each for each in new if each not in old)]:
        before = {part.what: part for part in old[id][1]} if id in old else {}
        after = {part.what: part for part in new[id][1]} if id in new else {}
        parts = _differing(
            [
                Part(
                    what,
                    before[what].before if what in before else None,
                    after[what].after if what in after else None,
                    (before.get(what) or after[what]).code,
                )
                for what in dict.fromkeys((*before, *after))
            ]
        )
        kind = "removed" if id not in new else "added" if id not in old else "changed"
        if parts:
            found.append(Change((new.get(id) or old[id])[0], kind, parts))
    return found


def _examples(before: RuleFile, after: RuleFile) -> int:
    """How many examples differ, place by place."""
    theirs, ours = list(map(repr, before.examples)), list(map(repr, after.examples))
    shared = sum(one != two for one, two in zip(theirs, ours, strict=False))
    return shared + abs(len(theirs) - len(ours))
