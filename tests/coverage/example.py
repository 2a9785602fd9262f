"""An example: a drawing, what people and the world do, and what must then have happened; how it is run.

A trace is what left, in order: elements by id; `a×` was ended from outside (or threw the error
that ended it); `a/all` a multi-instance or repeated activity as a whole; `!m` a message or signal that went
out. `(a b | c)`: a before b, c at any time beside. Every trace is written by hand from the
standard. Not here: the examples (the other modules), the page (page.py)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from runtime.bpmn.catalogue import Catalogue, Signature
from runtime.bpmn.check import check
from runtime.bpmn.model import Diagram, Scope
from runtime.engine import ports
from runtime.errors import Problem
from tests.core.engine.drawing import Run, Town
from tests.coverage.drawn import KINDS, bpmn

CATALOGUE = Catalogue(
    topics={
        "work": Signature(optional=frozenset({"n", "m"}), outputs=frozenset({"sum"})),
        "fail": Signature(errors=frozenset({"oops"})),
    },
    rules={
        "always": Signature(required=frozenset({"amount"}), outputs=frozenset({"answer"})),
        "never": Signature(required=frozenset({"amount"}), outputs=frozenset({"answer"})),
    },
    processes=frozenset(),
    groups=frozenset({"staff"}),
    functions=frozenset(),
)
GATEWAYS = {tag for tag in KINDS.values() if tag.endswith("Gateway")}


@dataclass(frozen=True)
class Example:
    """`do`: what happens to it, in order: `a`, `a(x=1)`, `a#1` for the second token at a. A user task is done,
    a timer fires, a message or signal arrives, an external worker is done (or raises an error:
    `a(throw=oops)`), `a` says at which element.
    `outcome`: completed, terminated, or `stands at …` with the elements that are left."""

    name: str
    construct: str
    draw: str
    trace: str
    do: str = ""
    section: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    outcome: str = "completed"
    start: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Refused:
    """A drawing that deployment refuses by `rule`."""

    name: str
    construct: str
    draw: str
    rule: str
    section: str = ""
    note: str = ""


@dataclass(frozen=True)
class Said:
    """What is no drawing: why there is none."""

    name: str
    construct: str
    note: str
    section: str = ""


Row = Example | Refused | Said


def checked(row: Example | Refused) -> tuple[Diagram | None, list[Problem]]:
    """What `check` makes of the drawing; only errors."""
    diagram, problems = check(bpmn(row.draw).encode(), f"{row.name}.bpmn", CATALOGUE)
    return diagram, [problem for problem in problems if problem.severity == "error"]


def _fail(**inputs: Any) -> dict[str, Any]:
    raise ports.BpmnError("oops", "It went wrong.")


def run(example: Example, *, put_off: bool = False) -> Run:
    """Read, check, compile and play an example. Raises AssertionError if check refuses it.

    `put_off`: with a savepoint before and behind every element, each job done once nothing else moves."""
    diagram, problems = checked(example)
    assert diagram is not None and problems == [], [str(problem) for problem in problems]
    world = Town(
        outside=frozenset({"away"}),
        operations={"work": lambda **given: {"sum": sum(given.values())} if given else {}, "fail": _fail},
        rules={"always": lambda **given: {"answer": "yes"}, "never": _fail},
    )
    processes = [
        replace(process, scope=_savepoints(process.scope)) if put_off else process
        for process in diagram.processes.values()
    ]
    main, called = (
        next(process for process in processes if process.id == "p"),
        tuple(process for process in processes if process.id != "p"),
    )
    played = Run(main, example.given, world=world, called=called, start=example.start, key="K-1")
    _proceed(played)
    for element, which, values in steps(example.do):
        _step(played, element, which, values)
        _proceed(played)
    return played


def _savepoints(scope: Scope) -> Scope:
    nodes = {}
    for name, node in scope.nodes.items():
        loop = replace(node.loop, async_before=True, async_after=True) if node.loop else None
        inside = _savepoints(node.scope) if node.scope else None
        attributes = {**node.attributes, "asyncBefore": "true", "asyncAfter": "true"}
        nodes[name] = replace(node, attributes=attributes, loop=loop, scope=inside)
    return Scope(nodes, scope.flows)


def _proceed(played: Run) -> None:
    while jobs := [each for each in played.execution.open_activities() if each.waits == "job"]:
        played.execution.proceed(jobs[0].activity)
        played.again()


def steps(text: str) -> list[tuple[str, int, dict[str, Any]]]:
    found = re.findall(r"(\w+)(?:#(\d+))?(?:\(([^)]*)\))?", text)
    return [(name, int(which or 0), _values(values)) for name, which, values in found]


def _values(text: str) -> dict[str, Any]:
    known: dict[str, Any] = {"true": True, "false": False}
    pairs = [pair.strip().partition("=") for pair in text.split(",") if pair.strip()]
    return {
        name: known[value] if value in known else int(value) if value.isdigit() else value
        for name, _, value in pairs
    }


def _step(played: Run, element: str, which: int, values: dict[str, Any]) -> None:
    waiting = [each for each in played.execution.open_activities() if each.element == element and each.waits]
    assert len(waiting) > which, f"nothing waits at {element}; open: {played.open}"
    found, execution = waiting[which], played.execution
    if found.waits == "user":
        execution.complete(found.activity, values)
    elif found.waits == "timer":
        assert found.due is not None
        played.world.now = max(played.world.now, found.due)
        execution.fire(found.activity)
    elif found.waits == "external" and "throw" in values:
        execution.throw(found.activity, values["throw"], "It went wrong.", {})
    elif found.waits == "external":
        execution.deliver(found.activity, values, {})
    elif found.waits == "message":
        execution.receive(found.activity, values)
    else:
        assert found.waits == "signal", f"{element} waits for a {found.waits}"
        execution.signal([found.activity], values)
    played.again()


def traced(played: Run) -> list[str]:
    """What left and what was ended, as a trace has it."""
    whole: dict[str, str] = {}
    gateways: set[str] = set()
    found = []
    for told in played.told:
        if isinstance(told, ports.Entered):
            if told.kind in ("multiInstance", "standardLoop"):
                whole[told.activity] = f"{told.element}/all"
            elif told.kind == "compensation":
                whole[told.activity] = f"{told.element}/undone"
            if told.kind in GATEWAYS:
                gateways.add(told.element)
        elif isinstance(told, ports.Left):
            # A token that a join has taken into another one.
            if told.flows or told.element not in gateways:
                found.append(whole.get(told.activity, told.element))
        elif isinstance(told, ports.Cancelled):
            found.append(f"{whole.get(told.activity, told.element)}×")
        elif isinstance(told, (ports.MessageThrown, ports.SignalThrown)):
            found.append(f"!{told.name}")
    return found


def outcome(played: Run) -> str:
    ended = played.all(ports.Ended)
    if ended:
        return str(ended[0].outcome)
    return "stands at " + " ".join(sorted(set(played.open)))


# --- traces -------------------------------------------------------------------------

Pattern = tuple[Any, ...]  # ("is", word) | ("row", *patterns) | ("beside", *patterns)


def pattern(text: str) -> Pattern:
    words = re.findall(r"[()|]|[^\s()|]+", text)
    parsed, rest = _row(words)
    assert not rest, f"a bracket too many: {text}"
    return parsed


def _row(words: list[str]) -> tuple[Pattern, list[str]]:
    row: list[Pattern] = []
    while words and words[0] not in (")", "|"):
        if words[0] != "(":
            row.append(("is", words[0]))
            words = words[1:]
            continue
        beside = []
        while words[0] != ")":
            one, words = _row(words[1:])
            beside.append(one)
        row.append(("beside", *beside))
        words = words[1:]
    return ("row", *row), words


def after(expected: Pattern, word: str) -> list[Pattern]:
    """What may still come once `word` has; nothing if it may not come now."""
    kind, *parts = expected
    if kind == "is":
        return [("row",)] if parts[0] == word else []
    found: list[Pattern] = []
    for number, part in enumerate(parts):
        for rest in after(part, word):
            kept = parts[number + 1 :] if kind == "row" else [*parts[:number], *parts[number + 1 :]]
            found.append((kind, rest, *kept))
        if kind == "row" and not may_end(part):
            break
    return found


def may_end(expected: Pattern) -> bool:
    return expected[0] != "is" and all(map(may_end, expected[1:]))


def fits(expected: str, found: list[str]) -> bool:
    """Whether a trace is one of those that `expected` allows."""
    states = [pattern(expected)]
    for word in found:
        states = list(dict.fromkeys(rest for state in states for rest in after(state, word)))
    return any(map(may_end, states))
