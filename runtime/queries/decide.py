"""Trying a rule: what it would decide for some inputs, and why. Nothing is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import orjson

from runtime import household, library
from runtime.errors import Invalid
from runtime.identity import Actor, require
from runtime.queries.cases import DecisionView, decision_view
from runtime.rules import evaluate
from runtime.rules.table import RuleFile
from runtime.store.db import Transaction
from runtime.values import Value, to_json


class NotADate(Invalid):
    """{text} is not a date; write it like 2026-11-23."""

    code = "date.invalid"


def ask(
    tx: Transaction, actor: Actor, rule: str, given: Mapping[str, str], as_of: str | None, language: str
) -> DecisionView:
    """`given`: inputs as text, read as the rule file's types. Raises Invalid for those that do not fit."""
    require(actor, "read", "rule")
    try:
        day = dt.date.fromisoformat(as_of) if as_of else household.today(tx)
    except ValueError:
        raise NotADate(text=as_of) from None
    ruleset = library.ruleset(tx, rule, day)
    facts = {name: _read(ruleset.file, name, text) for name, text in given.items()}
    decision = evaluate.decide(ruleset, facts, as_of=day)
    row: Any = SimpleNamespace(
        at=tx.now,
        rule=rule,
        version=decision.version,
        decision=orjson.dumps(to_json(decision.to_value())),
    )
    return decision_view(tx, row, language)


def _read(file: RuleFile, name: str, text: str) -> Value:
    """An input's text as the type that the rule file gives it; what cannot be read stays text,
    and the rule says that it does not fit."""
    type = file.inputs[name].type if name in file.inputs else "text"
    try:
        if type == "integer":
            return int(text)
        if type == "decimal":
            return Decimal(text)
        if type == "date":
            return dt.date.fromisoformat(text)
    except (ValueError, ArithmeticError):
        return text
    return text in ("true", "yes", "1") if type == "boolean" else text
