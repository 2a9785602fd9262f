"""The rule engine behind its one door: each known trap, and that it agrees with plain Python.

The traps were measured on durable_rules 2.0.28; a test that pins a defect of the engine
itself (“the engine …”) says why the compiler takes the care it takes."""

from __future__ import annotations

import datetime as dt
import json
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest
from hypothesis import given as sample
from hypothesis import settings
from hypothesis import strategies as st

from runtime.rules import durable, evaluate, facts, plain, rulefile, trials
from runtime.rules.table import RuleFile
from runtime.values import Value

Table = Callable[..., RuleFile]


def ask(file: RuleFile, **given: Value) -> tuple[str, ...]:
    """The engine's answer, compared with plain Python's."""
    of = facts.gather(file, given)
    handle = durable.Handle(durable.compile(file))
    found = handle.hits(of)
    assert found == plain.hits(file, of)
    handle.retire()
    return found


def raw(rule: dict, event: dict) -> str:
    """What the engine itself makes of one rule and one event: in a child, since it may not survive."""
    script = """
import json, sys, durable_rules_engine as engine
rule, event = json.load(sys.stdin)
handle = engine.create_ruleset("raw", json.dumps({"r": {"all": [{"m": rule}]}}))
engine.assert_event(handle, '{"__t": "w"}')
code, state = engine.assert_event(handle, json.dumps(event))
print("fires" if code == 0 else "does not fire" if code == 1 else code)
"""
    child = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps([rule, event]), capture_output=True, text=True
    )
    return child.stdout.strip()


def terms(file: RuleFile) -> list[dict]:
    rules = {name: rule for text in durable.compile(file).sets for name, rule in json.loads(text).items()}
    return [term for rule in rules.values() for term in rule["all"][0]["m"]["$and"]]


def test_no_host_and_so_no_threads(table: Table) -> None:
    before = threading.active_count()
    ask(table(["a > 1"]), a=2)
    assert threading.active_count() == before


def test_the_engine_ignores_a_second_field_so_each_term_has_one(table: Table) -> None:
    assert raw({"$and": [{"x": 1, "y": 2}]}, {"x": 1, "y": 3}) == "fires", "the engine ignores y"
    file = table(["a == 1 and b == 2"], inputs="a: decimal\nb: decimal")
    assert all(len(term) == 1 for term in terms(file))
    assert ask(file, a=1, b=3) == ()


def test_the_engine_fires_on_a_missing_field_so_all_are_present(table: Table) -> None:
    rule = {"$and": [{"z": 1}, {"$gt": {"x": {"$m": "y"}}}]}
    assert raw(rule, {"x": 1, "z": 1}) == "fires", "the engine fires without y"
    file = table(["a > b", "b == null"], inputs="a: decimal\nb: decimal, required: false")
    message = durable.write(durable.compile(file), facts.gather(file, {"a": 1}))
    assert json.loads(message).keys() == {"__t", "f0", "f1", "p0"}
    assert ask(file, a=1) == ("r2",)
    assert ask(file, a=1, b=0) == ("r1",)
    assert ask(file, a=1, b=1) == ()


def test_facts_hold_integers_alone_under_aliases(table: Table) -> None:
    inputs = "id: text\nsid: text\nflag: boolean\nday: date\nprice: decimal"
    file = table(
        ["id == 'x' and sid == 'y' and flag and day > date('2025-01-01') and price < 0.5"], inputs=inputs
    )
    given = {"id": "x", "sid": "y", "flag": True, "day": dt.date(2025, 1, 2), "price": Decimal("0.4999")}
    fact = json.loads(durable.write(durable.compile(file), facts.gather(file, given)))
    assert fact.pop("__t") == "q"
    assert set(fact) == {"f0", "f1", "f2", "f3", "f4"}
    assert all(type(value) is int for value in fact.values())
    assert ask(file, **given) == ("r1",)
    assert ask(file, **given | {"sid": "x"}) == ()


