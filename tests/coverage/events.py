"""Events by trigger and place: starts, event subprocesses, intermediate events, ends. Everything that BPMN
has a sign for is in the cross product: it runs, or a rule refuses it.

Not here: boundary events (boundaries.py)."""

from __future__ import annotations

from tests.coverage.example import Example, Refused, Row
from tests.coverage.places import (
    AD_HOC,
    AWAITED,
    CALLED,
    EVENT_SUBPROCESS,
    PROCESS,
    REPEATED,
    SUBPROCESS,
    TRANSACTION,
    TRIGGERS,
    Place,
    named,
)

STARTED_BY = ("message", "timer (date)", "timer (duration)", "timer (cycle)", "signal", "conditional")


START_PLACES = (PROCESS, CALLED, SUBPROCESS, TRANSACTION, AD_HOC)
EVENT_PLACES = (PROCESS, SUBPROCESS, CALLED, TRANSACTION, REPEATED, AD_HOC)
END_PLACES = (PROCESS, SUBPROCESS, CALLED, TRANSACTION, REPEATED, EVENT_SUBPROCESS, AD_HOC)


def starts() -> list[Row]:
    return [
        start(place, trigger, beside)
        for place in START_PLACES
        for beside in (False, True)
        for trigger in TRIGGERS
    ]


def start(place: Place, trigger: str, beside: bool) -> Row:
    name = named("start", place.name, trigger, "beside" if beside else "")
    construct = f"{place.name}: {trigger}" + (', isInterrupting="false"' if beside else "")
    section = "10.5.2"
    words = TRIGGERS[trigger] + (" beside" if beside else "")
    draw = place.draw(f"begin: start {words}\nbegin -> a -> done_in")
    if place is AD_HOC:
        return Refused(name, construct, draw, "ad_hoc", "10.3.5")
    if beside:
        return Refused(name, construct, draw, "event_subprocess", section)
    if trigger == "none":
        trace = f"{place.before.replace('start_in', 'begin')} a done_in {place.after}"
        return Example(name, construct, draw, trace, "a", section)
    if place in (SUBPROCESS, TRANSACTION):
        return Refused(name, construct, draw, "subprocess_start", section)
    if trigger not in STARTED_BY:
        return Refused(name, construct, draw, "event_trigger", section)
    if place is CALLED:
        return Refused(name, construct, draw, "unknown_process", "13.3.4")
    return Example(name, construct, draw, "begin a done_in", "a", section, start="begin", given={"x": True})


# --- event subprocesses -------------------------------------------------------------


def event_subprocesses() -> list[Row]:
    return [
        event_subprocess(place, trigger, beside)
        for trigger in TRIGGERS
        for beside in (False, True)
        for place in EVENT_PLACES
    ]


REACT = "react: event {{\nbegin: start {words}\nbegin -> answer -> done_ev\n}}"


