"""The state of a case at any point of its log: variables, and where it stood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from runtime import values
from runtime.store import event_log
from runtime.store.db import Transaction
from runtime.values import Value


@dataclass
class State:
    """`variables`: scope → name → value ("" is the case's own scope); `standing`: activity → element."""

    sequence: int = 0
    variables: dict[str, dict[str, Value]] = field(default_factory=dict)
    standing: dict[str, str] = field(default_factory=dict)
    ended: bool = False


def advance(state: State, row: Any) -> None:
    """Fold one log entry into the state before it."""
    state.sequence = row.sequence
    if row.kind == "entered":
        state.standing[row.activity] = row.element
    elif row.kind in ("left", "cancelled"):
        state.standing.pop(row.activity, None)
    elif row.kind == "ended":
        state.ended = True
    if row.payload is None:
        return  # purged: the change is no longer known, the path is
    for scope, name, _old, new, removed in values.loads(row.payload)["changes"]:
        if removed:
            state.variables.get(scope, {}).pop(name, None)
        else:
            state.variables.setdefault(scope, {})[name] = new


def rebuild(rows: Iterable[Any]) -> State:
    """Fold log entries (event_log.of_case) into the state after the last of them."""
    state = State()
    for row in rows:
        advance(state, row)
    return state


def state_at(tx: Transaction, case_id: int, sequence: int | None = None) -> State:
    """The case after entry `sequence` (None: now), from its log alone."""
    return rebuild(event_log.of_case(tx, case_id, sequence))
