"""A case's log in human language: who did what, what the process did, in the reader's words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from babel.dates import format_timedelta

from runtime import values
from runtime.i18n import say
from runtime.identity import Person
from runtime.ledger import operations
from runtime.queries.people import shown
from runtime.store.accounts import Organisation

# Kinds that people want to read; the rest is the engine's own bookkeeping.
SENTENCES = {
    "case_started": "{who} started the case",
    "task_completed": "{who} completed “{element}”",
    "task_claimed": "{who} took “{element}”",
    "task_released": "{who} gave “{element}” back",
    "task_reassigned": "{who} gave “{element}” to {to}",
    "task_opened": "“{element}” was handed out",
    "task_changed": "A listener changed “{element}”",
    "listener_failed": "A listener to the withdrawal of “{element}” failed",
    "timer_fired": "Time was up: “{element}”",
    "message_received": "A message arrived: “{element}”",
    "message_sent": "A message was sent: “{element}”",
    "signal_received": "A signal arrived: “{element}”",
    "signal_sent": "A signal was sent to everybody who waits for it: “{element}”",
    "escalated": "“{element}” was escalated",
    "decided": "The rule {rule} (version {version}) decided “{element}”",
    "operated": "Done by the system: “{element}”",
    "external_opened": "“{element}” was handed to external workers",
    "external_completed": "An external worker did “{element}”",
    "external_failed": "An external worker could not do “{element}”",
    "external_error": "An external worker could not do “{element}”, which the process is told",
    "parked": "“{element}” could not be done",
    "retried": "“{element}” was tried again",
    "skipped": "{who} passed over “{element}”",
    "corrected": "{who} corrected variables of “{element}”, and it was tried again",
    "incident_closed": "{who} closed an incident of “{element}”",
    "case_cancelled": "{who} cancelled the case",
    "comment_written": "{who} wrote a comment",
    "comment_changed": "{who} changed a comment",
    "comment_withdrawn": "{who} withdrew a comment",
    "ended": "The case ended: “{element}”",
}
# The same of a task of it.
ON_A_TASK = {
    "comment_written": "{who} wrote a comment on “{element}”",
    "comment_changed": "{who} changed a comment on “{element}”",
    "comment_withdrawn": "{who} withdrew a comment on “{element}”",
}
# The same of what the house itself delivers.
DELIVERED = {
    "external_opened": "“{element}” is to be delivered",
    "external_completed": "“{element}” was delivered",
    "external_failed": "“{element}” could not be delivered",
    "external_error": "“{element}” was refused, which the process is told",
}
# The same of whoever did it in place of somebody who was away.
IN_PLACE = {
    "task_completed": "{who} completed “{element}” in place of {away}",
    "task_claimed": "{who} took “{element}” in place of {away}",
}
# What is told without full sight: who does what, and nothing of what was decided or came of it.
PEOPLES = ("case_started", "task_opened", "task_claimed", "task_released", "task_completed")
BY_NOBODY = {"case_started": "The case was started by a message or a timer"}
# What a person did to a case from outside, and said why.
REASONED = ("skipped", "corrected", "incident_closed", "case_cancelled")


@dataclass(frozen=True)
class Moment:
    """One line of the timeline; `text` is in the reader's language already."""

    at: dt.datetime
    kind: str
    actor: Person | None
    text: str
    element: str
    detail: str = ""


def moments(
    log: list[Any],
    org: Organisation,
    label: Callable[[str, str], str],
    rules: Mapping[str, str],
    language: str,
    *,
    full: bool,
    kept: Collection[int] = (),
) -> list[Moment]:
    """Oldest first; `rules`: key → name. Without full sight: who did which task, and nothing of what was decided.

    `kept`: people (rows) whose reasons are not told."""
    found = []
    opened: dict[str, dt.datetime] = {}
    for entry in log:
        if entry.kind == "task_opened":
            opened[entry.activity] = entry.business_at
        sentence = SENTENCES.get(entry.kind)
        if sentence is None or (not full and entry.kind not in PEOPLES):
            continue
        person = shown(org, entry.actor_id)
        detail = values.loads(entry.payload)["detail"] if entry.payload else {}
        if operations.is_outside(detail.get("topic", "")):
            sentence = DELIVERED.get(entry.kind, sentence)
        if entry.element:
            sentence = ON_A_TASK.get(entry.kind, sentence)
        away = shown(org, entry.principal_id)
        if away is not None:
            sentence = IN_PLACE.get(entry.kind, sentence)
        if person is None:
            sentence = BY_NOBODY.get(entry.kind, sentence)
        text = say(
            language,
            sentence,
            who=person.name(language) if person else "",
            element=label(entry.process, entry.element),
            away=away.name(language) if away else "",
            rule=rules.get(detail.get("rule", ""), detail.get("rule", "")),
            version=detail.get("version", ""),
            to=_called(org, detail.get("to"), language) if entry.kind == "task_reassigned" else "",
        )
        after = str(detail.get("reason", "")) if entry.kind in REASONED else ""
        if entry.kind == "task_reassigned":
            after = str(detail.get("text", ""))
        if entry.kind == "task_completed" and entry.activity in opened:
            after = _after(entry.business_at - opened[entry.activity], language)
        if entry.actor_id in kept and entry.kind != "task_completed":
            after = ""
        found.append(Moment(entry.business_at, entry.kind, person, text, entry.element, after))
    return found


def _called(org: Organisation, person: str | None, language: str) -> str:
    row = org.by_public_id.get(person or "")
    return Person(row.public_id, row.names).name(language) if row else ""


def _after(waited: dt.timedelta, language: str) -> str:
    """How long a task lay, if that is worth telling."""
    if waited < dt.timedelta(minutes=1):
        return ""
    return say(language, "{time} after it was handed out", time=format_timedelta(waited, locale=language))
