"""The mail that says: somebody mentioned you. It names who did, and nothing of the case.

A mention is told in the inbox whatever becomes of its mail: after TRIES it is let go. Nobody is mailed
who has read it before. Not here: making the call (outbox.py), mentions themselves (comments.py)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from runtime import household, i18n
from runtime.commands.deliveries import Ways
from runtime.delivery import Mail
from runtime.identity import Actor
from runtime.store import accounts
from runtime.store import comments as store
from runtime.store.db import Transaction

TRIES = 5
PAUSE = dt.timedelta(minutes=10)  # before the next try; doubled with each


@dataclass(frozen=True)
class Letter:
    """One mail that is due, locked until its lease ends."""

    comment: int
    person: int
    tries: int
    mail: Mail


def any_due(tx: Transaction, actor: Actor) -> bool:
    return store.any_to_mail(tx)


def claim(tx: Transaction, actor: Actor, ways: Ways, most: int) -> list[Letter]:
    """Up to `most` mails that are due, in the receiver's language; who is gone or has no address gets none."""
    letters = []
    org = household.organisation(tx)
    for row in store.take_to_mail(tx, tx.now + dt.timedelta(seconds=ways.lease), most):
        comment = tx.first(
            sa.select(store.comments.c.public_id, store.comments.c.author_id).where(
                store.comments.c.id == row.comment_id
            )
        )
        receivers = accounts.receivers(tx, [row.person_id])
        if comment is None or not receivers or not receivers[0].email:
            store.settle(tx, row.comment_id, row.person_id, None, row.mails)
            continue
        to = receivers[0]
        author = i18n.label(to.language, dict(org.by_id[comment.author_id].names))
        mail = Mail(
            to.email,
            f"mention.{comment.public_id}.{to.public_id}",
            i18n.say(to.language, "{name} mentioned you", name=author),
            i18n.say(
                to.language,
                "{name} mentioned you in a comment. Please sign in: it stands under Mentions in your inbox.",
                name=author,
            ),
            to.language.replace("_", "-"),
        )
        letters.append(Letter(row.comment_id, row.person_id, row.mails + 1, mail))
    return letters


def settled(tx: Transaction, actor: Actor, letter: Letter) -> None:
    """The server took it, or refuses its receiver for good."""
    store.settle(tx, letter.comment, letter.person, None, letter.tries)


def failed(tx: Transaction, actor: Actor, letter: Letter) -> None:
    """It could not be handed in: again after a while, TRIES times in all."""
    again = tx.now + PAUSE * 2 ** (letter.tries - 1) if letter.tries < TRIES else None
    store.settle(tx, letter.comment, letter.person, again, letter.tries)
