"""Comments on cases and their tasks: written, changed, withdrawn, read; and whom they mention.

Whoever sees a case whole may comment on it (right `comment` `case`). A mention (@ and a name, in any
language, or a sign-in name) is of somebody who sees it whole too, else the comment is refused and says
why. Each wording stands in the case's log, so that a change or a withdrawal is never a gap.
Not here: the mail about a mention (mention_mails.py), what is shown (queries/comments.py)."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import sqlalchemy as sa

from runtime import access, household, i18n, library
from runtime.commands import advance
from runtime.errors import Conflict, Forbidden, Invalid, NotFound
from runtime.identity import Actor, require
from runtime.ids import public_id
from runtime.store import accounts
from runtime.store import comments as store
from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.event_log import Event
from runtime.store.user_tasks import user_tasks as tasks

LONGEST = 4000  # characters
MOST_MENTIONED = 20  # people
# An e-mail address, or “10 pieces @12.50”, calls nobody.
_AT = re.compile(r"(?<![A-Za-z0-9_.+-])[@＠](?=\w)")
_WORD = re.compile(r"[\w.-]{1,40}")


class NoText(Invalid):
    """Write something first."""

    code = "comment.no_text"


class TooLong(Invalid):
    """A comment has at most {most} characters; this one has {count}."""

    code = "comment.too_long"


class TooManyMentioned(Invalid):
    """A comment mentions at most {most} people."""

    code = "comment.too_many_mentioned"


class NobodyCalled(Invalid):
    """Nobody here is called “{name}”. Choose somebody from the list, or leave the @ away."""

    code = "comment.nobody_called"


class SeveralCalled(Invalid):
    """Several people are called “{name}”. Write a sign-in name: {usernames}."""

    code = "comment.several_called"


class CannotSee(Invalid):
    """{name} may not see this case, so a comment on it cannot mention them."""

    code = "comment.cannot_see"


class HasLeft(Invalid):
    """{name} is no longer here, so a comment cannot mention them."""

    code = "comment.has_left"


class NotWhole(Forbidden):
    """Comments are for those who see this case whole; you see only where it stands."""

    code = "comment.not_whole"


class NoSuchComment(NotFound):
    """This comment does not exist, or is not yours to see."""

    code = "comment.not_found"


class NotYourComment(Forbidden):
    """Only who wrote a comment may change or withdraw it."""

    code = "comment.not_yours"


class NoLongerChangeable(Conflict):
    """A comment is changed within {minutes} minutes. Write another one, or withdraw this one."""

    code = "comment.no_longer_changeable"


class WithdrawnAlready(Conflict):
    """This comment is withdrawn."""

    code = "comment.withdrawn"


def write(tx: Transaction, actor: Actor, case: str, text: str, task: str | None = None) -> str:
    """A new comment on a case, or on one of its tasks; its public id. Mentioned people are told.

    Raises NoSuchCase, NotWhole, library.NoSuchTask, and what is wrong with the text."""
    require(actor, "comment", "case")
    row = _case(tx, actor, cases.c.public_id == case)
    about = _task(tx, row.id, task) if task is not None else None
    text = _plain(text)
    mentioned = _mentioned(tx, actor, row.id, text)
    comment = public_id()
    added = store.add(
        tx, public_id=comment, case_id=row.id, task_id=about.id if about else None, author_id=actor.id, at=tx.now,
        text=text,
    )  # fmt: skip
    tell(tx, added, mentioned)
    _note(tx, actor, row, about, "comment_written", comment, text)
    return comment


def change(tx: Transaction, actor: Actor, comment: str, text: str) -> None:
    """Word one's own comment anew, within store.CHANGEABLE; who was mentioned before is not told again.

    Raises NoSuchComment, NotYourComment, WithdrawnAlready, NoLongerChangeable, and what is wrong with the text."""
    require(actor, "comment", "case")
    found, row = _own(tx, actor, comment)
    if tx.now > found.at + store.CHANGEABLE:
        raise NoLongerChangeable(minutes=int(store.CHANGEABLE.total_seconds() // 60))
    text = _plain(text)
    if text == found.text:
        return
    tell(tx, found.id, _mentioned(tx, actor, row.id, text))
    store.alter(tx, found.id, text=text, changed_at=tx.now)
    _note(tx, actor, row, _about(tx, found), "comment_changed", comment, text)


def withdraw(tx: Transaction, actor: Actor, comment: str) -> None:
    """Take one's own comment back, at any time. That there was one stays visible.

    Raises NoSuchComment, NotYourComment, WithdrawnAlready."""
    found, row = _own(tx, actor, comment)
    store.mention(tx, found.id, {}, {})
    store.alter(tx, found.id, text="", withdrawn_at=tx.now)
    _note(tx, actor, row, _about(tx, found), "comment_withdrawn", comment)


def read(tx: Transaction, actor: Actor, comment: str) -> str:
    """The actor has read what mentions them; the public id of its case, "" if they no longer see it.

    Raises NoSuchComment."""
    found = store.get(tx, comment)
    if found is not None and found.kind == store.HANDED_OVER and store.is_told(tx, found.id, actor.id):
        seen = (cases.c.id == found.case_id, access.case_visible(actor))
        case = tx.scalar(sa.select(cases.c.public_id).where(*seen)) or ""
    else:
        found, row = _get(tx, actor, comment)
        case = row.public_id
    store.note_read(tx, actor.id, [found.id])
    return str(case)


def read_all(tx: Transaction, actor: Actor) -> None:
    """The actor has read all that mentions them."""
    store.note_read(tx, actor.id, None)


def _case(tx: Transaction, actor: Actor, which: sa.ColumnElement[bool]) -> Any:
    """The case, held for the transaction. Raises NoSuchCase, NotWhole."""
    row = tx.first(
        sa.select(cases, access.case_visible(actor, fully=True).label("fully"))
        .where(which, access.case_visible(actor))
        .with_for_update(of=cases)
    )
    if row is None:
        raise library.NoSuchCase()
    if not row.fully:
        raise NotWhole()
    return row


def _task(tx: Transaction, case_id: int, task: str) -> Any:
    found = tx.first(sa.select(tasks).where(tasks.c.public_id == task, tasks.c.case_id == case_id))
    if found is None:
        raise library.NoSuchTask()
    return found


def _about(tx: Transaction, comment: Any) -> Any:
    return tx.first(sa.select(tasks).where(tasks.c.id == comment.task_id)) if comment.task_id else None


def _get(tx: Transaction, actor: Actor, comment: str) -> tuple[Any, Any]:
    """A comment that the actor sees, and its case. Raises NoSuchComment."""
    found = store.get(tx, comment)
    if found is None:
        raise NoSuchComment()
    try:
        row = _case(tx, actor, cases.c.id == found.case_id)
    except (library.NoSuchCase, NotWhole):
        raise NoSuchComment() from None
    return store.get(tx, comment), row  # as it is now that its case is held


def _own(tx: Transaction, actor: Actor, comment: str) -> tuple[Any, Any]:
    found, row = _get(tx, actor, comment)
    if found.author_id != actor.id or found.kind == store.HANDED_OVER:
        raise NotYourComment()  # what was done for a reason keeps it
    if found.withdrawn_at is not None:
        raise WithdrawnAlready()
    return found, row


def _plain(text: str) -> str:
    """As it was typed, without what no reader sees. Raises NoText, TooLong."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(sign for sign in lines if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs"))
    kept = kept.strip()
    if not kept:
        raise NoText()
    if len(kept) > LONGEST:
        raise TooLong(most=LONGEST, count=len(kept))
    return kept


