"""The books as named service tasks: the registry, what a task hands in, and the effect that happens once.

An operation says what it takes and gives by its type hints and what a diagram may
catch by `errors`. One over very many does a part in each of several transactions, so that others can
write in between. Not here: what operations do (each book), which there are (books.py
imports them all)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import getdoc
from typing import Any, Protocol, TypeVar, get_type_hints
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from runtime import i18n
from runtime.bpmn.catalogue import Signature
from runtime.engine.ports import BpmnError, Unfinished
from runtime.errors import Conflict, GuichengError, NotFound
from runtime.ledger import inputs
from runtime.ledger.inputs import Anything, Person
from runtime.store.db import Instant, Tagged, Transaction, metadata
from runtime.store.prepared import Prepared
from runtime.values import Value

__all__ = ["Anything", "Person"]
SHANGHAI = ZoneInfo("Asia/Shanghai")

# What was done once and what it gave, by the idempotency key case/element/activity/operation.
effects = sa.Table(
    "effects",
    metadata,
    sa.Column("key", sa.String(512), primary_key=True),
    sa.Column("topic", sa.String(64), nullable=False),
    sa.Column("result", Tagged, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

_DONE = Prepared(sa.select(effects.c.topic, effects.c.result).where(effects.c.key == sa.bindparam("b_key")))

# What an operation over very many has done so far, by its key: a row for each part, until it is done.
effect_parts = sa.Table(
    "effect_parts",
    metadata,
    sa.Column("key", sa.String(512), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("result", Tagged, nullable=False),
    sa.Column("at", Instant, nullable=False),
)
_LAST_PART = Prepared(
    sa.select(effect_parts)
    .where(effect_parts.c.key == sa.bindparam("b_key"))
    .order_by(effect_parts.c.number.desc())
    .limit(sa.literal_column("1"))
)


class UnknownOperation(NotFound):
    """There is no operation {topic}."""

    code = "operation.unknown"


class EffectKeyTaken(Conflict):
    """The key {key} already stands for the operation {topic}."""

    code = "operation.key_taken"


class Decide(Protocol):
    """Evaluate a rule for a date (None: today). Raises BpmnError("rule_refused")."""

    def __call__(
        self, rule: str, facts: Mapping[str, Value], as_of: dt.date | None = None, /
    ) -> Mapping[str, Value]: ...


@dataclass(frozen=True)
class Call:
    """One service task's call.

    key: what the effect is known by, the same over retries · case: public id · actor: the
    person's public id, None when nobody acted · now: UTC · today: business date · send:
    (message, key, payload) to whoever waits for it, in the same transaction · near: element → the
    activities of it that are open where the call is made, of several that go beside one another."""

    tx: Transaction
    key: str
    case: str
    actor: str | None
    now: dt.datetime
    today: dt.date
    decide: Decide
    send: Callable[[str, str, Mapping[str, Value]], None]
    zone: ZoneInfo = SHANGHAI
    many: Callable[[str, Sequence[Mapping[str, Value]]], Sequence[Mapping[str, Value]]] | None = None
    parts: Sequence[Any] = ()  # what each part gave, of an operation that is done in parts
    # Whether the case's own diagram catches a BPMN error of this step. An older one, deployed before the operation
    # could throw it, does not: see older.py.
    catches: Callable[[str], bool] = lambda code: True
    near: Callable[[str], Collection[str]] = lambda element: ()

    def decide_many(self, rule: str, cases: Sequence[Mapping[str, Value]]) -> Sequence[Mapping[str, Value]]:
        """`decide` of each; where there is `many`, at once."""
        return self.many(rule, cases) if self.many else [self.decide(rule, facts) for facts in cases]


@dataclass(frozen=True)
class Operation:
    """A named service task: name → kind and whether required; outputs by name; BPMN errors."""

    topic: str
    inputs: Mapping[str, inputs.Input]
    outputs: Mapping[str, Any]
    errors: tuple[str, ...]
    doc: str
    run: Callable[..., Any]
    outside: bool = False  # `run` only says what is to be delivered; the case waits until it is
    part: Callable[..., Any] | None = None  # does the next part; `run` only puts together what they gave
    kept: bool = False  # for cases that run on older diagrams: no new diagram may name it

    @cached_property
    def signature(self) -> Signature:
        required = frozenset(name for name, field in self.inputs.items() if field.required)
        return Signature(
            required, frozenset(self.inputs) - required, frozenset(self.outputs), frozenset(self.errors)
        )


OPERATIONS: dict[str, Operation] = {}
F = TypeVar("F", bound=Callable[..., Any])


def operation(
    topic: str,
    errors: tuple[str, ...] = (),
    part: Callable[..., tuple[Any, bool]] | None = None,
    kept: bool = False,
) -> Callable[[F], F]:
    """Register the function below as service task `topic`; it still can be called as itself.

    `kept`: only cases that began on older diagrams call it; diagrams that are deployed now do not know it.

    `part`: of one over very many. It is given what the part before gave (None: it is the first) and gives
    what it did, and whether there is more; each part commits by itself. The function below finds what all of
    them gave in `call.parts` and only puts that together."""

    def register(function: F) -> F:
        OPERATIONS[topic] = Operation(
            topic,
            inputs.of_function(function),
            inputs.outputs_of(function),
            errors,
            (getdoc(function) or "").strip(),
            function,
            part=part,
            kept=kept,
        )
        return function

    return register


def delivered(topic: str, gives: type, errors: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Register what is done outside of the house, so never in a transaction: the function below says, within
    one, what is to be delivered, and `gives` (a TypedDict) what comes of it (commands/deliveries.py)."""

    def register(function: F) -> F:
        doc = (getdoc(function) or "").strip()
        takes, gets = inputs.of_function(function), dict(get_type_hints(gives))
        OPERATIONS[topic] = Operation(topic, takes, gets, errors, doc, function, outside=True)
        return function

    return register


