"""Starting processes by a condition: each that has a conditional start event which holds now.

What Camunda does by createConditionEvaluation. Not here: conditions inside a running case (engine)."""

from __future__ import annotations

from collections.abc import Mapping

from runtime import functions, library
from runtime.commands import advance, cases
from runtime.engine import starts
from runtime.identity import SYSTEM, Actor, require
from runtime.store import deployments
from runtime.store.db import Transaction
from runtime.values import Value


def evaluate(
    tx: Transaction,
    actor: Actor,
    variables: Mapping[str, Value],
    business_key: str = "",
    *,
    starter: Actor | None = None,
) -> list[cases.Started]:
    """Start every process of which a conditional start event holds with these variables, once for each
    such event. Processes that `starter` (without one, the actor) may not start are left alone.

    No form asks for these variables, so saying what they are is a right of its own."""
    require(actor, "evaluate", "condition")
    cases.check_key(business_key)
    starter = starter or actor
    begun = []
    for process in deployments.started_by_conditions(tx):
        bindings = library.bind(tx, process)
        if starter is not SYSTEM and not library.is_starter(library.process(tx, bindings[process]), starter):
            continue
        definition = library.definition(tx, process, bindings)
        calls = functions.of(tx, starter)
        for event in starts.starts_where(definition, variables, now=tx.now, functions=calls):
            moved = advance.begin(
                tx, starter, process, start_event=event, variables=variables, business_key=business_key
            )
            begun.append(cases.Started(moved.case, moved.next_for(starter)))
    return begun
