"""Activities: how they are left, repeated, and for several instances; each kind of activity alike.

Not here: what is attached to them (boundaries.py), what undoes them (compensations.py)."""

from __future__ import annotations

from collections.abc import Callable

from tests.coverage.boundaries import HOSTS, Host
from tests.coverage.example import Example, Refused, Row
from tests.coverage.places import named

SINGLE = tuple(host for host in HOSTS if "/all" not in host.rest)
CHOICE = """
host -[${n > 0}]-> a -> done
host -[${n > 1}]-> b -> done_b
host => c -> done_c
"""


def exits() -> list[Row]:
    made: list[Row] = []
    for host in HOSTS:
        whole = f"start {host.before} {host.rest}"
        each: list[tuple[str, str, str, str, int]] = [
            ("plain", "host -> done", "done", "", 0),
            ("conditional flows, one holds", CHOICE, "a done", "a", 1),
            ("conditional flows, both hold", CHOICE, "(a done | b done_b)", "b a", 2),
            ("conditional flows, none holds: default", CHOICE, "c done_c", "c", 0),
            (
                "unconditional beside conditional, which holds",
                "host -> a -> done\nhost -[${n > 0}]-> b -> done_b\nhost => c -> done_c",
                "(a done | b done_b)",
                "a b",
                1,
            ),
            (
                "unconditional beside conditional, which does not hold: default",
                "host -> a -> done\nhost -[${n > 0}]-> b -> done_b\nhost => c -> done_c",
                "(a done | c done_c)",
                "a c",
                0,
            ),
            ("implicit split", "host -> a -> done\nhost -> b -> done_b", "b done_b a done", "b a", 0),
        ]
        for what, flows, trace, do, n in each:
            made.append(
                Example(
                    named("exit", host.name, what.replace(":", "")),
                    f"{host.name}: {what}",
                    f"start -> host\n{flows}\n{host.draw}",
                    f"{whole} {trace}",
                    f"{host.do} {do}",
                    "8.3.13, 13.3.1",
                    {"n": n, "ready": False},
                )
            )
        made.append(
            Example(
                named("exit", host.name, "implicit merge"),
                f"{host.name}: implicit merge, once for each token",
                f"start -> and -> host -> done\nand -> x -> host\n{host.draw}",
                f"start and {host.before} {host.rest} done x {host.before} {host.rest} done",
                f"{host.do} x {host.do}",
                "13.3.1",
                {"ready": False},
            )
        )
    return made + OTHER_EXITS


OTHER_EXITS: list[Row] = [
    Example(
        "exit_none_holds",
        "conditional flows, none holds, no default",
        "start -> a\na -[${n > 0}]-> b -> done\na -[${n > 1}]-> c -> done_c",
        "start",
        "a",
        "13.3.1",
        {"n": 0},
        outcome="stands at a",
        note="an incident, never a silent end",
    ),
    Refused(
        "exit_lone_condition",
        "a condition on the only flow",
        "start -> a\na -[${n > 0}]-> done",
        "lone_condition",
        "13.3.1",
    ),
    Refused(
        "exit_event_condition",
        "a condition on a flow out of an event",
        "start -[${n > 0}]-> a -> done\nstart -> b -> done_b",
        "condition_place",
        "8.3.13",
    ),
    Refused(
        "exit_parallel_condition",
        "a condition on a flow out of a parallel gateway",
        "start -> and\nand -[${n > 0}]-> a -> done\nand -> b -> done_b",
        "condition_place",
        "8.3.13",
    ),
    Refused(
        "exit_end_with_outgoing",
        "a flow out of an end event",
        "start -> done -> a -> done_a",
        "end_with_outgoing",
        "10.5.3",
    ),
    Refused(
        "exit_start_with_incoming",
        "a flow into a start event",
        "start -> a -> xor\nxor -[${n}]-> start\nxor => done",
        "start_with_incoming",
        "10.5.2",
    ),
    Example(
        "exit_event_implicit_split",
        "start event: implicit split",
        "start -> a -> done\nstart -> b -> done_b",
        "start b done_b a done",
        "b a",
        "13.3.1",
    ),
    Example(
        "exit_gateway_link",
        "link: a way on without a line, from two places",
        "start -> and -> a -> go\nand -> b -> go_2\ngo: throw link=L\ngo_2: throw link=L\nback: catch link=L\n"
        "back -> c -> done",
        "start and a go back b go_2 back c done c done",
        "a b c c",
        "10.5.4",
    ),
    Refused(
        "link_without_catch",
        "link that nothing catches",
        "start -> a -> go\ngo: throw link=L",
        "link_pair",
        "10.5.4",
    ),
    Refused(
        "link_caught_twice",
        "link that is caught twice",
        "start -> a -> go\ngo: throw link=L\nback: catch link=L\nback -> done\nback_2: catch link=L\nback_2 -> done_2",
        "link_pair",
        "10.5.4",
    ),
    Refused(
        "link_across_levels",
        "link into a subprocess",
        "start -> a -> go\ngo: throw link=L\ns: sub {\nback: catch link=L\nstart_s -> done_s\nback -> done_s\n}\n"
        "start -> s -> done",
        "link_pair",
        "10.5.4",
    ),
]


