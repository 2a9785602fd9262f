"""Where the benches work: a small firm on a disk, the work of performance.md, clients.

The work: start → ask → review → decide (a rule) → either → approve or file → end; the case is
stored after each step and read again before the next. Not here: measuring it (steps.py)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from runtime.bootstrap import Runtime
from runtime.bpmn import read
from runtime.commands import accounts, cases, user_tasks
from runtime.commands.user_tasks import Completed
from runtime.engine.execution import Definition, Execution, compile
from runtime.identity import SYSTEM, Actor
from runtime.queries import people
from runtime.rules import evaluate, rulefile
from runtime.settings import Settings
from tests.benchmarks.measuring import folder
from tests.core.engine.drawing import Town
from tests.diagrams import bpmn, element, end, field, flow, form_data, start, user

STEPS = 4  # of one case of the work: its start and three completions
GROUP = {"candidateGroups": "specialist"}
ANSWERS: dict[str, dict[str, Any]] = {
    "ask": {"amount": 1500, "grade": "A"},
    "review": {"remark": "checked"},
    "approve": {"agreed": True},
}
RULE = """\
rule: size_of_order
name: 订单大小
name_en: Size of an order
owner: manager
clause: 三(一)2
effective_from: 2020-01-01
inputs:
  amount: {type: decimal, name: 金额, name_en: Amount}
  grade: {type: text, name: 等级, name_en: Grade}
outputs:
  size: {type: text, name: 大小, name_en: Size}
rules:
  - id: large_and_good
    name: 大额
    name_en: Large
    when: amount > 1000 and grade == "A"
    then: {size: large}
    because: 三(一)2
default:
  then: {size: small}
  because: 三(一)2
examples:
  - {given: {amount: 1500, grade: A}, then: {size: large}}
  - {given: {amount: 100, grade: A}, then: {size: small}}
"""
INPUTS = "".join(
    f'<camunda:inputParameter name="{name}">${{{name}}}</camunda:inputParameter>'
    for name in ("amount", "grade")
)
WORK = bpmn(
    "work",
    start(),
    user("ask", form_data(field("amount", "long"), field("grade")), **GROUP),
    user("review", form_data(field("remark")), **GROUP),
    element(
        "businessRuleTask",
        "decide",
        f"<extensionElements><camunda:inputOutput>{INPUTS}</camunda:inputOutput></extensionElements>",
        camunda__decisionRef="size_of_order",
        camunda__resultVariable="size",
        camunda__mapDecisionResult="singleEntry",
    ),
    element("exclusiveGateway", "either", default="either_to_file"),
    user("approve", form_data(field("agreed", "boolean")), **GROUP),
    user("file", **GROUP),
    end(),
    flow("begun", "ask"),
    flow("ask", "review"),
    flow("review", "decide"),
    flow("decide", "either"),
    flow("either", "approve", "${size == 'large'}"),
    flow("either", "file"),
    flow("approve", "ended"),
    flow("file", "ended"),
)


class Workplace:
    """A runtime over a database of its own, with people who do the work."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.runtime = Runtime(Settings(home=place / "home"))
        self.runtime.upgrade()
        for name, group, superior in (("lead", "manager", None), ("spec", "specialist", "lead")):
            self.runtime.do(
                accounts.add_person, SYSTEM, name, {"en": name}, groups=[group], superior=superior
            )
        self.deploy(RULE, WORK)
        self.actor = self.person("spec")

    def deploy(self, *texts: str) -> None:
        paths = []
        for number, text in enumerate(texts):
            path = self.place / f"file{number}{'.bpmn' if text.startswith('<') else '.yaml'}"
            path.write_text(text, encoding="utf-8")
            paths.append(path)
        self.runtime.deploy(SYSTEM, paths, "cli")

    def person(self, username: str) -> Actor:
        actor = self.runtime.read(people.by_username, SYSTEM, username)
        assert actor is not None
        return actor

    def start(self, process: str = "work", answers: Mapping[str, Any] | None = None) -> str:
        """A case; its first task."""
        task = self.runtime.do(cases.start, self.actor, process, answers or {}).next_task
        assert task is not None
        return task

    def complete(self, task: str, answers: Mapping[str, Any]) -> str | None:
        """A task is done; the next one of the case."""
        done: Completed = self.runtime.do(user_tasks.complete, self.actor, task, answers)
        return done.next_task

    def work(self) -> None:
        """One case of the work, from its start to its end."""
        task: str | None = self.start()
        for answers in ANSWERS.values():
            assert task is not None
            task = self.complete(task, answers)
        assert task is None


@contextmanager
def workplace() -> Iterator[Workplace]:
    with folder() as place:
        office = Workplace(place)
        try:
            yield office
        finally:
            office.runtime.close()


class InMemory:
    """The work by the bare engine: one case in memory, nothing stored, the rule asked for real."""

    def __init__(self) -> None:
        diagram, problems = read.diagram(WORK.encode(), "work.bpmn")
        assert diagram is not None, problems
        self.definition: Definition = compile(diagram.processes["work"], {}.__getitem__)
        file, found = rulefile.load(RULE, "rule.yaml")
        assert file is not None, found
        rule = evaluate.compile(file)
        self.world = Town(
            rules={"size_of_order": lambda **facts: evaluate.decide(rule, facts, explain=False).outputs}
        )

    def start(self) -> Execution:
        case = Execution.start(self.definition, case="c", variables={"initiator": "x"}, world=self.world)
        case.take()
        return case

    def work(self) -> None:
        case = self.start()
        for task, answers in ANSWERS.items():
            (waiting,) = case.open_activities()
            assert waiting.element == task
            case.complete(waiting.activity, {**answers, f"{task}_by": "x"})
            case.take()
        assert case.ended
        self.world.calls.clear()


def together(clients: int, jobs: list[list[Callable[[], object]]]) -> tuple[float, list[float]]:
    """Each client does its own jobs, one after another, all clients at once.

    Seconds until the last has finished, and what each job took."""
    taken: list[list[float]] = [[] for _ in range(clients)]
    failed: list[BaseException] = []
    ready = threading.Barrier(clients + 1)

    def work(number: int) -> None:
        ready.wait()
        try:
            for job in jobs[number]:
                began = perf_counter()
                job()
                taken[number].append(perf_counter() - began)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    began = perf_counter()
    for thread in threads:
        thread.join()
    whole = perf_counter() - began
    if failed:
        raise failed[0]
    return whole, [each for own in taken for each in own]
