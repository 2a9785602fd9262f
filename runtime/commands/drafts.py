"""Rule files edited in the browser: checked, saved as a draft, published.

Not here: what comes from a folder or by command (deploy.py), the proof before publishing (bootstrap)."""

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
    """A draft's text, for the proof that publishing asks for."""
    require(actor, "publish", "rule")
    return str(_draft(tx, key, draft).content)


def publish_rule(tx: Transaction, actor: Actor, key: str, draft: str, proven: str) -> int:
    """Make a draft the active version; its number. `proven`: hash of the text whose examples and
    differential fuzz held (bootstrap.Runtime.publish_rule). Raises RuleMoved."""
    require(actor, "publish", "rule")
    row = _draft(tx, key, draft)
    if proven != row.sha256:
        raise RuleMoved()
    accounts.take_turn(tx)
    newest = deployments.latest(tx, "rule", key)
    if newest is not None and newest.version != row.base_version:
        raise RuleMoved()
    version = deployments.next_version(tx, "rule", key)
    noted = accounts.log(tx, actor.id, "rule.published", key, version=version)
    tx.execute(
        sa.update(resources)
        .where(resources.c.id == row.id)
        .values(
            state="active",
            version=version,
            created_by=actor.id or None,
            created_at=tx.now,
            deployment=noted,
        )
    )
    return version


def _draft(tx: Transaction, key: str, draft: str) -> Any:
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
