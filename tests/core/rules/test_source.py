"""YAML that means harm, or is merely broken, is refused at its place, and nothing behind it is read."""

from __future__ import annotations

import pytest

from runtime.rules import rulefile


def many_values(count: int) -> str:
    return "rules: [" + "1," * count + "]"


HOSTILE = {
    "a billion laughs": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "rule_file.alias", 1, 4),
    "a merge key": ("base: &base {a: 1}\nrule: {<<: *base}\n", "rule_file.alias", 1, 7),
    "a Python object": ("rule: !!python/object/apply:os.system [id]\n", "rule_file.tag", 1, 7),
    "a tag of one's own": ("rule: !secret x\n", "rule_file.tag", 1, 7),
    "brackets without end": ("[" * 100_000, "rule_file.too_deep", 1, 13),
    "a list of lists": ("- " * 50_000, "rule_file.too_deep", 1, 25),
    "a million values": (many_values(300_000), "rule_file.too_many_values", 1, 80_003),
    "a megabyte": ("# x\n" * 300_000, "rule_file.too_large", 1, 1),
    "a control character": ("rule: a\x07b\n", "rule_file.bad_character", 1, 8),
    "a NUL": ("rule: \0\n", "rule_file.bad_character", 1, 7),
    "half a surrogate pair": ("rule: \ud800\n", "rule_file.bad_character", 1, 7),
    "a list": ("- rule\n", "rule_file.not_a_mapping", 1, 1),
    "nothing": ("", "rule_file.not_a_mapping", 1, 1),
    "two documents": ("rule: a\n---\nrule: b\n", "rule_file.two_documents", 2, 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_at_its_place(name: str) -> None:
    text, code, line, column = HOSTILE[name]
    file, found = rulefile.load(text, "x.yaml")
    assert file is None
    assert [(each.rule, each.file, each.line, each.column) for each in found] == [(code, "x.yaml", line, column)]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("rule: a\nname: b: c\n", "rule_file.stray_colon", 2),
        ("rule: a\nname: 'open\n", "rule_file.open_quote", 3),
        ("rule: a\n\tname: b\n", "rule_file.bad_character", 2),
        ("rule: a\n name: b\n", "rule_file.stray_colon", 2),
        ("rule: a\nname: {a: 1\nowner: b\n", "rule_file.indentation", 3),
        ("rule: a\nowner\nclause: b\n", "rule_file.missing_colon", 3),
    ],
)
def test_broken_yaml_is_explained_at_its_line(text: str, code: str, line: int) -> None:
    file, found = rulefile.load(text)
    assert file is None
    assert [(each.rule, each.line) for each in found] == [(code, line)]
    assert "yaml" not in str(found[0]).lower(), "the library's own words never reach a reader"


def test_a_key_that_stands_twice_is_told_at_its_second_place() -> None:
    _, found = rulefile.load("rule: a\nname: b\nrule: c\n")
    twice = [each for each in found if each.rule == "rule_file.duplicate_key"]
    assert [(each.line, each.column, each.params["key"]) for each in twice] == [(3, 1, "rule")]
