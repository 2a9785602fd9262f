"""The one door to durable_rules: compiles a rule file to the subset that is safe, and asks it.

durable_rules through its documented API can segfault, hang and decide wrongly, so
nothing a person typed reaches it. What does:
- facts of integers only, every declared name present: numbers times 10^4, dates as day
  numbers, booleans as 0 and 1, texts as numbers given out here (the engine compares
  texts as raw JSON), what is not given as 0 beside a presence field of its own;
- aliases f0… and r0…; a first term {"__t": "q"}, so that the hidden state fact never fits;
- equality, $neq, $lt, $lte, $gt, $gte and $m on the same fact in one flat $and;
- at most 60 rules a ruleset and 20 terms a rule; longer tables are chained;
- its C functions directly: a Host would start timer threads and leak each session.

Not here: which rows fit by other means (plain.py); what becomes of the hits (outcome.py)."""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

import durable_rules_engine as engine  # type: ignore[import-not-found]  # C code, no types

from runtime.rules.facts import Facts
from runtime.rules.table import COMPARED_DECIMALS, RuleFile
from runtime.rules.terms import Constant, Test, alternatives
from runtime.values import Value

RULES_A_SET = 59  # and the warm-up: with 64 candidate tests at once the engine drops matches
_SCALE = 10**COMPARED_DECIMALS
_WARM_UP = '{"__t":"w"}'
_WARMING = {"all": [{"m": {"$and": [{"__t": "w"}]}}], "pri": 1_000_000}
_OPS = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "!=": "$neq"}

_log = logging.getLogger(__name__)
# Creating and deleting moves the engine's table of handles.
# Reentrant: the collector may retire a table while another is made.
_table_lock = threading.RLock()


class EngineFailed(Exception):
    """durable_rules answered something that it never should. Not for readers: the caller falls back."""


@dataclass(frozen=True)
class Plan:
    """A rule file compiled: what the engine is told, and how facts are written for it."""

    sets: tuple[str, ...]  # JSON of one ruleset each, in the order of the rows
    rows: Mapping[str, str]  # alias of a rule -> id of its row
    fields: tuple[tuple[str, str], ...]  # (name, alias) of what conditions look at
    presences: tuple[tuple[str, str], ...]  # (name, alias) of what may not be given
    words: Mapping[str, int]  # texts in the conditions, by number
    collect: bool


def compile(file: RuleFile) -> Plan:
    """The plan of a checked rule file."""
    fields: dict[str, str] = {}
    presences: dict[str, str] = {}
    words: dict[str, int] = {}
    rules: list[tuple[str, dict[str, Any]]] = []
    rows: dict[str, str] = {}

    def alias(name: str) -> str:
        return fields.setdefault(name, f"f{len(fields)}")

    def term(test: Test) -> dict[str, Any]:
        if test.op in ("given", "missing"):
            presence = presences.setdefault(test.left, f"p{len(presences)}")
            return {presence: 1 if test.op == "given" else 0}
        if isinstance(test.right, Constant):
            value = test.right.value
            if isinstance(value, str):
                words.setdefault(value, len(words) + 1)
            right: Any = _encode(value, words)
        else:
            right = {"$m": alias(str(test.right))}
        comparison = {alias(test.left): right}
        return comparison if test.op == "==" else {_OPS[test.op]: comparison}

    for row in file.rows:
        for tests in alternatives(file, row.when):
            name = f"r{len(rules)}"
            # One field a term: in {x: 1, y: 2} the engine ignores y.
            body = {"$and": [{"__t": "q"}, *(term(test) for test in tests)]}
            rules.append((name, {"all": [{"m": body}], "pri": len(rules) + 1}))
            rows[name] = row.id
    sets = []
    remaining = iter(rules)
    while part := dict(islice(remaining, RULES_A_SET)):
        sets.append(json.dumps({**part, "w": _WARMING}, ensure_ascii=True))
    return Plan(
        tuple(sets), rows, tuple(fields.items()), tuple(presences.items()), words, file.hit == "collect"
    )


