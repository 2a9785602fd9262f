"""Comments as pages show them: a case's thread, what mentions me, whom one may mention.

Nothing of a comment is told to who does not see its case whole, whoever mentioned them.
Not here: writing them and what a mention is (commands/comments.py)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from runtime import access, household, i18n
from runtime.identity import Actor, Person
from runtime.library import NoSuchCase
from runtime.queries import pages
from runtime.queries.inbox import MOST, process_names
from runtime.queries.pages import Page
from runtime.queries.people import shown
from runtime.queries.withheld import of_cases
from runtime.store import accounts, prepared
from runtime.store.cases import cases
from runtime.store.comments import CHANGEABLE, HANDED_OVER, UNREAD, comments, mentions
from runtime.store.db import Transaction
from runtime.store.purges import PURGED
from runtime.store.user_tasks import user_tasks as tasks

MOST_OFFERED = 8  # people, of whom one may choose


@dataclass(frozen=True)
class CommentView:
    """`parts`: its text in pieces, each with whether it is a mention; empty once it is withdrawn, and where it is
    `kept_back`, since its author knows what the reader may have to find out once more (withheld.py). `about`: names
    of the task that it is on. `mine`: the reader wrote it; `unread`: it mentions the reader, who has not said that
    they have read it."""

    id: str
    author: Person | None
    at: dt.datetime
    text: str
    parts: list[tuple[str, bool]]
    mentioned: list[Person]
    about: Mapping[str, str] | None
    changed_at: dt.datetime | None
    withdrawn_at: dt.datetime | None
    mine: bool
    may_change: bool
    unread: bool
    handed_over: bool = False  # it says why its task was given to somebody else
    kept_back: bool = False


@dataclass(frozen=True)
class Thread:
    """A case's comments, oldest first. `seen`: the reader sees the case whole, else there are none to be told;
    `may_write`; `earlier`: the cursor of those before, None if there are none."""

    case: str
    seen: bool = False
    may_write: bool = False
    comments: list[CommentView] = field(default_factory=list)
    earlier: str | None = None


@dataclass(frozen=True)
class MentionRow:
    """A comment that mentions the reader."""

    comment: str
    case: str
    case_title: Mapping[str, str]
    process: str
    process_names: Mapping[str, str]
    author: Person | None
    at: dt.datetime
    text: str
    read: bool
    about: Mapping[str, str] | None = None  # of a task that was given to the reader, or to somebody else
    kept_back: bool = False  # `text` is "": see CommentView


@dataclass(frozen=True)
class Offered:
    """Somebody whom one may mention by writing @ and `write`; `why` not, in the reader's language, or ""."""

    person: Person
    username: str
    write: str
    why: str


def thread(tx: Transaction, actor: Actor, case: str, *, before: str | None = None, limit: int = 50) -> Thread:
    """The newest `limit` comments of a case, or those before a cursor. Raises NoSuchCase, BadCursor."""
    row = _case(tx, actor, case)
    if not row.fully:
        return Thread(case)
    query = (
        sa.select(comments, tasks.c.names.label("about"), mentions.c.person_id, mentions.c.read_at)
        .outerjoin(tasks, tasks.c.id == comments.c.task_id)
        .outerjoin(
            mentions, sa.and_(mentions.c.comment_id == comments.c.id, mentions.c.person_id == actor.id)
        )
        .where(comments.c.case_id == row.id)
        .order_by(comments.c.id.desc())
        .limit(min(limit, pages.LARGEST_PAGE) + 1)
    )
    if before:
        query = query.where(comments.c.id < _cursor(before))
    found = list(tx.all(query))
    more, found = len(found) > limit, found[:limit]
    said = _said(tx, [each.id for each in found])
    org = household.organisation(tx)
    kept = of_cases(tx, actor, {row.id})[row.id].by if found else frozenset()
    views = [_view(tx, actor, org, each, said.get(each.id, []), kept) for each in reversed(found)]
    return Thread(case, True, actor.may("comment", "case"), views, str(found[-1].id) if more else None)


