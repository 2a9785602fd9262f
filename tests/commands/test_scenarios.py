"""`guicheng scenarios`: what fails is said at its line, what was covered is told and drawn."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runtime.cli import main
from runtime.cli import scenarios as command
from tests.diagrams import bpmn, element, end, field, flow, form_data, start, timer, user

LATE = timer("late", "timeDuration", "P2D", "boundaryEvent", attachedToRef="look")
DIAGRAM = bpmn(
    "glance",
    start("asked"),
    user("look", form_data(field("fine", "boolean"), field("pieces", "long")), assignee="${initiator}"),
    LATE,
    element("exclusiveGateway", "how", default="how_to_good"),
    end("good"),
    end("bad"),
    end("forgotten"),
    flow("asked", "look"),
    flow("look", "how"),
    flow("how", "good"),
    flow("how", "bad", "${not fine}"),
    flow("late", "forgotten"),
).replace('name="bad"', 'name="&lt;/script&gt;&lt;b&gt;"')

GOOD = """
- name: 看过就好
  world: empty
  start: {as: specialist}
  steps:
    - {task: look, as: specialist, answers: {fine: true, pieces: 3}}
  ends: good
  expect: {pieces: "${1 + 2}", fine: true}
- name: 忘了看
  world: empty
  start: {as: specialist}
  steps: [{time: P3D}]
  ends: forgotten
"""

FAILING = """
- name: 步骤不对
  world: empty
  start: {as: specialist}
  steps:
    - {time: P3D}
    - {task: look, as: specialist}
  ends: good
- name: 人不对
  world: empty
  people: [{username: xuli, groups: [specialist], superior: chenjie}]
  start: {as: xuli}
  steps:
    - {task: look, as: liyang}
  ends: good
- name: 答案不对
  world: empty
  start: {as: specialist}
  steps:
    - task: look
      as: specialist
      answers:
        fine: true
        pieces: many
        colour: red
  ends: good
- name: 结果不对
  world: empty
  start: {as: specialist}
  steps:
    - {task: look, as: specialist, answers: {fine: true, pieces: 3}}
  ends: [good, bad]
  expect:
    pieces: 4
    weight: 1
    fine: "${nobody}"
- name: 已经过去
  world: empty
  start: {as: specialist}
  steps: [{until: 2026-01-01}]
  ends: good
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What stands for the folders that the product came with."""
    folder = tmp_path / "processes"
    (folder / "glance").mkdir(parents=True)
    (folder / "glance" / "glance.bpmn").write_text(DIAGRAM, encoding="utf-8")
    monkeypatch.setattr(command, "shipped", lambda: (folder,))
    monkeypatch.setenv("GUICHENG_LANGUAGE", "en")
    monkeypatch.setenv("GUICHENG_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    return folder


def written(folder: Path, text: str) -> None:
    (folder / "glance" / "glance.scenarios.yaml").write_text(text.lstrip("\n"), encoding="utf-8")


def run(*words: str, language: str = "en") -> Result:
    return CliRunner().invoke(main, ["scenarios", "--language", language, *words])


def test_what_was_covered_is_told_and_drawn(folder: Path, tmp_path: Path) -> None:
    written(folder, GOOD)
    done = run("glance", "--format", "json", "--coverage", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [(each["name"], each["line"], each["passed"]) for each in told["scenarios"]] == [
        ("看过就好", 1, True),
        ("忘了看", 8, True),
    ]
    assert told["coverage"]["glance"] == {
        "flows": {"covered": 4, "of": 5, "missing": ["how_to_bad"]},
        "tasks": {"covered": 1, "of": 1, "missing": []},
        "ends": {"covered": 2, "of": 3, "missing": ["bad"]},
        "boundaries": {"covered": 1, "of": 1, "missing": []},
    }
    page = (tmp_path / "out" / "glance.html").read_text(encoding="utf-8")
    [view] = re.findall(r"<script type=\"application/json\" data-view>(.*?)</script>", page, re.DOTALL)
    drawn = json.loads(view)
    assert drawn["missed"] == ["how_to_bad", "bad"] and "late" in drawn["done"]
    assert drawn["labels"]["bad"] == "</script><b>"  # a name ends no script of the page
    assert (tmp_path / "out" / "diagram.js").exists()
    assert 'href="glance.html"' in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert not (tmp_path / "none").exists()  # nothing was played on this machine's installation


def test_each_failure_is_said_at_its_line(folder: Path) -> None:
    written(folder, FAILING)
    done = run()
    assert done.exit_code == 1
    said = re.findall(r"scenarios\.yaml:(\d+):\d+: error: (.*)", done.output)
    assert [(int(line), text) for line, text in said] == [
        (6, "The task “look” is not open: the case has ended at “forgotten”. [scenario.case_over]"),
        (13, "The task “look” is open, but liyang cannot do it; asked are: xuli. [scenario.not_theirs]"),
        (23, "pieces: This is not a number. [answer.not_a_number]"),
        (24, "colour: This form has no field colour. [answer.unknown_field]"),
        (31, "The end “bad” was not reached; reached were: good. [scenario.other_end]"),
        (33, "“pieces” is 3, not 4. [scenario.value_differs]"),
        (34, "The case has no variable “weight”. [scenario.value_missing]"),
        (35, "The expression ${nobody} needs “nobody”, which has no value here. [expression.unknown_name]"),
        (39, "2026-01-01 09:00 has passed: it is 2026-03-09 09:00. [scenario.time_has_passed]"),
    ]
    assert "5 scenarios played, 5 failed." in done.output


def test_what_is_not_there_is_said_before_anything_is_played(folder: Path, tmp_path: Path) -> None:
    written(
        folder,
        GOOD.replace("task: look, as: specialist", "task: lok, as: specialst").replace(
            "ends: good", "ends: god"
        ),
    )
    own = tmp_path / "own"
    own.mkdir()
    (own / "squint.bpmn").write_text(DIAGRAM.replace("glance", "squint"), encoding="utf-8")
    (own / "squint.scenarios.yaml").write_text("- name: x\n", encoding="utf-8")
    done = run("glance", "own", language="zh_Hans")
    assert done.exit_code == 2 and "✓" not in done.output
    assert "没有哪张流程图有人工任务“lok”；是否要写“look”？" in done.output
    assert "没有名为“specialst”的人员或群组；是否要写“specialist”？" in done.output
    assert "“glance”没有结束事件“god”；有：good, bad, forgotten。" in done.output
    assert "own/squint.scenarios.yaml:1:3: 错误: 缺少字段“start”。" in done.output
    assert run("nothing").exit_code == 1


def test_what_is_written_wrongly_hides_nothing_that_is_not_there(folder: Path) -> None:
    written(folder, GOOD.replace("task: look, as: specialist", "task: lok, as: specialst") + "  expct: {}\n")
    done = run("glance", language="zh_Hans")
    assert done.exit_code == 2 and "✓" not in done.output
    assert "没有名为“specialst”的人员或群组；是否要写“specialist”？" in done.output
    # In the order of the file, whichever look found it.
    assert 0 < done.output.index("是否要写“look”？") < done.output.index("是否要写“expect”？")


def test_a_file_elsewhere_brings_its_diagram_along(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    # The same process as a shipped one, changed: there are no two days any more.
    (own / "glance.bpmn").write_text(DIAGRAM.replace("P2D", "PT1H"), encoding="utf-8")
    text = GOOD.replace("{time: P3D}", "{time: PT2H}")
    (own / "glance.scenarios.yaml").write_text(text, encoding="utf-8")
    done = run("own/glance.scenarios.yaml")
    assert done.exit_code == 0, done.output
