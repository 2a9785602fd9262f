"""Deployed resources and files: their content is what its hash says, and can be read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import sqlalchemy as sa

from runtime import library
from runtime.commands.deploy import start_events
from runtime.doctor.invariant import invariant
from runtime.errors import GuichengError, Problem
from runtime.store import deployments
from runtime.store.db import Transaction
from runtime.store.deployments import resources, starts
from runtime.store.files import files


@invariant("deployed", slow=True)
def resources_whole(tx: Transaction) -> Iterator[Problem]:
    """The content of each deployed file is what its hash says."""
    query = sa.select(
        resources.c.id, resources.c.kind, resources.c.key, resources.c.sha256, resources.c.content
    )
    for row in tx.execute(query.order_by(resources.c.id).execution_options(yield_per=20)):
        if deployments.digest(row.content) != row.sha256:
            yield Problem(
                "resource_altered", "The content of {kind} {key} is not what its hash says",
                f"resources/{row.id}", {"kind": row.kind, "key": row.key},
            )  # fmt: skip


@invariant("deployed", slow=True)
def resources_read(tx: Transaction) -> Iterator[Problem]:
    """Each deployed version of a diagram, form or rule can still be read."""
    for row in tx.all(
        sa.select(resources.c.id, resources.c.kind, resources.c.key, resources.c.version)
        .where(resources.c.version.is_not(None))
        .order_by(resources.c.id)
    ):
        try:
            READERS[row.kind](tx, row.id)
        except GuichengError as error:
            yield Problem(
                "resource_unreadable", "Version {version} of {kind} {key} cannot be read: {reason}",
                f"resources/{row.id}",
                {"version": row.version, "kind": row.kind, "key": row.key, "reason": str(error)},
            )  # fmt: skip


@invariant("deployed")
def rules_approved_apart(tx: Transaction) -> Iterator[Problem]:
    """No version of a rule was approved by whoever drafted it."""
    mine = sa.and_(resources.c.kind == "rule", resources.c.approved_by == resources.c.created_by)
    for row in tx.all(sa.select(resources.c.key, resources.c.version).where(mine)):
        yield Problem(
            "rule_approved_by_drafter", "Version {version} of the rule was approved by whoever drafted it",
            f"rules/{row.key}", {"version": row.version},
        )  # fmt: skip


READERS: dict[str, Callable[[Transaction, int], object]] = {
    "bpmn": library.process,
    "form": library.form,
    "rule": library.rule,
}


@invariant("deployed", slow=True)
def start_events_known(tx: Transaction) -> Iterator[Problem]:
    """What starts a process is known of the newest version of each diagram, and of nothing else."""
    known = {(row.process, row.element, row.kind, row.name) for row in tx.all(sa.select(starts))}
    wanted = set()
    for row in deployments.active(tx, "bpmn"):
        try:
            found = start_events(library.process(tx, row.id))
        except GuichengError:
            continue  # resources_read tells
        wanted |= {(row.key, each["element"], each["kind"], each["name"]) for each in found}
    for process, element, kind, name in sorted(known ^ wanted):
        yield Problem(
            "start_event_differs", "The {kind} start {element} of {process} ({name}) is not as its newest diagram says",
            f"start_events/{process}/{element}",
            {"kind": kind, "element": element, "process": process, "name": name or "–"},
        )  # fmt: skip


@invariant("damaged", slow=True)
def files_whole(tx: Transaction) -> Iterator[Problem]:
    """The content of each uploaded file is what its hash and size say."""
    for row in tx.execute(sa.select(files).order_by(files.c.sha256).execution_options(yield_per=5)):
        if hashlib.sha256(row.content).hexdigest() != row.sha256 or len(row.content) != row.size:
            yield Problem(
                "file_altered", "The content of the file is not what its hash says", f"files/{row.sha256}"
            )