def _worded(host: Host, words: str) -> str:
    """The drawing of an activity with more words."""
    first, _, rest = host.draw.partition("\n")
    head, bracket, _ = first.partition(" {")
    return f"{head} {words}{bracket}\n{rest}"


def several() -> list[Row]:
    made: list[Row] = []
    for host in SINGLE:
        once, entered = (
            f"{host.before} {host.rest}",
            f"({host.before} | {host.before})" if host.before else "",
        )
        rest, ended = host.rest, host.ended
        row = _row(made, host, "10.3.8, 13.3.7")
        for how, number in (("cardinality", "times=2"), ("collection", "each=${items}:item")):
            row(f"parallel, {how}", number, f"{entered} {rest} {rest} host/all", 2)
            row(f"sequential, {how}", f"{number} sequentially", f"{once} {once} host/all", 2)
        row("parallel, cardinality 0", "times=0", "host/all", 0)
        row("sequential, empty collection", "each=${none}:item sequentially", "host/all", 0)
        until = "times=3 until=${nrOfCompletedInstances==1}"
        entered = f"({host.before} | {host.before} | {host.before})" if host.before else ""
        row("parallel, completionCondition", until, f"{entered} {rest} {ended} {ended} host/all", 1)
        row("sequential, completionCondition", f"{until} sequentially", f"{once} host/all", 1)
    return made + BEHAVIORS


def loops() -> list[Row]:
    made: list[Row] = []
    for host in SINGLE:
        once = f"{host.before} {host.rest}"
        row = _row(made, host, "10.3.8, 13.3.6")
        row("loopMaximum", "most=2", f"{once} {once} host/all", 2)
        row("loopCondition, asked after", "again=${loopCounter<3}", f"{once} {once} {once} host/all", 3)
        row("loopCondition, asked after, never true", "again=${false}", f"{once} host/all", 1)
        row("loopCondition, asked before", "again=${loopCounter<2} before", f"{once} {once} host/all", 2)
        row("loopCondition, asked before, never true", "again=${false} before", "host/all", 0)
        row("loopCondition and loopMaximum", "again=${true} most=2", f"{once} {once} host/all", 2)
    return [
        *made,
        Refused(
            "loop_endless",
            "neither condition nor maximum",
            "start -> a -> done\na: user most=",
            "standard_loop",
            "10.3.8",
        ),
        Refused(
            "loop_maximum_0", "loopMaximum 0", "start -> a -> done\na: user most=0", "standard_loop", "10.3.8"
        ),
    ]


