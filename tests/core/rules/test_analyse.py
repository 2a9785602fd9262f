"""Proofs about a table: each finding comes with a case that shows it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime.rules import facts, plain, rulefile
from runtime.rules.analyse import SECONDS, _Table, analyse
from runtime.rules.logic import Logic
from runtime.rules.table import RuleFile

Table = Callable[..., RuleFile]
SHIPPED = Path(__file__).resolve().parents[3] / "rules"


def findings(file: RuleFile) -> list[tuple[str, Any, Any]]:
    return [(each.rule.removeprefix("rule_file."), each.params.get("row"), each.params.get("case"))
            for each in analyse(file)]


def test_a_table_that_covers_everything_once_has_no_findings(table: Table) -> None:
    assert findings(table(["a < 10", "a >= 10"], default="")) == []


def test_a_gap_is_shown_by_a_case_unless_there_is_a_default(table: Table) -> None:
    rows = ["a < 10", "a > 10"]
    assert findings(table(rows, default="")) == [("gap", None, "a = 10")]
    assert findings(table(rows)) == []


def test_a_gap_between_two_decimals_is_found(table: Table) -> None:
    assert findings(table(["a <= 9.99", "a >= 10"], default="", inputs="a: decimal, decimals: 2")) == []
    (found,) = findings(table(["a <= 9.99", "a >= 10"], default=""))
    assert found[0] == "gap" and 9.99 < float(found[2].removeprefix("a = ")) < 10


def test_a_gap_where_an_input_is_not_given(table: Table) -> None:
    file = table(["z > 1", "z <= 1"], inputs="z: decimal, required: false", default="")
    assert findings(file) == [("gap", None, "z = null")]


def test_a_gap_in_a_list_of_values(table: Table) -> None:
    values = "grade: text, values: [优秀, 良好, 合格]"
    assert findings(table(["grade == '优秀'", "grade == '良好'"], inputs=values, default="")) == [
        ("gap", None, "grade = 合格")
    ]
    assert findings(table(["grade in ['优秀', '良好', '合格']"], inputs=values, default="")) == []


def test_rows_that_fit_together_and_decide_differently_are_a_warning(table: Table) -> None:
    file = table(["a >= 90", "a >= 80"], inputs="a: integer, min: 0, max: 100")
    (found,) = analyse(file)
    assert found.rule == "rule_file.overlap" and found.severity == "warning"
    assert (found.params["row"], found.params["earlier"]) == ("r2", "r1")
    value = int(found.params["case"].removeprefix("a = "))
    of = facts.gather(file, {"a": value})
    assert all(plain.holds(row.when, of.compared) for row in file.rows)
    assert findings(table(["a >= 90", "a >= 80"], hit="collect")) == []


def test_a_row_that_never_gets_its_turn_is_an_error_naming_who_takes_its_cases(table: Table) -> None:
    file = table(["a > 5", "a < 3", "a > 7 or a < 1"])
    found = [each for each in analyse(file) if each.rule == "rule_file.shadowed"]
    assert [(each.params["row"], each.severity) for each in found] == [("r3", "error")]
    assert found[0].params["earlier"] in ("r1", "r2")


def test_a_condition_that_contradicts_itself_names_the_terms(table: Table) -> None:
    (found,) = analyse(table(["a > 5 and b == 1 and a < 3"], inputs="a: decimal\nb: decimal"))
    assert found.rule == "rule_file.unreachable"
    assert set(found.params["terms"].split(", ")) == {"a > 5", "a < 3"}


def test_a_condition_outside_the_ranges_is_dead(table: Table) -> None:
    assert findings(table(["a > 100"], inputs="a: decimal, min: 0, max: 100")) == [
        ("unreachable_in_ranges", "r1", None)
    ]
    inputs = "d: date, min: 2025-01-01"
    assert findings(table(["d < date('2025-01-01')"], inputs=inputs)) == [("unreachable_in_ranges", "r1", None)]


def test_figures_of_let_are_understood(table: Table) -> None:
    file = table(["total >= 90", "total < 90"], inputs="a: decimal\nb: decimal",
                 let="total: round((60 * a + 40 * b) / 100, 2)", default="")
    assert findings(file) == []
    file = table(["twice > 10 and a < 5"], let="twice: a * 2")
    assert findings(file) == [("unreachable", "r1", None)]
    file = table(["root < 3"], let="root: sqrt(a)", inputs="a: decimal, min: 9, max: 100")
    assert findings(file) == [("unreachable_in_ranges", "r1", None)]
    file = table(["left < 0"], let="left: max(a - b, 0)", inputs="a: decimal\nb: decimal")
    assert findings(file) == [("unreachable_in_ranges", "r1", None)]


def test_arithmetic_inside_a_condition_is_understood(table: Table) -> None:
    file = table(["a + b < 10", "a + b >= 10"], inputs="a: decimal\nb: decimal", default="")
    assert findings(file) == []


def test_dates_and_days(table: Table) -> None:
    inputs = "since: date, min: 2020-01-01, max: 2030-01-01\nuntil: date, min: 2020-01-01, max: 2030-01-01"
    file = table(["until < since", "days(until - since) <= 30", "days(until - since) > 30"],
                 inputs=inputs, default="")
    assert {each[0] for each in findings(file)} <= {"overlap"}
    file = table(["days(until - since) > 4000"], inputs=inputs)
    assert findings(file) == [("unreachable_in_ranges", "r1", None)]


def test_what_cannot_be_proved_in_time_is_said(table: Table) -> None:
    found = analyse(table([f"a > {n}" for n in range(100, 0, -1)]), seconds=0)
    assert [each.rule for each in found] == ["rule_file.not_all_proved"]


def test_a_case_of_the_prover_is_a_case_of_the_table(table: Table) -> None:
    inputs = "a: decimal, decimals: 2\nn: integer\nt: text\nd: date\nf: boolean, required: false"
    file = table(["f and t == '甲' and d > date('2025-01-01')"], inputs=inputs)
    import z3

    logic = Logic(file)
    solver = z3.Solver(ctx=logic.world)
    solver.add(*logic.domain)
    assert solver.check() == z3.sat
    case = logic.case(solver.model())
    assert isinstance(case["d"], dt.date) and isinstance(case["t"], str)
    facts.gather(file, case)


def test_a_proof_takes_the_same_effort_whatever_was_proved_before() -> None:
    """Else a file is published without a remark today and with one tomorrow: what z3 tries hung on all it was told."""

    def effort(name: str) -> float:
        file, _ = rulefile.load((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"), name)
        assert file is not None
        proof = _Table(file, name, time.monotonic() + SECONDS)
        assert proof.look() == []
        return float(proof.solver.statistics().get_key_value("rlimit count"))

    first = effort("contract_match")
    effort("safety_stock")
    assert [effort("contract_match") for _ in range(3)] == [first] * 3
