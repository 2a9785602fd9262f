"""FEEL and patterns in the isolate: the browser's own answers, typed, within limits."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runtime import clock, v8
from runtime.values import File

BUNDLE = Path(__file__).resolve().parents[2] / "web" / "static" / "dist" / "feelin.js"
D = Decimal
DAY = dt.date(2024, 1, 31)
MOMENT = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
NAMES: dict[str, Any] = {
    "a": 5,
    "金额": D("10.50"),
    "day": DAY,
    "moment": MOMENT,
    "span": dt.timedelta(days=2),
    "map": {"x": [1, {"y": 2}], "$date": "no date", "__proto__": 1},
    "list": [1, 2],
    "photo": File("0" * 64, "a.jpg", "image/jpeg", 3),
    "nothing": None,
}


@pytest.fixture(scope="module")
def feel() -> Iterator[v8.Feel]:
    made = v8.Feel(BUNDLE)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=金额 > 10", True),
        (" = a + 1", 6),
        ("a + 0.5", D("5.5")),
        ("0.1 + 0.2", D("0.30000000000000004")),
        ("1 / 0", None),
        ("unheard_of", None),
        ("day", DAY),
        ('day + duration("P1M")', dt.date(2024, 2, 29)),
        ('day < date("2024-02-01")', True),
        ("day.year", 2024),
        ("moment", MOMENT),
        ("moment + span", MOMENT + dt.timedelta(days=2)),
        ("span", dt.timedelta(days=2)),
        ("map", NAMES["map"]),
        ("map.x[2].y", 2),
        ("list[item > 1]", [2]),
        ("some x in list satisfies x > 1", True),
        ('{a: day, "b c": [moment]}', {"a": DAY, "b c": [MOMENT]}),
        ("photo.name", "a.jpg"),
        ("if nothing = null then 1 else 2", 1),
        ('"a" + "b"', "ab"),
        ("map.constructor", None),
        ("constructor", None),
    ],
)
def test_feel_gives_typed_values(feel: v8.Feel, text: str, expected: Any) -> None:
    found = feel.evaluate(text, NAMES)
    assert found == expected
    assert type(found) is type(expected)


def test_feel_is_told_the_time(feel: v8.Feel) -> None:
    with clock.frozen(dt.datetime(2030, 5, 6, 7, 8, 9, tzinfo=dt.UTC)):
        assert feel.evaluate("now()", {}) == clock.now()


def test_what_was_asked_once_is_remembered_unless_it_has_to_do_with_the_time(feel: v8.Feel) -> None:
    assert feel.evaluate("price * 2", {"price": 4, "others": [1] * 1_000}) == 8
    feel.close()
    # What is not in it is not used, and no isolate is made for what is known.
    assert feel.evaluate("price * 2", {"price": 4, "others": []}) == 8
    assert feel._isolate is None
    found = feel.evaluate("[n]", {"n": 1})
    assert isinstance(found, list)
    found.append(2)
    assert feel.evaluate("[n]", {"n": 1}) == [1]
    assert feel.evaluate("[n]", {"n": 2}) == [2]
    for year in (2030, 2031):
        with clock.frozen(dt.datetime(year, 5, 6, tzinfo=dt.UTC)):
            assert feel.evaluate("today().year", {}) == year
    before = len(feel._told)
    for number in range(v8.REMEMBERED):
        feel.evaluate("m + 1", {"m": number})
    assert len(feel._told) == v8.REMEMBERED > before


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [("> 3", 4, True), ("[1..3]", 4, False), ('"a", "b"', "b", True), ("? > 3", 4, True)],
)
def test_unary_tests_judge_a_value(feel: v8.Feel, text: str, name: Any, expected: bool) -> None:
    assert feel.unary_test(text, {"?": name}) is expected


@pytest.mark.parametrize("text", ["a >", "if a then", '"open', "1 +* 2", "", "=", "[1,", "a" * 10_001])
def test_malformed_feel_is_told(feel: v8.Feel, text: str) -> None:
    for judge in (feel.check, lambda text: feel.evaluate(text, NAMES)):
        with pytest.raises((v8.FeelMalformed, v8.FeelTooLong)):
            judge(text)
    feel.check("unheard_of.x > 1 and date(y) < today()")


@pytest.mark.parametrize(
    "text",
    [
        "for x in 1..1000000000 return x * x",
        "for x in 1..100000, y in 1..100000 return x",
        'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "(a+)+$")',
        'for x in 1..50000000 return "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"',
    ],
)
def test_what_takes_too_long_ends_and_the_next_one_runs(feel: v8.Feel, text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(v8.FeelTooSlow):
        feel.evaluate(text, {})
    assert time.perf_counter() - began < 5
    assert feel.evaluate("1 + 1", {}) == 2


@pytest.mark.parametrize(
    "text",
    [
        "globalThis",
        "process.exit(1)",
        'Function("return 1")()',
        "constructor.constructor",
        "function(x) x",
        "feelin",
        "ask",
    ],
)
def test_feel_reaches_nothing_of_javascript(feel: v8.Feel, text: str) -> None:
    with suppress(v8.FeelMalformed, v8.FeelNotAValue):
        assert feel.evaluate(text, {}) is None


def test_deep_nesting_is_an_error_of_ours(feel: v8.Feel) -> None:
    with pytest.raises((v8.FeelMalformed, v8.FeelNotAValue, v8.FeelTooSlow)):
        feel.evaluate("(" * 4000 + "1" + ")" * 3999, {})
    assert feel.evaluate("1 + 1", {}) == 2


def test_patterns_are_those_of_the_browser(feel: v8.Feel) -> None:
    assert feel.matches(r"^\d{4}-[A-Z]+$", "2024-AB")
    assert feel.matches("b", "abc")  # found anywhere, as form-js tries it
    assert not feel.matches("^b", "abc")
    with pytest.raises(v8.PatternMalformed):
        feel.matches("(", "")
    with pytest.raises(v8.PatternTooSlow):
        feel.matches("(a+)+$", "a" * 40 + "!")


def test_many_threads_share_the_isolate(feel: v8.Feel) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: feel.evaluate("n * 2", {"n": n}), range(40)))
    assert found == [n * 2 for n in range(40)]


def test_a_child_makes_its_own_isolate(feel: v8.Feel) -> None:
    assert feel.evaluate("1 + 1", {}) == 2
    child = os.fork()
    if child == 0:
        os._exit(0 if feel.evaluate("1 + 2", {}) == 3 else 1)
    for _ in range(200):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        time.sleep(0.05)
    else:
        os.kill(child, 9)
        pytest.fail("the child hangs")
    assert os.waitstatus_to_exitcode(status) == 0


ENDING = """
import os, sys, threading
from pathlib import Path
from runtime import v8
v8.use(Path(sys.argv[1]))
assert v8.shared().evaluate("1 + 1", {}) == 2
if sys.argv[2] == "child":
    child = os.fork()
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    assert v8.shared().evaluate("1 + 2", {}) == 3
if sys.argv[2] == "idle child":
    child = os.fork()
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
if sys.argv[2] == "thread":
    other = threading.Thread(target=lambda: v8.shared().evaluate("1 + 2", {}))
    other.start()
    other.join()
if sys.argv[2] == "error":
    raise SystemExit(0)
"""


@pytest.mark.parametrize("how", ["plain", "child", "idle child", "thread", "error"])
def test_a_process_that_used_feel_can_end(how: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDING, str(BUNDLE), how],
        cwd=BUNDLE.parents[3],
        timeout=30,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_bundle_is_said() -> None:
    with pytest.raises(v8.FeelMissing):
        v8.Feel(Path("/nowhere/feelin.js")).evaluate("1", {})
