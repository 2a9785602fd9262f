"""Setting the demo up: people by the audited commands, books by the opening process.

All in one transaction: interrupted in the middle, the next start begins anew."""

from __future__ import annotations

import datetime as dt
from typing import Any, Protocol

import sqlalchemy as sa

from runtime import household, i18n, values
from runtime.commands import accounts, advance, cases, user_tasks
from runtime.demo.figures import NEARLY_SHORT, dataset
from runtime.demo.people import PASSWORD, PEOPLE
from runtime.errors import Failed
from runtime.identity import GROUPS, SYSTEM, Actor, hash_password
from runtime.store import accounts as store
from runtime.store import cases as case_store
from runtime.store import files
from runtime.store.db import Transaction
from runtime.store.jobs import incidents
from runtime.values import File


class BooksNotOpened(Failed):
    """The demo's opening balances were not taken: {reason}"""

    code = "demo.books_not_opened"


class Runs(Protocol):
    """A runtime: does a command in one transaction."""

    def do(self, command: Any, actor: Actor, *args: Any, **kwargs: Any) -> Any: ...


def seed(runtime: Runs, *, books: bool = True, passwords: bool = True, ample: bool = False) -> None:
    """People and, unless told otherwise, open books; nothing if the people are there already.

    Without `passwords` nobody can sign in: hashing them takes seconds. `ample`: as figures.dataset has it."""
    runtime.do(_found, SYSTEM, books, passwords, ample)


def begin_work(runtime: Runs) -> None:
    """A few cases under way, so that a first look finds something to do; nothing if there are any."""
    runtime.do(_begin, SYSTEM)


def introduced(language: str) -> list[tuple[str, str, str]]:
    """(username, name, role) of everybody, in the reader's language."""
    return [
        (
            person.username,
            i18n.label(language, dict(person.names)),
            i18n.label(language, dict(GROUPS[person.group])),
        )
        for person in PEOPLE
    ]


def _found(tx: Transaction, actor: Actor, books: bool, passwords: bool, ample: bool) -> None:
    if store.find(tx, username=PEOPLE[0].username) is not None:
        return
    # All have the one that everybody knows, and to hash it takes a seventh of a second.
    hashed = hash_password("", PASSWORD) if passwords else None
    for person in PEOPLE:
        accounts.add_person(
            tx,
            actor,
            person.username,
            person.names,
            groups=person.groups,
            superior=person.superior,
            hashed=hashed,
        )
    if books:
        open_books(tx, actor, ample)


def _begin(tx: Transaction, actor: Actor) -> None:
    ordinary = case_store.cases.c.process != "opening_balances"
    if tx.scalar(sa.select(sa.func.count()).select_from(case_store.cases).where(ordinary)):
        return
    soon = (household.today(tx) + dt.timedelta(days=30)).isoformat()
    supervisor, specialist = _person(tx, "chenjie"), _person(tx, "liyang")
    plan = cases.start(tx, supervisor, "purchase_plan", {})
    assert plan.next_task is not None
    lines = [{"component": "QY-P60-265", "quantity": "400", "need_by": soon, "est_price": "236"}]
    user_tasks.complete(tx, supervisor, plan.next_task, {"plan_reason": "并网高峰前备货", "lines": lines})
    order = {
        "customer": "K01",
        "order_lines": [{"component": NEARLY_SHORT, "quantity": "20", "price": "298"}],
        "address": "南京市江宁区将军大道 100 号",
        "promised": soon,
    }
    cases.start(tx, specialist, "sales_order", order)
    counted = {"component": "QY-P60-265", "warehouse": "SH", "difference": "shortage", "pieces": "2"}
    cases.start(tx, specialist, "stock_correction", counted | {"reason": "盘点时发现两件边框变形"})


def _person(tx: Transaction, username: str) -> Actor:
    return household.actor(tx, store.find(tx, username=username))


def open_books(tx: Transaction, actor: Actor, ample: bool = False) -> str:
    """Begin the opening process, which nobody can start, with the demo's figures; the case's id."""
    row = store.find(tx, username="linxi")
    admin = household.actor(tx, row)
    case = advance.begin(tx, admin, "opening_balances", variables={"dataset": _file(tx, admin, ample)}).case
    if case_store.get(tx, case).status != "completed":
        reason = tx.scalar(sa.select(incidents.c.reason).order_by(incidents.c.id.desc()).limit(1))
        raise BooksNotOpened(reason=reason)
    return case


def opening(tx: Transaction, ample: bool = False) -> dict[str, Any]:
    """The demo's opening balances for the people as they are in this database."""
    ids = {row.username: row.public_id for row in store.organisation(tx).by_id.values()}
    return dataset(ids, household.today(tx), ample)


def _file(tx: Transaction, admin: Actor, ample: bool) -> File:
    content = values.dumps(opening(tx, ample)).encode()
    sha256 = files.put(tx, content)
    tx.insert(
        files.file_uses,
        [
            {
                "sha256": sha256,
                "name": "opening.json",
                "media_type": "text/plain",
                "person_id": admin.id,
                "at": tx.now,
            }
        ],
    )
    return File(sha256, "opening.json", "text/plain", len(content))
