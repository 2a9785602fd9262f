"""Boundary events: each kind, interrupting and not, on each kind of activity.

`host` is the activity, `e` the event, `aside` the work behind it. Not here: other events (events.py)."""

from __future__ import annotations

from dataclasses import dataclass

from tests.coverage.example import Example, Refused, Row
from tests.coverage.places import AWAITED, TRIGGERS, named


@dataclass(frozen=True)
class Host:
    """An activity, as it stands in a drawing, and the traces of it.

    `before`: what leaves until it waits ("" with `waits` False: it never does); `rest`: what then leaves
    when `do` is done; `ended`: when it is interrupted instead.
    `fails`: the same activity, throwing the error oops, with its trace and what it takes. `tells`: the same
    throwing the escalation late, with what leaves until then, what ends if that interrupts, and what is left
    to do and leaves if it does not."""

    name: str
    draw: str
    rest: str
    do: str = ""
    before: str = ""
    ended: str = "host×"
    waits: bool = True
    fails: tuple[str, str, str] | None = None
    tells: tuple[str, str, str, str, str, str] | None = None


NEVER, OVER = "nothing in it throws one: a warning", "over before the event can come"
INSIDE = "start_in -> inside -> done_in"
FAILING = "start_in -> inside -> fail\nfail: end error=oops"
TELLING = "start_in -> tell -> inside -> done_in\ntell: throw escalation=late"


def _level(name: str, around: str) -> Host:
    """A subprocess, or a call of a process."""
    return Host(
        name,
        around.replace("BODY", INSIDE),
        "inside done_in host",
        "inside",
        "start_in",
        "inside× host×",
        fails=(around.replace("BODY", FAILING), "start_in inside fail× host×", "inside"),
        tells=(
            around.replace("BODY", TELLING),
            "",
            "start_in tell",
            "host×",
            "aside inside",
            "e aside done_e inside done_in host done",
        ),
    )


def _at_once(name: str, words: str, fails: str = "", rest: str = "host") -> Host:
    """A task that the runtime does in the same breath."""
    return Host(
        name, f"host: {words}", rest, waits=False, fails=(f"host: {fails}", "host×", "") if fails else None
    )


def _worker(name: str, words: str) -> Host:
    """A task that waits for an external worker, who may also raise an error."""
    draw = f"host: {words}"
    return Host(f"{name}, by a worker", draw, "host", "host", fails=(draw, "host×", "host(throw=oops)"))


TOLD = "tell_each=escalation:late"
BOTH = "e aside done_e (host | host)"
THROWS = "throw new BpmnError('oops', 'It went wrong.')"
HOSTS = (
    Host("userTask", "host: user", "host", "host"),
    Host("receiveTask", "host: receive message=goods", "host", "host"),
    _at_once("serviceTask", "service topic=work", "service topic=fail"),
    _at_once("sendTask", "send message=sent", "send topic=fail", "!sent host"),
    _at_once("businessRuleTask", "rule decision=always in.amount=1", "rule decision=never in.amount=1"),
    _worker("serviceTask", "service topic=away"),
    _worker("sendTask", "send topic=away"),
    _worker("businessRuleTask", "rule topic=away"),
    _at_once("scriptTask", 'script format=juel script="${1 + 1}"', f'script script="{THROWS}"'),
    _at_once("task", "task"),
    _at_once("manualTask", "manual"),
    _level("subProcess", "host: sub {\nBODY\n}"),
    _level("transaction", "host: transaction {\nBODY\n}"),
    _level("callActivity", "host: call process=q\nprocess q {\nBODY\n}"),
    Host(
        "adHocSubProcess",
        "host: adhoc complete=${ready} {\ninside: user\n}",
        "inside host",
        "inside(ready=true)",
        ended="inside× host×",
        fails=(
            "host: adhoc complete=${ready} {\ninside -> fail\nfail: service topic=fail\n}",
            "inside (fail× | inside×) host×",
            "inside",
        ),
        tells=(
            "host: adhoc complete=${ready} {\ninside -> tell\ntell: throw escalation=late\n}",
            "inside",
            "inside tell",
            "inside× host×",
            "aside inside(ready=true)",
            "e aside done_e inside tell× host done",
        ),
    ),
    Host(
        "multi-instance, parallel",
        "host: user times=2",
        "host host host/all",
        "host host",
        ended="host× host× host/all×",
        fails=("host: service topic=fail times=2", "host× host× host/all×", ""),
        tells=(
            f"host: user times=2 {TOLD}",
            "host",
            "host",
            "host× host/all×",
            "aside host aside",
            "e aside done_e host (e aside done_e | host/all done)",
        ),
    ),
    Host(
        "multi-instance, sequential",
        "host: user times=2 sequentially",
        "host host host/all",
        "host host",
        ended="host× host/all×",
        fails=("host: service topic=fail times=2 sequentially", "host× host/all×", ""),
        tells=(
            f"host: user times=2 sequentially {TOLD}",
            "host",
            "host",
            "host/all×",
            "aside host aside",
            "e aside done_e host (e aside done_e | host/all done)",
        ),
    ),
    Host(
        "standard loop",
        "host: user most=2",
        "host host host/all",
        "host host",
        ended="host× host/all×",
        fails=("host: service topic=fail most=2", "host× host/all×", ""),
        tells=(
            f"host: sub most=1 {{\n{TELLING}\n}}",
            "",
            "start_in tell",
            "host× host/all×",
            "aside inside",
            "e aside done_e inside done_in host host/all done",
        ),
    ),
)


