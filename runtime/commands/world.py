"""What a step of a case may ask of the house, bound to one transaction.

Implements engine.ports.World: operations of the books, decisions by rules, the
org tree. What steps send or decide is collected here and written by advance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from runtime import clock, functions, household, i18n, library, scripts
from runtime.bpmn.model import Process
from runtime.commands import staffing
from runtime.engine.ports import BpmnError, Step, Task, TaskOpened, Unfinished
from runtime.errors import GuichengError
from runtime.identity import Actor
from runtime.ledger import operations
from runtime.rules import evaluate
from runtime.scripts import Scripted
from runtime.store import accounts, user_tasks
from runtime.store.db import Transaction
from runtime.values import Value

# Seconds of scripts in one transaction. On SQLite everybody else who writes waits meanwhile, and a step may
# take as long as the limit of a script; the rest goes on in the next transaction.
PATIENCE = 1.0
# Decisions of one operation that stand in its case's log one by one: as many as somebody reads.
FEW = 200


@dataclass(frozen=True)
class Sent:
    """A message that an operation of the books sends."""

    step: Step
    name: str
    key: str
    payload: Mapping[str, Value]


@dataclass(frozen=True)
class Decided:
    step: Step
    decision: evaluate.Decision


@dataclass
class BoundWorld:
    """The world of one case within one transaction; `bindings`: the diagrams that the case runs; `begun`:
    the revision of the house that it began in, None if that was not kept."""

    tx: Transaction
    case: str
    actor: Actor
    bindings: Mapping[str, int] = field(default_factory=dict)
    begun: int | None = None
    stood_in: bool = False  # somebody did a step of the case in the place of who was away
    sent: list[Sent] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    operated: list[tuple[Step, str]] = field(default_factory=list)
    scripted: float = 0.0  # seconds that scripts have taken
    refused: bool = False  # an operation told the process of a BPMN error

    @property
    def now(self) -> dt.datetime:
        return self.tx.now

    @property
    def zone(self) -> ZoneInfo:
        return household.house(self.tx).zone

    @cached_property
    def organisation(self) -> accounts.Organisation:
        return household.organisation(self.tx)

    def is_external(self, topic: str, step: Step) -> bool:
        return topic in library.external_topics(self.tx, self.bindings[step.process])

    def operate(
        self, topic: str, inputs: Mapping[str, Value], step: Step
    ) -> Mapping[str, Value] | Unfinished:
        # What a failed operation sent or decided is undone with what it wrote.
        sent, decided = len(self.sent), len(self.decided)
        call = operations.Call(
            tx=self.tx,
            key=f"{step.case}/{step.element}/{step.activity}/{topic}",
            case=step.case,
            actor=self.actor.public_id or None,
            now=self.tx.now,
            today=household.today(self.tx),
            decide=lambda rule, facts, as_of=None: self._decide(rule, facts, as_of, step),
            send=lambda name, key, payload: self.sent.append(Sent(step, name, key, payload)),
            zone=self.zone,
            many=lambda rule, cases: self._decide_many(rule, cases, step),
            catches=lambda code: self._process(step).catches(step.element, code),
            near=step.near,
        )
        try:
            with self.tx.savepoint():
                result = operations.perform(topic, call, inputs)
        except BaseException as error:
            del self.sent[sent:], self.decided[decided:]
            self.refused |= isinstance(error, BpmnError)
            raise
        if not isinstance(result, Unfinished):
            self.operated.append((step, topic))
        return result

    def decide(self, rule: str, inputs: Mapping[str, Value], step: Step) -> Mapping[str, Value]:
        facts = dict(inputs)
        as_of = facts.pop("as_of", None)
        asked = self._process(step).node(step.element).attributes
        binding = asked.get("decisionRefBinding")
        if binding == "version":
            found = library.fixed_rule(self.tx, rule, asked.get("decisionRefVersion", ""))
        elif binding == "deployment":
            found = library.ruleset(self.tx, rule, as_of or household.today(self.tx), self.begun)
        else:
            found = None
        return self._decide(rule, facts, as_of, step, found)

    def _process(self, step: Step) -> Process:
        return library.process(self.tx, self.bindings[step.process])

    def _decide(
        self,
        rule: str,
        facts: Mapping[str, Value],
        as_of: dt.date | None,
        step: Step,
        bound: evaluate.Ruleset | None = None,
    ) -> Mapping[str, Value]:
        day = as_of or household.today(self.tx)
        found = bound or library.ruleset(self.tx, rule, day)
        decision = evaluate.decide(found, facts, as_of=day)
        self.decided.append(Decided(step, decision))
        if decision.refused:
            raise BpmnError("rule_refused", i18n.label(i18n.DEFAULT, dict(decision.refused)))
        return decision.outputs

    def _decide_many(
        self, rule: str, cases: Sequence[Mapping[str, Value]], step: Step
    ) -> list[Mapping[str, Value]]:
        """Decide many; of more than FEW, one for each row that decided stands in the case's log. The books
        keep what was asked and what came of it for each."""
        day = household.today(self.tx)
        ruleset = library.ruleset(self.tx, rule, day)
        outputs = []
        for found, decision in evaluate.decide_many(ruleset, cases, as_of=day, every=len(cases) <= FEW):
            if decision is not None:
                self.decided.append(Decided(step, decision))
                if decision.refused:
                    raise BpmnError("rule_refused", i18n.label(i18n.DEFAULT, dict(decision.refused)))
            outputs.append(found)
        return outputs

    def run_script(self, source: str, names: Mapping[str, Value], step: Step) -> Scripted:
        began = clock.seconds()
        try:
            seen = {name: value for name, value in names.items() if name != "execution"}
            return scripts.run(source, seen, names["execution"])
        except scripts.Thrown as thrown:
            raise BpmnError(thrown.code, thrown.message) from None
        finally:
            self.scripted += clock.seconds() - began

    @property
    def weary(self) -> bool:
        return self.scripted > PATIENCE

    def task(self, activity: str) -> Task:
        row = user_tasks.of_activity(self.tx, activity)
        return Task(
            row.public_id,
            i18n.label(i18n.DEFAULT, row.names, row.element),
            self._person(row.assignee_id),
            row.priority,
            row.due_at,
            row.follow_up_at,
        )

    def whose(self, opened: TaskOpened, variables: Mapping[str, Value]) -> str | None:
        model = library.process(self.tx, self.bindings[opened.process])
        try:
            staff = staffing.resolve(self, opened, model, model.node(opened.element), variables)
        except staffing.NobodyToDoIt:
            return None  # of which advance makes an incident
        return self._person(staff.assignee_id)

    def _person(self, id: int | None) -> str | None:
        return None if id is None else str(self.organisation.by_id[id].public_id)

    def functions(self, step: Step | None, language: str = i18n.DEFAULT) -> Mapping[str, Callable[..., Any]]:
        """What an expression may call; names of people are told in `language`."""
        return functions.of(self.tx, self.actor, language)


def sentence(error: BaseException) -> str:
    """Why a step failed, for the incident and the operator; a technical name when nothing better is known."""
    if isinstance(error, GuichengError):
        return f"{error.code}: {error}"
    if isinstance(error, BpmnError):
        return f"{error.code}: {error.message}"
    return f"{type(error).__name__}: {error}"
