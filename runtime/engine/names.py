"""What an expression may name at one place of a case, and what it may call there.

Variables from the inside outwards, then `initiator` and `business_key`, which a called
process sees too; `execution` is always the runtime's. Not here: where variables are
kept (scopes.py), the functions of the house (ports.World)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from runtime.engine.scopes import ROOT, Scopes
from runtime.values import Value, from_json, to_json

BUILT_IN = ("initiator", "business_key")
# What expressions of a user task and its listeners read of `task`.
TASK_FACTS = (
    *("id", "name", "assignee", "priority", "dueDate", "followUpDate", "taskDefinitionKey"),
    *("executionId", "processInstanceId"),
)


class Names(Mapping[str, Value]):
    """The names seen from `scope`, looked up when asked for; before them what `beside` has.

    `apart`: whoever asks gets copies, which change no case."""

    def __init__(
        self,
        scopes: Scopes,
        scope: str,
        business_key: str,
        execution: Mapping[str, Value],
        beside: Mapping[str, Value] | None = None,
        *,
        apart: bool = False,
    ) -> None:
        self._scopes, self._scope, self._apart = scopes, scope, apart
        self._business_key, self._execution = business_key, execution
        self._beside = beside or {}

    def __getitem__(self, name: str) -> Value:
        if name == "execution" and not self._apart:
            return self._execution
        if name in self._beside:
            return self._beside[name]
        held = self._scopes.holder(self._scope, name)
        if held is None and name == "initiator":
            held = self._scopes.holder(ROOT, name)
        if held is not None:
            return copied(held.values[name]) if self._apart else held.values[name]
        if name == "business_key":
            return self._business_key
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        # The inherited one would read what it finds.
        if not isinstance(name, str):
            return False
        if name in self._beside or name == "business_key" or (name == "execution" and not self._apart):
            return True
        held = self._scopes.holder(self._scope, name)
        return held is not None or (name == "initiator" and self._scopes.holder(ROOT, name) is not None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> list[str]:
        """But `execution` and what is beside."""
        found = dict.fromkeys(self._scopes.names(self._scope))
        return [*found, *(name for name in BUILT_IN if name not in found and name in self)]

    def local(self) -> dict[str, Value]:
        """Those of the innermost scope itself."""
        return self._scopes.visible(self._scope, local=True)

    def plain(self) -> dict[str, Value]:
        """All of them but `execution`, as a copy."""
        found = self._scopes.visible(self._scope)
        for name in BUILT_IN:
            if name not in found and name in self:
                found[name] = self[name]
        return found


def functions(
    names: Names, house: Mapping[str, Callable[..., Any]], now: dt.datetime, called: Collection[str]
) -> dict[str, Callable[..., Any]]:
    """What can be called beside pure functions: the clock of this transaction, the house's; the case's own, which
    are many, only where one of them is `called`."""
    found = {"now": lambda: now, "dateTime": lambda: now, **house}
    return found | _own(names) if any("." in name for name in called) else found


def _own(names: Names) -> dict[str, Callable[..., Any]]:
    """What `execution` and `task` answer."""

    def get_variable(name: Value) -> Value:
        return copied(names.get(name)) if isinstance(name, str) else None

    def has_variable(name: Value) -> bool:
        return isinstance(name, str) and name in names

    def get_local(name: Value) -> Value:
        return copied(names.local().get(name)) if isinstance(name, str) else None

    def told(name: str, by: str = "execution") -> Callable[[], Value]:
        return lambda: names[by][name]

    def has_local(name: Value) -> bool:
        return isinstance(name, str) and name in names.local()

    variables: dict[str, Callable[..., Value]] = {
        "getVariable": get_variable,
        "hasVariable": has_variable,
        "getVariableLocal": get_local,
        "hasVariableLocal": has_local,
        "getVariables": lambda: copied(names.plain()),
    }
    return {
        **{f"{of}.{name}": call for of in ("execution", "task") for name, call in variables.items()},
        **{f"task.get{fact[0].upper()}{fact[1:]}": told(fact, "task") for fact in TASK_FACTS},
        "execution.getBusinessKey": told("processBusinessKey"),
        "execution.getProcessBusinessKey": told("processBusinessKey"),
        "execution.getProcessInstanceId": told("processInstanceId"),
        "execution.getCurrentActivityId": told("currentActivityId"),
        "execution.getActivityInstanceId": told("activityInstanceId"),
    }


def copied(value: Value) -> Value:
    """`value` as the house may have it: what it changes in it changes no case."""
    return from_json(to_json(value)) if isinstance(value, (list, dict)) else value
