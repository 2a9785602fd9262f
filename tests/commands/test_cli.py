"""`guicheng` as a script uses it: exit codes, every problem at its place, and what was deployed stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runtime import cli
from tests.diagrams import bpmn, element, end, flow, start, user
from tests.office import Office

GOOD = bpmn("errand", start(), user("go", candidateGroups="specialist"), end())
RULE = """\
rule: limit
name: 限额
owner: manager
clause: 三(一)2
effective_from: 2020-01-01
inputs:
  amount: {type: decimal, name: 金额}
outputs:
  approver: {type: text, name: 审批人}
rules:
  - id: small
    name: 小额
    when: amount <= LIMIT
    then: {approver: manager}
    because: 三(一)2
default:
  then: {approver: division_lead}
  because: 三(一)2
examples:
  - {given: {amount: 10}, then: {approver: manager}}
  - {given: {amount: 1000}, then: {approver: division_lead}}
"""


@pytest.fixture
def run(firm: Office, monkeypatch: pytest.MonkeyPatch) -> object:
    """Call `guicheng WORD …` on the small firm's installation."""
    monkeypatch.setenv("GUICHENG_HOME", str(firm.runtime.settings.home))
    monkeypatch.setenv("GUICHENG_LANGUAGE", "en")

    def call(*words: str, env: dict[str, str] | None = None, given: str = "") -> Result:
        return CliRunner().invoke(cli.main, list(words), env=env, input=given)

    return call


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_good_file_is_in_order_and_deploys(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = write(tmp_path, "errand.bpmn", GOOD)
    assert run("check", path).exit_code == 0
    assert run("deploy", path).exit_code == 0
    begun = run("start", "errand", "--as", "spec")
    assert begun.exit_code == 0
    listed = run("tasks", "--as", "spec", "--json")
    task = json.loads(listed.stdout.strip())
    assert (task["element"], task["case"]) == ("go", begun.stdout.strip())
    assert run("complete", task["id"], "--as", "spec").exit_code == 0
    again = run("complete", task["id"], "--as", "spec")
    assert again.exit_code == 1
    assert "Nothing was done twice" in again.stderr


def test_who_gets_each_task_is_shown_before_anything_runs(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    lanes = (
        '<laneSet id="lanes"><lane id="buying" name="采购"><extensionElements><camunda:properties>'
        '<camunda:property name="group" value="purchasing"/><camunda:property name="name_en" value="Buying"/>'
        "</camunda:properties></extensionElements><flowNodeRef>order</flowNodeRef></lane></laneSet>"
    )
    path = write(
        tmp_path,
        "errand.bpmn",
        bpmn(
            "errand",
            start(),
            user("go", assignee="${initiator}"),
            user("look", candidateGroups="specialist,manager"),
            element("userTask", "order"),
            end(),
            extra=lanes,
        ),
    )
    told = run("check", path, "--who")
    assert told.exit_code == 0
    lines = [" ".join(line.split()) for line in told.stdout.splitlines()]
    assert "errand (errand) – Started by: Operations specialist" in lines
    assert "go go ${initiator}" in lines
    assert "look look one of Operations specialist, Department manager" in lines
    assert "order order one of Purchasing (lane Buying)" in lines
    assert "Who gets it" in run("deploy", path).stdout
    assert "谁办理" in run("check", path, "--who", env={"GUICHENG_LANGUAGE": "zh_Hans"}).stdout
    assert "Who gets it" not in run("check", path).stdout


def test_every_problem_of_every_file_is_told_with_its_place(run, firm: Office, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    good = write(tmp_path, "errand.bpmn", GOOD)
    assert run("deploy", good).exit_code == 0
    bad = [
        write(
            tmp_path,
            "errand2.bpmn",
            bpmn(
                "errand",
                start(),
                user("lost", candidateGroups="nobody"),
                end(),
                flow("begun", "lost"),
                flow("lost", "gone"),
            ),
        ),
        write(tmp_path, "ask.form", '{"type": "default", "id": "ask", "components": [{"type": "html"}]}'),
        write(tmp_path, "limit.yaml", RULE.replace("LIMIT", "ammount")),
    ]
    for word in ("check", "deploy"):
        told = run(word, *bad)
        assert told.exit_code == 2
        for name in ("errand2.bpmn:2:", "ask.form", "limit.yaml:13:"):
            assert name in told.stderr, told.stderr
        assert "lost" in told.stderr
    # What was deployed before stays as it was.
    assert run("start", "errand", "--as", "spec").exit_code == 0
    assert [row.element for row in firm.as_("spec").inbox()] == ["go"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.bpmn", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
        ("x.bpmn", "not xml at all"),
        ("x.form", "{"),
        ("x.yaml", "a: [1"),
        ("x.txt", "hello"),
    ],
)
def test_what_is_no_such_file_is_bad_input(run, tmp_path: Path, name: str, text: str) -> None:  # type: ignore[no-untyped-def]
    told = run("check", write(tmp_path, name, text))
    assert told.exit_code == 2
    assert "Traceback" not in told.output
    assert "passwd" not in told.output or "DOCTYPE" in told.output


def test_a_rule_is_asked_and_a_changed_file_decides_at_once(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = write(tmp_path, "limit.yaml", RULE.replace("LIMIT", "100"))
    assert run("deploy", path).exit_code == 0
    assert "manager" in run("decide", "limit", "--input", "amount=50").stdout
    assert "division_lead" in run("decide", "limit", "--input", "amount=500").stdout
    write(tmp_path, "limit.yaml", RULE.replace("LIMIT", "600"))
    assert run("deploy", path).exit_code == 0
    assert "manager" in run("decide", "limit", "--input", "amount=500").stdout
    assert run("decide", "limit", "--input", "amount=much").exit_code == 2
    assert run("decide", "nothing", "--input", "amount=1").exit_code == 1


def test_people_are_added_and_unknown_ones_are_named(run) -> None:  # type: ignore[no-untyped-def]
    made = run(
        "person",
        "add",
        "wang",
        "--name",
        "王",
        "--group",
        "analyst",
        "--superior",
        "boss",
        env={"GUICHENG_PASSWORD": "long enough"},
    )
    assert made.exit_code == 0
    assert run("tasks", "--as", "wang").exit_code == 0
    nobody = run("tasks", "--as", "ghost")
    assert nobody.exit_code == 1
    assert "ghost" in nobody.stderr
    assert run("person", "superior", "lead", "wang").exit_code == 2  # in a circle


def test_the_sentences_are_in_the_readers_language(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = write(tmp_path, "errand.bpmn", GOOD)
    told = run("check", path, env={"GUICHENG_LANGUAGE": "zh_Hant"})
    assert "1 個檔案檢查通過。" in told.stdout


def test_a_folder_with_nothing_to_deploy_is_not_in_order(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "nothing"
    folder.mkdir()
    (folder / "notes.txt").write_text("x")
    for word in ("check", "deploy"):
        told = run(word, str(folder))
        assert told.exit_code == 2 and str(folder) in told.stderr.replace("\n", ""), told.output


def test_an_installation_without_tables_says_what_to_run(empty_database: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(
        cli.main, ["tasks", "--as", "x"], env={"GUICHENG_HOME": str(tmp_path), "LANG": "C"}
    )
    assert told.exit_code == 1
    assert "guicheng db upgrade" in told.stderr


@pytest.mark.parametrize(
    "words", [[], ["start"], ["check"], ["person"], ["db", "upgrade"], ["decide"], ["work"]]
)
def test_help_is_there_for_every_word(words: list[str]) -> None:
    told = CliRunner().invoke(cli.main, [*words, "--help"])
    assert told.exit_code == 0
    assert "Usage:" in told.output


def test_a_real_installation_starts_empty(empty_database: str, tmp_path: Path) -> None:
    env = {"GUICHENG_HOME": str(tmp_path), "GUICHENG_PASSWORD": "long enough", "LANG": "C"}
    assert CliRunner().invoke(cli.main, ["init"], env=env).exit_code == 0
    assert CliRunner().invoke(cli.main, ["admin", "create", "root", "--name", "林"], env=env).exit_code == 0
    assert CliRunner().invoke(cli.main, ["tasks", "--as", "root"], env=env).exit_code == 0
    # Not again over what is there.
    assert CliRunner().invoke(cli.main, ["admin", "create", "root"], env=env).exit_code == 1


def test_the_element_templates_are_written_where_they_are_asked_for(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "guicheng.json"
    assert run("templates", str(path)).exit_code == 0
    written = json.loads(path.read_text(encoding="utf-8"))
    assert "inventory.receive" in {each["name"] for each in written}
    assert json.loads(run("templates").stdout) == written


WAITS = bpmn(
    "waits",
    start(),
    element("intermediateCatchEvent", "hear", '<messageEventDefinition messageRef="m"/>'),
    element("intermediateCatchEvent", "alarm", '<signalEventDefinition signalRef="s"/>'),
    end(),
    before='<message id="m" name="paid"/><signal id="s" name="strike"/>',
)


def test_messages_and_signals_come_from_outside(run, firm: Office) -> None:  # type: ignore[no-untyped-def]
    firm.deploy(WAITS)
    case = firm.case(run("start", "waits", "--as", "spec", "--business-key", "A-1").stdout.strip())
    assert case.row.business_key == "A-1"
    refused = run("message", "paid", "--key", "B-2", "--correlate")
    assert refused.exit_code == 2 and "Nobody waits for message paid with key B-2" in refused.stderr
    told = run("message", "paid", "--key", "A-1", "--payload", '{"sum": 0.1}', "--correlate")
    assert told.stdout.strip() == case.id
    assert str(case.variables["sum"]) == "0.1"
    assert run("signal", "strike").exit_code == 0
    assert case.status == "completed"


def test_a_message_that_nobody_takes_is_listed_delivered_again_and_discarded(run, firm: Office) -> None:  # type: ignore[no-untyped-def]
    firm.deploy(WAITS)
    assert run("message", "paid", "--key", "A-1", "--reference", "bank-7").exit_code == 0
    listed = run("messages").stdout
    assert "paid" in listed and "A-1" in listed and "kept" in listed
    message = next(word for word in listed.split() if len(word) == 32)
    assert run("messages", "deliver", message).exit_code == 0
    assert "paid" in run("messages").stdout
    assert run("messages", "discard", message).exit_code == 0
    assert "paid" not in run("messages").stdout
    assert run("messages", "discard", message).exit_code == 1
    # It was sent once and for all.
    run("message", "paid", "--key", "A-1", "--reference", "bank-7")
    assert "paid" not in run("messages").stdout


def test_what_holds_is_started(run, firm: Office) -> None:  # type: ignore[no-untyped-def]
    condition = "<condition xsi:type='tFormalExpression'>${stock &lt; 10}</condition>"
    low = element(
        "startEvent", "low", f"<conditionalEventDefinition>{condition}</conditionalEventDefinition>"
    )
    firm.deploy(bpmn("refill", low, user("order", candidateGroups="specialist"), end()))
    begun = run("evaluate", "--as", "spec", "--variables", '{"stock": 4}', "--business-key", "W1").stdout
    (case,) = firm.cases_of("refill")
    assert (begun.strip(), case.row.business_key) == (case.id, "W1")
    assert run("evaluate", "--as", "spec", "--variables", '{"stock": 40}').stdout.strip() == ""
