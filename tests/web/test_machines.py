"""Who watches over the house: whether it lives and can work, its figures, its log."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from runtime import clock, logs
from runtime.commands import user_tasks
from runtime.worker import Worker
from tests.diagrams import bpmn, end, start, timer, user
from tests.office import Office
from tests.web.programs import Program
from tests.web.test_api import BUY, ORDER, begin
from web.app import create_app

SECRET = "figures for nobody else"
LATER = bpmn(
    "later", start(), timer("pause", "timeDuration", "PT1H"), user("go", candidateGroups="specialist"), end()
)


@pytest.fixture
def watched(firm: Office) -> FlaskClient:
    firm.runtime.settings.metrics_token = SECRET
    client = create_app(firm.runtime).test_client()
    return client


def figures(client: FlaskClient) -> dict[str, float]:
    """Every figure by its name and labels."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {SECRET}"})
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/plain")
    return {
        sample.name
        + "".join(f" {label}={value}" for label, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


# ---- alive and ready


def test_a_server_lives_whatever_its_database_does(firm: Office, watched: FlaskClient) -> None:
    for address in ("/health", "/healthz"):
        assert watched.get(address).json == {"status": "ok"}
    away(firm)
    assert watched.get("/healthz").status_code == 200


def away(firm: Office) -> None:
    """The database cannot be opened any more."""
    firm.runtime.engine.dispose()
    home = firm.runtime.settings.home
    for path in home.glob("guicheng.db*"):
        path.unlink()
    (home / "guicheng.db").mkdir()


def test_it_is_ready_when_its_database_answers(firm: Office, watched: FlaskClient) -> None:
    assert watched.get("/readyz").json == {"status": "ok"}
    away(firm)
    answer = watched.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"status": "unready", "missing": "database"})


def test_it_is_not_ready_over_tables_of_another_version(firm: Office, watched: FlaskClient) -> None:
    with firm.runtime.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    assert watched.get("/readyz").json == {"status": "unready", "missing": "tables"}