def test_true_is_not_one(table: Table) -> None:
    file = table(["n == 1", "flag"], inputs="n: integer\nflag: boolean")
    assert ask(file, n=0, flag=True) == ("r2",)
    for wrong in ({"n": True, "flag": True}, {"n": 1, "flag": 1}):
        with pytest.raises(facts.InputsInvalid):
            facts.gather(file, wrong)


def test_numbers_beyond_64_bits_are_refused_and_the_largest_are_told_apart(table: Table) -> None:
    file = table(["a == 100000000000000", "a > 99999999999999.9998", "a == -99999999999999.9999"])
    assert ask(file, a=Decimal(10**14)) == ("r1",)
    assert ask(file, a=Decimal("99999999999999.9999")) == ("r2",)
    assert ask(file, a=Decimal("99999999999999.9998")) == ()
    assert ask(file, a=Decimal("-99999999999999.9999")) == ("r3",)
    for wrong in (2**63, 2**64, Decimal(10**14) + 1, Decimal("1E+400")):
        with pytest.raises(facts.InputsInvalid):
            facts.gather(file, {"a": wrong})


@pytest.mark.parametrize("wrong", [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), float("nan"), 0.1, "1", None])
def test_what_is_no_number_is_refused(table: Table, wrong: object) -> None:
    with pytest.raises(facts.InputsInvalid):
        facts.gather(table(["a > 1"]), {"a": wrong})


def test_tiny_numbers_are_compared_to_four_decimals(table: Table) -> None:
    file = table(["a > 0", "a == 0"])
    assert ask(file, a=Decimal("1E-7")) == ("r2",)
    assert ask(file, a=Decimal("0.0001")) == ("r1",)
    assert ask(file, a=Decimal("0.00005")) == ("r2",), "half to even"
    assert ask(file, a=Decimal("0.00015")) == ("r1",)


@pytest.mark.parametrize(
    "word",
    ["优秀", "", " ", 'say "hi"', "back\\slash", "\\u4f18", "emoji 🐢", "tab\there", "q", "1", "null", "x" * 1000],
)
def test_a_text_is_equal_to_itself_alone(table: Table, word: str) -> None:
    file = table(["t == u", "t == '优'"], inputs="t: text\nu: text")
    assert ask(file, t=word, u=word) == ("r1",)
    assert ask(file, t=word, u=word + "x" if len(word) < 1000 else "") == ()


def test_a_text_of_65536_characters_equals_the_empty_text_in_the_engine_and_is_refused_here(table: Table) -> None:
    file = table(["t == ''"], inputs="t: text")
    assert ask(file, t="") == ("r1",)
    with pytest.raises(facts.InputsInvalid):
        facts.gather(file, {"t": "x" * 65_536})


def test_a_division_by_zero_kills_the_engine_and_is_a_refusal_here(table: Table) -> None:
    file = table(["b > 1"], let="b: 1 / a")
    decision = evaluate.decide(evaluate.compile(file), {"a": 0})
    assert decision.refusal is not None and decision.refusal.code == "rule.figure_missing"
    assert decision.outputs == {}


def test_the_first_row_wins_whatever_its_name(table: Table) -> None:
    file = table(["a > 3", "a > 2", "a > 1"])
    assert [ask(file, a=value) for value in (4, 3, 2, 1)] == [("r1",), ("r2",), ("r3",), ()]


def test_all_rows_that_fit_are_collected_in_order_and_once(table: Table) -> None:
    file = table(["a > 1 or a > 0", "a > 5", "a != 2 or a == 2"], hit="collect")
    assert ask(file, a=9) == ("r1", "r2", "r3")
    assert ask(file, a=2) == ("r1", "r3")
    assert ask(file, a=0) == ("r3",)


def test_the_state_fact_and_the_warm_up_never_match(table: Table) -> None:
    file = table(["true"])
    assert terms(file) == [{"__t": "q"}, {"__t": "w"}]
    assert ask(file, a=0) == ("r1",)


