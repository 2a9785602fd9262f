"""The only place where a case moves: load, step, save, schedule, log.

Everything a move causes is written in the transaction that made it: the case's
state and version, user tasks, timers, subscriptions, messages on their way,
decisions, the event log. Not here: why a case moves (cases, user_tasks, triggers)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import orjson
import structlog

from runtime import clock, household, library, measures
from runtime.bpmn.retry_cycle import Delay, delays
from runtime.commands import stand_ins, telling
from runtime.commands.moved import Moved, altered, look_again, opened, sent_back
from runtime.commands.retries import end_incidents, raise_incident, schedule_retries
from runtime.commands.waits import Thrown, Waits, broadcast, departures
from runtime.commands.world import BoundWorld, sentence
from runtime.engine import ports, timers
from runtime.engine.errors import Deadlocked
from runtime.engine.execution import Execution
from runtime.errors import GuichengError
from runtime.identity import Actor
from runtime.ids import public_id
from runtime.store import cases, event_log, jobs, search, states, user_tasks
from runtime.store.db import Transaction
from runtime.store.event_log import Event
from runtime.store.waking import ANYWAY
from runtime.values import Value, to_json

H = TypeVar("H")
STATUS = {"completed": "completed", "terminated": "terminated", "error": "failed", "cancelled": "cancelled"}


def begin(
    tx: Transaction,
    actor: Actor,
    process: str,
    *,
    start_event: str | None = None,
    variables: Mapping[str, Value],
    business_key: str = "",
    cause: str | None = None,
) -> Moved:
    """Start a case. `cause` is the idempotency key of the message or timer behind it, if any."""
    bindings = library.bind(tx, process)
    definition = library.definition(tx, process, bindings)
    case = public_id()
    structlog.contextvars.bind_contextvars(case=case)
    begun = household.begun(tx)
    world = BoundWorld(tx, case, actor, bindings, begun)
    given = {**variables, "initiator": actor.public_id or None}
    execution = Execution.start(
        definition,
        case=case,
        business_key=business_key,
        start_event=start_event,
        variables=given,
        world=world,
    )
    model = library.process(tx, bindings[process])
    row = cases.add(
        tx,
        public_id=case,
        process=process,
        bindings=bindings,
        revision=begun,
        business_key=business_key,
        title={},
        status="running",
        initiator_id=actor.id or None,
        subject_id=None,
        confidential=model.properties.get("confidential") in ("true", "hr"),
        hr_only=model.properties.get("confidential") == "hr",
        cause=cause,
        version=0,
        state="",
        sequence=0,
        chain="",
        started_at=tx.now,
    )
    first = Event("case_started", process, detail={"cause": cause, "business_key": business_key})
    return _write(tx, actor, row, states.Stored(tx, row.id), execution, world, [first], {})


def move(
    tx: Transaction,
    actor: Actor,
    case: Any,
    act: Callable[[Execution], None],
    first: list[Event],
    attempts: Mapping[str, int] | None = None,
    steps: int = 0,
    fired: str = "",
    done: Any = None,
) -> Moved:
    """Restore `case` (a row of cases), let `act` move it, and write what follows.

    `first`: what the move itself is in the log; `attempts`: activity that is tried again → for which time;
    `steps`: those that it made before in a row, waiting for nothing; `fired`: the activity whose timer's job
    does this, and is done; `done`: the task (its row) that the actor has just completed by it."""
    definition = library.definition(tx, case.process, case.bindings)
    structlog.contextvars.bind_contextvars(case=case.public_id)
    stood_in = case.stood_in or actor.principal is not None
    world = BoundWorld(tx, case.public_id, actor, case.bindings, case.revision, stood_in)
    stored = states.load(tx, case.id, case.state)
    execution = Execution.restore(definition, stored.data, world, stored.fetch)
    act(execution)
    return _write(tx, actor, case, stored, execution, world, first, attempts or {}, steps, fired, done)


def receive(tx: Transaction, actor: Actor, wait: Any, name: str, payload: Mapping[str, Value]) -> Moved:
    """Give a message to the case that waits for it (`wait`: a row of subscriptions)."""
    case = cases.by_id(tx, wait.case_id)
    entry = Event("message_received", case.process, wait.element, wait.activity, {"name": name})
    return move(tx, actor, case, lambda execution: execution.receive(wait.activity, payload), [entry])


def _write(
    tx: Transaction,
    actor: Actor,
    case: Any,
    stored: states.Stored,
    execution: Execution,
    world: BoundWorld,
    entries: list[Event],
    attempts: Mapping[str, int],
    before: int = 0,
    fired: str = "",
    done: Any = None,
) -> Moved:
    moved = Moved(case.id, case.public_id, tx.now, refused=world.refused)
    happenings = execution.take()
    told = telling.told(happenings, world, entries)
    waits = Waits(case.public_id)
    waits.fold(happenings)
    for task in told.of(ports.TaskOpened):
        opened(tx, case, execution, world, task, moved)
    tx.after_commit(partial(measures.STEPS.inc, len(told.of(ports.Left))))
    withdrawn, end = told.of(ports.Cancelled), _last(told.of(ports.Ended))
    asked_again = [each.activity for each in told.of(ports.AskedAgain)]
    moved.parked = told.of(ports.Parked)
    steps = before + execution.steps

    moved.ended = end is not None
    cancelled = [each.activity for each in withdrawn]
    # Only a user task is somebody's.
    tasks = [each.activity for each in withdrawn if _is_user_task(tx, case, each.element)]
    # What opened and was withdrawn in the same move was never anybody's task.
    moved.opened = [row for row in moved.opened if row["activity"] not in tasks]
    if done is not None and moved.refused:
        told.lines += sent_back(tx, actor, case, done, moved)
        nodes = library.nodes(tx, case.bindings[done.process]).values()
        waits.keep_time(tx, execution, {node.id for node in nodes if node.attached_to == done.element})
    if moved.parked:
        # What another branch has ended since it was parked needs nobody.
        still = {each.activity for each in execution.open_activities() if each.parked}
        moved.parked = [stop for stop in moved.parked if stop.activity in still]
    sequence, chain = event_log.append(
        tx, case.id, case.sequence, case.chain, told.lines, actor.id, actor.principal, clock.now()
    )
    model = library.process(tx, case.bindings[case.process])
    variables = execution.sight()
    columns: dict[str, Any] = {
        "state": stored.save(execution.state(whole=False)),
        "business_key": execution.business_key,
        "title": telling.title(model, variables, world, case.started_at.astimezone(household.house(tx).zone)),
        "sequence": sequence,
        "chain": chain,
    }
    if case.subject_id is None and model.properties.get("subject"):
        columns["subject_id"] = telling.subject(model, variables, world)
    if world.stood_in and not case.stood_in:
        columns["stood_in"] = True
    if end is not None:
        columns |= {"status": STATUS[end.outcome], "end_event": end.element or None, "ended_at": tx.now}
    cases.save(tx, case.id, case.version, **columns)
    if (columns["title"], columns["business_key"]) != (case.title, case.business_key):
        search.index(
            tx, case.id, case.process, columns["title"], columns["business_key"], case.confidential
        )

    user_tasks.cancel(tx, tasks)
    over = [*cancelled, *asked_again, *([done.activity] if done is not None and done.troubled else [])]
    if over or moved.ended:
        end_incidents(tx, case.id, None if moved.ended else over)
    for stop in told.of(ports.ListenerFailed):
        reason = sentence(stop.error) if stop.error else stop.reason
        raise_incident(tx, case.id, None, stop.element, reason, stop.activity)
    look_again(tx, execution, told.changed, moved)
    if moved.opened:
        user_tasks.add(tx, moved.opened, moved.may_claim)
    for each in told.of(ports.TaskAltered):
        altered(tx, case, world, each)
    stand_ins.opened(tx, moved.opened, moved.may_claim)
    waits.write(tx, case.id, fired)
    resumes = _last(told.of(ports.Interrupted))
    work = waits.rows(case.id, tx.now, sequence, steps) + departures(
        case, _thrown(tx, case, told, world), resumes, steps, sequence, tx.now
    )
    tx.insert(jobs.jobs, work)
    signals = [(each.name, each.payload, each.priority) for each in told.of(ports.SignalThrown)]
    broadcast(tx, signals, f"signal:{case.public_id}:{sequence}", case.id)
    _keep_decisions(tx, case.id, world)
    if moved.parked:
        schedule_retries(tx, case, moved.parked, attempts, _pauses(tx, case, execution, moved.parked))
    _note_deadlock(tx, case.id, execution)
    # Whoever waits for due work looks again once this has committed; in time for what is due later, anyway.
    soon = tx.now + dt.timedelta(seconds=ANYWAY)
    if signals or any(job["due_at"] <= soon for job in work):
        household.house(tx).waking.call(tx)
    if waits.external:
        household.house(tx).opened.call(tx)
    return moved


def _note_deadlock(tx: Transaction, case_id: int, execution: Execution) -> None:
    """Raised once: a case in which nothing can happen is not moved again."""
    waiting = execution.deadlocked
    if waiting:
        elements = ", ".join(dict.fromkeys(token.element for token in waiting))
        reason = sentence(Deadlocked(elements=elements))
        raise_incident(tx, case_id, None, waiting[0].element, reason, waiting[0].id)


def _pauses(
    tx: Transaction, case: Any, execution: Execution, parked: list[ports.Parked]
) -> dict[str, tuple[Delay, ...]]:
    """What the diagram says of trying again, by parked activity."""
    process = {each.activity: each.process for each in execution.open_activities()}
    found = {}
    for stop in parked:
        model = library.process(tx, case.bindings[process[stop.activity]])
        cycle = delays(model.node(stop.element).retry_cycle)
        if cycle is not None:
            found[stop.activity] = cycle
    return found


def _is_user_task(tx: Transaction, case: Any, element: str) -> bool:
    """Of any process of the case: where two share an id, the task's counts."""
    found = (library.nodes(tx, resource).get(element) for resource in case.bindings.values())
    return any(node is not None and node.kind == "userTask" for node in found)


