"""The amendment of a rule as steps of its process: the draft taken, put to last month's decisions, published.

Not here: editing and proving a draft (drafts.py, bootstrap), who approves it (processes/rule_amendment),
what the law asks (runtime/rules/legality.py, rules/legality.yaml)."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from typing import Any, TypedDict

import sqlalchemy as sa

from runtime import household, library
from runtime.commands import drafts
from runtime.errors import Conflict, Invalid
from runtime.identity import GROUPS
from runtime.ids import public_id
from runtime.ledger.operations import Call, Person, operation, refuse
from runtime.rules import legality, rulefile
from runtime.store import deployments
from runtime.store.deployments import resources

MOST_REPLAYED = 2_000  # decisions: they are replayed while others wait to write
LONGEST_CHANGE = 8_000  # characters of a change that a form shows
_DATE = re.compile(r"(?m)^(effective_from:[ \t]*)\S+")


class NoDraftOfYours(Invalid):
    """You have no draft of the rule {rule}: edit it on its page and save it first."""

    code = "amendment.no_draft"


class NotProven(Invalid):
    """The draft of {rule} does not hold: its examples or proofs fail. Save it once more to see why."""

    code = "amendment.not_proven"


class OwnDraft(Conflict):
    """Nobody approves a change that they drafted."""

    code = "amendment.own_draft"


class TooLate(Conflict):
    """The day from which the change was to hold has passed while it waited. Choose a later day."""

    code = "amendment.too_late"


class Taken(TypedDict):
    draft: str
    rule_name: str
    rule_owner: str
    rule_change: str
    about_people: bool
    takes_from_wages: bool
    dismisses: bool
    backdated_days: int
    fills_only: bool


class Rehearsed(TypedDict):
    decisions: int
    decided_differently: int
    no_longer_decided: int


class Published(TypedDict):
    rule_version: int


@operation("rules.take_draft", errors=("bad_draft",))
def take_draft(call: Call, rule: str, by: Person, effective_on: dt.date) -> Taken:
    """The newest draft that `by` saved of the rule, to hold from `effective_on` on; what it changes, and what the
    law looks at. `rule_owner`: the group that answers for the figures, as the version in force names it.

    BPMN error: bad_draft, when there is none, it was not proven, or another version was published meanwhile."""
    tx = call.tx
    newest = deployments.latest(tx, "rule", rule.strip())
    if newest is None:
        raise refuse("bad_draft", library.NoSuchRule(rule=rule))
    rule = newest.key
    drafted = household.organisation(tx).by_public_id[by].id
    row = drafts.newest_of(tx, rule, drafted)
    if row is None:
        raise refuse("bad_draft", NoDraftOfYours(rule=rule))
    if row.proven_at is None:
        raise refuse("bad_draft", NotProven(rule=rule))
    if row.base_version != newest.version:
        raise refuse("bad_draft", drafts.RuleMoved())
    # The day decides nothing in the table, so the proof of the text holds for it too.
    text = _DATE.sub(rf"\g<1>{effective_on}", row.content, count=1)
    after, _ = rulefile.load(text, row.file)
    before = library.rule_version(tx, rule, newest.version)
    if before is None or after is None or after.effective_from != effective_on:
        raise refuse("bad_draft", NotProven(rule=rule))
    # The law asks what changes for the days from then on: another version may be to hold later, and this one not.
    replaced = deployments.in_force(tx, rule, effective_on)
    decided = library.rule_version(tx, rule, replaced.version) if replaced is not None else None
    draft = row.public_id
    if text != row.content:
        draft = public_id()
        drop_draft(call, rule, row.public_id)
        deployments.add(
            tx,
            public_id=draft,
            kind="rule",
            key=rule,
            version=None,
            state="draft",
            sha256=deployments.digest(text),
            file=row.file,
            content=text,
            effective_from=effective_on,
            base_version=row.base_version,
            origin=row.origin,
            created_by=drafted,
            proven_at=row.proven_at,
        )
    change = difflib.unified_diff(before.text.splitlines(), text.splitlines(), "", "", n=1, lineterm="")
    return {
        "draft": draft,
        "rule_name": after.names.get("zh_Hans", rule),
        "rule_owner": before.owner if before.owner in GROUPS else "manager",
        "rule_change": "\n".join(list(change)[2:])[:LONGEST_CHANGE],
        **legality.examine(decided or before, after, call.today),
    }


@operation("rules.rehearse")
def rehearse(call: Call, rule: str, draft: str) -> Rehearsed:
    """What the draft would have decided of last month's decisions: how many there were (the newest 2,000), how
    many would have come out otherwise, and how many of those not at all."""
    file, _ = rulefile.load(drafts.get(call.tx, rule, draft).content, f"{rule}.yaml")
    assert file is not None, draft  # it was proven
    found = library.rehearsal(call.tx, file, MOST_REPLAYED)
    return {
        "decisions": found.decisions,
        "decided_differently": len(found.changes),
        "no_longer_decided": sum(each.after is None and each.before is not None for each in found.changes),
    }


@operation("rules.publish_draft", errors=("same_person", "bad_draft"))
def publish_draft(call: Call, rule: str, draft: str, approved_by: Person) -> Published:
    """Make the draft the version that decides from its day on; decisions that were made stay as they are.

    BPMN errors: same_person, if whoever approves drafted it; bad_draft, when it was edited or another version was
    published meanwhile, or its day has passed while it waited."""
    tx = call.tx
    row = _draft(call, rule, draft)
    approver = household.organisation(tx).by_public_id[approved_by].id
    if row.created_by == approver:
        raise refuse("same_person", OwnDraft())
    drafted_on = row.created_at.astimezone(call.zone).date()
    if drafted_on <= row.effective_from < call.today:
        raise refuse("bad_draft", TooLate())
    try:
        version = drafts.activate(tx, row, approver)
    except drafts.RuleMoved as moved:
        raise refuse("bad_draft", moved) from None
    return {"rule_version": version}


@operation("rules.drop_draft")
def drop_draft(call: Call, rule: str, draft: str | None = None) -> None:
    """Take the draft away; the version in force stays. Nothing if it is gone already."""
    call.tx.execute(
        sa.delete(resources).where(
            resources.c.public_id == draft, resources.c.kind == "rule", resources.c.key == rule,
            resources.c.state == "draft",
        )
    )  # fmt: skip


def _draft(call: Call, rule: str, draft: str) -> Any:
    try:
        return drafts.get(call.tx, rule, draft)
    except drafts.NoSuchDraft as gone:
        raise refuse("bad_draft", gone) from None
