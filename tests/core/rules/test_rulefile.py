"""Reading a rule file: what it says arrives exactly, and everything wrong is told at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from runtime.rules import rulefile
from runtime.rules.table import UNSET, RuleFile

Table = Callable[..., RuleFile]


def codes(text: str) -> list[str]:
    return [each.rule for each in rulefile.load(text)[1] if each.severity == "error"]


def test_a_file_is_read_as_it_is_written(table: Table) -> None:
    file = table(
        ["等级 == '优秀' and a >= 0.1"],
        inputs="a: decimal, min: 0, unit: 分\n等级: text, values: [优秀, 良好]\nday: date, required: false",
    )
    assert file.key == "probe"
    assert file.names == {"zh_Hans": "测试", "en": "Probe", "zh_Hant": "測試"}
    assert file.effective_from == dt.date(2025, 1, 1)
    assert file.inputs["a"].minimum == Decimal(0) and file.inputs["a"].unit == "分"
    assert file.inputs["等级"].values == ("优秀", "良好")
    assert not file.inputs["day"].required
    assert len(file.sha256) == 64


def test_figures_never_pass_through_a_float(table: Table) -> None:
    file = table(
        """
        - id: r1
          name: x
          name_en: x
          name_zh_hant: x
          when: a > 0.1
          then: {o: 0.1000000000000000000000000001}
          because: x
          because_en: x
          because_zh_hant: x
        """,
        outputs="o: decimal",
        default="default: {then: {o: unset}}",
    )
    assert file.rows[0].then["o"] == Decimal("0.1000000000000000000000000001")
    assert file.default is not None and file.default.then["o"] is UNSET  # type: ignore[union-attr]


BROKEN = """\
rule: probe
name: 测试
naem_en: Probe
name_zh_hant: 測試
owner: manager
effective_from: tomorrow
inputs:
  amount: {type: decimal, name: 金额, name_en: Amount, name_zh_hant: 金額, min: 5, max: 1}
  kind: {type: txet, name: 种类, name_en: Kind, name_zh_hant: 種類}
let:
  twice: 2 * amuont
outputs:
  o: {type: text, values: [a, b], name: 出, name_en: Out, name_zh_hant: 出}
rules:
  - id: first
    name: 一
    name_en: One
    name_zh_hant: 一
    when: amount > 'x'
    then: {o: c}
    because: x
    because_en: x
    because_zh_hant: x
  - id: first
    name: 二
    name_en: Two
    name_zh_hant: 二
    when: amount >
    then: {p: a}
    because: x
    because_en: x
    because_zh_hant: x
