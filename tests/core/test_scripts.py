"""JavaScript in its processes: values in and out, and limits that hold against whoever wrote the script."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import isodate
import pytest

from runtime import scripts
from runtime.scripts import pool, wire
from runtime.scripts.wire import Request, outcome
from runtime.values import File, NotAValue

D = Decimal
PHOTO = File("0" * 64, "a.jpg", "image/jpeg", 3)
NAMES: dict[str, Any] = {
    "amount": D("10.50"),
    "tiny": D("1E-30"),
    "count": 3,
    "large": 2**60 + 1,
    "larger": 10**30,
    "negative": -(2**53),
    "day": dt.date(2024, 1, 31),
    "moment": dt.datetime(2024, 1, 1, 8, 0, 0, 123456, tzinfo=dt.UTC),
    "span": dt.timedelta(days=2),
    "months": isodate.parse_duration("P1Y2M"),
    "photo": PHOTO,
    "nothing": None,
    "sure": True,
    "金额": "十元",
    "order": {"lines": [{"pieces": 2, "price": D("0.10")}], "$decimal": "no number", "__proto__": 1},
    "constructor": "a variable",
    "__proto__": 6,
}
FACTS = {"processBusinessKey": "PO-7", "processInstanceId": "case", "currentActivityId": "count_it"}


@pytest.fixture(scope="module", autouse=True)
def _processes() -> Iterator[None]:
    yield
    scripts.close()


def run(source: str, **names: Any) -> scripts.Scripted:
    return scripts.run(source, {**NAMES, **names}, FACTS)


# --- values ------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"__proto__"}))
def test_what_a_script_does_not_touch_comes_back_identical(name: str) -> None:
    found = run(f"execution.getVariable('{name}')").value
    assert found == NAMES[name]
    assert type(found) is type(NAMES[name])
    assert str(found) == str(NAMES[name])


def test_variables_come_back_all_together() -> None:
    assert run("execution.getVariables()").value == NAMES


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("amount * 2", 21),
        ("amount + 0.01", D("10.51")),
        ("0.1 + 0.2", D("0.30000000000000004")),
        ("-0", 0),
        ("2 ** 60", D("1152921504606847000")),
        ("large + 1n", 2**60 + 2),
        ("`${amount}`", "10.50"),
        ("amount > 10 && amount < 11 && amount == 10.5", True),
        ("amount.toFixed(1)", "10.5"),
        ("JSON.stringify([amount, day, span, photo.name])", '[10.5,"2024-01-31","P2D","a.jpg"]'),
        ("Decimal('1.10')", D("1.10")),
        ("new LocalDate('2024-02-29')", dt.date(2024, 2, 29)),
        ("Duration('PT90M')", dt.timedelta(minutes=90)),
        ("day < moment", False),
        ("day.toDate()", dt.datetime(2024, 1, 31, tzinfo=dt.UTC)),
        ("moment.setUTCHours(9); moment", dt.datetime(2024, 1, 1, 9, 0, 0, 123000, tzinfo=dt.UTC)),
        ("`${day} ${span}`", "2024-01-31 P2D"),
        ("金额", "十元"),
        ("order.lines[0].pieces + 1", 3),
        ("undefined", None),
        ("[undefined, null]", [None, None]),
        ("({$decimal: '1', __proto__: null, a: [photo]})", {"$decimal": "1", "a": [PHOTO]}),
        ("'\\ud83d\\ude00'", "😀"),
        ("constructor", "a variable"),
        ("typeof __proto__", "number"),
        ("let x = 1; const y = 2; x + y", 3),
        ("function twice(n) { return n * 2 }\ntwice(count)", 6),
        ("if (count > 2) 'many'; else 'few'", "many"),
        ("execution.processBusinessKey + execution.getProcessBusinessKey()", "PO-7PO-7"),
        ("execution.getProcessInstanceId() + execution.getCurrentActivityId()", "casecount_it"),
        ("execution.hasVariable('nothing') && !execution.hasVariable('nobody')", True),
        ("execution.getVariable('nobody')", None),
        ("typeof nobody", "undefined"),
    ],
)
def test_the_last_expression_is_the_scripts_value(source: str, expected: Any) -> None:
    found = run(source)
    assert found.value == expected
    assert type(found.value) is type(expected)
    assert not (found.written or found.local or found.removed)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("NaN", "the value is NaN"),
        ("[1, 1 / 0]", "the value[1] is Infinity"),
        ("(() => 1)", "the value is a function"),
        ("Symbol('a')", "the value is a symbol"),
        ("const o = {}; o.o = o; o", "the value.o contains itself"),
        ("const l = []; l.push([l]); l", "the value[0][0] contains itself"),
        ("new Map([[1, 2]])", "neither a list nor a plain object"),
        ("Promise.resolve(1)", "neither a list nor a plain object"),
        ("new Date(NaN)", "an invalid date"),
        ("10n ** 34n", "34 digits"),
        ("execution.setVariable('f', {g() {}})", "f.g is a function"),
        ("'\\ud800'", "surrogate"),
        ("'a\\0b'", "cannot be kept"),
        ("LocalDate('2024-02-31')", "day is out of range"),
        ("new BpmnError('a')", "is an error"),
        ("let deep = []; for (let n = 0; n < 200; n++) deep = [deep]; deep", "levels deep"),
    ],
)
def test_what_no_case_can_hold_is_refused(source: str, reason: str) -> None:
    with pytest.raises(scripts.ScriptNotAValue) as refused:
        run(source)
    assert reason in str(refused.value)


def test_a_value_that_is_met_twice_is_no_cycle() -> None:
    assert run("const a = [1]; [a, a]").value == [[1], [1]]


def test_a_name_that_is_no_value_is_refused_before() -> None:
    with pytest.raises(NotAValue):
        run("1", wrong=1.5)


# --- variables ---------------------------------------------------------------------


def test_writes_are_told_apart() -> None:
    found = run(
        "execution.setVariable('total', amount);"
        "execution.setVariableLocal('note', 'x');"
        "execution.removeVariable('count');"
        "execution.removeVariable('nobody');"
        "[total, note, execution.hasVariable('count'), typeof count]"
    )
    assert found.value == [D("10.50"), "x", False, "undefined"]
    assert (found.written, found.local) == ({"total": D("10.50")}, {"note": "x"})
    assert found.removed == {"count"}


def test_a_name_that_was_set_locally_is_written_and_removed_there() -> None:
    found = run("execution.setVariableLocal('count', 1); execution.setVariable('count', 2); count")
    assert (found.value, found.written, found.local) == (2, {}, {"count": 2})
    found = run("execution.setVariableLocal('count', 1); execution.removeVariable('count'); count")
    assert (found.value, found.local, found.removed) == (3, {}, frozenset())


def test_what_is_set_again_is_not_removed() -> None:
    found = run("execution.removeVariable('count'); execution.setVariable('count', 4); count")
    assert (found.value, found.written, found.removed) == (4, {"count": 4}, frozenset())


def test_assigning_writes_nothing() -> None:
    found = run("count = 7; order.lines = []; fresh = 1; var more = 2; count")
    assert (found.value, found.written, found.local) == (7, {}, {})
    assert run("typeof fresh + typeof more").value == "undefinedundefined"


def test_a_variable_may_be_called_like_anything() -> None:
    awkward = {name: name for name in ("__proto__", "constructor", "toString", "a b", "1", "source", "Date")}
    wrote = "".join(f"execution.setVariable({name!r}, {name!r});" for name in awkward)
    assert dict(run(wrote).written) == awkward
    assert (
        scripts.run("execution.getVariable('a b') + toString + Date", awkward, {}).value == "a btoStringDate"
    )
    # These are the language's and the runtime's: the variable is there by getVariable alone.
    kept = {"undefined": 1, "execution": 2, "BpmnError": 3, "globalThis": 4}
    assert scripts.run("[undefined, execution.getVariables()]", kept, {}).value == [None, kept]


# --- errors ------------------------------------------------------------------------


def test_a_bpmn_error_has_its_code_and_message() -> None:
    for source in (
        "throw new BpmnError('too_dear', '超出预算')",
        "throw new BpmnError('too_dear', '超出预算').valueOf()",
    ):
        with pytest.raises(scripts.Thrown) as thrown:
            run(source)
        assert (thrown.value.code, thrown.value.message) == ("too_dear", "超出预算")
    assert (
        run("try { throw new BpmnError('a') } catch (error) { error.code + error.name }").value
        == "aBpmnError"
    )


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("\nlet x = {};\nx.a.b", 3, "TypeError: Cannot read properties of undefined (reading 'b')"),
        ("function f() {\n  nobody()\n}\nf()", 2, "ReferenceError: nobody is not defined"),
        ("throw new Error('no')", 1, "Error: no"),
        ("throw 'just text'", "?", "just text"),
        ("1\neval('1 +')", 2, "SyntaxError: Unexpected end of input"),
        ("execution.setVariable(1, 2)", 1, "TypeError: a variable's name is text"),
        ("Decimal('ten')", 1, 'TypeError: "ten" is no number'),
        ("require('fs')", 1, "ReferenceError: require is not defined"),
        ("process.exit(1)", 1, "ReferenceError: process is not defined"),
        ("throw {toString() { throw 1 }}", "?", "what was thrown cannot be told"),
        ("(function f() { f() })()", 1, "RangeError: Maximum call stack size exceeded"),
    ],
)
def test_a_script_that_fails_says_where(source: str, line: int | str, reason: str) -> None:
    with pytest.raises(scripts.ScriptFailed) as failed:
        run(source)
    assert failed.value.params == {"line": line, "reason": reason}


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("1\nvar x = ;", 2),
        ("{", 1),
        ("1; return 2", 1),
        ("`open", 1),
        ("1 /* open", 1),
        ("import x from 'y'", 1),
        ("await 1", 1),
    ],
)
def test_a_script_that_cannot_be_read_says_where(source: str, line: int) -> None:
    for judge in (run, scripts.check):
        with pytest.raises(scripts.ScriptMalformed) as malformed:
            judge(source)
        assert malformed.value.params["line"] == line


def test_checking_runs_nothing() -> None:
    scripts.check("for (;;);")
    scripts.check("nobody.knows()")
    scripts.check("")


# --- limits ------------------------------------------------------------------------

SLOW, BIG, NOT, FAILED = (
    scripts.ScriptTooSlow,
    scripts.ScriptTooBig,
    scripts.ScriptNotAValue,
    scripts.ScriptFailed,
)
# On a busy machine the clock may be first.
LIMIT = (SLOW, BIG)
HOSTILE = {
    "an endless loop": ("for (;;);", SLOW),
    "an endless loop that catches everything": (
        "for (;;) try { for (;;); } catch {} finally { continue }",
        SLOW,
    ),
    "a heap bomb": ("const a = []; for (;;) a.push([a.length, {}])", LIMIT),
    "a list without an end": ("const a = []; a.length = 4e9; a.fill(1)", LIMIT),
    "a text that doubles": ("let s = 'a'; for (;;) s += s", FAILED),
    "a text repeated": ("'a'.repeat(5e8).split('')", LIMIT),
    "texts repeated": ("const r = []; for (;;) r.push('a'.repeat(2 ** 28).toUpperCase() + r.length)", LIMIT),
    "text for a GB": ("'a'.repeat(5e8)", LIMIT),
    "lists for a GB": ("const b = 'b'.repeat(1e5); Array(1e5).fill(Array(1e5).fill(b))", LIMIT),
    "JSON for a GB": ("JSON.stringify(Array(1e7).fill('a'.repeat(1000)))", (*LIMIT, FAILED)),
    "a number that squares itself": ("let n = 3n; for (;;) n = n * n", (*LIMIT, FAILED)),
    "a pattern that backtracks": ("/(a+)+$/.test('a'.repeat(40) + '!')", SLOW),
    "deep recursion": ("(function f() { return f() + 1 })()", FAILED),
    "recursion through getters": ("const o = {get a() { return this.a }}; o", FAILED),
    "deep output": ("let d = 1; for (let n = 0; n < 1e5; n++) d = {d}; d", NOT),
    "a list that grows while it is read": ("const l = []; l[0] = {get x() { return l[0] }}; l", NOT),
    "endless getters": ("const g = () => ({get x() { return g() }}); g()", NOT),
    "a getter that loops": ("({get x() { for (;;); }})", SLOW),
    "a proxy without an end": ("new Proxy({}, {ownKeys() { for (;;); }})", SLOW),
    "a proxy of a list": ("new Proxy([], {get: (t, k) => (k === 'length' ? 2 ** 32 : 'a')})", LIMIT),
    "an error that loops when told": ("throw {toString() { for (;;); }}", SLOW),
    "promises without an end": (
        "(function f() { Promise.resolve().then(f) })(); Promise.resolve().then(f)",
        (SLOW, FAILED),
    ),
    "an import": ("import('fs')", NOT),
}


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_a_hostile_script_ends_and_the_next_one_runs(what: str) -> None:
    source, ends = HOSTILE[what]
    with pytest.raises(ends):
        run(source)
    assert run("count + 1").value == 4


def test_a_microtask_without_an_end_stops_only_itself() -> None:
    with suppress(scripts.ScriptTooSlow):
        run("Promise.resolve().then(() => { for (;;); }); 1")
    assert run("count + 1").value == 4


REACHABLE = """
const seen = new Set(), found = [];
const visit = (thing) => {
  if (thing === null || (typeof thing !== "object" && typeof thing !== "function") || seen.has(thing)) return;
  seen.add(thing);
  if (typeof thing === "function") found.push(thing.name);
  visit(Object.getPrototypeOf(thing));
  for (const key of Reflect.ownKeys(thing)) {
    const property = Object.getOwnPropertyDescriptor(thing, key);
    for (const each of [property.value, property.get, property.set]) visit(each);
    if (property.get) try { visit(property.get.call(thing)) } catch {}
  }
};
visit(globalThis);
for (const made of [async () => 1, function* () {}, async function* () {}, /a/, new Error, new Proxy({}, {}),
  [].values(), new Map().entries(), "a".matchAll(/a/g), Symbol.iterator, 1n, (function () { return arguments })()])
  visit(made), visit(Object(made).constructor);
