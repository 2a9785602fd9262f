"""Past decisions put to a draft: who would be decided differently, from what to what.

Pure: the caller brings the stored decisions and shows the result."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

import orjson

from runtime import values
from runtime.errors import GuichengError
from runtime.rules import facts, outcome, plain
from runtime.rules.facts import FigureFailed, InputsInvalid
from runtime.rules.outcome import Outcome
from runtime.rules.table import Names, RuleFile
from runtime.values import Value


@dataclass(frozen=True)
class Past:
    """A decision that was made. `outputs` is None when it was refused."""

    subject: str  # whom or what it was about, for the reader: a case, a person
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value] | None


@dataclass(frozen=True)
class Change:
    """One past decision that the draft would make differently."""

    subject: str
    inputs: Mapping[str, Value]
    before: Mapping[str, Value] | None
    after: Mapping[str, Value] | None
    refused: Names | None  # why the draft refuses, by language
    error: GuichengError | None  # the draft asks for inputs that this past decision does not have
    outputs: tuple[str, ...]  # names of the outputs that differ


@dataclass(frozen=True)
class Replay:
    """What a draft would have done. `difference`: new sum minus old sum of each numeric output,
    over the decisions that both versions make."""

    decisions: int
    changes: tuple[Change, ...]
    difference: Mapping[str, Decimal]


def past(subject: str, decision: str) -> Past:
    """A decision as it is stored: the tagged JSON of a rules.decision.Decision."""
    kept = values.from_json(orjson.loads(decision))
    return Past(subject, kept["inputs"], None if kept["refused"] else kept["outputs"])


def last_month(today: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """The calendar month before `today`: its first moment, and that of the month after."""
    until = today.replace(day=1)
    since = (until - dt.timedelta(days=1)).replace(day=1)
    first, last = (dt.datetime.combine(day, dt.time(), zone) for day in (since, until))
    return first.astimezone(dt.UTC), last.astimezone(dt.UTC)


def replay(draft: RuleFile, past: Iterable[Past]) -> Replay:
    """Put past decisions to a draft. Inputs that the draft no longer has are left out."""
    changes: list[Change] = []
    difference: dict[str, Decimal] = {}
    count = 0
    for each in past:
        count += 1
        error: GuichengError | None = None
        found = Outcome()
        after: Mapping[str, Value] | None = None
        try:
            found = _decide(draft, {name: each.inputs[name] for name in draft.inputs if name in each.inputs})
            after = None if found.refusal else found.outputs
        except InputsInvalid as invalid:
            error = invalid
        if each.outputs is not None and after is not None:
            for name in each.outputs.keys() & after.keys():
                old, new = each.outputs[name], after[name]
                if _is_number(old) and _is_number(new):
                    difference[name] = difference.get(name, Decimal(0)) + new - old
        differing = _differing(each.outputs, after)
        if differing or error is not None or (each.outputs is None) != (after is None):
            changes.append(
                Change(each.subject, each.inputs, each.outputs, after, found.messages, error, differing)
            )
    return Replay(count, tuple(changes), difference)


def _decide(draft: RuleFile, inputs: Mapping[str, Value]) -> Outcome:
    try:
        of = facts.gather(draft, inputs)
    except FigureFailed as error:
        return outcome.figure_failed(draft, error)
    return outcome.settle(draft, plain.hits(draft, of), of)


def _differing(before: Mapping[str, Value] | None, after: Mapping[str, Value] | None) -> tuple[str, ...]:
    old, new = before or {}, after or {}
    return tuple(name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name))


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
