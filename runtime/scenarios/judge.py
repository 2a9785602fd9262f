"""What a scenario names, judged beside what is deployed: processes, tasks, ends, people, rules.

All problems at once, before anything is played. Not here: what only playing shows (play.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from runtime import library
from runtime.bpmn.model import Process
from runtime.errors import Problem
from runtime.identity import GROUPS, Actor
from runtime.scenarios.coverage import models
from runtime.scenarios.model import Begin, Do, Draft, Place, Publish, Report, Scenario, Step
from runtime.scenarios.problems import problem
from runtime.store import accounts
from runtime.store.db import Transaction

ASSIGNEE = "assignee"  # whose task it is


@dataclass(frozen=True)
class Known:
    """What there is to name."""

    processes: Mapping[str, Process]
    people: frozenset[str]
    rules: frozenset[str]

    @property
    def tasks(self) -> set[str]:
        return {
            node.id
            for process in self.processes.values()
            for node in process.walk()
            if node.kind == "userTask"
        }


def known(tx: Transaction, actor: Actor) -> Known:
    return Known(
        {key: process for key, (process, _) in models(tx, actor).items()},
        frozenset(row.username for row in accounts.organisation(tx).by_id.values()),
        frozenset(row.key for row in library.active(tx, "rule")),
    )


def judge(scenario: Scenario, known: Known) -> list[Problem]:
    """What the scenario names that is not there, in the order of the file."""
    known = replace(known, people=known.people | {person.username for person in scenario.people})
    found = [*_judge(scenario, known)]
    return sorted(found, key=lambda each: (each.line, each.column))


def _judge(scenario: Scenario, known: Known) -> Iterator[Problem]:
    def report(code: str, at: Place, **params: Any) -> Problem:
        return problem(code, file=scenario.file, line=at.line, column=at.column, **params)

    def near(code: str, at: Place, name: str, those: Iterable[str], **params: Any) -> Iterator[Problem]:
        # What could not be read was told where it stands.
        if not name or name in those:
            return
        close = get_close_matches(name, sorted(those), 1, 0.6)
        yield report(f"{code}_near", at, near=close[0], **params) if close else report(code, at, **params)

    def process(key: str, at: Place) -> Iterator[Problem]:
        yield from near("unknown_process", at, key, known.processes, process=key)

    def somebody(name: str, at: Place, more: Iterable[str] = ()) -> Iterator[Problem]:
        yield from near("unknown_person", at, name, {*known.people, *GROUPS, *more}, who=name)

    def step(each: Step) -> Iterator[Problem]:
        if isinstance(each, Do):
            yield from near("unknown_task", each.at, each.task, known.tasks, task=each.task)
            yield from somebody(each.who, each.at, [ASSIGNEE])
        elif isinstance(each, Publish):
            if each.rule and each.rule not in known.rules:
                yield report("unknown_rule", each.at, rule=each.rule)
        elif isinstance(each, Draft):
            if each.rule and each.rule not in known.rules:
                yield report("unknown_rule", each.at, rule=each.rule)
            yield from somebody(each.who, each.at)
        elif isinstance(each, Report):
            yield from somebody(each.of, each.at)
            yield from somebody(each.to, each.at)
        elif isinstance(each, Begin):
            yield from begin(each)

    def begin(each: Begin) -> Iterator[Problem]:
        yield from process(each.process, each.at)
        yield from somebody(each.who, each.at)
        if each.timer and each.process in known.processes:
            starts = known.processes[each.process].scope.nodes.values()
            timers = {node.id for node in starts if node.trigger and node.trigger.kind == "timer"}
            if each.timer not in timers:
                yield report("unknown_timer", each.at, process=each.process, element=each.timer)

    yield from process(scenario.process, scenario.at)
    for person in scenario.people:
        yield from somebody(person.superior, person.at)
    for each in (*scenario.before, scenario.start, *scenario.steps):
        yield from step(each)
    if scenario.case:
        yield from process(scenario.case.process, scenario.case.at)
    if scenario.process in known.processes:
        ends = [node.id for node in known.processes[scenario.process].walk() if node.kind == "endEvent"]
        for end, written in scenario.ends.items():
            if end not in ends:
                yield report(
                    "unknown_end", written.at, process=scenario.process, end=end, known=", ".join(ends)
                )