const risky = /Buffer|(Int|Float)\\d+|Atomics|WebAssembly|Memory|DataView|WeakRef|Timeout|Realm/;
found.filter((name) => risky.test(name))
"""


def test_buffers_shared_memory_and_timers_are_out_of_reach() -> None:
    assert run(REACHABLE).value == []
    wanted = "ArrayBuffer SharedArrayBuffer Uint8Array Atomics WebAssembly DataView setTimeout require process module"
    for name in wanted.split():
        assert run(f"typeof {name}").value == "undefined"
        assert run(f"typeof Function('return typeof {name}')()").value == "string"
        assert run(f"Function('return typeof {name}')()").value == "undefined"
        assert run(f"[].constructor.constructor('return typeof {name}')()").value == "undefined"


def test_nothing_is_left_for_the_next_script() -> None:
    run(
        "globalThis.left = 1; Math.round = () => 7; Array.prototype.extra = 1; Object.prototype.toJSON = () => 1; 0"
    )
    assert run("[typeof left, Math.round(1.2), [].extra, Object.prototype.toJSON]").value == [
        "undefined",
        1,
        None,
        None,
    ]


@pytest.mark.parametrize(
    "trick",
    [
        "Object.prototype.toJSON = Array.prototype.toJSON = String.prototype.toJSON = () => 'evil'",
        "JSON.stringify = () => 'evil'; JSON.parse = null",
        "Reflect.apply = Reflect.ownKeys = Reflect.getPrototypeOf = Array.isArray = () => 'evil'",
        "WeakMap.prototype.get = WeakSet.prototype.has = () => undefined",
        "Date.prototype.toISOString = Date.prototype.getTime = () => 0; RegExp.prototype.exec = () => null",
        "Number.isSafeInteger = Number.isFinite = () => true; Number.prototype.toString = () => '8'",
        "String = Number = Array = Object = Error = undefined",
        "Object.defineProperty(Object.prototype, '$map', {get() { return {evil: 1} }, configurable: true})",
        "Object.defineProperty(Array.prototype, '0', {get() { return 'evil' }, set() {}, configurable: true})",
        "Array.prototype[Symbol.iterator] = function* () { yield 'evil' }",
        "globalThis.eval = null; globalThis.Decimal = null; globalThis.BpmnError = Error",
        "execution.getVariable = () => 'evil'",
    ],
)
def test_what_a_script_patches_changes_no_answer(trick: str) -> None:
    found = run(
        f"execution.setVariable('x', [order, moment, 1.5]); {trick}; [amount, day, 'a', {{b: [1]}}, photo]"
    )
    assert found.value == [D("10.50"), NAMES["day"], "a", {"b": [1]}, PHOTO]
    assert dict(found.written) == {"x": [NAMES["order"], NAMES["moment"], D("1.5")]}


def test_a_file_cannot_be_made_up() -> None:
    made = run("({...photo, sha256: 'f'.repeat(64)})").value
    assert isinstance(made, dict)
    with pytest.raises(scripts.ScriptNotAValue):
        run("Object.create(photo)")


# --- what comes out of a process is not believed -----------------------------------

ASKED = Request("1", {"$map": {}}, {}, 1, 1)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"done":{}}',
        '{"done":{"value":1,"written":[],"local":{},"removed":[]}}',
        '{"done":{"value":1,"written":{},"local":{},"removed":[1]}}',
        '{"done":{"value":1,"written":{},"local":{},"removed":{}}}',
        '{"done":{"value":NaN,"written":{},"local":{},"removed":[]}}',
        '{"done":{"value":{"$decimal":"Infinity"},"written":{},"local":{},"removed":[]}}',
        '{"done":{"value":{"$decimal":"ten"},"written":{},"local":{},"removed":[]}}',
        '{"done":{"value":{"$datetime":"2024-01-01T00:00:00"},"written":{},"local":{},"removed":[]}}',
        '{"done":{"value":{"$file":{"sha256":"f"}},"written":{},"local":{},"removed":[]}}',
        '{"done":{"value":{"$file":{"sha256":"f","name":"a","media_type":"b","size":1}},"written":{},"local":{},"removed":[]}}',
        '{"done":{"value":1,"written":{"a":"\\ud800"},"local":{},"removed":[]}}',
        '{"done":{"value":1,"written":{"a\\u0000":1},"local":{},"removed":[]}}',
        '{"done":{"value":' + "[" * 100_000 + "]" * 100_000 + ',"written":{},"local":{},"removed":[]}}',
        '{"done":{"value":{"$integer":"' + "9" * 5000 + '"},"written":{},"local":{},"removed":[]}}',
        '{"failed":"x","line":"many"}',
        '{"thrown":1}',
    ],
)
def test_an_answer_that_no_script_could_give_is_refused(answer: str) -> None:
    with pytest.raises(scripts.ScriptNotAValue):
        outcome(answer.encode(), ASKED)


def test_an_answer_that_is_too_long_is_not_read() -> None:
    class Endless:
        def read(self, count: int) -> bytes:
            return b"\xff" * count

    with pytest.raises(scripts.ScriptTooBig):
        wire.read_frame(Endless(), wire.LARGEST_ANSWER)  # type: ignore[arg-type]


# --- processes ---------------------------------------------------------------------


def processes() -> list[pool.Child]:
    return sorted(scripts._pool._all, key=id)


def test_threads_share_few_processes() -> None:
    with ThreadPoolExecutor(8) as many:
        found = list(many.map(lambda n: run("n * 2", n=n).value, range(40)))
    assert found == [n * 2 for n in range(40)]
    assert 1 <= len(processes()) <= pool.SIZE


def test_a_process_that_died_meanwhile_is_replaced() -> None:
    assert run("1").value == 1
    for child in processes():
        child.process.kill()
        child.process.wait()
    assert run("1").value == 1


def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own time limit fails; the parent's clock does not."""
    monkeypatch.setattr(
        Request,
        "frame",
        lambda self, frame=Request.frame: frame(Request(**{**self.__dict__, "seconds": 100})),
    )
    monkeypatch.setattr(scripts, "_seconds", 0.2)
    with pytest.raises(scripts.ScriptTooSlow):
        run("for (;;);")


