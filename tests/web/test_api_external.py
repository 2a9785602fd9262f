"""External workers at the API: what they ask for and tell, and the worker that the documentation shows."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import g
from werkzeug.serving import make_server

from runtime.commands import accounts
from runtime.identity import SYSTEM
from tests.diagrams import bpmn, end, service, start, user
from tests.office import Office
from tests.web.programs import Program
from web import operations

PAGE = Path(__file__).resolve().parents[2] / "docs" / "external-workers.md"
BILL = bpmn(
    "bill",
    start(),
    service("send_bill", "billing.send", amount="${12.50}", due="${now()}"),
    user("file", candidateGroups="specialist"),
    end(),
)
TOPIC = {"topic": "billing.send", "lock_seconds": 60}


@pytest.fixture
def worker(firm: Office) -> Program:
    firm.deploy(BILL)
    firm.runtime.do(accounts.grant, SYSTEM, "purchasing", "work", "topic", "any", "billing.send")
    return Program(firm, "buyer")


def fetch(worker: Program, **about: Any) -> list[dict[str, Any]]:
    status, told = worker.post("/external-tasks/fetch-and-lock", {"worker": "w1", "topics": [TOPIC], **about})
    assert status == 200, told
    return list(told["tasks"])


def tell(worker: Program, task: dict[str, Any], what: str, **about: Any) -> tuple[int, Any]:
    status, told = worker.post(f"/external-tasks/{task['id']}/{what}", {"worker": "w1", **about})
    worker.office.settle()
    return status, told


def test_a_worker_fetches_does_and_tells(firm: Office, worker: Program) -> None:
    case = firm.as_("spec").start("bill")
    (task,) = fetch(worker, most=5)
    assert task["case"] == case.id and task["variables"]["amount"] == {"$decimal": "12.50"}
    assert set(task["variables"]["due"]) == {"$datetime"} and task["retries"] is None
    given = {"number": "B-1", "total": {"$decimal": "12.50"}, "ratio": 0.25}
    assert tell(worker, task, "complete", variables=given, local={"seen": True}) == (204, None)
    assert (case.variables["number"], case.variables["total"]) == ("B-1", Decimal("12.50"))
    assert case.variables["ratio"] == Decimal("0.25") and "seen" not in case.variables
    assert worker.code("POST", f"/external-tasks/{task['id']}/complete", {"worker": "w1"}) == (
        409, "external_task.over",
    )  # fmt: skip


def test_a_worker_holds_gives_back_fails_and_refuses(firm: Office, worker: Program) -> None:
    firm.as_("spec").start("bill")
    (task,) = fetch(worker)
    assert tell(worker, task, "extend-lock", lock_seconds=120)[0] == 200
    assert tell(worker, task, "unlock") == (204, None)
    (task,) = fetch(worker, by_priority=True)
    assert tell(worker, task, "failure", message="printer", retries=1) == (204, None)
    (task,) = fetch(worker)
    assert (task["retries"], task["error"]) == (1, "printer")
    assert tell(worker, task, "bpmn-error", code="refused", message="no") == (204, None)
    assert len(firm.incidents()) == 1


def test_a_topic_that_is_not_granted_is_refused_and_its_tasks_are_unknown(firm: Office, worker: Program) -> None:
    firm.as_("spec").start("bill")
    (task,) = fetch(worker)
    other = Program(firm, "money")
    asked = {"worker": "w1", "topics": [TOPIC]}
    assert other.code("POST", "/external-tasks/fetch-and-lock", asked) == (403, "external_task.not_your_topic")
    for what, more in (
        ("complete", {}),
        ("unlock", {}),
        ("failure", {"message": "x"}),
        ("bpmn-error", {"code": "x"}),
    ):
        told = other.code("POST", f"/external-tasks/{task['id']}/{what}", {"worker": "w1", **more})
        assert told == (404, "external_task.unknown")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"worker": "", "topics": [TOPIC]},
        {"worker": "w1", "topics": []},
        {"worker": "w1", "topics": [{"topic": "billing.send"}]},
        {"worker": "w1", "topics": [TOPIC], "most": 101},
        {"worker": "w1", "topics": [TOPIC], "wait_seconds": 31},
        {"worker": "w1", "topics": [TOPIC], "lock": 5},
    ],
)
def test_what_does_not_fit_is_refused(worker: Program, body: dict[str, Any]) -> None:
    assert worker.code("POST", "/external-tasks/fetch-and-lock", body) == (400, "request.invalid")


@pytest.mark.parametrize(
    "value",
    [
        {"$decimal": "many"},
        {"$date": 5},
        {"$datetime": "2026-01-01T00:00:00"},
        {"$decimal": "NaN"},
        {"$map": []},
        {"$file": {"sha256": "0"}},
    ],
)
def test_a_tag_that_does_not_hold_what_it_says_is_refused_and_the_task_stays(
    firm: Office, worker: Program, value: Any
) -> None:
    firm.as_("spec").start("bill")
    (task,) = fetch(worker)
    status, _ = worker.code(
        "POST", f"/external-tasks/{task['id']}/complete", {"worker": "w1", "variables": {"x": value}}
    )
    assert status == 400
    assert tell(worker, task, "complete") == (204, None)


@pytest.fixture
def served(worker: Program) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, worker.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def test_the_worker_of_the_documentation_works(
    firm: Office, worker: Program, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    monkeypatch.setenv("HOUSE_ADDRESS", served)
    monkeypatch.setenv("HOUSE_TOKEN", worker.made.secret)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    program: dict[str, Any] = {"__name__": "worker"}
    exec(compile(text, "worker.py", "exec"), program)
    assert program["work"](0) == 0
    case = firm.as_("spec").start("bill")
    assert program["work"]() == 1
    firm.settle()
    assert case.variables["number"].startswith("B-")
    program["send"] = lambda *anything: 1 / 0
    failed = firm.as_("spec").start("bill")
    assert program["work"]() == 1
    assert [entry.kind for entry in failed.log][-1] == "external_failed"


def test_who_operates_cases_sees_on_the_page_what_waits_and_whether_anybody_asks(
    firm: Office, worker: Program
) -> None:
    firm.as_("spec").start("bill")
    root = Program(firm, "root")
    with root.app.test_request_context("/operations"):
        g.person = root.office.as_("root").actor
        page = operations.overview()
        assert "billing.send" in page and "目前没有程序处理" in page
        # By what the drawing calls it, the topic beside it.
        assert re.search(r'<th scope="row">send_bill\s+<span class="code">billing\.send</span>', page)
        fetch(worker)
        page = operations.overview()
        assert "w1" in page and "目前没有程序处理" not in page
