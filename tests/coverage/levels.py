"""Ad-hoc subprocesses, and how a process may begin, be left and be nested.

Not here: events on those levels (events.py), what they are hosts of (boundaries.py)."""

from __future__ import annotations

from tests.coverage.example import Example, Refused, Row

LEVELS: list[Row] = [
    Example(
        "ad_hoc_any_order",
        "ad-hoc: any activity, as often as wanted, until the condition holds",
        "start -> work -> done\nwork: adhoc complete=${ready} {\na: user\nb: user\n}",
        "start b a b a b× work done",
        "b(ready=false) a(ready=false) b(ready=false) a(ready=true)",
        "10.3.5, 13.3.5",
    ),
    Example(
        "ad_hoc_flows",
        "ad-hoc: what a flow leads to is not offered",
        "start -> work -> done\nwork: adhoc complete=${ready} {\na -> b\n}",
        "start a b a× work done",
        "a(ready=false) b(ready=true)",
        "10.3.5, 13.3.5",
    ),
    Example(
        "ad_hoc_finishes_what_runs",
        "ad-hoc: cancelRemainingInstances false, what runs is finished",
        "start -> work -> done\nwork: adhoc complete=${ready} keep=false {\na -> c\nb: user\n}",
        "start a b a× c work done",
        "a(ready=false) b(ready=true) c",
        "10.3.5, 13.3.5",
    ),
    Example(
        "ad_hoc_sequential",
        "ad-hoc: ordering Sequential, nothing else while a path is followed",
        "start -> work -> done\nwork: adhoc ordering=Sequential complete=${ready} {\na -> c\nb: user\n}",
        "start a b× c b a× work done",
        "a(ready=false) c b(ready=true)",
        "10.3.5, 13.3.5",
    ),
    Refused(
        "ad_hoc_endless",
        "ad-hoc: without completionCondition",
        "start -> work -> done\nwork: adhoc {\na: user\n}",
        "ad_hoc",
        "10.3.5",
    ),
    Refused(
        "ad_hoc_of_a_service",
        "ad-hoc: first activity is no user task",
        "start -> work -> done\nwork: adhoc complete=${ready} {\na: service topic=work\n}",
        "ad_hoc",
        "10.3.5",
        note="somebody has to choose it",
    ),
    Refused(
        "ad_hoc_by_event",
        "ad-hoc: triggered by an event",
        "start -> a -> done\nev: adhoc complete=${ready} by_event=true {\nb: user\n}",
        "event_subprocess",
        "10.3.5",
    ),
    Example(
        "start_of_several",
        "several starts: the one that was meant",
        "start -> a -> done\nby: start message=m\nby -> b -> done_b",
        "by b done_b",
        "b",
        "10.5.2",
        start="by",
    ),
    Refused(
        "start_of_several_without_trigger",
        "several starts without trigger",
        "start -> a -> done\nstart_2 -> a",
        "several_starts",
        "10.5.2",
    ),
    Refused(
        "start_by_no_event",
        "no start event",
        "a -> done",
        "no_start",
        "13.2",
        note="the standard would begin at each activity that no flow leads to",
    ),
    Refused(
        "start_by_receive_task",
        "a receive task that instantiates",
        "a -> done\na: receive message=m instantiate=true",
        "element_allowed",
        "10.3.3",
    ),
    Refused(
        "level_dead_end",
        "a path that stops without an end event",
        "start -> and -> a -> done\nand -> b",
        "dead_end",
        "13.5.6",
        note="the standard ends the token there; what is meant is drawn",
    ),
    Refused(
        "level_unreachable",
        "an activity that nothing leads to",
        "start -> a -> done\nb -> done_b",
        "unreachable",
        "13.2",
        note="the standard would begin it with the process",
    ),
    Refused(
        "level_flow_across",
        "a flow across the edge of a subprocess",
        "start -> s -> done\ns: sub {\nstart_s -> a -> done_s\n}\nstart -> b -> a\na: elsewhere",
        "flow_scope",
        "10.3.5",
    ),
    Example(
        "level_nested",
        "subprocesses inside one another",
        "start -> s -> done\ns: sub {\nstart_s -> t -> done_s\nt: sub {\nstart_t -> a -> done_t\n}\n}",
        "start start_s start_t a done_t t done_s s done",
        "a",
        "10.3.5",
    ),
]
