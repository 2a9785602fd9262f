"""Compensation: who throws it, where, what it means, and what undoes work.

`un_a` undoes `a`. Not here: compensation event subprocesses and boundary events by host (events.py, boundaries.py)."""

from __future__ import annotations

from dataclasses import replace

from tests.coverage.example import Example, Refused, Row
from tests.coverage.places import (
    CALLED,
    EVENT_SUBPROCESS,
    PROCESS,
    REPEATED,
    SUBPROCESS,
    TRANSACTION,
    Place,
    named,
)

LOOP = replace(
    REPEATED, name="subProcess in a standard loop", around=REPEATED.around.replace("times=1", "most=1")
)
PLACES = (PROCESS, SUBPROCESS, CALLED, TRANSACTION, REPEATED, LOOP, EVENT_SUBPROCESS)
UNDOES = "un_a undoes a\nun_b undoes b"


def compensations() -> list[Row]:
    made: list[Row] = []
    for place in PLACES:
        for how in ("throw", "end"):
            made += [_thrown(place, how, only) for only in ("", "a")]
    return made + OTHERS


def _thrown(place: Place, how: str, only: str) -> Row:
    what = "one activity" if only else "all"
    event = f"undo: {how} compensate{'=' + only if only else ''}"
    draw = place.draw(f"BEGIN -> a -> b -> undo{' -> done_in' if how == 'throw' else ''}\n{event}\n{UNDOES}")
    undone, do = ("un_a", "un_a") if only else ("un_b un_a", "un_b un_a")
    end = "done_in" if how == "throw" else ""
    return Example(
        named("compensation", place.name, how, what),
        f"{'intermediate' if how == 'throw' else 'end'}, {what}, in {place.name}",
        draw,
        f"{place.before} a b {undone} undo {end} {place.after}",
        f"{place.do} a b {do}",
        "10.7, 13.5.5",
    )


