"""Variables by scope: who sees what, where a write goes, what ends with whom."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from runtime.engine import ports
from runtime.engine.execution import Execution
from runtime.engine.scopes import Scopes
from tests.core.engine.drawing import Run, Town, both, draw, node, scope, service, user


def test_input_parameters_are_local_and_end_with_the_activity() -> None:
    run = Run(
        draw(
            "p", user("a", takes={"twice": "${n * 2}", "again": "${twice + 1}"}), flows="start -> a -> done"
        ),
        {"n": 2},
    )
    assert run.all(ports.TaskOpened)[0].local == {"twice": 4, "again": 5}
    assert run.execution.variables(run.activity("a"))["again"] == 5
    assert run.variables == {"n": 2}
    assert run.do("a").variables == {"n": 2}


def test_lists_and_maps_in_parameters_keep_their_types() -> None:
    run = Run(
        draw(
            "p",
            user("a", takes={"m": {"when": "${day}", "who": ["${x}", "text ${x}"]}}),
            flows="start -> a -> done",
        ),
        {"day": dt.date(2026, 1, 5), "x": Decimal("1.10")},
    )
    assert run.all(ports.TaskOpened)[0].local == {
        "m": {"when": dt.date(2026, 1, 5), "who": [Decimal("1.10"), "text 1.10"]}
    }


def test_output_parameters_let_out_only_what_they_name() -> None:
    world = Town(operations={"t": lambda: {"price": 7, "secret": "x"}})
    run = Run(
        draw("p", service("s", "t", gives={"cost": "${price + 1}"}), flows="start -> s -> done"), world=world
    )
    assert run.variables == {"cost": 8}


def test_an_answer_named_like_an_input_goes_out_unless_output_parameters_take_it() -> None:
    prefilled = draw("p", user("a", takes={"n": "1"}), flows="start -> a -> done")
    assert Run(prefilled).do("a", n=5).variables == {"n": 5}
    mapped = draw("p", user("a", takes={"n": "1"}, gives={"m": "${n * 2}"}), flows="start -> a -> done")
    assert Run(mapped).do("a", n=5, other=1).variables == {"m": 10, "other": 1}


def test_parallel_branches_see_each_others_writes_at_once() -> None:
    # Stock SpiffWorkflow gives each branch a copy; the later branch's stale one wins.
    run = Run(
        draw(
            "p",
            both("fork"),
            both("join"),
            user("a"),
            user("b"),
            flows="""
        start -> fork -> a -> join -> done
        fork -> b -> join
    """,
        ),
        {"v": 1, "items": [1, 2]},
    )
    run.do("a", v=2, items=[2])
    assert run.execution.variables(run.activity("b"))["v"] == 2
    assert run.do("b").variables == {"v": 2, "items": [2]}


def test_a_subprocess_shares_its_surroundings_variables_but_not_its_inputs() -> None:
    inside = scope(user("deep", gives={"seen": "${given + n}"}), flows="start_in -> deep -> end_in")
    run = Run(
        draw(
            "p",
            node("subProcess", "sub", scope=inside, takes={"given": "${10}"}),
            flows="start -> sub -> done",
        ),
        {"n": 1},
    )
    run.do("deep", given_by="x")
    assert run.ended == "done"
    assert run.variables == {"n": 1, "seen": 11, "given_by": "x"}
    assert run.path == ["start", "start_in", "deep", "end_in", "sub", "done"]


def called() -> object:
    return draw("child", user("ask"), flows="start_child -> ask -> done_child")


def test_a_called_process_has_variables_of_its_own() -> None:
    call = node(
        "callActivity",
        "call",
        called="child",
        into=[
            {"source": "n", "target": "m"},
            {"source_expression": "${n + 1}", "target": "more"},
            {"source": "missing", "target": "none"},
        ],
        out=[
            {"source": "answer", "target": "result"},
            {"source_expression": "${answer + m}", "target": "sum"},
        ],
    )
    run = Run(
        draw("p", call, flows="start -> call -> done"),
        {"n": 3, "hidden": 1, "initiator": "ann"},
        called=(called(),),
        key="K1",
    )
    seen = run.execution.variables(run.activity("ask"))
    assert seen == {"m": 3, "more": 4, "none": None, "initiator": "ann", "business_key": "K1"}
    assert run.all(ports.Entered, "ask")[0].process == "child"
    run.do("ask", answer=5, n=100)
    assert run.ended == "done"
    assert run.variables == {"n": 3, "hidden": 1, "initiator": "ann", "result": 5, "sum": 8}


def test_what_a_call_is_not_handed_is_not_read() -> None:
    into = [{"source": "n", "target": "m"}]
    call = node("callActivity", "call", called="child", into=into)
    run = Run(draw("p", user("a"), call, flows="start -> a -> call -> done"), {"n": 3, "much": "…"}, called=(called(),))
    state = run.execution.state()
    state["scopes"][0]["values"]["much"] = {"$part": "elsewhere"}

    def read(digest: str) -> object:
        raise AssertionError(digest)

    execution = Execution.restore(run.definition, state, run.world, read)
    execution.complete(run.activity("a"), {})
    assert [each.element for each in execution.open_activities() if each.waits == "user"] == ["ask"]


def test_all_variables_and_another_business_key_can_be_handed_over() -> None:
    call = node(
        "callActivity",
        "call",
        called="child",
        into=[{"all": True}, {"business_key": "${n}-x"}],
        out=[{"all": True}],
    )
    run = Run(draw("p", call, flows="start -> call -> done"), {"n": 3}, called=(called(),), key="K1")
    assert run.execution.variables(run.activity("ask")) == {"n": 3, "business_key": "3-x"}
    assert run.do("ask", answer=1).variables == {"n": 3, "answer": 1}
    assert run.execution.business_key == "K1"


def test_local_mappings_stay_with_the_call() -> None:
    call = node(
        "callActivity",
        "call",
        called="child",
        takes={"a": "${1}"},
        into=[{"all": True, "local": True}],
        out=[{"source": "answer", "target": "tmp", "local": True}],
        gives={"final": "${tmp + a}"},
    )
    run = Run(draw("p", call, flows="start -> call -> done"), {"n": 3}, called=(called(),))
    assert run.execution.variables(run.activity("ask")) == {"a": 1, "business_key": ""}
    assert run.do("ask", answer=4).variables == {"n": 3, "final": 5}


def test_a_process_may_call_itself() -> None:
    again = node(
        "callActivity",
        "again",
        called="p",
        into=[{"source_expression": "${n - 1}", "target": "n"}],
        out=[{"source_expression": "${depth + 1}", "target": "depth"}],
    )
    process = draw(
        "p",
        node("exclusiveGateway", "deeper"),
        again,
        service("floor", "t"),
        flows="""
        start -> deeper
        deeper -[${n > 0}]-> again -> done
        deeper => floor -> done_floor
    """,
    )
    run = Run(process, {"n": 5}, world=Town(operations={"t": lambda: {"depth": 0}}))
    assert run.ended == "done" and run.variables == {"n": 5, "depth": 5}


def test_changes_are_told_with_scope_old_and_new_and_only_when_they_are_changes() -> None:
    run = Run(
        draw("p", user("a", takes={"i": "${v}"}), flows="start -> a -> done"), {"v": 1, "w": Decimal("1.0")}
    )
    activity = run.activity("a")
    run.do("a", v=1, w=Decimal("1.00"), x=True)
    told = [(h.element, h.scope, h.name, h.old, str(h.new)) for h in run.all(ports.VariableWritten)]
    assert told == [
        ("start", "", "v", None, "1"),
        ("start", "", "w", None, "1.0"),
        ("a", activity, "i", None, "1"),
        ("a", "", "w", Decimal("1.0"), "1.00"),
        ("a", "", "x", None, "True"),
    ]


def test_nobody_outside_holds_what_a_case_keeps() -> None:
    mine = {"list": [1]}
    world = Town(operations={"t": lambda given: given["list"].append(2)})
    run = Run(
        draw("p", user("a"), service("s", "t", takes={"given": "${m}"}), flows="start -> a -> s -> done"),
        {"m": mine},
        world=world,
    )
    mine["list"].append(9)
    run.execution.variables()["m"]["list"].append(8)
    assert run.do("a").variables == {"m": {"list": [1]}}


def test_names_that_look_like_tags_survive_storage() -> None:
    # Stock SpiffWorkflow cannot load what it saved of a map with the key typename.
    values = {"typename": "x", "map": {"typename": "y", "$decimal": "1", "$": {"$map": 1}}}
    run = Run(draw("p", user("a"), flows="start -> a -> done"), values)
    assert run.variables == values


def test_execution_and_built_ins_can_be_asked_in_expressions() -> None:
    run = Run(
        draw(
            "p",
            user(
                "a",
                takes={
                    "x": "${execution.getVariable('n')}",
                    "y": "${execution.processBusinessKey}",
                    "z": "${business_key}",
                    "w": "${initiator}",
                    "v": "${execution.getVariable('missing') == null}",
                    "t": "${now()}",
                },
            ),
            flows="start -> a -> done",
        ),
        {"n": 1, "initiator": "ann"},
        key="K",
    )
    local = run.all(ports.TaskOpened)[0].local
    assert local == {"x": 1, "y": "K", "z": "K", "w": "ann", "v": True, "t": run.world.now}


def test_the_journal_takes_back_a_write_into_each_scope() -> None:
    told: list[object] = []
    scopes = Scopes(lambda *change: told.append(change))
    scopes.put("", "a", 1)
    scopes.open("s", "")
    scopes.settle()
    before = scopes.state()
    mark = scopes.mark()
    scopes.write("s", "a", 2)
    scopes.write("s", "b", 3)
    scopes.put("s", "a", 4)
    scopes.open("t", "s")
    scopes.end("s")
    scopes.undo(mark)
    assert scopes.state() == before