def _encode(value: Value, words: Mapping[str, int]) -> int:
    """A value as the integer that the engine compares."""
    if value is None:
        return 0
    if isinstance(value, bool):
        return 1 if value else 0
    if isinstance(value, (int, Decimal)):
        return int(value * _SCALE)  # exact: compared() has rounded, and |value| <= 10^14
    if isinstance(value, dt.date):
        return value.toordinal()
    return words[value]


def write(plan: Plan, facts: Facts) -> str:
    """The fact for a case, as the JSON that the engine reads."""
    words: Mapping[str, int] = plan.words
    compared = facts.compared
    for name, _ in plan.fields:
        value = compared[name]
        if isinstance(value, str) and value not in words:
            # A text that the file does not name: its own number, the same wherever it stands.
            words = {**words, value: len(words) + 1}
    parts = [f'"{alias}":{_encode(compared[name], words)}' for name, alias in plan.fields]
    parts += [f'"{alias}":{0 if compared[name] is None else 1}' for name, alias in plan.presences]
    return '{"__t":"q"' + "".join("," + part for part in parts) + "}"


class Handle:
    """A compiled table loaded into the engine. Any thread may ask; one at a time gets in.

    After EngineFailed it must not be asked again (`broken`): make a new one."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lock = threading.Lock()  # 8 threads without it: three of four answers wrong
        self.broken = False
        with _table_lock:
            self._sets = [engine.create_ruleset("q", text) for text in plan.sets]
        for each in self._sets:
            # The first event creates the state, so it must not be a case; and it has to fire a rule:
            # delete_state frees two pointers that only a finished action has ever set.
            _expect(_matches_of_event(each, _WARM_UP) == ["w"], "the warm-up did not fire")

    def hits(self, facts: Facts) -> tuple[str, ...]:
        """Ids of the rows that fit, in file order: the first one, or all for `collect`.

        Raises EngineFailed."""
        message = write(self._plan, facts)
        found: dict[str, None] = {}
        with self._lock:
            _expect(not self.broken, "the handle is in quarantine")
            try:
                for each in self._sets:
                    ask = _matches_of_fact if self._plan.collect else _matches_of_event
                    for alias in ask(each, message):
                        found[self._plan.rows[alias]] = None
                    if found and not self._plan.collect:
                        break
            except EngineFailed:
                self.broken = True
                raise
            except Exception as error:  # a code that raises, or JSON that is none
                self.broken = True
                raise EngineFailed(repr(error)) from error
        return tuple(found)

    def retire(self) -> None:
        """Give the engine's memory back. A broken handle is left alone: touching it may crash."""
        with self._lock, _table_lock:
            if self.broken:
                return
            self.broken = True
            for each in self._sets:
                try:
                    _matches_of_event(each, _WARM_UP)  # leaves no action behind that holds the state
                except Exception:  # too late to repair, and nobody is waiting for an answer
                    return
                engine.delete_state(each, None)
                engine.delete_ruleset(each)


def _matches_of_event(handle: int, message: str) -> list[str]:
    """The rule that an event fires: the first by priority, which uses the event up."""
    code, state = engine.assert_event(handle, message)
    if code == 1:
        return []
    _expect(code == 0, f"assert_event gave {code}")
    found = _drain(handle, state)
    _expect(len(found) == 1, f"an event fired {len(found)} rules")
    return found


def _matches_of_fact(handle: int, message: str) -> list[str]:
    """All rules that a fact fires, by priority; the fact is taken back."""
    code, state = engine.assert_fact(handle, message)
    _expect(code in (0, 1), f"assert_fact gave {code}")
    found = _drain(handle, state) if code == 0 else []
    _expect(engine.retract_fact(handle, message)[0] == 0, "retract_fact failed")
    return found


def _drain(handle: int, state: int) -> list[str]:
    started = engine.start_action_for_state(handle, state)
    _expect(bool(started), "a match without an action")
    found: list[str] = []
    action = started[1]
    while action:
        found.extend(json.loads(action))
        _expect(len(found) <= RULES_A_SET, "more actions than rules")
        action = engine.complete_and_start_action(handle, state)
    return found


def _expect(holds: bool, what: str) -> None:
    if not holds:
        _log.error("durable_rules: %s", what)
        raise EngineFailed(what)