def _last(happened: Sequence[H]) -> H | None:
    return happened[-1] if happened else None


def _thrown(tx: Transaction, case: Any, told: telling.Told, world: BoundWorld) -> list[Thrown]:
    """The messages that leave the case: by its elements, then by operations of the books."""
    found = [
        Thrown(
            each.activity, each.name, each.key, each.payload, _kept_until(tx, case, each.element), each.priority
        )
        for each in told.of(ports.MessageThrown)
    ]
    ends: dict[str, dt.datetime] = {}
    for sent in world.sent:
        at = sent.step.element
        if at not in ends:
            ends[at] = _kept_until(tx, case, at)
        found.append(Thrown(sent.step.activity, sent.name, sent.key, sent.payload, ends[at]))
    return found


def _kept_until(tx: Transaction, case: Any, element: str) -> dt.datetime:
    """How long a message of this element waits for a receiver: as its diagram says, else as the house does."""
    house = household.house(tx)
    for resource in case.bindings.values():
        node = library.nodes(tx, resource).get(element)
        lasts = node.properties.get("time_to_live", "") if node is not None else ""
        if lasts:
            # A diagram of before the rule that checks it may hold anything: its messages go all the same.
            with suppress(GuichengError):
                return timers.later(tx.now, timers.read_moment(lasts), house.zone)
    return tx.now + house.messages_kept


