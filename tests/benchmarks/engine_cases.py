"""Long and large cases, each for any size: what the growth of the engine is measured on.

Used twice: `engine_growth.py` measures time, tests/core/engine/test_growth.py counts the lines
that ran. Each case gives what to run and how many units of work that is, so that the work
of one unit must be the same for every size. Not here: measuring."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.bpmn.model import Node, Process, Repeat
from runtime.engine.execution import Execution, compile
from tests.core.engine.drawing import (
    Town,
    any_of,
    both,
    catch,
    draw,
    each,
    end,
    inside,
    node,
    on,
    service,
    throw,
    undoes,
    user,
    when,
    xor,
)

Work = Callable[[], int]  # runs, and tells how many units that were
CASES: dict[str, Case] = {}


@dataclass(frozen=True)
class Case:
    """`prepare(size)` sets up and gives what is to be measured. `why`: what one unit is."""

    name: str
    unit: str
    prepare: Callable[[int], Work]


def case(unit: str) -> Callable[[Callable[[int], Work]], Callable[[int], Work]]:
    def register(prepare: Callable[[int], Work]) -> Callable[[int], Work]:
        name = prepare.__name__.replace("_", " ")
        CASES[name] = Case(name, unit, prepare)
        return prepare

    return register


class Player:
    """A case that is moved until it waits; `store`: saved and restored after each move."""

    def __init__(
        self, process: Process, called: tuple[Process, ...] = (), *, store: bool = False, **variables: Any
    ) -> None:
        self.rounds = 0
        self.world = Town(operations={"count": self.count})
        by_name = {other.id: other for other in (process, *called)}
        self.definition = compile(process, by_name.__getitem__)
        self.variables = {"n": 0, **variables}
        self.store = store

    def count(self, **inputs: Any) -> dict[str, int]:
        self.rounds += 1
        self.world.calls.clear()
        return {"n": self.rounds}

    def start(self) -> Player:
        self.execution = Execution.start(
            self.definition, case="c", variables=self.variables, world=self.world
        )
        return self.go_on()

    def go_on(self) -> Player:
        """Until nothing is left to do without people; what is told is read as it comes."""
        self.execution.take()
        while self.execution.interrupted:
            self.execution.run()
            self.execution.take()
        if self.store:
            self.restore()
        return self

    def restore(self) -> None:
        state = json.loads(json.dumps(self.execution.state()))
        self.execution = Execution.restore(self.definition, state, self.world)

    def waiting(self, element: str) -> list[str]:
        return [
            each.activity
            for each in self.execution.open_activities()
            if each.element == element and each.waits
        ]

    def complete(self, activity: str, **values: Any) -> None:
        self.execution.complete(activity, values)
        self.go_on()

    def ended(self) -> None:
        assert self.execution.ended, self.execution.open_activities()[:5]


def automatic(process: Process, size: int, *called: Process, **variables: Any) -> Work:
    """A case that runs from its start to its end by itself."""
    player = Player(process, called, rounds=size, **variables)

    def run() -> int:
        player.start().ended()
        return size

    return run


def rounds(*nodes: Node, body: str) -> Process:
    """A loop around `body`, a line of flows that begins at `merge` and ends at `again`."""
    flows = f"start -> merge\n{body}\nagain -[${{n < rounds}}]-> merge\nagain => done"
    return draw("p", xor("merge"), xor("again"), *nodes, flows=flows)


# Loops: a unit is one round.


@case("round")
def loop_of_a_service_task(size: int) -> Work:
    return automatic(rounds(service("work", "count"), body="merge -> work -> again"), size)


@case("round")
def loop_of_a_user_task_stored_each_time(size: int) -> Work:
    player = Player(rounds(user("work"), body="merge -> work -> again"), store=True, rounds=size)

    def run() -> int:
        player.start()
        for number in range(size):
            player.complete(player.waiting("work")[0], n=number + 1)
        player.ended()
        return size

    return run


@case("round")
def standard_loop(size: int) -> Work:
    task = service("work", "count", repeat=Repeat(condition="${n < rounds}"))
    return automatic(draw("p", task, flows="start -> work -> done"), size)


@case("round")
def loop_around_a_parallel_split_and_join(size: int) -> Work:
    nodes = both("fork"), both("join"), service("work", "count"), node("task", "other")
    return automatic(
        rounds(*nodes, body="merge -> fork -> work -> join -> again\nfork -> other -> join"), size
    )


@case("round")
def loop_around_an_inclusive_split_and_join(size: int) -> Work:
    nodes = any_of("fork"), any_of("join"), service("work", "count"), node("task", "other"), node("task", "t")
    body = """merge -> fork -[${true}]-> work -> join -> again
        fork -[${n % 2 == 0}]-> other -> join
        fork => t -> join"""
    return automatic(rounds(*nodes, body=body), size)


@case("round")
def loop_around_a_complex_split_and_join(size: int) -> Work:
    join = node("complexGateway", "join", activation="${activationCount >= 2}")
    nodes = both("fork"), join, service("work", "count"), node("task", "a"), node("task", "b"), xor("skip")
    body = """merge -> fork -> work -> join
        fork -> a -> join
        fork -> b -> join -[${waitingForStart}]-> again"""
    return automatic(rounds(*nodes[:-1], body=body), size)


@case("round")
def loop_around_a_subprocess(size: int) -> Work:
    sub = inside("sub", service("work", "count"), flows="start_in -> work -> end_in")
    return automatic(rounds(sub, body="merge -> sub -> again"), size)


@case("round")
def loop_around_a_call(size: int) -> Work:
    called = draw("called", service("work", "count"), flows="start -> work -> done")
    call = node("callActivity", "call", called="called", out=[{"source": "n", "target": "n"}])
    return automatic(rounds(call, body="merge -> call -> again"), size, called)


@case("round")
def loop_around_a_boundary_timer(size: int) -> Work:
    sub = inside("sub", service("work", "count"), flows="start_in -> work -> end_in")
    late = on("sub", "late", after="P1D")
    return automatic(rounds(sub, late, body="merge -> sub -> again\nlate -> done_late"), size)


@case("round")
def loop_around_an_event_subprocess(size: int) -> Work:
    caught = when(
        "caught",
        node("startEvent", "came", signal="s"),
        service("work", "count"),
        flows="came -> work -> end_c",
    )
    sub = inside("sub", throw("tell", signal="s"), caught, flows="start_in -> tell -> end_in")
    return automatic(rounds(sub, body="merge -> sub -> again"), size)


@case("round")
def loop_of_a_task_that_can_be_undone_and_is(size: int) -> Work:
    boundary, _ = undoes("unwork", "work")
    nodes = service("work", "count"), boundary, service("unwork", "undo", for_compensation=True)
    flows = """start -> merge -> work -> again
        again -[${n < rounds}]-> merge
        again => undo -> done"""
    undo = throw("undo", undo="")
    return automatic(draw("p", xor("merge"), xor("again"), *nodes, undo, flows=flows), size)


# Chains: a unit is one task.


def chain(size: int, make: Callable[[str], Node]) -> Process:
    names = [f"t{number}" for number in range(size)]
    return draw("p", *map(make, names), flows=" -> ".join(["start", *names, "done"]))


@case("task")
def chain_of_service_tasks(size: int) -> Work:
    return automatic(chain(size, lambda name: service(name, "count")), size)


@case("task")
def chain_of_user_tasks_stored_each_time(size: int) -> Work:
    player = Player(chain(size, user), store=True)

    def run() -> int:
        player.start()
        for number in range(size):
            player.complete(player.waiting(f"t{number}")[0])
        player.ended()
        return size

    return run


@case("task")
def compiling_a_chain(size: int) -> Work:
    process = chain(size, user)

    def run() -> int:
        compile(process, {}.__getitem__)
        return size

    return run


# Many at once: a unit is one instance or branch; where a case is stored, one of what is stored.


@case("instance")
def service_task_in_parallel(size: int) -> Work:
    loop = each("${items}", output_collection="found", output_item="n")
    return automatic(
        draw("p", service("work", "count", loop=loop), flows="start -> work -> done"),
        size,
        items=list(range(size)),
    )


def one_by_one(
    process: Process, size: int, element: str, *, backwards: bool = False, **variables: Any
) -> Work:
    """A case in which `size` people do what is before them, one after another, and nobody stores it."""
    player = Player(process, rounds=size, **variables)

    def run() -> int:
        player.start()
        waiting = player.waiting(element)
        assert len(waiting) == size
        for activity in reversed(waiting) if backwards else waiting:
            player.execution.complete(activity, {})
            player.execution.take()
        player.go_on().ended()
        return size

    return run


@case("instance")
def user_task_in_parallel(size: int) -> Work:
    loop = each("${items}", completion_condition="${nrOfCompletedInstances == nrOfInstances}")
    process = draw("p", user("work", loop=loop), flows="start -> work -> done")
    return one_by_one(process, size, "work", items=list(range(size)))


@case("instance")
def user_task_in_parallel_from_the_last_with_results(size: int) -> Work:
    loop = each("${items}", output_collection="found", output_item="item")
    process = draw("p", user("work", loop=loop), flows="start -> work -> done")
    return one_by_one(process, size, "work", backwards=True, items=list(range(size)))


@case("instance")
def user_task_in_parallel_until_one_is_done(size: int) -> Work:
    loop = each("${items}", completion_condition="${nrOfCompletedInstances > 0}")
    player = Player(
        draw("p", user("work", loop=loop), flows="start -> work -> done"), items=list(range(size))
    )

    def run() -> int:
        player.start()
        player.complete(player.waiting("work")[size // 2])
        player.ended()
        return size

    return run


@case("instance")
def user_task_in_parallel_one_step_and_store(size: int) -> Work:
    """Loading, one completion and saving cost what is open: a unit is one open instance."""
    player = Player(
        draw("p", user("work", loop=each("${items}")), flows="start -> work -> done"), items=list(range(size))
    ).start()

    def run() -> int:
        player.restore()
        player.complete(player.waiting("work")[0])
        player.restore()
        return size

    return run


@case("instance")
def subprocess_with_a_join_in_parallel(size: int) -> Work:
    nodes = any_of("fork"), any_of("join"), user("work"), node("task", "other")
    flows = """start_in -> fork -[${true}]-> work -> join -> end_in
        fork -[${true}]-> other -> join"""
    sub = inside("sub", *nodes, flows=flows, loop=each("${items}"))
    return one_by_one(draw("p", sub, flows="start -> sub -> done"), size, "work", items=list(range(size)))


def branches(size: int, fork: Node, join: Node, make: Callable[[str], Node], flow: str = "->") -> Process:
    names = [f"t{number}" for number in range(size)]
    flows = ["start -> fork", *(f"fork {flow} {name} -> join" for name in names), "join -> done"]
    return draw("p", fork, join, *map(make, names), flows="\n".join(flows))


@case("branch")
def parallel_split_and_join(size: int) -> Work:
    return automatic(branches(size, both("fork"), both("join"), lambda name: node("task", name)), size)


@case("branch")
def inclusive_split_and_join(size: int) -> Work:
    process = branches(
        size, any_of("fork"), any_of("join"), lambda name: node("task", name), "-[${rounds > 0}]->"
    )
    return automatic(process, size)


def branches_of_people(size: int, fork: Node, join: Node, backwards: bool) -> Work:
    player = Player(
        branches(size, fork, join, user, "-[${true}]->" if fork.kind != "parallelGateway" else "->")
    )

    def run() -> int:
        player.start()
        numbers = range(size)
        waiting = {each.element: each.activity for each in player.execution.open_activities()}
        for number in reversed(numbers) if backwards else numbers:
            player.execution.complete(waiting[f"t{number}"], {})
            player.execution.take()
        player.ended()
        return size

    return run


@case("branch")
def parallel_branches_of_people(size: int) -> Work:
    return branches_of_people(size, both("fork"), both("join"), False)


@case("branch")
def inclusive_branches_of_people(size: int) -> Work:
    return branches_of_people(size, any_of("fork"), any_of("join"), False)


@case("branch")
def inclusive_branches_of_people_from_the_last(size: int) -> Work:
    return branches_of_people(size, any_of("fork"), any_of("join"), True)


# Events: a unit is one that happens, or one that waits.


@case("signal")
def event_subprocess_beside_its_level_again_and_again(size: int) -> Work:
    """Each signal leaves a task open; a further one must not look at those."""
    caught = when(
        "caught",
        node("startEvent", "came", signal="s", interrupting=False),
        user("note"),
        flows="came -> note -> end_c",
    )
    process = rounds(
        service("work", "count"), throw("tell", signal="s"), caught, body="merge -> work -> tell -> again"
    )
    player = Player(process, rounds=size)

    def run() -> int:
        player.start()
        assert len(player.waiting("note")) == size
        return size

    return run


@case("event")
def conditional_events_that_wait(size: int) -> Work:
    """One change asks all of them: a unit is one that waits."""
    wait = catch("wait", when="${n > 0}")
    sub = inside("sub", wait, flows="start_in -> wait -> end_in", loop=each("${items}"))
    process = draw(
        "p",
        both("fork"),
        user("change"),
        sub,
        flows="start -> fork -> change -> done\nfork -> sub -> done_sub",
    )
    player = Player(process, items=list(range(size)))

    def run() -> int:
        player.start()
        player.complete(player.waiting("change")[0], n=1)
        player.ended()
        return size

    return run


@case("event")
def an_end_that_terminates_all(size: int) -> Work:
    process = draw(
        "p",
        both("fork"),
        user("stop"),
        user("work", loop=each("${items}")),
        end("done_all", trigger_="terminate"),
        flows="start -> fork -> work -> done\nfork -> stop -> done_all",
    )
    player = Player(process, items=list(range(size)))

    def run() -> int:
        player.start()
        player.complete(player.waiting("stop")[0])
        player.ended()
        return size

    return run
