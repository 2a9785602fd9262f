"""Every rule finds what its bad files have and nothing in its good ones, and says so in three languages."""

import re

import pytest

from runtime import i18n
from runtime.bpmn import check, child, read
from runtime.bpmn.lint import RULES
from runtime.errors import fill
from tests.core.bpmn.office import FOLDER, problems_of

DOCS = FOLDER.parents[1] / "docs" / "lint"
VALID = sorted(FOLDER.glob("*/valid_*.bpmn"))
INVALID = sorted(FOLDER.glob("*/invalid_*.bpmn"))

# A mistake that cannot be made without another one.
TOGETHER = {
    "timer/two": {"schema"},
    "bad_id/digit": {"schema"},  # of its shape's id
    "bad_id/space": {"schema"},
    "bad_id/none": {"nobody_to_do_it"},
    "dangling_reference/flow_target": {"no_end", "unreachable"},
}


def told(path):
    return f"{path.parent.name}/{path.stem.partition('_')[2]}"


@pytest.mark.parametrize("path", VALID, ids=told)
def test_a_good_file_is_accepted_without_a_word(path):
    assert [str(problem) for problem in problems_of(path)] == []


@pytest.mark.parametrize("path", INVALID, ids=told)
def test_a_bad_file_is_found_by_its_rule(path):
    rule = path.parent.name
    problems = problems_of(path)
    found = [problem for problem in problems if problem.rule == rule]
    assert found, [str(problem) for problem in problems]
    assert all(problem.severity == RULES[rule].severity for problem in found)


@pytest.mark.parametrize("path", INVALID, ids=told)
def test_a_bad_file_is_found_by_no_other_rule(path):
    allowed = {path.parent.name} | TOGETHER.get(told(path), set())
    others = [p for p in problems_of(path) if p.rule not in allowed and p.severity == "error"]
    assert [str(problem) for problem in others] == []


@pytest.mark.parametrize("path", INVALID, ids=told)
def test_a_problem_says_file_line_column_and_element(path):
    ids = set(re.findall(r'\bid="([^"]+)"', path.read_text()))
    lines = path.read_text().splitlines()
    for problem in problems_of(path):
        if problem.rule != path.parent.name:
            continue
        assert problem.file == path.name
        assert 1 <= problem.line <= len(lines)
        assert problem.column >= 0
        assert problem.where in ids
        # No hole of the sentence is left open.
        assert not re.search(r"(?<!\$)\{\w+\}", fill(problem.message, problem.params).replace("${", "")), problem


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_has_its_files_and_its_page(name):
    assert list((FOLDER / name).glob("valid_*.bpmn"))
    assert list((FOLDER / name).glob("invalid_*.bpmn"))
    page = (DOCS / f"{name}.md").read_text()
    assert page.startswith(f"# {name}\n")
    for heading in ("## Why", "## Bad", "## Good"):
        assert heading in page, f"docs/lint/{name}.md has no {heading}"
    assert (RULES[name].severity == "warning") == ("*Warning.*" in page)


def test_there_is_no_page_and_no_folder_without_a_rule():
    assert {path.stem for path in DOCS.glob("*.md")} - {"README"} == set(RULES)
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == set(RULES)


def test_the_list_of_pages_names_every_rule():
    index = (DOCS / "README.md").read_text()
    assert set(re.findall(r"\]\((\w+)\.md\)", index)) == set(RULES)


@pytest.mark.parametrize("language", ["zh_Hans", "zh_Hant"])
def test_every_sentence_of_a_rule_is_translated(language):
    catalogue = i18n.catalogue(language)
    sentences = [sentence for rule in RULES.values() for sentence in rule.sentences]
    sentences += [read.NOT_BPMN, check.TOO_LARGE, check.TOO_LONG, child.TOO_SLOW, child.FAILED]
    assert [sentence for sentence in sentences if sentence not in catalogue] == []


def test_every_sentence_of_a_rule_is_shown_by_a_bad_file():
    shown = {problem.message for path in INVALID for problem in problems_of(path)}
    sentences = {sentence for rule in RULES.values() for sentence in rule.sentences}
    assert sentences - shown == set()
