"""One process in the engine and in the token game at once, moved by the same stimuli.

A stimulus is a number and answers: the number chooses among what waits, by element. So the
same stimuli mean the same in a process whose ids are others. After each of them the engine
goes through storage and back. Not here: what is legal (acceptor.py)."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from runtime.bpmn import read
from runtime.engine import ports
from runtime.engine.errors import CannotRun
from runtime.engine.execution import Definition, Execution, OpenActivity, compile
from tests.core.engine.drawing import Town
from tests.token_game.acceptor import Acceptor, Disagreement
from tests.token_game.diagram import Diagram

WAITS = ("user", "timer", "message", "signal")
MOST = 14  # stimuli of one case
LONGEST = 300  # happenings after one stimulus
VARIABLES: Mapping[str, Any] = {**dict.fromkeys(("v0", "v1", "v2", "c0", "c1", "c2"), 0), "items": [2, 0]}
MAIN = "process_1"
Stimulus = tuple[int, Mapping[str, int]]


def world() -> Town:
    def fail(code: str, when: bool) -> Mapping[str, Any]:
        if when:
            raise ports.BpmnError(code, "as asked")
        return {}

    return Town(operations={"echo": lambda **inputs: inputs, "fail": fail})


def definition(xml: str, main: str) -> Definition:
    diagram, problems = read.diagram(xml.encode(), "generated.bpmn")
    assert diagram is not None, problems
    try:
        return compile(diagram.processes[main], diagram.processes.__getitem__)
    except CannotRun as refused:
        # The generator writes only what should run.
        said = [f"{problem.where}: {problem.message} {problem.params}" for problem in refused.problems]
        raise Disagreement(f"the engine refuses the process: {said}\n{xml}") from None


class Runaway(Exception):
    """Events start one another for ever: nothing is to be learned from it."""


@dataclass
class Play:
    """`happenings`: batches, the first from the start, then one for each stimulus. `said`: the
    stimuli in words. `stored`: through storage and back after each; `judged`: by the game.
    `doctor` changes what the game is told, to see that it notices."""

    xml: str
    stimuli: Sequence[Stimulus]
    stored: bool = True
    judged: bool = True
    doctor: Callable[[int, list[ports.Happening]], list[ports.Happening]] = lambda batch, told: told
    main: str = MAIN
    original: Callable[[str], str] = str  # the id that an id has been made of
    happenings: list[list[ports.Happening]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def run(self) -> Play:
        """To the end of the stimuli or of the case, or until it runs away. Raises Disagreement."""
        with suppress(Runaway):
            self._run()
        return self

    def _run(self) -> None:
        self.world = world()
        self.definition = definition(self.xml, self.main)
        self.acceptor = Acceptor(Diagram(self.xml, self.main), VARIABLES) if self.judged else None
        self.execution = Execution.start(self.definition, case="case", variables=VARIABLES, world=self.world)
        self.judge()
        for number in range(MOST):
            waiting = self.waiting()
            if not waiting:
                break
            if number >= len(self.stimuli) and all(open.parked for open in waiting):
                break
            pick, answers = self.stimuli[number] if number < len(self.stimuli) else (0, {})
            self.stimulate(waiting[pick % len(waiting)], answers)
            self.judge()

    def waiting(self) -> list[OpenActivity]:
        """What a stimulus can be for, by element and age; what is stuck can be tried once more."""
        found = [open for open in self.execution.open_activities() if open.waits in WAITS or open.parked]
        return sorted(found, key=lambda open: (open.parked, self.original(open.element), open.waits))

    def stimulate(self, open: OpenActivity, answers: Mapping[str, int]) -> None:
        activity, payload = open.activity, dict(answers)
        if open.parked:
            self.say(f"retry {open.element}", lambda game: game.retry(activity))
            self.execution.retry(activity)
        elif open.waits == "user":
            self.say(f"complete {open.element} with {payload}", lambda game: game.complete(activity, payload))
            self.execution.complete(activity, payload)
        elif open.waits == "timer":
            self.say(f"fire {open.element}", lambda game: game.happen(activity, "timer", {}))
            self.world.now = max(self.world.now, open.due or dt.datetime.min)
            self.execution.fire(activity)
        else:
            what = open.waits
            self.say(
                f"{what} for {open.element} with {payload}", lambda game: game.happen(activity, what, payload)
            )
            if what == "signal":
                self.execution.signal([activity], payload)
            else:
                self.execution.receive(activity, payload)

    def say(self, what: str, act: Callable[[Any], None]) -> None:
        self.said.append(what)
        if self.acceptor is not None:
            self.checked(lambda acceptor: acceptor.stimulus(act))

    def judge(self) -> None:
        """Let the game judge what has happened, behind savepoints too, then store and restore the case."""
        told = self.execution.take()
        while jobs := [open for open in self.execution.open_activities() if open.waits == "job"]:
            self.execution.proceed(jobs[0].activity)
            told += self.execution.take()
            if len(told) > LONGEST:
                raise Runaway
        told = [each for each in told if not (isinstance(each, ports.PutOff) or getattr(each, "kind", "") == "job")]
        self.happenings.append(self.doctor(len(self.happenings), told))
        if self.execution.interrupted or len(self.happenings[-1]) > LONGEST:
            raise Runaway
        self.checked(self.replay)
        if self.stored:
            state = json.loads(json.dumps(self.execution.state()))
            self.execution = Execution.restore(self.definition, state, self.world)
            if self.execution.state() != state:
                raise Disagreement(f"restoring changed the case\n{self.about()}")

    def replay(self, acceptor: Acceptor) -> None:
        for happening in self.happenings[-1]:
            acceptor.take(happening)
        acceptor.rest(self.open_waits(), self.parked(), self.variables())

    def open_waits(self) -> Counter[tuple[str, str]]:
        return Counter(
            (open.element, open.waits) for open in self.execution.open_activities() if open.waits in WAITS
        )

    def parked(self) -> Counter[str]:
        return Counter(open.element for open in self.execution.open_activities() if open.parked)

    def variables(self) -> dict[str, Any]:
        return {k: v for k, v in self.execution.variables().items() if k != "business_key"}

    def checked(self, act: Callable[[Acceptor], None]) -> None:
        if self.acceptor is None:
            return
        try:
            act(self.acceptor)
        except Disagreement as reason:
            raise Disagreement(f"{reason}\n{self.about()}") from None

    def about(self) -> str:
        lines = ["the engine told:"]
        for number, batch in enumerate(self.happenings):
            lines.append(f"  after {self.said[number - 1] if number else 'the start'}:")
            lines += [f"    {_short(happening)}" for happening in batch]
        return "\n".join([*lines, "the process:", self.xml])

    def plainly(self) -> list[list[tuple[Any, ...]]]:
        """What happened, by original ids, activities numbered as they come: alike if the same happened."""
        numbers: dict[str, str] = {}

        def number(activity: str) -> str:
            return numbers.setdefault(activity, str(len(numbers))) if activity else ""

        return [
            [
                (
                    type(told).__name__,
                    self.original(told.element),
                    number(told.activity),
                    getattr(told, "kind", ""),
                    tuple(self.original(flow) for flow in getattr(told, "flows", ())),
                    getattr(told, "outcome", ""),
                    number(getattr(told, "scope", "").removesuffix("/called")),
                    getattr(told, "name", ""),
                    _hashable(getattr(told, "new", None)),
                )
                for told in batch
            ]
            for batch in self.happenings
        ]


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _short(told: ports.Happening) -> str:
    about = {
        name: getattr(told, name)
        for name in ("kind", "flows", "name", "new", "scope", "outcome", "reason")
        if getattr(told, name, None) not in (None, "", ())
    }
    return f"{type(told).__name__} {told.element} {told.activity[:8]} {about or ''}"
