"""Where tokens go: inclusive and complex gateways, conditions on activities, links, loops, ad-hoc work."""

from __future__ import annotations

import pytest

from runtime.bpmn.model import AdHoc, Repeat
from tests.core.engine.drawing import (
    Run,
    any_of,
    both,
    catch,
    draw,
    end,
    inside,
    node,
    service,
    throw,
    user,
    when,
    xor,
)


def test_an_inclusive_gateway_takes_every_flow_that_holds_and_joins_what_comes() -> None:
    process = draw(
        "p",
        any_of("split"),
        any_of("join"),
        *(user(name) for name in "abc"),
        user("after"),
        flows="""
        start -> split
        split -[${n > 1}]-> a -> join
        split -[${n > 2}]-> b -> join
        split => c -> join -> after -> done
    """,
    )
    assert Run(process, {"n": 0}).do("c").open == ["after"]
    run = Run(process, {"n": 3})
    assert run.open == ["a", "b"]
    assert run.do("b").open == ["a", "join"]
    assert run.do("a").open == ["after"]
    assert run.do("after").ended == "done"


def test_an_inclusive_join_stops_waiting_when_a_token_dies_elsewhere() -> None:
    process = draw(
        "p",
        both("split"),
        any_of("join"),
        user("a"),
        user("b"),
        xor("ask"),
        flows="""
        start -> split -> a -> join -> done
        split -> b -> ask
        ask -[${stop}]-> end_early
        ask => join
    """,
    )
    run = Run(process).do("a")
    assert run.open == ["b", "join"]
    assert run.do("b", stop=True).ended == "done"
    assert "end_early" in run.path


def test_an_inclusive_join_in_a_loop_waits_for_each_round() -> None:
    process = draw(
        "p",
        xor("again"),
        any_of("split"),
        any_of("join"),
        user("a"),
        user("b"),
        xor("more"),
        flows="""
        start -> again -> split
        split -[${true}]-> a -> join
        split -[${wide}]-> b -> join -> more
        more -[${wide}]-> again
        more => done
    """,
    )
    run = Run(process, {"wide": True}).do("a")
    assert run.open == ["b", "join"]
    run.do("b")
    assert run.open == ["a", "b"]
    run.do("b", wide=False)
    assert run.open == ["a", "join"]
    assert run.do("a").ended == "done"


def discriminator(needed: int) -> Run:
    return Run(
        draw(
            "p",
            both("split"),
            node("complexGateway", "first", activation=f"${{activationCount >= {needed}}}"),
            *(user(name) for name in "abc"),
            user("after"),
            flows="""
            start -> split -> a -> first -> after -> done
            split -> b -> first
            split -> c -> first
        """,
        )
    )


@pytest.mark.parametrize("needed", [1, 2, 3])
def test_a_complex_gateway_goes_on_with_the_first_few_and_swallows_the_rest(needed: int) -> None:
    run = discriminator(needed)
    for number, name in enumerate("abc", 1):
        run.do(name)
        assert ("after" in run.open) is (number >= needed)
    assert run.open.count("after") == 1
    assert run.do("after").ended == "done"


def test_a_complex_gateway_may_send_again_when_it_resets() -> None:
    process = draw(
        "p",
        both("split"),
        node("complexGateway", "g", activation="${activationCount == 1}"),
        user("a"),
        user("b"),
        user("first"),
        user("rest"),
        flows="""
        start -> split -> a -> g
        split -> b -> g
        g -[${waitingForStart}]-> first -> done_first
        g -[${!waitingForStart}]-> rest -> done_rest
    """,
    )
    run = Run(process).do("a")
    assert run.open == ["b", "first"]
    run.do("b")
    assert run.open == ["first", "rest"]
    assert run.do("first").do("rest").ended == "done_rest"


def test_a_complex_gateway_sends_nothing_more_from_a_level_that_is_over() -> None:
    process = draw(
        "p",
        both("split"),
        node("complexGateway", "g", activation="${activationCount == 1}"),
        *(user(name) for name in ("a", "b", "first", "rest", "stop")),
        end("done_all", trigger_="terminate"),
        flows="""
        start -> split -> a -> g
        split -> b -> g
        split -> stop -> done_all
        g -[${waitingForStart}]-> first -> done_first
        g -[${!waitingForStart}]-> rest -> done_rest
    """,
    )
    run = Run(process).do("a").do("stop")
    assert run.ended == "done_all" and run.open == []


