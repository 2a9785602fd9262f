"""Rules that decide: a rule file made ready, asked, and checked before it is published.

    ruleset = compile(file, version=3)
    decision = decide(ruleset, {"amount": Decimal(900)}, as_of=today)

The rule engine decides; plain Python explains and checks each answer, and takes over
if the engine fails. Not here: choosing the version for a date (library.py), storing."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from runtime.errors import Problem
from runtime.rules import durable, facts, outcome, plain
from runtime.rules.decision import Decision
from runtime.rules.facts import Facts, FigureFailed
from runtime.rules.rulefile import load
from runtime.rules.table import RuleFile
from runtime.values import Value

__all__ = ["Decision", "Ruleset", "compile", "decide", "decide_many", "publishable"]

MAX_FAILURES = 3  # then a ruleset no longer asks the engine: each broken handle stays in memory
_log = logging.getLogger(__name__)


class Engine:
    """The loaded form of one rule file, replaced when it fails. Any thread may ask."""

    def __init__(self, file: RuleFile) -> None:
        self._file = file
        self._plan = durable.compile(file)
        self._handle: durable.Handle | None = None
        self._lock = threading.Lock()
        self.failures = 0

    def hits(self, of: Facts) -> tuple[str, ...]:
        """Ids of the rows that fit. Never fails because of the engine."""
        try:
            return self._ready().hits(of)
        except durable.EngineFailed as error:
            self.quarantine(str(error))
            return plain.hits(self._file, of)

    def quarantine(self, reason: str) -> None:
        """Ask this handle never again; the next question makes a new one."""
        with self._lock:
            self.failures += 1
            if self._handle is not None:
                self._handle.broken = True
            self._handle = None
        _log.error("rule %s: engine in quarantine (%s), plain Python decides", self._file.key, reason)

    def _ready(self) -> durable.Handle:
        with self._lock:
            if self.failures >= MAX_FAILURES:
                raise durable.EngineFailed("failed too often")
            if self._handle is None:
                try:
                    self._handle = durable.Handle(self._plan)
                except durable.EngineFailed:
                    raise
                except Exception as error:  # what the C code raises when it will not load
                    raise durable.EngineFailed(repr(error)) from error
                # When the last decision with this ruleset is done, its memory goes back.
                weakref.finalize(self, self._handle.retire).atexit = False
            return self._handle


@dataclass(frozen=True)
class Ruleset:
    """One version of a rule, ready to decide. Immutable: a new version is a new Ruleset."""

    key: str
    version: int
    sha256: str
    file: RuleFile = field(repr=False)
    handle: Engine = field(repr=False, compare=False)


def compile(file: RuleFile, version: int = 0) -> Ruleset:
    """A checked rule file, ready to decide; 0 is the version of a draft."""
    return Ruleset(file.key, version, file.sha256, file, Engine(file))


def decide(
    ruleset: Ruleset, inputs: Mapping[str, Value], as_of: dt.date | None = None, *, explain: bool = True
) -> Decision:
    """What the rule says about a case. A refusal is a Decision too: ask `refused`, or `require()`.

    With `explain`, the decision carries its trace and is checked against plain Python.
    Raises InputsInvalid when the inputs do not fit."""
    return _decide(ruleset, inputs, as_of, lambda of: _fitting(ruleset, of, explain=explain))


def decide_many(
    ruleset: Ruleset,
    cases: Iterable[Mapping[str, Value]],
    as_of: dt.date | None = None,
    *,
    every: bool = True,
) -> Iterator[tuple[Mapping[str, Value], Decision | None]]:
    """The outputs of many cases, each as it is decided alone, and the decisions behind them: `every` one, or
    else those that refuse (and have no outputs) and the first for each row that decides.

    The engine is asked, and plain Python explains and checks it, once for all cases that agree in what the
    conditions look at; figures and outputs are computed for each."""
    file = ruleset.file
    names = plain.compared_names(file)
    known: dict[tuple[Value, ...], _Fitting] = {}
    cells: dict[tuple[Value, ...], outcome.Cells] = {}
    told: set[tuple[str, ...]] = set()
    intake = facts.Intake(file, names)

    def fitting(of: Facts) -> _Fitting:
        key = tuple(of.compared[name] for name in names)
        found = known.get(key)
        if found is None:
            found = known[key] = _fitting(ruleset, of, explain=True)
            if file.hit == "first" and found[0]:
                row = file.row(found[0][0])
                with suppress(outcome.RuleRefused):
                    cells[key] = outcome.Cells(file, row.id, row.then)
        return found

    for inputs in cases:
        taken = None if every else intake.take(inputs)
        # Where the row is known that decides, and nothing else is to be told.
        row = cells.get(taken[1]) if taken is not None else None
        if taken is not None and row is not None:
            try:
                outputs = row.outputs(taken[0])
            except outcome.RuleRefused:
                pass  # told below, with everything about it
            else:
                yield outputs, None
                continue
        decision = _decide(ruleset, inputs, as_of, fitting)
        fresh = every or decision.refused is not None or decision.hits not in told
        told.add(decision.hits)
        yield decision.outputs, decision if fresh else None


_Fitting = tuple[tuple[str, ...], tuple[plain.Passed, ...]]  # ids of the rows that fit, and why others do not


def _fitting(ruleset: Ruleset, of: Facts, *, explain: bool) -> _Fitting:
    hits = ruleset.handle.hits(of)
    if not explain:
        return hits, ()
    expected = plain.hits(ruleset.file, of)
    if hits != expected:
        ruleset.handle.quarantine(f"{hits} instead of {expected}")
        hits = expected
    return hits, plain.trace(ruleset.file, of)


def _decide(
    ruleset: Ruleset, inputs: Mapping[str, Value], as_of: dt.date | None, fitting: Callable[[Facts], _Fitting]
) -> Decision:
    file = ruleset.file
    trace: tuple[plain.Passed, ...] = ()
    hits: tuple[str, ...] = ()
    try:
        of = facts.gather(file, inputs)
    except FigureFailed as error:
        of = Facts(facts.normalise(file, inputs), {}, {})
        found = outcome.figure_failed(file, error)
    else:
        hits, trace = fitting(of)
        found = outcome.settle(file, hits, of)
    return Decision(
        rule=file.key,
        version=ruleset.version,
        sha256=ruleset.sha256,
        as_of=as_of,
        inputs=of.inputs,
        figures={name: of.values[name] for name in file.let if name in of.values},
        outputs=found.outputs,
        hits=hits,
        because=found.because,
        trace=trace,
        refused=found.messages,
        refusal=found.refusal,
    )


def publishable(text: str, file: str = "") -> list[Problem]:
    """Everything that speaks against publishing a rule file, and what is worth a warning:
    its reading, the proofs about its table, its examples, and the two evaluators side by side.

    The engine can crash or hang on what it is given: call child.check_in_child from a server."""
    # z3 is 60 MB that only the checking child needs.
    from runtime.rules import trials
    from runtime.rules.analyse import analyse

    table, found = load(text, file)
    if table is None:
        return found
    found = found + analyse(table, file) + trials.examples(table, file)
    if not any(each.severity == "error" for each in found):
        found += trials.side_by_side(table, file)
    return sorted(found, key=lambda each: (each.line, each.column))