S = "s: sub {\nstart_s -> a -> b -> done_s\n" + UNDOES + "\n}"
OTHERS: list[Row] = [
    Example(
        "compensation_parallel",
        "in the reverse order of completion, whatever the flows say",
        f"start -> and -> a -> and_2 -> undo -> done\nand -> b -> and_2\nundo: throw compensate\n{UNDOES}",
        "start and b a and_2 un_a un_b undo done",
        "b a un_a un_b",
        "10.7.2, 13.5.5",
    ),
    Example(
        "compensation_twice_done",
        "an activity that was done twice is undone twice",
        "start -> xor -> a -> xor_2\nxor_2 -[${more}]-> xor\nxor_2 => undo -> done\nundo: throw compensate\n"
        "un_a undoes a",
        "start xor a xor_2 xor a xor_2 un_a un_a undo done",
        "a(more=true) a(more=false) un_a un_a",
        "10.7.2, 13.5.5",
    ),
    Example(
        "compensation_once",
        "what was undone is not undone again",
        f"start -> a -> b -> undo -> undo_2 -> done\nundo: throw compensate=a\nundo_2: throw compensate\n{UNDOES}",
        "start a b un_a undo un_b undo_2 done",
        "a b un_a un_b",
        "10.7.2, 13.5.5",
    ),
    Example(
        "compensation_unfinished",
        "what is not finished is not undone",
        f"start -> and -> a -> undo -> done\nand -> b -> done_b\nundo: throw compensate\n{UNDOES}",
        "start and a un_a undo done b done_b",
        "a un_a b",
        "10.7.2, 13.5.5",
    ),
    Example(
        "compensation_nothing_done",
        "nothing was done: it passes",
        f"start -> and -> undo -> done\nand -> a -> b -> done_b\nundo: throw compensate\n{UNDOES}",
        "start and undo done a b done_b",
        "a b",
        "10.7.2, 13.5.5",
    ),
    Example(
        "compensation_of_subprocess",
        "a completed subprocess is undone from inside",
        f"start -> s -> undo -> done\nundo: throw compensate\n{S}",
        "start start_s a b done_s s un_b un_a s/undone undo done",
        "a b un_b un_a",
        "10.7.2, 13.5.5",
    ),
    Example(
        "compensation_of_named_subprocess",
        "a completed subprocess that is named",
        f"start -> s -> c -> undo -> done\nundo: throw compensate=s\n{S}\nun_c undoes c",
        "start start_s a b done_s s c un_b un_a s/undone undo done",
        "a b c un_b un_a",
        "10.7.2, 13.5.5",
    ),
    Example(
        "compensation_of_subprocess_by_handler",
        "a subprocess with a handler of its own is undone by that alone",
        f"start -> s -> undo -> done\nundo: throw compensate\n{S}\nun_s undoes s",
        "start start_s a b done_s s un_s undo done",
        "a b un_s",
        "10.7.1, 13.5.5",
    ),
    Example(
        "compensation_of_instances",
        "each instance of a multi-instance subprocess",
        "start -> s -> undo -> done\nundo: throw compensate\n"
        "s: sub times=2 sequentially {\nstart_s -> a -> done_s\nun_a undoes a\n}",
        "start start_s a done_s s start_s a done_s s s/all un_a s/undone un_a s/undone undo done",
        "a a un_a un_a",
        "10.7.2, 13.5.5",
    ),
    Example(
        "compensation_of_rounds",
        "each round of a standard loop",
        "start -> s -> undo -> done\nundo: throw compensate\ns: sub most=2 {\nstart_s -> a -> done_s\nun_a undoes a\n}",
        "start start_s a done_s s start_s a done_s s s/all un_a s/undone un_a s/undone undo done",
        "a a un_a un_a",
        "10.7.2, 13.5.5",
    ),
    Example(
        "compensation_from_event_subprocess",
        "thrown in an event subprocess: the level around it is meant as well",
        "start -> a -> work -> done\nun_a undoes a\nev: event {\nbegin: start message=m\nbegin -> undo -> done_ev\n"
        "undo: throw compensate\n}",
        "start a work× begin un_a undo done_ev ev",
        "a begin un_a",
        "10.7.2, 13.5.4",
    ),
    Example(
        "compensation_of_one_from_event_subprocess",
        "thrown in an event subprocess at an activity around it",
        "start -> a -> b -> work -> done\nun_a undoes a\nun_b undoes b\nev: event {\nbegin: start message=m\n"
        "begin -> undo\nundo: end compensate=a\n}",
        "start a b work× begin un_a undo ev",
        "a b begin un_a",
        "10.7.2, 13.5.4",
    ),
    Example(
        "compensation_of_call",
        "a call is undone by its handler; what the called process did is not looked into",
        "start -> c -> undo -> done\nundo: throw compensate\nc: call process=q\nun_c undoes c\n"
        "process q {\nstart_q -> a -> done_q\nun_a undoes a\n}",
        "start start_q a done_q c un_c undo done",
        "a un_c",
        "10.7, dialect",
    ),
    Example(
        "compensation_by_service",
        "handlers of other kinds: service task, subprocess, call",
        "start -> a -> b -> c -> undo -> done\nundo: throw compensate\nun_a undoes a\nun_b undoes b\nun_c undoes c\n"
        "un_a: service topic=work\nun_b: sub {\nstart_u -> x -> done_u\n}\nun_c: call process=q\n"
        "process q {\nstart_q -> y -> done_q\n}",
        "start a b c start_q y done_q un_c start_u x done_u un_b un_a undo done",
        "a b c y x",
        "10.7.1",
    ),
    Example(
        "compensation_snapshot",
        "a handler sees what its subprocess had when it completed",
        "start -> s -> undo -> done\nundo: throw compensate\n"
        "s: sub in.n=${1} {\nstart_s -> a -> done_s\nun_a undoes a\nun_a: user out.was=${n}\n}",
        "start start_s a done_s s un_a s/undone undo done",
        "a un_a",
        "10.7.1",
        data={"was": 1, "n": None},
    ),
    Example(
        "cancel_undoes",
        "cancelling a transaction: what runs is ended, what was done is undone, then the boundary event",
        "start -> t -> done\nt: transaction {\nstart_t -> and -> a -> b -> stop\nand -> work -> done_t\n"
        f"stop: end cancel\n{UNDOES}\n}}\ncaught: on t cancel\ncaught -> done_caught",
        "start start_t and a b work× un_b un_a stop t× caught done_caught",
        "a b un_b un_a",
        "10.7, 13.5.6",
    ),
    Example(
        "transaction_error_does_not_undo",
        "an error that leaves a transaction (a hazard) undoes nothing",
        "start -> t -> done\nt: transaction {\nstart_t -> a -> stop\nstop: end error=oops\nun_a undoes a\n}\n"
        "caught: on t error=oops\ncaught -> done_caught",
        "start start_t a stop× t× caught done_caught",
        "a",
        "10.3.5",
    ),
    Example(
        "transaction_completes",
        "a transaction that completes may be undone later",
        "start -> t -> undo -> done\nundo: throw compensate\n"
        f"t: transaction {{\nstart_t -> a -> b -> done_t\n{UNDOES}\n}}",
        "start start_t a b done_t t un_b un_a t/undone undo done",
        "a b un_b un_a",
        "10.3.5, 10.7",
    ),
    Refused(
        "compensation_not_waiting",
        'waitForCompletion="false"',
        "start -> a -> undo -> done\nundo: throw compensate nowait\nun_a undoes a",
        "element_allowed",
        "10.7.2",
    ),
    Refused(
        "compensation_handler_with_flow",
        "a handler with a flow",
        "start -> a -> undo -> done\nundo: throw compensate\nun_a undoes a\nun_a -> done_un",
        "compensation",
        "10.7.1",
    ),
    Refused(
        "compensation_handler_unmarked",
        "a handler that nothing leads to",
        "start -> a -> done\nun_a: user compensates=",
        "compensation",
        "10.7.1",
    ),
    Refused(
        "compensation_of_nothing_named",
        "thrown at an activity that nothing undoes",
        "start -> a -> b -> undo -> done\nundo: throw compensate=b\nun_a undoes a",
        "compensation",
        "10.7.2",
    ),
    Refused(
        "compensation_elsewhere",
        "thrown at an activity of another level",
        f"start -> s -> undo -> done\nundo: throw compensate=a\n{S}",
        "compensation",
        "10.7.2",
    ),
]