def test_a_process_is_changed_after_many_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    scripts.close()
    monkeypatch.setattr(pool, "RUNS", 2)
    seen = set()
    for _ in range(5):
        run("1")
        seen |= {child.process.pid for child in processes()}
    assert len(seen) == 3 and len(processes()) == 1


def test_a_script_waits_its_turn_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "QUEUE_SECONDS", 0.05)

    def busily() -> None:
        with suppress(scripts.ScriptTooSlow):
            run("for (;;);")

    busy = [threading.Thread(target=busily) for _ in range(pool.SIZE)]
    for thread in busy:
        thread.start()
    while scripts._pool._turns._value:
        time.sleep(0.01)
    with pytest.raises(scripts.ScriptsBusy):
        run("1")
    for thread in busy:
        thread.join()


def test_where_no_process_starts_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("/nowhere/python", "/bin/false"):
        scripts.close()
        monkeypatch.setattr(sys, "executable", program)
        with pytest.raises(scripts.ScriptsUnavailable):
            run("1")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux")
def test_a_process_gets_no_secret_and_no_descriptor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scripts.close()
    monkeypatch.setenv("GUICHENG_SECRET", "deep")
    with (tmp_path / "open").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        run("1")
        place = Path("/proc") / str(processes()[0].process.pid)
        assert b"deep" not in (place / "environ").read_bytes()
        assert str(tmp_path / "open") not in {os.readlink(link) for link in (place / "fd").iterdir()}
        assert os.readlink(place / "cwd") == "/"


ENDING = """
import os, sys
from runtime import scripts
assert scripts.run("1 + 1", {}, {}).value == 2
def ended(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
if sys.argv[1] == "fork":
    child = os.fork()
    if child:
        status = ended(child)
        # The parent's processes are still the parent's.
        assert scripts.run("1 + 3", {}, {}).value == 4
        sys.exit(status)
    assert scripts.run("1 + 2", {}, {}).value == 3
if sys.argv[1] == "idle fork":
    child = os.fork()
    if child:
        sys.exit(ended(child))
if sys.argv[1] == "orphan":
    pid, = [child.process.pid for child in scripts._pool._all]
    print(pid, flush=True)
    os._exit(0)
"""


def ending(how: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", ENDING, how],
        cwd=root,
        timeout=60,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("how", ["plain", "fork", "idle fork"])
def test_a_process_that_ran_scripts_can_fork_and_end(how: str) -> None:
    done = ending(how)
    assert (done.returncode, done.stderr) == (0, "")


def test_scripts_processes_end_with_their_parent() -> None:
    pid = int(ending("orphan").stdout)
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        status = Path(f"/proc/{pid}/stat")
        if status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("it outlives its parent")
