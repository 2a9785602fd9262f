"""FEEL, evaluated by the very package that form-js uses in the browser: the only door to V8.

An isolate with feelin in it, made when first needed, one for each process, under a lock:
an isolate made before `fork` hangs in the child. FEEL is interpreted by feelin and cannot
define or reach anything in JavaScript; time and memory have limits all the same.

FEEL computes in binary floating point, so `0.1 + 0.2 = 0.3` is false: it is good for
conditions, and amounts of money come from expressions/. Not here: scripts in JavaScript."""

from __future__ import annotations

import atexit
import ctypes
import datetime as dt
import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import isodate
from py_mini_racer import JSEvalException, JSOOMException, JSTimeoutException, MiniRacer

from runtime import clock
from runtime.errors import Failed, Invalid
from runtime.values import File, NotAValue, Value

SECONDS = 0.5  # of one evaluation: a thousand times what it needs, so that a busy machine is no error
FIRST_SECONDS = 5.0  # of loading feelin, on a slow machine
MEMORY = 64_000_000  # bytes of the isolate's heap
MAX_LENGTH = 10_000  # characters of an expression
MAX_ANSWER = 1_000_000  # characters of a result as JSON
REMEMBERED = 2_000  # small questions, with their answers: a round through the isolate takes half a millisecond
TIMELY = ("now", "today", "date", "time")

_BRIDGE = """
(() => {
  const MAKERS = {$date: "date(x)", $datetime: "date and time(x)", $duration: "duration(x)"};
  const revive = (value) => {
    if (Array.isArray(value)) return value.map(revive);
    if (value === null || typeof value !== "object") return value;
    const [tag] = Object.keys(value);
    if (MAKERS[tag]) {
      const made = feelin.evaluate(MAKERS[tag], {x: value[tag]}).value;
      // feelin takes midnight in UTC for a date; in the local zone the moment stays one.
      return tag === "$datetime" ? made.toLocal() : made;
    }
    return Object.fromEntries(Object.entries(value.$map).map(([key, item]) => [key, revive(item)]));
  };
  const moment = (value) => {
    if (value.year === 1900 && value.month === 1 && value.day === 1) return {$time: value.toISOTime()};
    const midnight = value.hour + value.minute + value.second + value.millisecond === 0;
    if (midnight && value.zone.type === "fixed") return {$date: value.toISODate()};
    return {$datetime: value.toUTC().toISO()};
  };
  const plain = (value) => {
    if (value === undefined || value === null) return null;
    if (typeof value === "function") throw new TypeError("a function is no value");
    if (typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map(plain);
    if (value.isLuxonDateTime) return moment(value);
    if (value.isLuxonDuration) return {$duration: value.toISO()};
    if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError("it is no value");
    return {$map: Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))};
  };
  globalThis.ask = (kind, text, context, now) => {
    Date.now = () => now;
    let result;
    try {
      result = feelin[kind](text, revive(JSON.parse(context)));
    } catch (error) {
      return JSON.stringify({error: String(error && error.message || error)});
    }
    return JSON.stringify({value: plain(result.value)});
  };
  globalThis.matches = (pattern, text) => {
    let made;
    try {
      made = new RegExp(pattern);
    } catch (error) {
      return String(error.message);
    }
    return made.test(text);
  };
})();
"""


class FeelMalformed(Invalid):
    """The FEEL expression {text} cannot be read: {reason}."""

    code = "feel.malformed"


class FeelTooLong(Invalid):
    """A FEEL expression may have at most {limit} characters; this one has {length}."""

    code = "feel.too_long"


class FeelTooSlow(Invalid):
    """The FEEL expression {text} takes too long or too much memory."""

    code = "feel.too_slow"


class FeelNotAValue(Invalid):
    """The FEEL expression {text} gives something that cannot be kept: {reason}."""

    code = "feel.not_a_value"


class PatternMalformed(Invalid):
    """The pattern {pattern} cannot be read: {reason}."""

    code = "pattern.malformed"


