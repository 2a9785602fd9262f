"""People from Excel: accounts without a password, their groups, whom they report to, their first day of employment.

People, groups and reporting lines are identity data, so the operation people.enter writes them, by audited commands
(commands/entering.py). Only adds: who is there already is changed by an administrator. Not here: the way in
(imports.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from runtime import i18n
from runtime.identity import GROUPS
from runtime.ledger.employed import employments
from runtime.ledger.import_cells import chosen
from runtime.ledger.import_kinds import (
    KINDS,
    Column,
    Compared,
    Finding,
    Hands,
    Kind,
    Line,
    Row,
    Rows,
    SheetOf,
    Total,
)
from runtime.ledger.operations import Call, find
from runtime.store import accounts as store
from runtime.store.db import Transaction

LANGUAGE = {code: {"en": name} for code, name in i18n.LANGUAGES.items()}
GROUP = Column(
    "groups", "Groups", "list", "One or several, by name, with commas between.", "运营专员", must=True,
    choices={group: dict(names) for group, names in GROUPS.items()},
)  # fmt: skip
PEOPLE = SheetOf(
    "people",
    "People",
    (
        Column(
            "username",
            "Sign-in name",
            "username",
            "Letters, digits, dots, hyphens.",
            "wangxiaoming",
            must=True,
        ),
        Column("full_name", "Name", "text", "In Chinese.", "王晓明", must=True),
        Column("name_en", "English name", "text", "May stay empty.", "Wang Xiaoming"),
        GROUP,
        Column("superior", "Superior", "username", "The sign-in name of whom they report to.", "chenjie"),
        Column("employed_on", "Employed on", "date", "The first day of employment.", "2021-03-01", must=True),
        Column(
            "language",
            "Language",
            "choice",
            "What they read; empty is Chinese.",
            "简体中文",
            choices=LANGUAGE,
        ),
        Column("email", "E-mail", "email", "Where mail reaches them; may stay empty.", "wang@example.com"),
    ),
    ("username",),
    must=True,
)


def judge(call: Call, rows: Rows) -> Iterator[Finding]:
    """Who is there already, groups and superiors that nobody knows, and reporting lines that run in a circle."""
    org = store.organisation(call.tx)
    known = {row.username: row for row in org.by_id.values()}
    folded = {name.casefold() for name in known}
    listed = rows.get("people", ())
    above: dict[str, str | None] = {}
    for row in listed:
        if row["username"]:
            above.setdefault(row["username"], row["superior"])
    for row in listed:
        name, superior = row["username"], row["superior"]
        if name is not None and name.casefold() in folded:
            yield Finding("in_books", "people", row, "username", name)
        for group in row["groups"] or ():
            if chosen(GROUP, group) is None:
                yield Finding("unknown_group", "people", row, "groups", group)
        if superior is None:
            continue
        if superior not in above and (superior not in known or not known[superior].active):
            yield Finding("unknown_superior", "people", row, "superior", superior)
        elif _circular(name, above):
            yield Finding("circular", "people", row, "superior", superior)


def _circular(name: str | None, above: Mapping[str, str | None]) -> bool:
    step = above.get(name or "")
    for _ in above:
        if step is None or step == name:
            break
        step = above.get(step)
    return name is not None and step == name


def totals(tx: Transaction, rows: Rows) -> list[Total]:
    """How many people each group gets; somebody in two groups counts in both."""
    found: dict[str, int] = {}
    for row in rows.get("people", ()):
        for group in _groups(row):
            found[group] = found.get(group, 0) + 1
    return [Total(group, found[group]) for group in GROUPS if group in found]


def lines(tx: Transaction, rows: Rows) -> list[Line]:
    return [
        Line("people", row.number, f"{row['full_name'] or ''} ({row['username'] or ''})", _detail(row))
        for row in rows.get("people", ())
    ]


def take(call: Call, rows: Rows, document: str, hands: Hands) -> None:
    """All accounts at once, then the days of employment as one entered and another confirmed them."""
    listed = rows["people"]
    added = find("people.enter").run(
        call,
        [
            {
                "username": row["username"],
                "names": {"zh_Hans": row["full_name"], **({"en": row["name_en"]} if row["name_en"] else {})},
                "groups": _groups(row),
                "superior": row["superior"],
                "language": row["language"],
                "email": row["email"],
            }
            for row in listed
        ],
    )["entered"]
    by = {"entered_by": hands.importer, "confirmed_by": hands.reviewer, "case": call.case, "at": call.now}
    call.tx.insert(
        employments,
        [{"person": added[row["username"]], "entered_on": row["employed_on"], **by} for row in listed],
    )


def compare(tx: Transaction, rows: Rows, document: str) -> list[Compared]:
    """Of each group its new members; and how many rows stand in the books as in the file: name, groups, superior,
    first day."""
    org = store.organisation(tx)
    known = {row.username: row for row in org.by_id.values()}
    listed = rows.get("people", ())
    there = [known[row["username"]] for row in listed if row["username"] in known]
    days = {
        row.person: row.entered_on
        for row in tx.all(
            sa.select(employments.c.person, employments.c.entered_on).order_by(employments.c.id)
        )
    }
    found = []
    for total in totals(tx, rows):
        members = set(org.groups.get(total.what, ()))
        found.append(Compared(total.what, "rows", total.count, sum(row.id in members for row in there)))
    same = sum(row["username"] in known and _same(row, known[row["username"]], org, days) for row in listed)
    return [*found, Compared("", "matched_rows", len(listed), same)]


def _same(row: Row, account: Any, org: store.Organisation, days: Mapping[str, Any]) -> bool:
    superior = org.by_id[account.superior_id].username if account.superior_id else None
    return (
        account.names.get("zh_Hans") == row["full_name"]
        and superior == row["superior"]
        and days.get(account.public_id) == row["employed_on"]
        and all(account.id in org.groups.get(group, ()) for group in _groups(row))
    )


def _groups(row: Row) -> list[str]:
    """By their keys; what nobody knows is a finding of its own."""
    return list(filter(None, (chosen(GROUP, group) for group in row["groups"] or ())))


def _detail(row: Row) -> str:
    parts = [", ".join(row["groups"] or ()), row["superior"], str(row["employed_on"] or "")]
    return " · ".join(part for part in parts if part)


KINDS["people"] = Kind(
    "people", "People", (PEOPLE,), "people", ("count",), ("admin",), judge, totals, lines, take, compare
)
