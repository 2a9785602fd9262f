"""A case as plain JSON data and back: tokens and variables, never the diagram.

Rows come in the order of creation, so a parent is always read before its children, and
the same case always gives the same data. Not here: where it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from runtime.engine.errors import DoesNotFit, UnknownFormat
from runtime.engine.moves import Case
from runtime.engine.scopes import Fetch
from runtime.engine.tree import CHECK, READY, ROOT_TASK, WAITING, InnerLevel, Level, Token

FORMAT = 2
READS = (1, 2)  # 1 has no event subprocesses, compensation or complex gateways


def save(case: Case, whole: bool = True) -> dict[str, Any]:
    """Plain JSON data (values tagged as in values.py); `whole`: with the variables that lie elsewhere."""
    tokens = sorted(case.index.values(), key=lambda token: token.number)
    levels = sorted(case.subprocesses.values(), key=lambda level: level.owner.number)
    return {
        "format": FORMAT,
        "process": case.spec.process.id,
        "case": case.case_id,
        "business_key": case.key,
        "number": case.number,
        "ended": case.completed,
        "outcome": case.outcome,
        "scopes": case.scopes.state(whole),
        "levels": [
            {
                "owner": level.owner.id,
                "scope": level.scope,
                "business_key": level.key,
                "outcome": level.outcome,
                **_about(level),
            }
            for level in levels
        ],
        "tokens": [_row(token) for token in tokens],
        **_about(case),
    }


def _about(level: Level) -> dict[str, Any]:
    """What most levels have none of."""
    about: dict[str, Any] = {}
    if level.interrupted:
        about["interrupted"] = True
    if level.completed_work:
        about["completed_work"] = list(level.completed_work)
    if level.resets:
        about["resets"] = dict(level.resets)
    return about


def _restore_about(level: Level, row: Mapping[str, Any]) -> None:
    level.interrupted = row.get("interrupted", False)
    level.completed_work = list(row.get("completed_work", ()))
    level.resets = dict(row.get("resets", {}))


def _row(token: Token) -> dict[str, Any]:
    level = token.workflow
    row: dict[str, Any] = {
        "id": token.id,
        "element": token.task_spec.name,
        "number": token.number,
        "state": token.state,
        "phase": token.phase,
        "level": level.owner.id if isinstance(level, InnerLevel) else "",
        "parent": "" if token.parent.id == ROOT_TASK else token.parent.id,
        "scope": token.scope,
        "flow": token.flow,
        "entered": token.entered,
    }
    # Most tokens have none of these.
    if token.parked:
        row["parked"] = True
    if token.wait:
        row["wait"] = dict(token.wait)
    if token.memory:
        row["memory"] = apart(token.memory)
    return row


def load(case: Case, state: Mapping[str, Any], fetch: Fetch | None = None) -> None:
    """Put what `save` gave into a new case. Raises UnknownFormat, DoesNotFit."""
    if state.get("format") not in READS:
        raise UnknownFormat(format=state.get("format"), expected=FORMAT)
    if state["process"] != case.spec.process.id:
        raise DoesNotFit(element=state["process"], process=case.spec.process.id)
    case.number, case.completed, case.outcome = state["number"], state["ended"], state["outcome"]
    case.scopes.restore(state["scopes"], fetch)
    _restore_about(case, state)
    inside = {row["owner"]: row for row in state["levels"]}
    for row in sorted(state["tokens"], key=lambda row: row["number"]):
        level = _level(case, row, inside)
        spec = level.spec.task_specs.get(row["element"])
        if spec is None or row["element"] == level.spec.start.name:
            raise DoesNotFit(element=row["element"], process=level.spec.process.id)
        token = Token(
            level,
            spec,
            level.tasks[row["parent"] or ROOT_TASK],
            id=row["id"],
            number=row["number"],
            scope=row["scope"],
            flow=row["flow"],
            state=row["state"],
        )
        token.phase, token.entered = row["phase"], row["entered"]
        token.parked = row.get("parked", False)
        token.wait, token.memory = dict(row.get("wait", {})), apart(row.get("memory", {}))
        case.index[token.id] = token
        case.noted(token)
        if spec.gathers and (token.has_state(WAITING) or token.phase == CHECK):
            level.hold(token)
        if token.has_state(READY) and not token.parked:
            case.queue(token)


def _level(case: Case, row: Mapping[str, Any], inside: Mapping[str, Mapping[str, Any]]) -> Level:
    if not row["level"]:
        return case
    known: Level | None = case.subprocesses.get(row["level"])
    if known is not None:
        return known
    owner, about = case.index[row["level"]], inside[row["level"]]
    spec = owner.workflow.spec.inner.get(owner.element)
    if spec is None:
        raise DoesNotFit(element=owner.element, process=owner.workflow.spec.process.id)
    level = case.open_level(owner, spec, about["scope"], about["business_key"])
    level.outcome = about["outcome"]
    _restore_about(level, about)
    return level


def apart(memory: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which a list or map can grow without the other knowing."""
    return {name: copy(value) for name, value in memory.items()}