def test_a_hundred_bands_are_chained_and_each_is_found(table: Table) -> None:
    file = table([f"a >= {n} and a < {n + 1}" for n in range(100)])
    plan = durable.compile(file)
    assert [len(json.loads(text)) for text in plan.sets] == [60, 42], "each with its warm-up"
    handle = durable.Handle(plan)
    for n in range(100):
        assert handle.hits(facts.gather(file, {"a": Decimal(n) + Decimal("0.5")})) == (f"r{n + 1}",)
    assert handle.hits(facts.gather(file, {"a": 100})) == ()
    handle.retire()


def test_a_hundred_rows_that_all_fit_are_all_collected(table: Table) -> None:
    file = table([f"a >= {n}" for n in range(100)], hit="collect")
    assert len(ask(file, a=1000)) == 100
    assert ask(file, a=70) == tuple(f"r{n + 1}" for n in range(71))


def test_six_hundred_equality_tests_load_at_once(table: Table) -> None:
    file = table([f"t == 'w{n}'" for n in range(600)], inputs="t: text")
    start = time.perf_counter()
    assert ask(file, t="w599") == ("r600",)
    assert ask(file, t="other") == ()
    assert time.perf_counter() - start < 5


def test_nineteen_terms_are_safe(table: Table) -> None:
    file = table([" and ".join(f"a != {n}" for n in range(19))])
    assert max(len(rule["all"][0]["m"]["$and"]) for rule in json.loads(durable.compile(file).sets[0]).values()) == 20
    assert ask(file, a=19) == ("r1",)
    assert ask(file, a=18) == ()


def test_eight_threads_on_one_handle_all_get_their_own_answer(table: Table) -> None:
    file = table([f"a >= {n * 10} and a < {n * 10 + 10}" for n in range(10)])
    handle = durable.Handle(durable.compile(file))
    wrong: list[int] = []

    def work(seed: int) -> None:
        source = random.Random(seed)
        for _ in range(500):
            value = source.randrange(100)
            if handle.hits(facts.gather(file, {"a": value})) != (f"r{value // 10 + 1}",):
                wrong.append(value)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    handle.retire()


def test_a_hundred_publications_leave_nothing_behind(table: Table) -> None:
    file = table([f"a > {n}" for n in range(60)])
    of = facts.gather(file, {"a": 5})

    def cycle() -> None:
        handle = durable.Handle(durable.compile(file))
        assert handle.hits(of) == ("r1",)
        handle.retire()

    for _ in range(20):
        cycle()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(100):
        cycle()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4_000, "kilobytes"


def test_many_tables_come_and_go_beside_one_another(table: Table) -> None:
    # delete_state frees what only a finished action has set: without the warm-up rule this crashes.
    source = random.Random(1)
    file = table([f"a >= {n * 10} and a < {n * 10 + 10}" for n in range(10)])
    plan = durable.compile(file)
    alive: list[durable.Handle] = []
    for _ in range(2_000):
        if source.random() < 0.1 and len(alive) < 30:
            alive.append(durable.Handle(plan))
        elif source.random() < 0.1 and alive:
            alive.pop(source.randrange(len(alive))).retire()
        elif alive:
            value = source.randrange(-5, 105)
            found = (f"r{value // 10 + 1}",) if 0 <= value < 100 else ()
            assert source.choice(alive).hits(facts.gather(file, {"a": value})) == found
    for handle in alive:
        handle.retire()


@pytest.mark.parametrize("failure", [(5, 0), (0, 1), RuntimeError("Could not assert event, error code: 301")])
def test_an_engine_that_fails_is_put_away_and_nobody_notices(
    table: Table, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: object
) -> None:
    ruleset = evaluate.compile(table(["a > 1"]), version=1)
    assert evaluate.decide(ruleset, {"a": 2}).hits == ("r1",)
    broken = ruleset.handle._handle

    def fail(*_: object) -> object:
        if isinstance(failure, Exception):
            raise failure
        return failure

    with monkeypatch.context() as patch:
        patch.setattr(durable.engine, "assert_event", fail)
        if failure == (0, 1):
            patch.setattr(durable.engine, "start_action_for_state", lambda *_: None)
        decision = evaluate.decide(ruleset, {"a": 2})
    assert decision.hits == ("r1",) and decision.outputs == {"o": "r1"}
    assert "quarantine" in caplog.text
    assert evaluate.decide(ruleset, {"a": 0}).hits == ()
    assert ruleset.handle._handle is not broken, "a new handle was made"