class PatternTooSlow(Invalid):
    """Trying the pattern {pattern} takes too long."""

    code = "pattern.too_slow"


class FeelMissing(Failed):
    """FEEL is not installed: {path} is missing. Run the set-up again."""

    code = "feel.missing"


class Feel:
    """Evaluates FEEL; safe between threads. `source` is the bundle that sets `globalThis.feelin`."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._isolate: MiniRacer | None = None
        self._told: dict[tuple[str, str, str], str] = {}  # question → answer, the oldest first
        os.register_at_fork(after_in_child=self._leave_to_parent)
        # While the interpreter is taken down it is too late: closing would then wait for ever.
        atexit.register(self.close)

    def evaluate(self, text: str, names: Mapping[str, Value], now: dt.datetime | None = None) -> Value:
        """The value of `text` (a leading `=` is allowed); an unknown name is null, as FEEL has it.

        `now`: what now() and today() go by; by default the clock.
        Decimals go in and numbers come out as doubles: a whole number as an integer, any other as a
        Decimal of the shortest digits. Raises FeelMalformed, FeelTooSlow, FeelNotAValue, FeelMissing."""
        return self._ask("evaluate", text, names, now)

    def unary_test(self, text: str, names: Mapping[str, Value]) -> Value:
        """Whether a decision table's cell holds for `names["?"]`: true, false or null."""
        return self._ask("unaryTest", text, names)

    def check(self, text: str) -> None:
        """Raise FeelMalformed if `text` cannot be read, whatever its names will be."""
        # Slow or strange without its names, it has been read all the same.
        with suppress(FeelTooSlow, FeelNotAValue):
            self._ask("evaluate", text, {})

    def matches(self, pattern: str, text: str) -> bool:
        """Whether JavaScript's regular expression is found in `text`, as the browser tries it.

        Raises PatternMalformed, PatternTooSlow."""
        with self._lock:
            isolate = self._isolate or self._begin()
            try:
                found = isolate.call("matches", pattern, text, timeout_sec=SECONDS, max_memory=MEMORY)
            except (JSTimeoutException, JSOOMException):
                self._drop()
                raise PatternTooSlow(pattern=pattern) from None
        if isinstance(found, bool):
            return found
        raise PatternMalformed(pattern=pattern, reason=_first_line(found))

    def close(self) -> None:
        """Give the isolate's memory back; the next evaluation makes a new one."""
        with self._lock:
            self._drop()

    def _ask(self, kind: str, text: str, names: Mapping[str, Value], now: dt.datetime | None = None) -> Value:
        text = text.strip().removeprefix("=").strip()
        shown = text if len(text) <= 200 else text[:200] + "…"
        if len(text) > MAX_LENGTH:
            raise FeelTooLong(limit=MAX_LENGTH, length=len(text))
        if not text:
            raise FeelMalformed(text=shown, reason="it is empty")
        # A name may have spaces in FEEL, so what it uses is not known before; what is not in it is not used.
        used = {name: value for name, value in names.items() if name in text or name == "?"}
        context = json.dumps(_outward(used), ensure_ascii=False)
        # FEEL's now() and today() are told the time like everything else.
        milliseconds = int((now or clock.now()).timestamp() * 1000)
        question = (kind, text, context)
        told = self._told.get(question) or self._tell(question, milliseconds, shown)
        answer = json.loads(told, parse_float=Decimal, parse_constant=lambda _: None)
        if "error" in answer:
            raise FeelMalformed(text=shown, reason=_first_line(answer["error"]))
        try:
            return _inward(answer["value"])
        except (ValueError, KeyError, isodate.ISO8601Error) as error:
            raise FeelNotAValue(text=shown, reason=_first_line(error)) from None

    def _tell(self, question: tuple[str, str, str], milliseconds: int, shown: str) -> str:
        """What the isolate says, as JSON."""
        _, text, _ = question
        with self._lock:
            isolate = self._isolate or self._begin()
            try:
                told: str = isolate.call(
                    "ask", *question, milliseconds, timeout_sec=SECONDS, max_memory=MEMORY
                )
            except (JSTimeoutException, JSOOMException):
                self._drop()
                raise FeelTooSlow(text=shown) from None
            except JSEvalException as error:
                raise FeelNotAValue(text=shown, reason=_first_line(error)) from None
            if len(told) > MAX_ANSWER:
                raise FeelTooSlow(text=shown)
            # The same comes of the same, unless it has to do with the time.
            if sum(map(len, question)) + len(told) < 2_000 and not any(word in text for word in TIMELY):
                self._told[question] = told
                if len(self._told) > REMEMBERED:
                    del self._told[next(iter(self._told))]
        return told

    def _begin(self) -> MiniRacer:
        try:
            bundle = self._source.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise FeelMissing(path=self._source.name) from None
        isolate = MiniRacer()
        isolate.eval(bundle, timeout_sec=FIRST_SECONDS)
        isolate.eval(_BRIDGE, timeout_sec=FIRST_SECONDS)
        self._isolate = isolate
        return isolate

    def _drop(self) -> None:
        if self._isolate is None:
            return
        # A script that was stopped reports so a moment later, and must find somebody listening:
        # whatever is run next is answered after that.
        with suppress(JSEvalException):
            self._isolate.eval("0", timeout_sec=SECONDS)
        self._isolate.close()
        self._isolate = None

    def _leave_to_parent(self) -> None:
        # The child has none of the isolate's threads, so even to close it would wait for ever, and
        # the last reference that goes closes it. One more, which nobody gives back, keeps it.
        if self._isolate is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._isolate))
        self._isolate = None
        self._lock = threading.Lock()


