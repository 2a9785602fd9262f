"""Proofs about a whole table: cases that no rule covers, rules that fit together, dead rules.

z3 looks for a case or shows that there is none; each case that it finds is put to the
plain evaluator before it is told, so a finding is never a guess. What cannot be decided
in time is told as not looked at. Not here: single fields (rulefile.py), trials (trials.py)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import z3

from runtime.errors import Problem
from runtime.rules import facts, plain
from runtime.rules.facts import Facts, FigureFailed, InputsInvalid
from runtime.rules.logic import Logic
from runtime.rules.problems import problem
from runtime.rules.table import Row, RuleFile
from runtime.rules.terms import Constant, Test, alternatives
from runtime.rules.trials import describe
from runtime.values import Value

SECONDS = 20.0  # for one file
# Effort for one question, in z3's own unit: the same on a busy machine, a second or two at worst on a quiet one.
_EFFORT = 600_000


def analyse(file: RuleFile, name: str = "", seconds: float = SECONDS) -> list[Problem]:
    """What is wrong (gap without a default, dead rule) or worth a look (overlap) in a table."""
    return _Table(file, name, time.monotonic() + seconds).look()


class _Table:
    """One file being proved."""

    def __init__(self, file: RuleFile, name: str, until: float) -> None:
        self.file, self.name, self.until = file, name, until
        self.logic = Logic(file)
        self.solver = z3.Solver(ctx=self.logic.world)
        self.solver.set("rlimit", _EFFORT)
        self.fits: list[Any] = []  # one boolean for each row
        for index, row in enumerate(file.rows):
            fits = z3.Bool(f"row {index}", self.logic.world)
            spread = alternatives(file, row.when)
            either = [z3.And([self.logic.test(test) for test in each], self.logic.world) for each in spread]
            self.solver.add(fits == z3.Or(either, self.logic.world))
            self.fits.append(fits)
        self.solver.add(*self.logic.domain)
        self.unsure = False

    def look(self) -> list[Problem]:
        found: list[Problem] = []
        for index, row in enumerate(self.file.rows):
            if self._out_of_time():
                break
            dead = self._dead(index, row)
            if dead:
                found.append(dead)
            elif self.file.hit == "first":
                found += self._overlap(index, row)
        if self.file.default is None:
            found += self._gap()
        if self.unsure:
            found.append(problem("rule_file.not_all_proved", file=self.name, line=1, column=1))
        return found

    def _dead(self, index: int, row: Row) -> Problem | None:
        tell = partial(problem, file=self.name, line=row.line, column=1, row=row.id)
        if self._check(self.fits[index]) == z3.unsat:
            terms = self._excluding(row)
            if terms:
                return tell("rule_file.unreachable", terms=terms)
            return tell("rule_file.unreachable_in_ranges")
        if self.file.hit != "first" or index == 0:
            return None
        earlier = [z3.Not(each) for each in self.fits[:index]]
        if self._check(self.fits[index], *earlier) != z3.unsat:
            return None
        case = self._case([self.fits[index]], lambda of: plain.holds(row.when, of.compared))
        if case is None:
            return None
        given, of = case
        taken = plain.hits(self.file, of)[0]
        return tell("rule_file.shadowed", earlier=taken, case=describe(given))

    def _overlap(self, index: int, row: Row) -> list[Problem]:
        """The nearest earlier row that fits the same case and decides it otherwise."""
        for before in range(index - 1, -1, -1):
            other = self.file.rows[before]
            if _same_decision(other, row):
                continue
            if self._out_of_time():
                break

            def both(of: Facts, other: Row = other) -> bool:
                return plain.holds(other.when, of.compared) and plain.holds(row.when, of.compared)

            case = self._case([self.fits[before], self.fits[index]], both)
            if case:
                return [
                    problem(
                        "rule_file.overlap",
                        file=self.name,
                        line=row.line,
                        column=1,
                        row=row.id,
                        earlier=other.id,
                        case=describe(case[0]),
                    )
                ]
        return []

    def _gap(self) -> list[Problem]:
        none = [z3.Not(each) for each in self.fits]
        verdict = self._check(*none)
        if verdict == z3.unsat:
            return []
        case = self._case(none, lambda of: not plain.hits(self.file, of))
        if case:
            return [problem("rule_file.gap", file=self.name, line=1, column=1, case=describe(case[0]))]
        return [problem("rule_file.gap_unproved", file=self.name, line=1, column=1)]

    def _case(self, wanted: Sequence[Any], proves: Any) -> tuple[dict[str, Value], Facts] | None:
        """A case that fulfils `wanted`, plain numbers if possible, checked by `proves`."""
        for extra in (self.logic.plain_numbers, []):
            if self._check(*wanted, *extra) != z3.sat:
                continue
            given = self.logic.case(self.solver.model())
            try:
                of = facts.gather(self.file, given)
            except (FigureFailed, InputsInvalid):
                continue
            if proves(of):
                return given, of
        return None

    def _excluding(self, row: Row) -> str:
        """The tests of a row that cannot hold together, as text; "" if only the ranges stand in the way."""
        spread = alternatives(self.file, row.when)
        if len(spread) != 1:
            return ""
        solver = z3.Solver(ctx=self.logic.world)
        solver.set("rlimit", _EFFORT)
        solver.add(*self.logic.domain)
        by_mark = {}
        for index, test in enumerate(spread[0]):
            by_mark[f"test {index}"] = test
            solver.assert_and_track(self.logic.test(test), f"test {index}")
        if solver.check() != z3.unsat:
            return ""
        core = [by_mark[str(mark)] for mark in solver.unsat_core()]
        return ", ".join(_text(test) for test in core) if len(core) > 1 else ""

    def _check(self, *assumptions: Any) -> Any:
        left = int((self.until - time.monotonic()) * 1000)
        if left <= 0:
            self.unsure = True
            return z3.unknown
        self.solver.set("timeout", left)
        verdict = self.solver.check(*assumptions)
        if verdict == z3.unknown:
            self.unsure = True
        return verdict

    def _out_of_time(self) -> bool:
        if time.monotonic() < self.until:
            return False
        self.unsure = True
        return True


def _same_decision(one: Row, other: Row) -> bool:
    """Whether two rows say the same; expressions are compared by their text."""
    return dict(one.then) == dict(other.then)


def _text(test: Test) -> str:
    if test.op in ("given", "missing"):
        return f"{test.left} {'!=' if test.op == 'given' else '=='} null"
    right = test.right.value if isinstance(test.right, Constant) else test.right
    return f"{test.left} {test.op} {right}"