def is_outside(topic: str) -> bool:
    """Whether the runtime offers it and does it outside of any transaction."""
    found = OPERATIONS.get(topic)
    return found is not None and found.outside


def find(topic: str) -> Operation:
    """Raises UnknownOperation."""
    if topic not in OPERATIONS:
        raise UnknownOperation(topic=topic)
    return OPERATIONS[topic]


def signatures() -> dict[str, Signature]:
    """What a diagram may call, for its check before it is deployed: nothing that is only kept for older ones."""
    return {topic: found.signature for topic, found in sorted(OPERATIONS.items()) if not found.kept}


def perform(topic: str, call: Call, given: Mapping[str, Value]) -> Mapping[str, Value] | Unfinished:
    """Do the operation once per `call.key`; a second call gets the first one's result. Unfinished: this was
    a part of it, done once as well, and another call does the next.

    Raises UnknownOperation, Invalid (what was given), BpmnError (what a diagram may catch)."""
    wanted = find(topic)
    done = _DONE.first(call.tx, b_key=call.key)
    if done is not None:
        if done.topic != topic:
            raise EffectKeyTaken(key=call.key, topic=done.topic)
        return dict(done.result)
    taken = inputs.check(topic, wanted.inputs, given)
    if wanted.part is not None:
        parts = _do_part(call, wanted.part, taken)
        if isinstance(parts, Unfinished):
            return parts
        call = replace(call, parts=parts)
    result = wanted.run(call, **taken) or {}
    call.tx.insert(effects, [{"key": call.key, "topic": topic, "result": result, "at": call.now}])
    return dict(result)


def _do_part(call: Call, do: Callable[..., Any], taken: Mapping[str, Value]) -> list[Any] | Unfinished:
    """Do the next part; what all of them gave, if it was the last."""
    before = _LAST_PART.first(call.tx, b_key=call.key)
    result, more = do(call, before.result if before else None, **taken)
    part = effect_parts.c
    if more:
        number = before.number + 1 if before else 1
        call.tx.insert(effect_parts, [{"key": call.key, "number": number, "result": result, "at": call.now}])
        return Unfinished(call.tx.scalar(sa.select(part.at).where(part.key == call.key, part.number == 1)))
    if before is None:
        return [result]
    earlier = call.tx.all(sa.select(part.result).where(part.key == call.key).order_by(part.number))
    call.tx.execute(sa.delete(effect_parts).where(part.key == call.key))
    return [*(row.result for row in earlier), result]


def prepare(topic: str, sending: Any, given: Mapping[str, Value]) -> Any:
    """What an operation that is done outside would deliver. Raises UnknownOperation, Invalid."""
    wanted = find(topic)
    return wanted.run(sending, **inputs.check(topic, wanted.inputs, given))


def refuse(error_code: str, error: GuichengError) -> BpmnError:
    """`error` as one that a diagram may catch: its sentence reaches a person's form, so it is translated."""
    refusal = BpmnError(error_code, i18n.say(i18n.DEFAULT, error.message, **error.params))
    refusal.__cause__ = error
    return refusal
