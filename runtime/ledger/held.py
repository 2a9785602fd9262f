"""All that is held on a person, as they may ask: what is about them whole, what they did as numbers.

Which column of which table names a person, and how, is said here for every table of the installation; a test
goes over all of them, so that a new one cannot be forgotten. What somebody did with a matter of others is
theirs, too, but its words are of those others: it is counted. What a superior has assessed is told once it was
published. Not here: who may be told (queries/held.py: oneself; exports.py: by request), what is erased when
(retention.py)."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import sqlalchemy as sa

import runtime.store.tokens  # noqa: F401  every table there is
from runtime.ledger.appraisals import appraisals
from runtime.store import accounts, files
from runtime.store.cases import cases
from runtime.store.db import Transaction, metadata

# Columns by which a row is about somebody.
ABOUT = frozenset(["person", "person_id", "employee", "doer", "author_id"])
# Columns that say who did something, or has something to do.
DID = frozenset(
    """accepted_by acknowledged_by actor actor_id allowed_by analyst answered_by approved_by asked_by assessed_by
    assignee_id by calibrated_by cleared_by closed_by completed_by confirmed_by counted_by created_by
    credit_released_by decided_by deputy deviation_approved_by disposed_by drafted_by drafter entered_by
    explained_by exported_by first_counted_by giver handled_by imported_by initiator_id inspected_by inspector
    interviewer loaded_by meant_for_id new_superior nominated_by opened_by organiser owner paid_by posted_by
    prepared_by principal_id proposed_by raised_by receiver recorded_by reviewed_by reported_by requested_by
    resolved_by set_by superior superior_id told_by trainer written_by""".split()
)
# Short texts that never hold a person's id.
NOBODY = frozenset(
    """action appraisal case code collected_in counting_case department document ended_by figure group kind
    language leave method public_id reason report salt scope sku state status subject technology to_group topic
    unit urgency verb""".split()
)
# Of what nobody is told: secrets, and how rows hang together.
HIDDEN = frozenset(["id", "password", "secret", "hash", "digest", "salt", "chain", "epoch"])
# Of an appraisal, until it was published.
UNPUBLISHED = frozenset(["open", "self_assessed", "assessed", "proposed", "not_assessed"])
# What is told of it until then: what everybody knows, and what the person wrote. All else is a superior's.
OF_EMPLOYEE = frozenset(
    """public_id case at employee superior state self_work self_ability self_attitude self_skipped
    evidence""".split()
)
MOST_BYTES = 50_000_000  # of files that they brought in, which are given with it


def named(table: sa.Table) -> dict[str, str]:
    """Column → about | did, of those by which the table names people."""
    found = {}
    for column in table.c:
        if (table.name, column.name) == ("cases", "subject_id"):
            continue  # of a case about somebody they are told that it is there; its page says the rest
        people = any(key.target_fullname == "people.id" for key in column.foreign_keys)
        text = (
            isinstance(column.type, sa.String)
            and not isinstance(column.type, sa.Text)
            and column.type.length == 32
        )
        if people or (text and column.name not in NOBODY):
            found[column.name] = "about" if column.name in ABOUT else "did"
    if table.name == "people":
        return {"superior_id": "did"}  # their own row stands for itself
    return found


def of_person(tx: Transaction, person: str) -> dict[str, Any]:
    """What is held on a person (a public id that there is), as plain JSON."""
    row = accounts.find(tx, public_id=person)
    assert row is not None
    about: dict[str, list[dict[str, Any]]] = {}
    did: dict[str, dict[str, int]] = {}
    for table in metadata.sorted_tables:
        for name, how in named(table).items():
            column = table.c[name]
            mine = column == (row.id if column.foreign_keys else person)
            if how == "about":
                for each in tx.all(sa.select(table).where(mine)):
                    about.setdefault(table.name, []).append(_told(table, each))
            elif count := tx.scalar(sa.select(sa.func.count()).select_from(table).where(mine)):
                did.setdefault(table.name, {})[name] = int(count)
    changed = sa.select(accounts.admin_log.c.at, accounts.admin_log.c.action).where(
        accounts.admin_log.c.subject == row.username, accounts.admin_log.c.action.like("person.%")
    )
    own = sa.select(
        cases.c.public_id,
        cases.c.process,
        cases.c.title,
        cases.c.status,
        cases.c.started_at,
        cases.c.ended_at,
    ).where(cases.c.subject_id == row.id)
    return {
        "account": _told(accounts.people, row) | {"groups": sorted(accounts.groups_of(tx, row.id))},
        "account_changes": [each._asdict() for each in tx.all(changed.order_by(accounts.admin_log.c.id))],
        "cases_about": [each._asdict() for each in tx.all(own.order_by(cases.c.id))],
        "about": about,
        "did": did,
    }


def records(told: dict[str, Any]) -> int:
    """How many records about the person that is."""
    return 1 + len(told["cases_about"]) + sum(len(rows) for rows in told["about"].values())


def packed(tx: Transaction, person: str) -> bytes:
    """A zip of what is held on a person: data.json, and the files that they brought in."""
    row = accounts.find(tx, public_id=person)
    assert row is not None
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writing:
        told = json.dumps(of_person(tx, person), ensure_ascii=False, indent=2, default=str)
        writing.writestr("data.json", told)
        for place, (name, content) in enumerate(_files(tx, row.id), 1):
            # A name may be anything; in an archive it must lead nowhere.
            plain = re.sub(r"[^\w.() -]", "_", name).lstrip(".")[:100]
            writing.writestr(f"files/{place:03d} {plain}", content)
    return archive.getvalue()


def _files(tx: Transaction, person_id: int) -> list[tuple[str, bytes]]:
    """Name and content of the files that they brought in, the newest first, up to MOST_BYTES together."""
    use = files.file_uses.c
    found: dict[str, str] = {}
    for row in tx.all(
        sa.select(use.sha256, use.name).where(use.person_id == person_id).order_by(use.id.desc())
    ):
        found.setdefault(row.sha256, row.name)
    given, left = [], MOST_BYTES
    for sha256, name in found.items():
        content = files.content(tx, sha256)
        if content is None or content.size > left:
            continue
        left -= content.size
        given.append((name, bytes(content.content)))
    return given


def _told(table: sa.Table, row: Any) -> dict[str, Any]:
    hidden = set(HIDDEN)
    if table is appraisals and row.state in UNPUBLISHED:
        hidden |= {column.name for column in table.c} - OF_EMPLOYEE
    return {
        column.name: getattr(row, column.name)
        for column in table.c
        if column.name not in hidden and not column.foreign_keys and getattr(row, column.name) is not None
    }