def boundaries() -> list[Row]:
    return [
        boundary(host, trigger, beside) for trigger in TRIGGERS for beside in (False, True) for host in HOSTS
    ] + ELSEWHERE


def boundary(host: Host, trigger: str, beside: bool) -> Row:
    how = "beside" if beside else "interrupting"
    name = named("boundary", trigger, how, host.name)
    construct, section = f"{trigger}, {how}: {host.name}", "10.5.4, 13.5.3"
    event = f"e: on host {TRIGGERS[trigger]}{' beside' if beside else ''}\ne -> aside -> done_e"

    def draw(activity: str, start: str = "start") -> str:
        return f"{start} -> host -> done\n{activity}\n{event}"

    plain = draw(host.draw)
    given = {"ready": False, "x": False}

    def example(drawn: str, trace: str, do: str, note: str = "") -> Example:
        return Example(name, construct, drawn, f"start {trace}", do, section, given, note=note)

    def refused(rule: str) -> Refused:
        return Refused(name, construct, plain, rule, section)

    never = example(plain, f"{host.before} {host.rest} done", host.do, NEVER)
    if trigger == "timer (cycle)" and not beside:
        return refused("timer")
    if trigger in AWAITED:
        if not host.waits:
            return example(plain, f"{host.rest} done", "", OVER)
        if not beside:
            return example(plain, f"{host.before} {host.ended} e aside done_e", "e aside")
        times = 2 if trigger == "timer (cycle)" else 1
        trace = f"{host.before} {'e ' * times}{'aside done_e ' * times}{host.rest} done"
        return example(plain, trace, f"{'e ' * times}{'aside ' * times}{host.do}")
    if trigger == "conditional":
        poked = draw(host.draw, "start -> and") + "\nand -> poke -> done_poke"
        if not host.waits:
            return example(poked, f"and {host.rest} done poke done_poke", "poke(x=true)", OVER)
        if not beside:
            trace = f"and {host.before} poke (done_poke | {host.ended} e) aside done_e"
            return example(poked, trace, "poke(x=true) aside")
        trace = f"and {host.before} poke (done_poke | e) aside done_e {host.rest} done"
        return example(poked, trace, f"poke(x=true) aside {host.do}")
    if trigger == "error" and beside:
        return refused("boundary_event")
    if trigger == "error":
        if host.fails is None:
            return never
        activity, trace, do = host.fails
        return example(draw(activity), f"{trace} e aside done_e", f"{do} aside")
    if trigger == "escalation":
        if host.tells is None:
            return never
        activity, first, before, ended, do, trace = host.tells
        if not beside:
            return example(draw(activity), f"{before} {ended} e aside done_e", f"{first} aside")
        return example(draw(activity), f"{before} {trace}", f"{first} {do}")
    if trigger == "compensate":
        drawn = f"start -> host -> undo -> done\nundo: throw compensate\n{host.draw}\nun undoes host"
        rounds = 2 if "/all" in host.rest else 1
        trace = f"{host.before} {host.rest} {'un ' * rounds}undo done"
        note = "cancelActivity means nothing here" if beside else ""
        return Example(
            name,
            construct,
            drawn + (" beside" if beside else ""),
            f"start {trace}",
            f"{host.do} {'un ' * rounds}",
            "10.7, 13.5.5",
            given,
            note=note,
        )
    if trigger == "cancel":
        if host.name != "transaction" or beside:
            return refused("cancel")
        activity = "host: transaction {\nstart_in -> inside -> stop\nstop: end cancel\n}"
        return example(draw(activity), "start_in inside stop host× e aside done_e", "inside aside")
    return refused("event_trigger")


