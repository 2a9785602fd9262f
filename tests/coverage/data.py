"""Who sees which variable, and what passes between a case and the processes that it calls.

Not here: expressions (tests/core/test_expressions.py), results of instances (activities.py)."""

from __future__ import annotations

from tests.coverage.example import Example, Refused, Row

Q = "process q {\nstart_q -> inside -> done_q\n}"
DATA: list[Row] = [
    Example(
        "data_after_subprocess",
        "what is written in a subprocess is there after it",
        "start -> s -> xor\nxor -[${x > 0}]-> a -> done\nxor => done_no\ns: sub {\nstart_s -> inside -> done_s\n}",
        "start start_s inside done_s s xor a done",
        "inside(x=1) a",
        "10.4.1",
        data={"x": 1},
    ),
    Example(
        "data_local",
        "a subprocess's own parameter ends with it",
        "start -> s -> a -> done\ns: sub in.y=${1} {\nstart_s -> inside -> done_s\n}",
        "start start_s inside done_s s a done",
        "inside(y=2,x=3) a",
        "10.4.1",
        data={"x": 3, "y": None},
    ),
    Example(
        "data_nearest",
        "a write goes to the nearest scope that has the name",
        "start -> s -> a -> done\ns: sub in.y=${1} out.seen=${y} {\nstart_s -> inside -> done_s\n}",
        "start start_s inside done_s s a done",
        "inside(y=2) a",
        "10.4.1",
        {"y": 9},
        {"y": 9, "seen": 2},
    ),
    Example(
        "data_parallel",
        "branches see what others write at once",
        "start -> and -> a -> done\nand -> b -> xor\nxor -[${x > 0}]-> c -> done_c\nxor => done_no",
        "start and a done b xor c done_c",
        "a(x=1) b c",
        "10.4.1",
        {"x": 0},
        {"x": 1},
    ),
    Example(
        "data_condition_wakes",
        "a condition is asked again when another branch writes",
        "start -> and -> wait -> done\nand -> a -> b -> done_b\nwait: catch conditional=${x>1}",
        "start and a b (done_b | wait done)",
        "a(x=1) b(x=2)",
        "10.5.5",
        {"x": 0},
    ),
    Example(
        "data_of_event_subprocess",
        "an event subprocess sees the level around it and writes there",
        "start -> s -> a -> done\ns: sub in.y=${1} {\nstart_s -> inside -> done_s\nev: event {\n"
        "begin: start message=m\nbegin -> x -> done_ev\nx: user out.seen=${y}\n}\n}",
        "start start_s inside× begin x done_ev ev s a done",
        "begin(told=5) x a",
        "10.3.5",
        data={"seen": 1, "told": 5, "y": None},
    ),
    Example(
        "data_instance",
        "an instance's item is its own",
        "start -> a -> b -> done\na: user each=${items}:item out.last=${item}",
        "start a a a/all b done",
        "a#1 a b",
        "10.4.1",
        {"items": ["x", "y"]},
        {"last": "x", "item": None, "loopCounter": None},
    ),
    Example(
        "data_message",
        "a message's payload is written",
        "start -> wait -> done\nwait: catch message=m",
        "start wait done",
        "wait(n=5)",
        "10.5.5",
        data={"n": 5},
    ),
    Example(
        "data_rule",
        "a rule's outputs are written",
        "start -> a -> done\na: rule decision=always in.amount=1",
        "start a done",
        section="10.3.3",
        data={"answer": "yes"},
    ),
    Example(
        "data_script",
        "a script's value goes to its result variable",
        'start -> a -> done\na: script format=juel script="${n + 1}" result=m',
        "start a done",
        section="10.3.3",
        given={"n": 1},
        data={"m": 2},
    ),
    Example(
        "call_nothing_passes",
        "a call without mappings: neither sees the other",
        f"start -> c -> done\nc: call process=q\n{Q}",
        "start start_q inside done_q c done",
        "inside(x=2,z=3)",
        "13.3.4",
        {"x": 1},
        {"x": 1, "z": None},
    ),
    Example(
        "call_in_and_out",
        "in and out by name",
        "start -> c -> done\nc: call process=q give=x:y take=z:w\n"
        "process q {\nstart_q -> inside -> done_q\ninside: user out.z=${y+1}\n}",
        "start start_q inside done_q c done",
        "inside",
        "13.3.4",
        {"x": 1},
        {"x": 1, "w": 2, "y": None, "z": None},
    ),
    Example(
        "call_all",
        "in and out of all variables",
        f"start -> c -> done\nc: call process=q give=* take=*\n{Q}",
        "start start_q inside done_q c done",
        "inside(x=2,z=3)",
        "13.3.4",
        {"x": 1},
        {"x": 2, "z": 3},
    ),
    Example(
        "call_business_key",
        "the business key is the caller's",
        "start -> c -> done\nc: call process=q take=k\n"
        "process q {\nstart_q -> inside -> done_q\ninside: user out.k=${execution.processBusinessKey}\n}",
        "start start_q inside done_q c done",
        "inside",
        "13.3.4",
        data={"k": "K-1"},
    ),
    Example(
        "call_own_business_key",
        "a business key of its own",
        "start -> c -> done\nc: call process=q key=${order} take=k\n"
        "process q {\nstart_q -> inside -> done_q\ninside: user out.k=${execution.processBusinessKey}\n}",
        "start start_q inside done_q c done",
        "inside",
        "13.3.4",
        {"order": "PO-7"},
        {"k": "PO-7"},
    ),
    Example(
        "call_error_across",
        "an error crosses two calls to the one that catches it",
        "start -> c -> done\nc: call process=q\ncaught: on c error=oops\ncaught -> done_caught\n"
        "process q {\nstart_q -> d -> done_q\nd: call process=r\n}\n"
        "process r {\nstart_r -> fail\nfail: end error=oops\n}",
        "start start_q start_r fail× d× c× caught done_caught",
        section="10.5.7, 13.5.3",
    ),
    Example(
        "call_error_takes_out",
        "out mappings run also when an error ends the call",
        "start -> c -> done\nc: call process=q take=z\ncaught: on c error=oops\ncaught -> done_caught\n"
        "process q {\nstart_q -> inside -> fail\nfail: end error=oops\n}",
        "start start_q inside fail× c× caught done_caught",
        "inside(z=3)",
        "dialect",
        data={"z": 3},
    ),
    Example(
        "call_escalation_across",
        "an escalation crosses a call and does not interrupt",
        "start -> c -> done\nc: call process=q\ncaught: on c escalation=late beside\ncaught -> done_caught\n"
        "process q {\nstart_q -> tell -> inside -> done_q\ntell: throw escalation=late\n}",
        "start start_q tell caught done_caught inside done_q c done",
        "inside",
        "10.5.7, 13.5.3",
    ),
    Example(
        "error_nearest",
        "the nearest event that catches an error takes it",
        "start -> s -> done\ns: sub {\nstart_s -> t -> done_s\nt: sub {\nstart_t -> fail\nfail: end error=oops\n}\n"
        "near: on t error=oops\nnear -> done_near\n}\nfar: on s error=oops\nfar -> done_far",
        "start start_s start_t fail× t× near done_near s done",
        section="10.5.7",
    ),
    Example(
        "error_event_subprocess_before_boundary",
        "an event subprocess inside comes before the boundary event outside",
        "start -> s -> done\ns: sub {\nstart_s -> fail\nfail: end error=oops\nev: event {\nbegin: start error=oops\n"
        "begin -> done_ev\n}\n}\nfar: on s error=oops\nfar -> done_far",
        "start start_s fail× begin done_ev ev s done",
        section="10.5.7",
    ),
    Example(
        "error_in_event_subprocess",
        "an error out of the event subprocess that has caught it goes outwards",
        "start -> s -> done\ns: sub {\nstart_s -> fail\nfail: end error=oops\nev: event {\nbegin: start error=oops\n"
        "begin -> again\nagain: end error=oops\n}\n}\nfar: on s error=oops\nfar -> done_far",
        "start start_s fail× begin again× ev× s× far done_far",
        section="10.5.7, 13.5.4",
    ),
    Example(
        "error_of_other_code",
        "an error of another code goes by",
        "start -> s -> done\ns: sub {\nstart_s -> fail\nfail: end error=oops\n}\n"
        "far: on s error\nfar -> done_far\nnear: on s error=other\nnear -> done_near",
        "start start_s fail× s× far done_far",
        section="10.5.7",
    ),
    Example(
        "terminate_instance",
        "terminate in one instance of a multi-instance subprocess",
        "start -> s -> done\ns: sub times=2 {\nstart_s -> and -> a -> stop\nand -> b -> done_s\nstop: end terminate\n}",
        "start (start_s and | start_s and) a b× stop s b done_s a stop s s/all done",
        "a b a",
        "13.5.6",
        note="the other instance goes on",
    ),
    Example(
        "terminate_called",
        "terminate in a called process ends that alone",
        "start -> and -> c -> done\nand -> x -> done_x\nc: call process=q\n"
        "process q {\nstart_q -> and_2 -> a -> stop\nand_2 -> b -> done_q\nstop: end terminate\n}",
        "start and start_q and_2 a b× stop c done x done_x",
        "a x",
        "13.5.6",
    ),
    Refused(
        "call_by_expression",
        "a call by an expression",
        "start -> c -> done\nc: call process=${which}",
        "unknown_process",
        "13.3.4",
    ),
    Refused(
        "call_of_nothing",
        "a call of a process that is not there",
        "start -> c -> done\nc: call process=nowhere",
        "unknown_process",
        "13.3.4",
    ),
]
