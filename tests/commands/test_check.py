"""`guicheng check` and what it tells: to people, to programs and to code scanners, in three languages."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runtime import cli
from runtime.bpmn import child
from runtime.commands.deploy import DeploymentRefused
from tests.diagrams import bpmn, element, end, flow, start, user
from tests.office import Office

GOOD = bpmn("errand", start(), user("go", candidateGroups="specialist"), end())
BY_MESSAGE = bpmn(
    "errand",
    start(inside='<messageEventDefinition id="asked" messageRef="please"/>'),
    user("go", candidateGroups="specialist"),
    end(),
    before='<message id="please" name="please"/>',
)
LOST = bpmn(
    "errand",
    start(),
    user("lost", candidateGroups="nobody"),
    end(),
    flow("begun", "lost"),
    flow("lost", "gone"),
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`guicheng check WORD …` in a folder where there is no installation."""
    monkeypatch.setenv("GUICHENG_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("GUICHENG_LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Result:
        return CliRunner().invoke(cli.main, ["check", *words])

    return call


def write(name: str, text: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")


def test_problems_stand_under_their_file_with_line_and_column(run: Any) -> None:
    write("work/lost.bpmn", LOST)
    write("work/more/lost.bpmn", LOST.replace("errand", "other"))
    told = run("work")
    assert told.exit_code == 2
    heads = [line for line in told.stderr.splitlines() if line and not line.startswith(" ")]
    assert [head.partition(" (")[0] for head in heads[:2]] == ["work/lost.bpmn", "work/more/lost.bpmn"]
    line = next(line for line in told.stderr.splitlines() if "dangling_reference" in line)
    assert line.startswith("  work/lost.bpmn:2:") and ": error: lost_to_gone: " in line


def test_what_names_a_language_of_its_own_is_told_in_that_of_the_reader(run: Any) -> None:
    script = Path(__file__).parents[1] / "bpmn/script/invalid_groovy.bpmn"
    write("groovy.bpmn", script.read_text(encoding="utf-8"))
    told = run("groovy.bpmn", "--language", "zh_Hans")
    assert told.exit_code == 2 and "groovy" in told.stderr and "[script]" in told.stderr


def test_a_program_reads_every_problem_as_json(run: Any) -> None:
    write("lost.bpmn", LOST)
    write("fine.bpmn", GOOD.replace("errand", "fine"))
    told = run("lost.bpmn", "fine.bpmn", "--format", "json")
    found = json.loads(told.stdout)
    assert told.exit_code == 2
    assert told.stderr == ""
    assert (found["version"], found["files"]) == (1, 2)
    assert found["errors"] + found["warnings"] == len(found["problems"])
    keys = ["file", "line", "column", "element", "severity", "rule", "message"]
    assert all(list(each) == keys for each in found["problems"])
    (gone,) = [each for each in found["problems"] if each["rule"] == "dangling_reference"]
    assert (gone["file"], gone["line"], gone["element"], gone["severity"]) == (
        "lost.bpmn",
        2,
        "lost_to_gone",
        "error",
    )
    assert gone["column"] > 1


def test_nothing_to_mend_is_said_in_every_format(run: Any) -> None:
    write("fine.bpmn", GOOD)
    assert run("fine.bpmn").exit_code == 0
    found = json.loads(run("fine.bpmn", "--format", "json").stdout)
    assert (found["errors"], run("fine.bpmn", "--format", "sarif").exit_code) == (0, 0)


def test_a_code_scanner_reads_sarif(run: Any) -> None:
    write("a folder/lost.bpmn", LOST)
    write("a folder/ask.form", "{")
    told = run("a folder", "--format", "sarif")
    assert told.exit_code == 2
    log = json.loads(told.stdout)
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json")
    (run_,) = log["runs"]
    driver = run_["tool"]["driver"]
    assert driver["name"] and driver["language"] == "en"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"] and rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning")
    for result in run_["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning") and result["message"]["text"]
        (place,) = result["locations"]
        physical = place["physicalLocation"]
        assert physical["artifactLocation"]["uri"].startswith("a%20folder/")
        assert all(number >= 1 for number in physical.get("region", {"startLine": 1}).values())
    by_rule = {result["ruleId"]: result for result in run_["results"]}
    gone = by_rule["dangling_reference"]["locations"][0]
    assert gone["physicalLocation"]["region"]["startLine"] == 2
    assert gone["logicalLocations"] == [{"name": "lost_to_gone", "kind": "element"}]
    page = driver["rules"][ids.index("dangling_reference")]["help"]
    assert "## Why" in page["markdown"] and "](" not in page["text"]


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "refers to gone"), ("zh_Hans", "指向 gone，但"), ("zh_Hant", "的 targetRef 指向 gone，但檔案")],
)
def test_the_reader_chooses_the_language(run: Any, language: str, said: str) -> None:
    write("lost.bpmn", LOST)
    for form in ("text", "json", "sarif"):
        told = run("lost.bpmn", "--format", form, "--language", language)
        assert said in (told.stderr if form == "text" else told.stdout), told.output