def test_a_link_leads_on_and_the_log_keeps_both_ends() -> None:
    process = draw(
        "p",
        throw("to", link="L"),
        catch("from", link="L"),
        user("a"),
        flows="start -> to\nfrom -> a -> done",
    )
    run = Run(process)
    assert run.open == ["a"]
    assert run.do("a").path == ["start", "to", "from", "a", "done"]


def test_a_standard_loop_asks_after_each_round_and_counts() -> None:
    process = draw(
        "p",
        user("a", repeat=Repeat(condition="${more}", maximum="3"), gives={"round": "${loopCounter}"}),
        flows="start -> a -> done",
    )
    run = Run(process).do("a", more=True)
    assert run.variables["round"] == 0
    run.do("a", more=True)
    assert run.variables["round"] == 1
    assert run.do("a", more=True).ended == "done"
    assert Run(process).do("a", more=False).ended == "done"


def test_a_loop_that_asks_before_may_not_run_at_all() -> None:
    process = draw(
        "p",
        service("a", "work", repeat=Repeat(test_before=True, condition="${loopCounter < n}")),
        flows="start -> a -> done",
    )
    for rounds in (0, 1, 4):
        run = Run(process, {"n": rounds})
        assert run.ended == "done"
        assert len(run.world.calls) == rounds


def ad_hoc(**about: object) -> Run:
    return Run(
        draw(
            "p",
            inside(
                "work",
                user("a"),
                user("b"),
                user("b2"),
                kind="adHocSubProcess",
                flows="b -> b2\na",
                ad_hoc=AdHoc("${ready}", **about),  # type: ignore[arg-type]
            ),
            flows="start -> work -> done",
        ),
        {"ready": False},
    )


def test_people_choose_in_an_ad_hoc_subprocess_until_it_is_complete() -> None:
    run = ad_hoc().do("a").do("a")
    assert sorted(run.open) == ["a", "b", "work"]
    run.do("b")
    assert sorted(run.open) == ["a", "b", "b2", "work"]
    run.do("b2", ready=True)
    assert run.ended == "done"


def test_what_runs_is_finished_where_an_ad_hoc_subprocess_says_so() -> None:
    run = ad_hoc(cancel_remaining=False).do("b").do("a", ready=True)
    assert sorted(run.open) == ["b2", "work"]
    assert run.do("b2").ended == "done"


def test_a_sequential_ad_hoc_subprocess_offers_nothing_while_one_thing_is_being_done() -> None:
    run = ad_hoc(sequential=True).do("b")
    assert sorted(run.open) == ["b2", "work"]
    run.do("b2")
    assert sorted(run.open) == ["a", "b", "work"]
    assert run.do("a", ready=True).ended == "done"


def test_an_event_that_interrupts_an_ad_hoc_subprocess_ends_it_and_nothing_is_offered_again() -> None:
    process = draw(
        "p",
        inside(
            "work",
            user("a"),
            when("ev", node("startEvent", "off", message="m"), user("b"), flows="off -> b -> done_ev"),
            kind="adHocSubProcess",
            flows="a",
            ad_hoc=AdHoc("${ready}"),
        ),
        flows="start -> work -> done",
    )
    assert Run(process, {"ready": False}).receive("off").do("b").ended == "done"


def test_of_two_joins_that_may_both_go_on_the_diagram_decides_not_their_names() -> None:
    def ends(first: str, second: str) -> list[str]:
        flows = f"""
            start -> split -> {first} -> done_{first}
            split -> {second} -> done_{second}
            split -> fork -> {second}
            fork -> {first}
        """
        run = Run(draw("p", both("split"), both("fork"), any_of(first), any_of(second), flows=flows))
        return [element for element in run.path if element.startswith("done")]

    assert ends("a", "b") == ["done_a", "done_b"]
    assert ends("b", "a") == ["done_b", "done_a"]