examples: []
"""


def test_every_problem_is_told_at_once_with_line_column_and_rule() -> None:
    file, found = rulefile.load(BROKEN, "probe.yaml")
    assert file is None
    told = {(each.rule, each.line, each.column, each.params.get("row")) for each in found}
    assert told >= {
        ("rule_file.unknown_field_near", 3, 1, None),
        ("rule_file.missing_field", 1, 1, None),  # clause
        ("rule_file.not_a_value", 6, 17, None),
        ("rule_file.bounds", 8, 77, None),
        ("rule_file.wants_one_of", 9, 16, None),
        ("rule_file.unknown_name_near", 11, 10, None),
        ("rule_file.cannot_compare", 19, 11, "first"),
        ("rule_file.not_a_choice", 20, 15, "first"),
        ("rule_file.duplicate_id", 24, 9, "first"),
        ("expression.unexpected_end", 28, 19, "first"),
        ("rule_file.unknown_output", 29, 12, "first"),
        ("rule_file.missing_output", 29, 11, "first"),
        ("rule_file.no_examples", 33, 11, None),
    }
    assert [(each.line, each.column) for each in found] == sorted((each.line, each.column) for each in found)
    assert all(each.file == "probe.yaml" for each in found)


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("__import__('os').system('id')", "expression.name_not_allowed"),
        ("open('/etc/passwd') == a", "rule_file.unknown_function"),
        ("a.b > 1", "rule_file.not_in_rules"),
        ("t.toUpperCase() == 'A'", "rule_file.not_in_rules"),
        ("t[0] == 'A'", "rule_file.not_in_rules"),
        ("a ** 9 > 1", "expression.unexpected_sign"),
        ("(" * 200 + "a" + ")" * 200 + " > " + "-" * 200 + "1", "expression.too_deep"),
        ("a > 1 and " * 2000 + "a > 1", "expression.too_long"),
        ("t < 'A'", "rule_file.no_order"),
        ("a", "rule_file.wrong_type"),
        ("a > 1 or t", "rule_file.wrong_type"),
        ("a == t", "rule_file.cannot_compare"),
        ("a > 0.00001", "rule_file.fine_constant"),
        ("a > 100000000000001", "rule_file.too_large_number"),
        ("a > 1 / 0", "rule_file.cannot_fold"),
        ("t in 'ABC'", "rule_file.in_needs_list"),
        ("t in ['A', 1]", "rule_file.cannot_compare"),
        ("d > date('2025-02-30')", "rule_file.not_a_constant"),
        ("d - date('2025-02-01') > duration('P3D')", "rule_file.compare_days"),
        ("(a > 1) == (a > 2)", "rule_file.compare_conditions"),
        ("b > 1", "rule_file.unknown_name"),
        ("a = 1", "expression.single_equals"),
        ("a ＞ 1", "expression.full_width_sign"),
        ("sqrt(a, a) > 1", "rule_file.wrong_arguments"),
        (" and ".join(f"a != {n}" for n in range(20)), "rule_file.too_many_terms"),
        (" and ".join(f"(a == {n} or t == 'x{n}')" for n in range(8)), "rule_file.too_many_alternatives"),
    ],
)
def test_a_condition_that_cannot_be_is_refused(write: Callable[..., str], when: str, code: str) -> None:
    assert code in codes(write([when], inputs="a: decimal\nt: text\nd: date"))


@pytest.mark.parametrize("name", ["and", "true", "unset", "sqrt", "_a", "a b", "1a", "a.b", "x" * 65, "''"])
def test_a_name_that_expressions_cannot_use_is_refused(name: str, write: Callable[..., str]) -> None:
    text = write(["true"]).replace("  a: {type", f"  {name}: {{type")
    assert "rule_file.bad_id" in codes(text)


def test_a_figure_may_use_only_what_stands_above_it(write: Callable[..., str]) -> None:
    assert "rule_file.name_not_yet" in codes(write(["b > 1"], let="b: c + 1\nc: a + 1"))
    assert codes(write(["b > 1"], let="b: b + 1")) == ["rule_file.refers_to_itself"]


def test_an_output_with_a_formula_is_computed_and_never_set(write: Callable[..., str]) -> None:
    text = write(["true"], outputs="o: text\np: decimal, formula: a * 2")
    assert codes(text) == []
    assert "rule_file.computed_output" in codes(text.replace("then: {o: r1}", "then: {o: r1, p: 1}"))


def test_what_a_row_gives_has_the_type_of_its_output(write: Callable[..., str]) -> None:
    text = write(["true"], outputs="o: integer", default="")
    wrong = {"x": "not_a_value", "1.5": "not_a_value", "= a": "wrong_type", "null": "not_a_value"}
    for cell, code in wrong.items():
        assert f"rule_file.{code}" in codes(text.replace("o: r1", f"o: {cell}")), cell
    assert codes(text.replace("o: r1", "o: = ceil(a)")) == []


def test_missing_languages_are_warnings_and_do_not_stop_a_file(write: Callable[..., str]) -> None:
    text = write(["true"]).replace("name_en: Probe\nname_zh_hant: 測試\n", "")
    file, found = rulefile.load(text)
    assert file is not None
    assert [(each.rule, each.params["field"], each.severity) for each in found] == [
        ("rule_file.untranslated", "name_en, name_zh_hant", "warning")
    ]


def test_a_table_has_at_most_six_hundred_rules(write: Callable[..., str]) -> None:
    assert codes(write([f"a == {n}" for n in range(601)])) == ["rule_file.too_many_rows"]