def test_a_called_process_may_stand_in_another_file_of_the_same_run(run: Any) -> None:
    calling = bpmn("boss", start(), element("callActivity", "errands", calledElement="errand"), end())
    write("boss.bpmn", calling)
    assert run("boss.bpmn").exit_code == 2
    write("errand.bpmn", GOOD)
    assert run("boss.bpmn", "errand.bpmn").exit_code == 0


def test_a_called_process_of_another_file_must_begin_without_a_trigger(run: Any) -> None:
    write(
        "boss.bpmn", bpmn("boss", start(), element("callActivity", "errands", calledElement="errand"), end())
    )
    write("errand.bpmn", BY_MESSAGE)
    assert "[unknown_process]" in run("boss.bpmn", "errand.bpmn").stderr


def test_what_something_deployed_calls_keeps_its_start(firm: Office) -> None:
    boss = bpmn("boss", start(), element("callActivity", "errands", calledElement="errand"), end())
    firm.deploy(boss, GOOD)
    with pytest.raises(DeploymentRefused) as refused:
        firm.deploy(BY_MESSAGE)
    assert [each.rule for each in refused.value.problems if each.severity == "error"] == ["call_lost"]
    # Together with a caller that no longer calls it, it may.
    firm.deploy(BY_MESSAGE, bpmn("boss", start(), user("go", candidateGroups="specialist"), end()))
    with pytest.raises(DeploymentRefused) as refused:
        firm.deploy(boss)
    assert "unknown_process" in {each.rule for each in refused.value.problems}


def test_a_process_that_stands_in_two_files_is_told_although_one_is_wrong(run: Any) -> None:
    write("lost.bpmn", LOST)
    write("fine.bpmn", GOOD)
    assert "deployed_twice" in run("lost.bpmn", "fine.bpmn").stderr


def test_what_is_no_file_or_cannot_be_read_is_a_problem_beside_the_others(run: Any) -> None:
    write("work/lost.bpmn", LOST)
    os.mkfifo("work/pipe.bpmn")
    os.symlink("nowhere", "work/dead.bpmn")
    told = run("work", "work/pipe.bpmn", "--format", "json")
    rules = {each["rule"] for each in json.loads(told.stdout)["problems"]}
    assert {"no_file", "dangling_reference"} <= rules


def test_a_file_that_takes_too_long_is_refused_and_the_others_are_judged(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("errand.bpmn", GOOD)
    write("lost.bpmn", LOST.replace("errand", "other"))
    ask = child._ask

    def stuck(of: dict[str, Any], data: bytes, seconds: float) -> Any:
        if of["file"] != "errand.bpmn":
            return ask(of, data, seconds)
        ask({"file": "first.bpmn"}, b"", seconds)
        assert child._answers.child is not None
        os.kill(child._answers.child.process.pid, signal.SIGSTOP)
        return ask(of, data, 0.1)

    monkeypatch.setattr(child, "_ask", stuck)
    told = run("errand.bpmn", "lost.bpmn", "--format", "json")
    rules = [(each["file"], each["rule"]) for each in json.loads(told.stdout)["problems"]]
    # Once, although it would have been asked twice: for its processes and for its problems.
    assert rules.count(("errand.bpmn", "check_too_slow")) == 1
    assert ("lost.bpmn", "dangling_reference") in rules