ELSEWHERE: list[Row] = [
    Refused(
        "boundary_on_event_subprocess",
        "any, on an event subprocess",
        "start -> a -> done\nev: event {\nbegin: start message=m\nbegin -> b -> done_ev\n}\n"
        "e: on ev timer=PT1H\ne -> done_e",
        "boundary_event",
        "10.5.4",
    ),
    Refused(
        "boundary_on_gateway",
        "any, on a gateway",
        "start -> xor -> done\ne: on xor timer=PT1H\ne -> done_e",
        "dangling_reference",
        "10.5.4",
    ),
    Refused(
        "boundary_with_incoming_flow",
        "any, with a flow that leads into it",
        "start -> a -> b -> e\ne: on a timer=PT1H\ne -> done",
        "boundary_event",
        "10.5.4",
    ),
    Refused(
        "boundary_on_other_level",
        "any, on an activity of another level",
        "start -> s -> done\ns: sub {\nstart_s -> a -> done_s\n}\ne: on a timer=PT1H\ne -> done_e",
        "boundary_event",
        "10.5.4",
    ),
    Refused(
        "boundary_behind_event_based_gateway",
        "any, on a receive task behind an event-based gateway",
        "start -> which -> a -> done\nwhich -> late -> done_late\nlate: catch timer=PT1H\na: receive message=m\n"
        "e: on a signal=s\ne -> done_e",
        "event_gateway",
        "10.6.6",
    ),
    Refused(
        "boundary_on_compensation_handler",
        "any, on an activity that undoes work",
        "start -> a -> undo -> done\nundo: throw compensate\nun undoes a\ne: on un timer=PT1H\ne -> done_e",
        "compensation",
        "10.7",
    ),
    Refused(
        "boundary_second_cancel",
        "cancel, a second one",
        "start -> t -> done\nt: transaction {\nstart_t -> a -> stop\nstop: end cancel\n}\n"
        "e: on t cancel\ne -> done_e\nf: on t cancel\nf -> done_f",
        "cancel",
        "10.3.5, 13.5.6",
    ),
    Refused(
        "boundary_cancel_on_multi_instance_transaction",
        "cancel, on a multi-instance transaction",
        "start -> t -> done\nt: transaction times=2 {\nstart_t -> a -> stop\nstop: end cancel\n}\n"
        "e: on t cancel\ne -> done_e",
        "cancel",
        "10.3.5, 13.5.6",
    ),
    Refused(
        "boundary_cancel_on_repeated_transaction",
        "cancel, on a transaction in a standard loop",
        "start -> t -> done\nt: transaction most=2 {\nstart_t -> a -> stop\nstop: end cancel\n}\n"
        "e: on t cancel\ne -> done_e",
        "cancel",
        "10.3.5, 13.5.6",
    ),
    Refused(
        "boundary_error_twice",
        "error, the same one twice on one activity",
        "start -> a -> done\na: service topic=fail\ne: on a error=oops\ne -> done_e\nf: on a error=oops\nf -> done_f",
        "ambiguous_catch",
        "10.5.4",
    ),
    Example(
        "boundary_error_of_any_code",
        "error, of any code, beside one that names it",
        "start -> a -> done\na: service topic=fail\ne: on a error=oops\ne -> done_e\nf: on a error\nf -> done_f",
        "start a× e done_e",
        section="10.5.4, 13.5.3",
    ),
]
