"""The handbook is read whole or refused with every reason; each clause knows what carries it out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runtime.bpmn import read as diagrams
from runtime.bpmn.model import Process
from runtime.cli.handbook import shipped_sources
from runtime.folders import shipped_handbook
from runtime.handbook import Handbook, Sources, carriers, check, markdown, read
from runtime.identity import Grant
from tests.diagrams import bpmn, end, properties, start, user

HEAD = "---\nlanguage: en\ntitle: Ours\neffective_from: 2026-01-01\n---\n"

# What the policy asks and nothing in the product does yet. This list only ever grows shorter.
NOT_YET: list[str] = []


def shipped() -> Handbook:
    found, problems = read(shipped_handbook())
    assert found is not None, problems
    return found


def process(name: str, clause: str = "") -> Process:
    """A process whose task names a clause."""
    text = bpmn(
        name, start(), user("work", properties(clause=clause) if clause else "", assignee="ana"), end()
    )
    found, _ = diagrams.diagram(text.encode(), f"{name}.bpmn")
    assert found is not None
    return found.processes[name]


def told(*texts: str) -> list[tuple[str, int, str]]:
    found, problems = read([(f"{number}.md", text) for number, text in enumerate(texts, 1)])
    assert (found is None) == bool(problems)
    return [(each.file, each.line, each.rule.removeprefix("handbook.")) for each in problems]


# --- the one that came with the product --------------------------------------------


def test_each_of_the_69_clauses_is_worded_in_three_languages() -> None:
    handbook = shipped()
    assert len(handbook.clauses) == 69
    assert {tuple(sorted(each.texts)) for each in handbook.clauses} == {("en", "zh_Hans", "zh_Hant")}
    wordings = [text for each in handbook.clauses for text in each.texts.values()]
    assert len(set(wordings)) == 3 * 69 and min(map(len, wordings)) >= 15


def test_the_check_lists_exactly_the_clauses_that_nothing_carries_out_yet() -> None:
    sources, unread = shipped_sources()
    problems = check(shipped(), sources)
    assert unread == []
    assert {each.rule for each in problems} <= {"handbook.no_carrier"}
    assert [each.params["clause"] for each in problems] == NOT_YET


# --- reading -----------------------------------------------------------------------


def test_a_heading_without_others_below_it_is_a_clause() -> None:
    text = (
        HEAD
        + "\n# 1 Buying\nAbout buying.\n\n## 1.1 Plan\n\nWrite it *down*.\n\n→ rule:limits, right:*/read/rule\n"
    )
    handbook, problems = read([("a.md", text)])
    assert handbook is not None and problems == []
    section, clause = handbook.entries
    assert (section.section, section.texts["en"], clause.section) == (True, "About buying.", False)
    assert (clause.id, clause.titles["en"], clause.texts["en"], clause.line) == (
        "1.1",
        "Plan",
        "Write it *down*.",
        10,
    )
    assert [str(each) for each in clause.carriers] == ["rule:limits", "right:*/read/rule"]


def test_a_number_sign_in_code_or_in_a_list_is_no_heading() -> None:
    handbook, _ = read([("a.md", HEAD + "# 1 One\n\n```\n# 2 Two\n```\n\n- # 3 Three\n")])
    assert handbook is not None and [entry.id for entry in handbook.entries] == ["1"]


def test_everything_wrong_with_a_handbook_is_said_at_its_line() -> None:
    assert told("# 1 One\n") == [("1.md", 1, "no_head")]
    assert told("---\nlanguage: fr\nauthor: me\neffective_from: soon\n---\ntext\n") == [
        ("1.md", 1, "missing_field"),
        ("1.md", 2, "bad_language"),
        ("1.md", 3, "unknown_field"),
        ("1.md", 4, "bad_date"),
        ("1.md", 6, "no_clauses"),
    ]
    text = HEAD + "# One\n\n## 1 One\n\n→ rule limits\n\n## 1 Again\n\ntext\n"
    assert told(text) == [
        ("1.md", 6, "no_id"),
        ("1.md", 8, "no_text"),
        ("1.md", 10, "bad_carrier"),
        ("1.md", 10, "bad_carrier"),
        ("1.md", 12, "duplicate_id"),
    ]
    assert told("---" + "x" * 1_000_001) == [("1.md", 1, "too_large")]
    assert told(HEAD + "# 1 A\n\nb\n" * 2_001) == [("1.md", 6, "too_large")]


def test_every_language_has_the_same_clauses() -> None:
    hans = HEAD.replace("language: en", "language: zh_Hans")
    assert told(HEAD + "# 1 A\n\nb\n", hans + "# 1 甲\n\n乙\n") == []
    late = hans.replace("2026-01-01", "2026-02-01")
    assert told(
        HEAD + "# 1 A\n\nb\n# 2 C\n\nd\n",
        late + "# 1 甲\n\n乙\n# 3 丙\n\n丁\n",
        hans + "# 1 甲\n\n乙\n# 2 丙\n\n丁\n",
    ) == [
        ("2.md", 2, "other_date"),
        ("1.md", 9, "not_translated"),
        ("2.md", 9, "only_here"),
        ("3.md", 2, "language_twice"),
    ]


# --- carriers ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("三(一)5", ["三(一)5"]),
        ("三(三)2-4", ["三(三)2", "三(三)3", "三(三)4"]),
        ("二(二)1a-c、三(一)1", ["二(二)1a", "二(二)1b", "二(二)1c", "三(一)1"]),
        ("3.1 A", ["3.1", "A"]),
        ("", []),
    ],
)
def test_a_property_may_name_several_clauses(text: str, ids: list[str]) -> None:
    assert list(carriers.expand(text)) == ids


def test_a_clause_without_a_carrier_and_a_name_that_leads_nowhere_fail() -> None:
    text = HEAD + (
        "# 1 Done\n\na\n\n# 2 Forgotten\n\nb\n\n# 3 By right\n\nc\n\n→ right:hr/read/stock, page:nowhere\n\n"
        "# 4 By the policy's number\n\nd\n\n→ clause:三(一)1\n"
    )
    handbook, _ = read([("a.md", text)])
    assert handbook is not None
    plan, stray = process("plan", "1、三(一)1"), process("stray", "9.9")
    grants = [Grant("hr", "read", "stock")]
    policy = frozenset(["三(一)1"])
    sources = Sources([("plan.bpmn", plan), ("stray.bpmn", stray)], (), grants, policy)
    problems = check(handbook, sources)
    assert [(each.file, each.line, each.rule, each.params) for each in problems] == [
        ("a.md", 14, "handbook.unknown_carrier", {"carrier": "page:nowhere"}),
        ("a.md", 10, "handbook.no_carrier", {"clause": "2", "title": "Forgotten"}),
        (
            "stray.bpmn",
            stray.node("work").line,
            "handbook.unknown_clause",
            {"element": "work", "clause": "9.9"},
        ),
    ]
    found = carriers.collect(handbook, sources.named())
    assert [str(each) for each in found.of["4"]] == ["task:plan/work"]


# --- text --------------------------------------------------------------------------


def test_what_a_company_loads_says_nothing_but_text() -> None:
    hostile = (
        "<script>alert(1)</script> <img src=x onerror=alert(1)>\n\n[x](javascript:alert(1)) ![y](https://evil.example/a)\n\n"
        "<b onclick=x>bold</b> **strong** <https://evil.example>\n\n| a | b |\n|---|---|\n| 1 | {{7*7}} |\n"
    )
    shown = markdown.html(hostile)
    assert set(re.findall(r"<(\w+)", shown)) == {"p", "strong", "table", "thead", "tr", "th", "tbody", "td"}
    assert "<strong>strong</strong>" in shown and "{{7*7}}" in shown


def test_the_files_lie_where_the_check_names_them() -> None:
    root = Path(__file__).resolve().parents[2]
    assert [name for name, _ in shipped_handbook() if not (root / name).is_file()] == []
    assert shipped_handbook()[0][0] == "processes/handbook/handbook.md"