def test_an_engine_that_answers_wrongly_is_found_out_by_the_explanation(
    table: Table, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ruleset = evaluate.compile(table(["a > 5", "a > 1"]))
    with monkeypatch.context() as patch:
        patch.setattr(durable.Handle, "hits", lambda self, of: ("r1",))
        assert evaluate.decide(ruleset, {"a": 2}).outputs == {"o": "r2"}
    assert ruleset.handle.failures == 1
    assert "instead of" in caplog.text


def test_an_engine_that_keeps_failing_is_no_longer_asked(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    ruleset = evaluate.compile(table(["a > 1"]))
    made: list[int] = []

    def fail(self: durable.Handle, plan: durable.Plan) -> None:
        made.append(1)
        raise durable.EngineFailed("no memory")

    monkeypatch.setattr(durable.Handle, "__init__", fail)
    for _ in range(10):
        assert evaluate.decide(ruleset, {"a": 2}).hits == ("r1",)
    assert len(made) == evaluate.MAX_FAILURES


# ---- random tables: the engine and plain Python always agree

_NUMBER = st.sampled_from(["a", "b", "n", "a + b", "n * 2 - a", "0", "1", "2.5", "-1", "100"])
_TEXT = st.sampled_from(["t", "u", "'x'", "'优秀'", "''"])
_DATE = st.sampled_from(["d", "date('2025-01-01')", "date('2025-01-02')", "d + duration('P1D')"])
_ORDER = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
_SAME = st.sampled_from(["==", "!="])
_LEAF = st.one_of(
    st.tuples(_NUMBER, _ORDER, _NUMBER).map(" ".join),
    st.tuples(_DATE, _ORDER, _DATE).map(" ".join),
    st.tuples(_TEXT, _SAME, _TEXT).map(" ".join),
    st.tuples(st.sampled_from("btuf"), _SAME, st.just("null")).map(" ".join),
    st.sampled_from(["f", "g", "f == g", "g != true", "empty t", "empty u", "t in ['x', '优秀']", "n in [1, 2, 3]",
                     "true", "false"]),
)
_CONDITION = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(lambda parts: f"({''.join(parts)})"),
        inner.map(lambda part: f"not ({part})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
    ),
    max_leaves=4,
)
_INPUTS = """a: decimal, min: -5, max: 5
b: decimal, required: false, min: -3, max: 3
n: integer, min: 0, max: 4
t: text
u: text, required: false
d: date, min: 2024-12-30, max: 2025-01-04
f: boolean, required: false
g: boolean"""


@settings(max_examples=150, deadline=None, derandomize=True)
@sample(conditions=st.lists(_CONDITION, min_size=1, max_size=8), hit=st.sampled_from(["first", "collect"]))
def test_random_tables_are_decided_alike_by_both(conditions: list[str], hit: str) -> None:
    from tests.core.rules.conftest import write_file

    file, found = rulefile.load(write_file(conditions, inputs=_INPUTS, hit=hit))
    if file is None:
        assert {each.rule for each in found if each.severity == "error"} <= {
            "rule_file.too_many_alternatives", "rule_file.too_many_terms"
        }, [str(each) for each in found]
        return
    handle = durable.Handle(durable.compile(file))
    for case in trials.draw(file, 40):
        of = facts.gather(file, case)
        assert handle.hits(of) == plain.hits(file, of), (conditions, _shown(case))
    handle.retire()


def _shown(case: Mapping[str, Value]) -> str:
    return trials.describe(dict(case))