def test_a_server_with_a_worker_is_ready_while_it_works(
    firm: Office, watched: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(firm.runtime)
    watched.application.extensions["worker"] = worker.alive
    assert watched.get("/readyz").json == {"status": "unready", "missing": "worker"}
    worker.start()
    try:
        assert watched.get("/readyz").status_code == 200
        # It hangs: nothing was seen of it for more than a minute.
        monkeypatch.setattr("runtime.worker.LONGEST_SILENCE", -1.0)
        assert watched.get("/readyz").json["missing"] == "worker"
    finally:
        worker.stop()
    monkeypatch.undo()
    assert watched.get("/readyz").json["missing"] == "worker"


# ---- figures


def test_figures_are_told_to_who_knows_the_token_and_nobody_else(firm: Office, watched: FlaskClient) -> None:
    for header in ("", "Bearer", "Bearer x", f"Basic {SECRET}", SECRET):
        assert watched.get("/metrics", headers={"Authorization": header}).status_code == 401
    program = Program(firm, "root")
    assert program.client.get("/metrics", headers=program.headers).status_code == 401
    firm.runtime.settings.metrics_token = ""
    assert watched.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_work_is_counted(firm: Office, watched: FlaskClient) -> None:
    firm.deploy(BUY, ORDER)
    spec = Program(firm, "spec")
    before = figures(watched)
    task = begin(spec)["next_task"]
    assert spec.post(f"/tasks/{task}/complete", {"answers": {"amount": "lots"}})[0] == 400
    assert spec.post(f"/tasks/{task}/complete", {"answers": {}})[0] == 200
    after = figures(watched)

    def more(name: str) -> float:
        return after.get(name, 0.0) - before.get(name, 0.0)

    assert more("guicheng_steps_total") == 2  # the start event and the first task are over
    assert more("guicheng_command_seconds_count command=cases.start outcome=done") == 1
    assert more("guicheng_command_seconds_count command=user_tasks.complete outcome=done") == 1
    assert more("guicheng_command_seconds_count command=user_tasks.complete outcome=refused") == 1
    took = "guicheng_request_seconds_count endpoint=api.tasks_complete method=POST status="
    assert (more(took + "2xx"), more(took + "4xx")) == (1, 1)
    assert after["guicheng_database_up"] == 1 and after["guicheng_connections_most"] >= 1


def test_jobs_that_are_due_and_late_are_told(firm: Office, watched: FlaskClient) -> None:
    firm.deploy(LATER)
    firm.as_("spec").start("later")
    assert figures(watched)["guicheng_jobs_due"] == 0
    clock.shift(dt.timedelta(hours=1, seconds=30))
    told = figures(watched)
    assert (told["guicheng_jobs_due"], told["guicheng_jobs_late"]) == (1, 0)
    assert told["guicheng_jobs_lateness_seconds"] == 30
    clock.shift(dt.timedelta(minutes=1))
    assert figures(watched)["guicheng_jobs_late"] == 1
    before = figures(watched).get("guicheng_jobs_run_total kind=timer outcome=done", 0.0)
    firm.settle()
    told = figures(watched)
    assert told["guicheng_jobs_due"] == 0
    assert told["guicheng_jobs_run_total kind=timer outcome=done"] == before + 1


def test_figures_name_no_person_and_no_case(firm: Office, watched: FlaskClient) -> None:
    firm.deploy(BUY, ORDER)
    spec = Program(firm, "spec")
    started = begin(spec)
    spec.get(f"/cases/{started['case']}")
    text = watched.get("/metrics", headers={"Authorization": f"Bearer {SECRET}"}).text
    assert started["case"] not in text and "spec" not in text


def test_what_was_counted_is_told_when_the_database_is_away(firm: Office, watched: FlaskClient) -> None:
    figures(watched)
    away(firm)
    assert figures(watched)["guicheng_database_up"] == 0


def test_processes_that_share_a_folder_are_added_up(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    count = "from runtime import measures; measures.STEPS.inc(3)"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", count], env=environment, check=True)
    tell = "import sys; from runtime import measures; sys.stdout.buffer.write(measures.exposed([]))"
    told = subprocess.run([sys.executable, "-c", tell], env=environment, check=True, capture_output=True)
    assert b"guicheng_steps_total 6.0" in told.stdout


# ---- the log


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Any:
    """What was logged since, each line a JSON object."""

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]

    return read


def test_a_request_that_fails_is_found_in_the_log_by_its_id(
    firm: Office, watched: FlaskClient, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.configure("json")
    firm.deploy(BUY, ORDER)
    spec = Program(firm, "spec")
    task = begin(spec)["next_task"]

    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("postgresql://root:hunter2@db/x")

    monkeypatch.setattr(user_tasks, "hold_files", crash)
    lines()
    answer = spec.client.post(f"/api/v1/tasks/{task}/complete", headers=spec.headers, json={"answers": {}})
    assert answer.status_code == 500
    (line,) = [line for line in lines() if line["event"] == "request failed"]
    assert line["request"] == answer.headers["X-Request-ID"] and line["reference"] in answer.text
    assert line["case"] == firm.cases_of("buy")[0].id
    assert "RuntimeError" in line["exception"] and "hunter2" not in line["exception"]
    assert spec.made.secret not in json.dumps(line) and line["level"] == "error"


def test_every_request_has_its_own_id_and_a_line_if_that_is_set(
    firm: Office, watched: FlaskClient, lines: Any
) -> None:
    logs.configure("json")
    first, second = (
        watched.get("/healthz"),
        watched.get("/healthz", headers={"X-Request-ID": "forged-by-anybody"}),
    )
    ids = {answer.headers["X-Request-ID"] for answer in (first, second)}
    assert len(ids) == 2 and "forged-by-anybody" not in ids
    assert lines() == []
    firm.runtime.settings.log_requests = True
    watched.get("/sign-in?next=/cases/secret-case")
    (line,) = lines()
    assert (line["event"], line["method"], line["path"], line["status"]) == (
        "request",
        "GET",
        "/sign-in",
        200,
    )
    assert "secret-case" not in json.dumps(line)


def test_the_id_of_a_trusted_proxy_is_kept(firm: Office) -> None:
    firm.runtime.settings.proxies = 1
    client = create_app(firm.runtime).test_client()
    assert (
        client.get("/healthz", headers={"X-Request-ID": "edge-4711-a"}).headers["X-Request-ID"]
        == "edge-4711-a"
    )
    for odd in ("x", "a" * 65, "a b c d e f g", "<script>alert(1)</script>"):
        assert client.get("/healthz", headers={"X-Request-ID": odd}).headers["X-Request-ID"] != odd


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"password": "x"}, {"password": "…"}),
        ({"headers": {"Authorization": "Bearer x", "Host": "h"}}, {"headers": {"Authorization": "…", "Host": "h"}}),
        ({"text": "sent guicheng_" + "a" * 43}, {"text": "sent …"}),
        ({"url": "postgresql+psycopg://me:word@db:5432/x"}, {"url": "postgresql+psycopg://…@db:5432/x"}),
        ({"set": ["csrf_token=1", {"secret": 1}]}, {"set": ["csrf_token=1", {"secret": "…"}]}),
        ({"case": "0123", "attempt": 2}, {"case": "0123", "attempt": 2}),
    ],
)  # fmt: skip
def test_secrets_are_not_written(given: dict[str, Any], told: dict[str, Any]) -> None:
    assert logs.hide(given) == told


def test_off_a_terminal_each_line_is_json_and_on_one_it_is_words(lines: Any, capsys: Any) -> None:
    logs.configure("auto")
    structlog.get_logger().warning("happened", amount=1)
    (line,) = lines()
    assert (line["event"], line["amount"], line["level"]) == ("happened", 1, "warning")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", line["timestamp"])
    logging.getLogger("alembic").warning("from a library with %s", "guicheng_" + "b" * 43)
    (line,) = lines()
    assert line["event"] == "from a library with …"
    logs.configure("text")
    structlog.get_logger().warning("happened", password="hunter2")
    told = capsys.readouterr().err
    assert "happened" in told and "hunter2" not in told and not told.startswith("{")


def test_threads_do_not_mix_their_requests(watched: FlaskClient) -> None:
    seen: list[dict[str, Any]] = []

    def ask() -> None:
        watched.application.test_client().get("/healthz")
        seen.append(dict(structlog.contextvars.get_contextvars()))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each["request"] for each in seen}) == 4