def event_subprocess(place: Place, trigger: str, beside: bool) -> Row:
    how = "beside" if beside else "interrupting"
    name = named("event_subprocess", place.name, trigger, how)
    construct = f"{trigger}: {how}, in {place.name}"
    section = "10.3.5, 13.5.4"
    react = REACT.format(words=TRIGGERS[trigger] + (" beside" if beside else ""))
    ad_hoc = place is AD_HOC
    begin, end = ("", "") if ad_hoc else ("BEGIN -> ", " -> done_in")
    ends, finish = ("", "(ready=true)") if ad_hoc else ("done_in", "")
    before, after = place.before, place.after
    plain = place.draw(f"{begin}work{end}\n{react}" if begin else f"work: user\n{react}")
    given = {"ready": False, "x": False}

    def example(draw: str, trace: str, do: str) -> Example:
        return Example(name, construct, draw, f"{before} {trace}", do, section, given)

    if trigger in ("none", "compensate", "error") and (beside or trigger == "none"):
        return Refused(name, construct, plain, "event_subprocess", section)
    if trigger == "timer (cycle)" and not beside:
        return Refused(name, construct, plain, "timer", section)
    if trigger in AWAITED and not beside:
        return example(plain, f"work× begin answer done_ev react {after}", "begin answer")
    if trigger == "timer (cycle)" and ad_hoc:
        twice = "begin begin answer done_ev react answer done_ev react work"
        return example(plain, f"{twice} {after}", "begin begin answer answer work(ready=true)")
    if trigger in AWAITED and ad_hoc:
        return example(plain, f"begin answer done_ev react work {after}", "begin answer work(ready=true)")
    if trigger == "timer (cycle)":
        twice = f"begin begin work {ends} answer done_ev react answer done_ev react {after}"
        return example(plain, twice, f"begin begin work{finish} answer answer")
    if trigger in AWAITED:
        trace = f"begin work {ends} answer done_ev react {after}"
        return example(plain, trace, f"begin work{finish} answer")
    if trigger == "conditional":
        poked = f"{begin}and -> work{end}\nand -> poke -> done_poke\n{react}"
        trace = "and poke"
        if ad_hoc:
            poked, trace = f"work: user\npoke: user\n{react}", "poke"
        draw = place.draw(poked)
        if not beside:
            # What the write ends, ends before the path goes on.
            ended = "(work× | poke×)" if ad_hoc else "(work× | done_poke×)"
            return example(draw, f"{trace} {ended} begin answer done_ev react {after}", "poke(x=true) answer")
        if ad_hoc:
            trace = f"poke begin answer done_ev react work poke× {after}"
            return example(draw, trace, "poke(x=true) answer work(ready=true)")
        return example(
            draw,
            f"{trace} (done_poke | begin) work {ends} answer done_ev react {after}",
            f"poke(x=true) work{finish} answer",
        )
    if trigger == "error":
        body = f"{begin}work -> fail{end}\nfail: service topic=fail\n{react}"
        ended = "(fail× | work×)" if ad_hoc else "fail×"  # it was offered again
        return example(place.draw(body), f"work {ended} begin answer done_ev react {after}", "work answer")
    if trigger == "escalation":
        tell = f"{begin}work -> tell -> more{end}\ntell: throw escalation=late\n{react}"
        draw = place.draw(tell)
        if not beside:
            offered = "work×" if ad_hoc else ""
            return example(draw, f"work tell {offered} begin answer done_ev react {after}", "work answer")
        if ad_hoc:
            trace = f"work tell begin answer done_ev react more work× {after}"
            return example(draw, trace, "work answer more(ready=true)")
        return example(draw, f"work tell begin more {ends} answer done_ev react {after}", "work more answer")
    if trigger == "compensate":
        undone = _undone(place, react)
        if place in (PROCESS, CALLED):
            return Refused(name, construct, undone, "event_subprocess", "10.7")
        inner = f"work {ends} {after.replace(' done', '')}"
        trace = f"{inner} begin answer done_ev react box/undone undo done"
        return Example(
            name, construct, undone, f"{before} {trace}", f"work{finish} answer", "10.7.1, 13.5.5", given
        )
    return Refused(name, construct, plain, "event_trigger", section)


def _undone(place: Place, react: str) -> str:
    body = f"work: user\n{react}" if place is AD_HOC else f"BEGIN -> work -> done_in\n{react}"
    drawn = place.draw(body).replace(
        "start -> box -> done\n", "start -> box -> undo -> done\nundo: throw compensate\n"
    )
    if place is PROCESS:
        drawn = drawn.replace("work -> done_in", "work -> undo -> done_in") + "\nundo: throw compensate"
    return drawn


# --- in the middle ------------------------------------------------------------------


def catches() -> list[Row]:
    return [_catch(trigger, behind) for trigger in TRIGGERS for behind in (False, True)]


def _catch(trigger: str, behind: bool) -> Row:
    where = "behind an event-based gateway" if behind else "alone"
    name = named("catch", trigger, "behind" if behind else "alone")
    construct, section = f"{trigger}: {where}", "10.5.4, 13.4.4" if behind else "10.5.4, 13.5.2"
    words = TRIGGERS[trigger]
    poke = "and -> poke -> done_poke\n" if trigger == "conditional" else ""
    fork = "start -> and -> " if poke else "start -> "
    rest = "which -> other -> done_other\nother: catch message=other\n" if behind else ""
    draw = f"{fork}{'which -> ' if behind else ''}wait -> a -> done\n{poke}{rest}wait: catch {words}"
    if trigger == "link":
        if behind:
            return Refused(name, construct, draw, "event_gateway", section)
        draw = f"start -> go\ngo: throw {words}\nwait: catch {words}\nwait -> a -> done"
        return Example(name, construct, draw, "start go wait a done", "a", "10.5.4")
    if trigger == "timer (cycle)":
        return Refused(name, construct, draw, "timer", section)
    gateway = "which " if behind else ""
    if trigger in AWAITED:
        return Example(name, construct, draw, f"start {gateway}wait a done", "wait a", section)
    if trigger == "conditional":
        trace = f"start and poke (done_poke | {gateway}wait) a done"
        return Example(name, construct, draw, trace, "poke(x=true) a", section, {"x": False})
    return Refused(name, construct, draw, "event_trigger", section)