def _row(made: list[Row], host: Host, section: str) -> Callable[[str, str, str, int], None]:
    def row(what: str, words: str, trace: str, rounds: int) -> None:
        draw = f"start -> host -> done\n{_worded(host, words)}"
        given = {"items": [1, 2], "none": [], "ready": False}
        name, construct = named("repeated", host.name, what), f"{host.name}: {what}"
        made.append(
            Example(name, construct, draw, f"start {trace} done", f"{host.do} " * rounds, section, given)
        )

    return row


E = "\ne: on a EVENT beside\ne -> done_e"
BEHAVIORS: list[Row] = [
    *(
        Example(
            f"behavior_{word}_{kind}_{mode or 'parallel'}",
            f"behavior {behavior}, {kind}, {mode or 'parallel'}",
            f"start -> a -> done\na: user times=2 {mode} tell_{word}={kind}:late"
            + E.replace("EVENT", f"{kind}=late"),
            "start " + trace.replace("!late ", "!late " if kind == "signal" else ""),
            "a a",
            "13.3.7",
        )
        for word, behavior, trace in (
            ("one", "One", "a !late (e done_e | a a/all done)"),
            ("each", "None", "a !late e done_e a !late (e done_e | a/all done)"),
        )
        for kind in ("signal", "escalation")
        for mode in ("", "sequentially")
    ),
    Refused(
        "behavior_complex",
        "behavior Complex",
        "start -> a -> done\na: user times=2 behavior=Complex",
        "loop",
        "13.3.7",
    ),
    Refused(
        "behavior_without_event",
        "behavior None without an event",
        "start -> a -> done\na: user times=2 behavior=None",
        "loop_event",
        "13.3.7",
    ),
    Refused(
        "behavior_error",
        "behavior None, error",
        "start -> a -> done\na: user times=2 tell_each=error:oops",
        "loop_event",
        "13.3.7",
    ),
    Refused(
        "behavior_message",
        "behavior None, message",
        "start -> a -> done\na: user times=2 tell_each=message:m",
        "loop_event",
        "13.3.7",
    ),
    Refused(
        "repeated_collection_and_cardinality",
        "a collection and a cardinality",
        "start -> a -> done\na: user times=2 each=${items}:item",
        "loop",
        "13.3.7",
    ),
    Refused(
        "repeated_over_nothing",
        "neither a collection nor a cardinality",
        "start -> a -> done\na: user sequentially",
        "loop",
        "13.3.7",
    ),
    Example(
        "collected_in_order_of_items",
        "results, collected in the order of the items",
        "start -> a -> done\na: user each=${items}:item collect=results:result",
        "start a a a/all done",
        "a#1(result=2) a(result=1)",
        "13.3.7",
        {"items": ["x", "y"]},
        {"results": [1, 2], "result": None, "item": None},
    ),
    Example(
        "collected_of_service",
        "results of a service task",
        "start -> a -> done\na: service topic=work in.n=${item*2} out.result=${sum} each=${items}:item "
        "collect=results:result",
        "start a a a/all done",
        section="13.3.7",
        given={"items": [1, 2]},
        data={"results": [2, 4]},
    ),
    Example(
        "collected_of_subprocess",
        "results of a subprocess, sequential",
        "start -> a -> done\na: sub each=${items}:item sequentially collect=results:result {\n"
        "start_in -> inside -> done_in\n}",
        "start start_in inside done_in a start_in inside done_in a a/all done",
        "inside(result=5) inside(result=6)",
        "13.3.7",
        {"items": ["x", "y"]},
        {"results": [5, 6]},
    ),
    Example(
        "collected_of_call",
        "results of a call activity",
        "start -> a -> done\na: call process=q give=item take=answer:result each=${items}:item collect=results:result\n"
        "process q {\nstart_q -> inside -> done_q\ninside: user out.answer=${item+1}\n}",
        "start (start_q | start_q) inside done_q a inside done_q a a/all done",
        "inside inside",
        "13.3.7",
        {"items": [1, 2]},
        {"results": [2, 3], "answer": None},
    ),
]