_shared: Feel | None = None
_source: Path | None = None


def use(source: Path) -> None:
    """Say, once at the start of a process, where the bundle of feelin is."""
    global _shared, _source
    if _shared is not None:
        _shared.close()
    _shared, _source = Feel(source), source


def source() -> Path | None:
    """What `use` was told, for a child process that is to do the same."""
    return _source


def shared() -> Feel:
    """The process's one isolate. Raises FeelMissing unless `use` was called."""
    if _shared is None:
        raise FeelMissing(path="feelin.js")
    return _shared


def _first_line(reason: object) -> str:
    return (str(reason).splitlines() or [""])[0].removeprefix("<anonymous>:")[:200]


def _outward(value: Value) -> Any:
    """`value` as JSON for the isolate, tagged as in values.py except that numbers are doubles."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else float(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dt.datetime):
        return {"$datetime": value.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")}
    if isinstance(value, dt.date):
        return {"$date": value.isoformat()}
    if isinstance(value, (dt.timedelta, isodate.Duration)):
        return {"$duration": isodate.duration_isoformat(value)}
    if isinstance(value, File):
        return {"$map": {"name": value.name, "size": value.size, "media_type": value.media_type}}
    if isinstance(value, Mapping):
        return {"$map": {str(key): _outward(item) for key, item in value.items()}}
    if isinstance(value, (list, tuple)):
        return [_outward(item) for item in value]
    raise NotAValue(type=type(value).__name__, path="value")


def _inward(data: Any) -> Value:
    if isinstance(data, list):
        return [_inward(item) for item in data]
    if isinstance(data, Decimal):
        return int(data) if data == data.to_integral_value() and abs(data) < 2**53 else data
    if not isinstance(data, dict):
        return data
    ((tag, inner),) = data.items()
    if tag == "$map":
        return {key: _inward(item) for key, item in inner.items()}
    if tag == "$date":
        return dt.date.fromisoformat(inner[:10])
    if tag == "$datetime":
        return dt.datetime.fromisoformat(inner).astimezone(dt.UTC)
    if tag == "$duration":
        return isodate.parse_duration(inner)
    return inner  # a time of day is text to us