def _cursor(text: str) -> int:
    try:
        return pages.number(text)
    except ValueError:
        raise pages.BadCursor() from None


def _case(tx: Transaction, actor: Actor, case: str) -> Any:
    """Id and `fully` of a case that the reader sees. Raises NoSuchCase."""
    row = tx.first(
        sa.select(cases.c.id, access.case_visible(actor, fully=True).label("fully")).where(
            cases.c.public_id == case, access.case_visible(actor)
        )
    )
    if row is None:
        raise NoSuchCase()
    return row


def _said(tx: Transaction, ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """Comment → whom it mentions, and how it calls them."""
    found: dict[int, list[tuple[int, str]]] = {}
    rows = tx.all(sa.select(mentions).where(mentions.c.comment_id.in_(list(ids)))) if ids else ()
    for row in rows:
        found.setdefault(row.comment_id, []).append((row.person_id, row.said))
    return found


def _view(
    tx: Transaction, actor: Actor, org: accounts.Organisation, row: Any, said: list[tuple[int, str]],
    kept: frozenset[int],
) -> CommentView:
    handed = row.kind == HANDED_OVER
    mine = row.author_id == actor.id and not handed
    here, untold = row.withdrawn_at is None, row.author_id in kept
    people = [shown(org, person) for person, _ in said]
    return CommentView(
        id=row.public_id,
        author=shown(org, row.author_id),
        at=row.at,
        text="" if untold else row.text,
        parts=parts(row.text, [name for _, name in said if name]) if here and not untold else [],
        mentioned=[person for person in people if person is not None],
        about=row.about,
        changed_at=row.changed_at,
        withdrawn_at=row.withdrawn_at,
        mine=mine,
        may_change=mine and here and tx.now <= row.at + CHANGEABLE,
        unread=row.person_id is not None and row.read_at is None,
        handed_over=handed,
        kept_back=here and untold,
    )


def parts(text: str, said: Sequence[str]) -> list[tuple[str, bool]]:
    """The text in pieces: those that call one of `said`, with the @, and what lies between."""
    if not said:
        return [(text, False)]
    names = "|".join(re.escape(name) for name in sorted(set(said), key=len, reverse=True))
    pieces = re.split(f"([@＠](?:{names}))", text, flags=re.IGNORECASE)
    return [(piece, place % 2 == 1) for place, piece in enumerate(pieces) if piece]


def mentioning(
    tx: Transaction, actor: Actor, *, after: str | None = None, limit: int = 50
) -> Page[MentionRow]:
    """What mentions the reader in cases that they see whole, newest first. Raises BadCursor."""
    limit = min(limit, pages.LARGEST_PAGE)
    query = (
        sa.select(
            comments.c.id,
            comments.c.public_id,
            comments.c.author_id,
            comments.c.case_id,
            comments.c.at,
            comments.c.text,
            mentions.c.read_at,
            cases.c.public_id.label("case"),
            cases.c.title,
            cases.c.process,
            comments.c.kind,
            tasks.c.names.label("about"),
            access.case_visible(actor).label("seen"),
        )
        .join(comments, comments.c.id == mentions.c.comment_id)
        .join(cases, cases.c.id == comments.c.case_id)
        .outerjoin(tasks, tasks.c.id == comments.c.task_id)
        .where(mentions.c.person_id == actor.id, _told_to(actor))
    )
    if after:
        query = query.where(mentions.c.comment_id < _cursor(after))
    rows = tx.all(query.order_by(mentions.c.comment_id.desc()).limit(limit + 1))
    org, names = household.organisation(tx), process_names(tx)
    cases_kept = of_cases(tx, actor, {row.case_id for row in rows[:limit]})
    kept = {row.id for row in rows[:limit] if row.author_id in cases_kept[row.case_id].by}
    return Page(
        [
            MentionRow(
                row.public_id,
                row.case,
                row.title if row.seen else {},
                row.process,
                names.get(row.process, {}) if row.seen else {},
                shown(org, row.author_id),
                row.at,
                "" if row.id in kept else row.text,
                row.read_at is not None,
                row.about if row.kind == HANDED_OVER else None,
                row.id in kept,
            )
            for row in rows[:limit]
        ],
        str(rows[limit - 1].id) if len(rows) > limit else None,
    )  # fmt: skip


def _told_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Of what mentions them: of cases that they see whole; and why a task was given to or from them, always."""
    purged = cases.c.status == PURGED
    return sa.or_(access.case_visible(actor, fully=True), sa.and_(comments.c.kind == HANDED_OVER, ~purged))


@lru_cache(maxsize=200)
def _unread(like: access.Likeness) -> prepared.Prepared:
    actor = access.anybody(like)
    me = sa.bindparam("me", type_=sa.Integer)
    some = (
        sa.select(mentions.c.comment_id)
        .join(comments, comments.c.id == mentions.c.comment_id)
        .join(cases, cases.c.id == comments.c.case_id)
        # In the statement's text: SQLite takes a partial index only where it reads its condition.
        .where(mentions.c.person_id == me, sa.text(f"comment_mentions.{UNREAD}"))
        .where(_told_to(actor))
        .limit(sa.literal_column(str(MOST + 1)))
        .subquery()
    )
    return prepared.Prepared(sa.select(sa.func.count().label("unread")).select_from(some))


def unread(tx: Transaction, actor: Actor) -> int:
    """How many comments mention the reader, who has not read them; exact up to MOST, as counts are."""
    found = _unread(access.likeness(actor)).one(tx, **access.told(actor))
    return int(found[0]) if found else 0


def mentionable(tx: Transaction, actor: Actor, case: str, text: str, language: str) -> list[Offered]:
    """Whom the reader may mean by `text`, the beginning or a part of a name, sooner those who have to do with
    the case; with why somebody cannot be mentioned. Raises NoSuchCase."""
    row = _case(tx, actor, case)
    if not row.fully:
        return []
    org = household.organisation(tx)
    concerned = _concerned(tx, row.id)
    wanted = text.strip().casefold()[:40]
    fitting = [
        person
        for person in org.by_id.values()
        if person.active and person.id != actor.id and any(wanted in name for name in _names(person))
    ]
    fitting.sort(
        key=lambda person: (
            person.id not in concerned,
            not any(name.startswith(wanted) for name in _names(person)),
            person.username,
        )
    )
    fitting = fitting[:MOST_OFFERED]
    called = org.called()
    people = accounts.people
    rows = (
        tx.all(sa.select(people).where(people.c.id.in_([person.id for person in fitting]))) if fitting else ()
    )
    full = {person.id: person for person in rows}
    offered = []
    for person in fitting:
        name = i18n.label(language, dict(person.names), person.username)
        alone = len(called.get(name.casefold(), ())) == 1
        sees = access.sees_case(tx, household.actor(tx, full[person.id]), row.id)
        why = "" if sees else i18n.say(language, "may not see this case")
        offered.append(
            Offered(
                Person(person.public_id, person.names),
                person.username,
                name if alone else person.username,
                why,
            )
        )
    return sorted(offered, key=lambda each: bool(each.why))


def _names(person: Any) -> list[str]:
    return [name.casefold() for name in (person.username, *person.names.values())]


def _concerned(tx: Transaction, case_id: int) -> set[int]:
    """Who started the case, did or has a task of it, or wrote on it."""
    found = tx.all(
        sa.select(cases.c.initiator_id.label("id"))
        .where(cases.c.id == case_id)
        .union(
            sa.select(cases.c.subject_id).where(cases.c.id == case_id),
            sa.select(tasks.c.assignee_id).where(tasks.c.case_id == case_id),
            sa.select(tasks.c.completed_by).where(tasks.c.case_id == case_id),
            sa.select(comments.c.author_id).where(comments.c.case_id == case_id),
        )
    )
    return {row.id for row in found if row.id is not None}