def _keep_decisions(tx: Transaction, case_id: int, world: BoundWorld) -> None:
    tx.insert(
        event_log.decisions,
        [
            {
                "case_id": case_id,
                "element": d.step.element,
                "activity": d.step.activity,
                "rule": d.decision.rule,
                "version": d.decision.version,
                "at": tx.now,
                "decision": orjson.dumps(to_json(d.decision.to_value())).decode(),
            }
            for d in world.decided
        ],
    )


def held_up(tx: Transaction, actor: Actor, case: Any, activity: str) -> bool:
    """Whether the case stands at this activity until a person does something."""
    definition = library.definition(tx, case.process, case.bindings)
    world = BoundWorld(tx, case.public_id, actor, case.bindings, case.revision)
    stored = states.load(tx, case.id, case.state)
    execution = Execution.restore(definition, stored.data, world, stored.fetch)
    parked = any(each.activity == activity and each.parked for each in execution.open_activities())
    return parked or bool(execution.deadlocked)


def note(tx: Transaction, actor: Actor, case: Any, entries: list[Event], **columns: Any) -> None:
    """Log what happened to a case that did not move."""
    sequence, chain = event_log.append(
        tx, case.id, case.sequence, case.chain, entries, actor.id, actor.principal, clock.now()
    )
    cases.save(tx, case.id, case.version, sequence=sequence, chain=chain, **columns)