def throws() -> list[Row]:
    return [_throw(trigger) for trigger in TRIGGERS] + [
        Example(
            "throw_message_by_worker",
            "message, by a worker",
            "start -> a -> tell -> done\ntell: throw worker=away",
            "start a tell done",
            "a tell",
            "10.5.4, 13.5.2",
            note="waits until an external worker has sent it",
        )
    ]


def _throw(trigger: str) -> Row:
    name, construct, section = named("throw", trigger), trigger, "10.5.4, 13.5.2"
    draw = f"start -> a -> tell -> done\ntell: throw {TRIGGERS[trigger]}"
    if trigger == "none":
        return Example(name, construct, draw, "start a tell done", "a", section, note="a milestone")
    if trigger in ("message", "signal"):
        return Example(name, construct, draw, f"start a !{trigger[0]} tell done", "a", section)
    if trigger == "escalation":
        return Example(
            name, construct, draw, "start a tell done", "a", section, note="nobody has to catch it"
        )
    if trigger == "compensate":
        return Example(
            name, construct, f"{draw}\nun undoes a", "start a un tell done", "a un", "10.7, 13.5.5"
        )
    if trigger == "link":
        draw = "start -> a -> tell\ntell: throw link=L\nback: catch link=L\nback -> done"
        return Example(name, construct, draw, "start a tell back done", "a", "10.5.4")
    return Refused(name, construct, draw, "event_trigger", section)


# --- ends ---------------------------------------------------------------------------


def ends() -> list[Row]:
    return [
        end(place, trigger) for place in END_PLACES for trigger in TRIGGERS if trigger != "parallelMultiple"
    ] + [by_worker(place) for place in END_PLACES if place is not AD_HOC]


def by_worker(place: Place) -> Row:
    """A message that an external worker sends at an end: the level waits for it."""
    return Example(
        named("end", place.name, "message_by_worker"),
        f"message, by a worker, in {place.name}",
        place.draw("BEGIN -> a -> stop\nstop: end worker=away"),
        f"{place.before} a stop {place.after}",
        f"{place.do} a stop",
        "10.5.3, 13.5.6",
    )


def end(place: Place, trigger: str) -> Row:
    name, construct, section = (
        named("end", place.name, trigger),
        f"{trigger} in {place.name}",
        "10.5.3, 13.5.6",
    )
    body = f"BEGIN -> a -> stop\nstop: end {TRIGGERS[trigger]}"
    if place is AD_HOC:
        return Refused(name, construct, place.draw(body.replace("BEGIN -> ", "")), "ad_hoc", "10.3.5")
    before, after, do = place.before, place.after, f"{place.do} a"
    caught = place.caught

    def example(
        trace: str, draw: str = "", do: str = do, outcome: str = "completed", note: str = ""
    ) -> Example:
        drawn = draw or place.draw(body)
        return Example(name, construct, drawn, f"{before} {trace}", do, section, outcome=outcome, note=note)

    if trigger == "none":
        return example(f"a stop {after}")
    if trigger in ("message", "signal"):
        return example(f"a !{trigger[0]} stop {after}")
    if trigger == "error" and caught:
        return example(f"a stop× {caught}", place.draw(body, "error=oops"))
    if trigger == "error":
        left = "stands at stop" if place is PROCESS else "stands at box stop"
        return example(
            "a", outcome=left, note="an error that nothing catches is an incident where it is thrown"
        )
    if trigger == "escalation" and caught:
        return example(f"a stop {caught}", place.draw(body, "escalation=late"))
    if trigger == "escalation":
        return example(f"a stop {after}", note="nobody has to catch it")
    if trigger == "terminate":
        draw = place.draw("BEGIN -> and -> a -> stop\nand -> b -> done_in\nstop: end terminate")
        outcome = "terminated" if place is PROCESS else "completed"
        return example(f"and a b× stop {after}", draw, outcome=outcome)
    if trigger == "compensate":
        return example(f"a un stop {after}", place.draw(f"{body}\nun undoes a"), f"{do} un")
    if trigger == "cancel":
        if place is TRANSACTION:
            draw = place.draw("BEGIN -> and -> a -> stop\nand -> b -> done_in\nstop: end cancel", "cancel")
            return example(f"and a b× stop {caught}", draw)
        return Refused(name, construct, place.draw(body), "cancel", section)
    return Refused(name, construct, place.draw(body), "event_trigger", section)