def _mentioned(tx: Transaction, actor: Actor, case_id: int, text: str) -> dict[int, str]:
    """Row id → how the text calls them. Raises why somebody cannot be mentioned."""
    found: dict[int, str] = {}
    for row, said in _called(household.organisation(tx), text):
        if row.id != actor.id:  # who writes knows
            found.setdefault(row.id, said)
    if len(found) > MOST_MENTIONED:
        raise TooManyMentioned(most=MOST_MENTIONED)
    people = accounts.people
    for person in tx.all(sa.select(people).where(people.c.id.in_(list(found)))) if found else ():
        name = i18n.label(actor.language, dict(person.names), person.username)
        if not person.active:
            raise HasLeft(name=name)
        if not access.sees_case(tx, household.actor(tx, person), case_id):
            raise CannotSee(name=name)
    return found


def _called(org: accounts.Organisation, text: str) -> list[tuple[Any, str]]:
    """Whom the text calls, and how: of several names that fit, the longest."""
    ats = [found.end() for found in _AT.finditer(text)]
    if not ats:
        return []
    names = org.called()
    longest_first = sorted(names, key=len, reverse=True)
    found = []
    for at in ats:
        rest = text[at : at + 128]
        name = next((each for each in longest_first if _begins(rest, each)), None)
        if name is None:
            word = _WORD.match(rest)
            if rest[0].isalpha():
                raise NobodyCalled(name=word[0] if word else rest[:1])
            continue  # a price, a handle of digits
        rows = names[name]
        if len(rows) > 1:
            raise SeveralCalled(
                name=rest[: len(name)], usernames=", ".join(f"@{row.username}" for row in rows)
            )
        found.append((rows[0], rest[: len(name)]))
    return found


def _begins(text: str, name: str) -> bool:
    """The text begins with the name, and not with a longer word that begins so: Chinese goes on without a space."""
    said, after = text[: len(name)], text[len(name) : len(name) + 1]
    if said.casefold() != name:
        return False
    return not (_latin(said[-1:]) and _latin(after))


def _latin(sign: str) -> bool:
    return sign.isascii() and (sign.isalnum() or sign == "_")


def tell(tx: Transaction, comment_id: int, mentioned: dict[int, str]) -> None:
    """Those mentioned find it under their mentions; by mail, too, where there is mail."""
    mail = {}
    if household.house(tx).mails and mentioned:
        mail = {person.id: tx.now for person in accounts.receivers(tx, mentioned) if person.email}
        if mail:
            household.house(tx).opened.call(tx)
    store.mention(tx, comment_id, mentioned, mail)


def _note(
    tx: Transaction, actor: Actor, row: Any, about: Any, kind: str, comment: str, text: str = ""
) -> None:
    detail: dict[str, Any] = {"comment": comment}
    if text:
        detail["text"] = text
    process, element, activity = (
        (about.process, about.element, about.activity) if about else (row.process, "", "")
    )
    advance.note(tx, actor, row, [Event(kind, process, element, activity, detail)])
