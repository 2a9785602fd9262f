"""Comments on cases and their tasks, and whom each mentions.

A row says what a comment is now; each wording that it had stands in its case's log (event_log.py).
Not here: who may write and read them (commands/comments.py, queries/comments.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runtime.store.db import Id, Instant, Transaction, metadata

# How long a comment may be worded anew: after that others have read it, and a further comment is honest.
CHANGEABLE = dt.timedelta(minutes=15)
HANDED_OVER = "handed_over"  # of `kind`

comments = sa.Table(
    "comments",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("task_id", sa.ForeignKey("user_tasks.id"), index=True),  # which of its tasks it is about
    sa.Column("author_id", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("text", sa.Text, nullable=False),  # "" once it is withdrawn
    # said | handed_over (why somebody above gave a task to somebody else)
    sa.Column("kind", sa.String(12), nullable=False, server_default="said"),
    sa.Column("changed_at", Instant),
    sa.Column("withdrawn_at", Instant),
    # queries.comments.thread: of a case, newest first
    sa.Index("ix_comments_case", "case_id", "id"),
)

UNREAD = "read_at IS NULL"
TO_MAIL = "mail_at IS NOT NULL"

mentions = sa.Table(
    "comment_mentions",
    metadata,
    sa.Column("comment_id", sa.ForeignKey("comments.id"), primary_key=True),
    sa.Column("person_id", sa.ForeignKey("people.id"), primary_key=True),
    sa.Column("said", sa.String(128), nullable=False),  # how the comment calls them, without the @
    sa.Column("read_at", Instant),
    # When it is to be told by mail, again if that failed, or its lock ends; NULL: it was, or there is no mail.
    sa.Column("mail_at", Instant),
    sa.Column("mails", sa.Integer, nullable=False, server_default="0"),  # tried
    # queries.comments: what mentions me, newest first
    sa.Index("ix_comment_mentions_person", "person_id", "comment_id"),
    sa.Index(
        "ix_comment_mentions_unread",
        "person_id",
        "comment_id",
        sqlite_where=sa.text(UNREAD),
        postgresql_where=sa.text(UNREAD),
    ),
    sa.Index(
        "ix_comment_mentions_mail",
        "mail_at",
        sqlite_where=sa.text(TO_MAIL),
        postgresql_where=sa.text(TO_MAIL),
    ),
)


def get(tx: Transaction, public_id: str) -> Any:
    return tx.first(sa.select(comments).where(comments.c.public_id == public_id))


def add(tx: Transaction, **columns: Any) -> int:
    added = tx.execute(sa.insert(comments).values(**columns))
    return int(added.inserted_primary_key[0])  # type: ignore[index]


def alter(tx: Transaction, comment_id: int, **columns: Any) -> None:
    tx.execute(sa.update(comments).where(comments.c.id == comment_id).values(**columns))


def mention(tx: Transaction, comment_id: int, said: dict[int, str], mail: dict[int, dt.datetime]) -> None:
    """The comment mentions these people (row id → how it calls them) and nobody else; whom it mentioned
    already is not told again. `mail`: when to tell whom by mail."""
    rows = tx.all(sa.select(mentions.c.person_id).where(mentions.c.comment_id == comment_id))
    before = {row.person_id for row in rows}
    mine = mentions.c.comment_id == comment_id
    if gone := before - said.keys():
        tx.execute(sa.delete(mentions).where(mine, mentions.c.person_id.in_(sorted(gone))))
    for person in sorted(before & said.keys()):
        tx.execute(sa.update(mentions).where(mine, mentions.c.person_id == person).values(said=said[person]))
    fresh = [
        {"comment_id": comment_id, "person_id": person, "said": name, "mail_at": mail.get(person)}
        for person, name in said.items()
        if person not in before
    ]
    if fresh:
        tx.insert(mentions, fresh)


def is_told(tx: Transaction, comment_id: int, person_id: int) -> bool:
    """Whether the comment mentions the person."""
    one = (mentions.c.comment_id == comment_id, mentions.c.person_id == person_id)
    return tx.first(sa.select(mentions.c.person_id).where(*one)) is not None


def note_read(tx: Transaction, person_id: int, comment_ids: Sequence[int] | None) -> None:
    """The person has read what mentions them in these comments (None: in all); nobody is mailed then."""
    which = [mentions.c.person_id == person_id, mentions.c.read_at.is_(None)]
    if comment_ids is not None:
        which.append(mentions.c.comment_id.in_(list(comment_ids)))
    tx.execute(sa.update(mentions).where(*which).values(read_at=tx.now, mail_at=None))


def _to_mail(now: dt.datetime) -> sa.Select[Any]:
    return (
        sa.select(mentions.c.comment_id, mentions.c.person_id, mentions.c.mails)
        # In the statement's text: SQLite takes a partial index only where it reads its condition.
        .where(sa.text(TO_MAIL), mentions.c.mail_at <= now)
        .order_by(mentions.c.mail_at)
    )


def any_to_mail(tx: Transaction) -> bool:
    return tx.first(_to_mail(tx.now).limit(1)) is not None


def take_to_mail(tx: Transaction, until: dt.datetime, most: int) -> list[Any]:
    """Lock up to `most` mentions that are due by mail; with comment, author_id and the person's email."""
    taken = tx.all(_to_mail(tx.now).limit(most).with_for_update(skip_locked=True))
    for row in taken:
        settle(tx, row.comment_id, row.person_id, until, row.mails + 1)
    return list(taken)


def settle(tx: Transaction, comment_id: int, person_id: int, at: dt.datetime | None, mails: int) -> None:
    """When a mention is mailed next (None: no more), and how often that was tried. Nothing, once it was read."""
    one = (
        mentions.c.comment_id == comment_id,
        mentions.c.person_id == person_id,
        mentions.c.read_at.is_(None),
    )
    tx.execute(sa.update(mentions).where(*one).values(mail_at=at, mails=mails))
