"""Rule files edited in the browser: checked, saved as a draft, made the active version.

Not here: what comes from a folder or by command (deploy.py), the proof (bootstrap), the process that decides
on a draft (amendments.py)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from runtime import library
from runtime.commands.deploy import DeploymentRefused
from runtime.errors import Conflict, Invalid, NotFound, Problem
from runtime.identity import Actor, require
from runtime.ids import public_id
from runtime.rules import rulefile
from runtime.store import accounts, deployments
from runtime.store.db import Transaction
from runtime.store.deployments import resources


class RuleMoved(Conflict):
    """Someone published another version of this rule meanwhile. Your draft is kept."""

    code = "rule.moved"


class NoSuchDraft(NotFound):
    """This draft does not exist, or was published or dropped already."""

    code = "rule.draft_unknown"


class DraftUnproven(Invalid):
    """The examples and proofs of this draft were not run, or do not hold."""

    code = "rule.draft_unproven"


class RuleRenamed(Invalid):
    """The file says it is rule {found}, but this is the page of rule {rule}."""

    code = "rule.renamed"


def check_rule(tx: Transaction, actor: Actor, key: str, text: str) -> list[Problem]:
    """Every problem of a rule file as it is being typed."""
    require(actor, "edit", "rule")
    rule, problems = rulefile.load(text, f"{key}.yaml")
    if rule is not None and rule.key != key:
        problems.append(Problem("renamed", RuleRenamed().message, "rule", {"found": rule.key, "rule": key}))
    return problems


def save_rule(tx: Transaction, actor: Actor, key: str, text: str, base_version: int) -> str:
    """Keep an edited rule file as a draft; its public id. Raises Invalid with every problem."""
    problems = check_rule(tx, actor, key, text)
    if any(problem.severity == "error" for problem in problems):
        raise DeploymentRefused(problems, count=len(problems))
    newest = deployments.latest(tx, "rule", key)
    if newest is None:
        raise library.NoSuchRule(rule=key)
    if not 1 <= base_version <= newest.version:
        raise Invalid()
    rule, _ = rulefile.load(text, newest.file)
    draft = public_id()
    deployments.add(
        tx,
        public_id=draft,
        kind="rule",
        key=key,
        version=None,
        state="draft",
        sha256=deployments.digest(text),
        file=newest.file,
        content=text,
        effective_from=rule.effective_from if rule else None,
        base_version=base_version,
        origin="browser",
        created_by=actor.id or None,
    )
    return draft


def draft_text(tx: Transaction, actor: Actor, key: str, draft: str) -> str:
    """A draft's text, for its proof."""
    require(actor, "edit", "rule")
    return str(get(tx, key, draft).content)


def note_proven(tx: Transaction, actor: Actor, key: str, draft: str, proven: str) -> None:
    """The examples, the proofs and the differential fuzz of the draft held (bootstrap.Runtime.prove_rule).
    `proven`: hash of the text that they held for."""
    require(actor, "edit", "rule")
    row = get(tx, key, draft)
    if proven != row.sha256:
        raise RuleMoved()
    tx.execute(sa.update(resources).where(resources.c.id == row.id).values(proven_at=tx.now))


def publish_rule(tx: Transaction, actor: Actor, key: str, draft: str) -> int:
    """Make a proven draft the active version, past the process that decides on it: nobody has this right from
    the start. Its number. Raises DraftUnproven, RuleMoved."""
    require(actor, "publish", "rule")
    row = get(tx, key, draft)
    if row.proven_at is None:
        raise DraftUnproven()
    return activate(tx, row, actor.id or None)


def activate(tx: Transaction, row: Any, approved_by: int | None) -> int:
    """A draft becomes the active version; its number. Raises RuleMoved."""
    accounts.take_turn(tx)
    newest = deployments.latest(tx, "rule", row.key)
    if newest is not None and newest.version != row.base_version:
        raise RuleMoved()
    version = deployments.next_version(tx, "rule", row.key)
    noted = accounts.log(tx, approved_by, "rule.published", row.key, version=version)
    tx.execute(
        sa.update(resources)
        .where(resources.c.id == row.id)
        .values(state="active", version=version, approved_by=approved_by, created_at=tx.now, deployment=noted)
    )
    return version


def newest_of(tx: Transaction, key: str, person_id: int) -> Any:
    """The newest draft of a rule that a person saved, held until the transaction ends, or None."""
    return tx.first(
        sa.select(resources)
        .where(
            resources.c.kind == "rule",
            resources.c.key == key,
            resources.c.state == "draft",
            resources.c.created_by == person_id,
        )
        .order_by(resources.c.id.desc())
        .limit(1)
        .with_for_update()
    )


def get(tx: Transaction, key: str, draft: str) -> Any:
    """A draft's row. Raises NoSuchDraft."""
    row = tx.first(
        sa.select(resources).where(
            resources.c.public_id == draft,
            resources.c.kind == "rule",
            resources.c.key == key,
            resources.c.state == "draft",
        )
    )
    if row is None:
        raise NoSuchDraft()
    return row
