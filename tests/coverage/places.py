"""What events may be triggered by and where they may stand: the axes of the cross products.

Not here: what happens there (events.py, boundaries.py)."""

from __future__ import annotations

from dataclasses import dataclass

# Every kind of event of BPMN 2.0.2, Table 10.93; a timer has three.
TRIGGERS = {
    "none": "",
    "message": "message=m",
    "timer (date)": "timer=2026-01-06T09:00:00+08:00",
    "timer (duration)": "timer=PT1H",
    "timer (cycle)": "timer=R2/PT1H",
    "signal": "signal=s",
    "error": "error=oops",
    "escalation": "escalation=late",
    "conditional": "conditional=${x}",
    "compensate": "compensate",
    "cancel": "cancel",
    "terminate": "terminate",
    "link": "link=L",
    "multiple": "message=m signal=s",
    "parallelMultiple": "message=m signal=s parallel=true",
}
AWAITED = ("message", "timer (date)", "timer (duration)", "timer (cycle)", "signal")


def named(*words: str) -> str:
    """The name of an example, from the words of its place in the table."""
    joined = "_".join(words)
    return "".join(letter if letter.isalnum() else "_" for letter in joined).replace("__", "_").strip("_")


@dataclass(frozen=True)
class Place:
    """A level of a diagram. `BODY` in `around` is what stands on it, begun by `start`.

    `before`: the trace until the level's own start has left; `after`: once all on it is done.
    `do`: what begins it. `catch`: what is attached to it, EVENT being its trigger, and
    `caught`: the trace once that has interrupted it."""

    name: str
    around: str
    before: str
    after: str
    start: str = "start_in"
    do: str = ""
    catch: str = ""
    caught: str = ""

    def draw(self, body: str, event: str = "") -> str:
        catch = self.catch.replace("EVENT", event) if event else ""
        return "\n".join([self.around.replace("BODY", body.replace("BEGIN", self.start)), catch])


_CATCH = "caught: on box EVENT\ncaught -> done_caught"
_CAUGHT = "box× caught done_caught"
PROCESS = Place("process", "BODY", "start_in", "")
SUBPROCESS = Place(
    "subProcess",
    "start -> box -> done\nbox: sub {\nBODY\n}",
    "start start_in",
    "box done",
    catch=_CATCH,
    caught=_CAUGHT,
)
TRANSACTION = Place(
    "transaction",
    "start -> box -> done\nbox: transaction {\nBODY\n}",
    "start start_in",
    "box done",
    catch=_CATCH,
    caught=_CAUGHT,
)
CALLED = Place(
    "called process",
    "start -> box -> done\nbox: call process=q\nprocess q {\nBODY\n}",
    "start start_in",
    "box done",
    catch=_CATCH,
    caught=_CAUGHT,
)
REPEATED = Place(
    "multi-instance subProcess",
    "start -> box -> done\nbox: sub times=1 {\nBODY\n}",
    "start start_in",
    "box box/all done",
    catch=_CATCH,
    caught="box× box/all× caught done_caught",
)
EVENT_SUBPROCESS = Place(
    "event subProcess",
    "start -> waiting -> done\nbox: event {\nin: start message=m\nBODY\n}",
    "start waiting× in",
    "box",
    start="in",
    do="in",
)
AD_HOC = Place(
    "adHocSubProcess",
    "start -> box -> done\nbox: adhoc complete=${ready} {\nBODY\n}",
    "start",
    "box done",
    start="",
)
