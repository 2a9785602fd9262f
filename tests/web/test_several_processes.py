"""Several web processes over one database: what one of them counts and changes counts in the others at once.

Each is a runtime of its own, with caches and connections of its own. Not here: what they do under
`kill -9` (tests/cluster)."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from runtime import clock, demo, household
from runtime.bootstrap import Runtime
from runtime.commands import accounts, calendar, cases, drafts
from runtime.folders import ROOT
from runtime.identity import SYSTEM
from runtime.store.attempts import attempts
from tests.commands.test_fixed_versions import RULE
from tests.diagrams import bpmn, element, end, start, user
from tests.office import Office
from tests.web.programs import Program
from tests.web.stand_ins import send
from web.api.routes import PREFIX
from web.app import create_app

ASKED = (
    '<extensionElements><camunda:inputOutput><camunda:inputParameter name="amount">${50}</camunda:inputParameter>'
    "</camunda:inputOutput></extensionElements>"
)
ASK = bpmn(
    "ask",
    start(),
    element(
        "businessRuleTask", "decide", ASKED, camunda__decisionRef="limit", camunda__resultVariable="who",
        camunda__mapDecisionResult="singleEntry", camunda__asyncBefore="true",
    ),
    user("see", candidateGroups="specialist"),
    end(),
)  # fmt: skip
WORKER = """
import pathlib, sys
from runtime.bootstrap import Runtime
from runtime.settings import Settings
from runtime.worker import Worker
worker = Worker(Runtime(Settings(home=pathlib.Path(sys.argv[1]))))
for line in sys.stdin:
    print(worker.drain(), flush=True)
"""


@contextmanager
def worker_of(office: Office) -> Iterator[Callable[[], int]]:
    """A worker in a process of its own, which does what is due when it is told to; how many jobs that were."""
    words = [sys.executable, "-c", WORKER, str(office.runtime.settings.home)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout

        def drain() -> int:
            process.stdin.write("work\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield drain
        process.stdin.close()


def decided(office: Office, drain: Callable[[], int] | None = None) -> Any:
    """Who the rule names for a case that is started here; it decides in a worker, here or in `drain`."""
    desk = office.as_("spec")
    case = office.runtime.do(cases.start, desk.actor, "ask", {}).case
    if drain is None:
        office.settle()
    else:
        assert drain() == 1
    return office.case(case).variables["who"]


def started(office: Office) -> str:
    """What a case begins with that is started here."""
    case = office.as_("spec").start("plan")
    return next(row.element for row in office.as_("spec").inbox() if row.case == case.id)


@pytest.fixture
def two(office: Office) -> Iterator[tuple[FlaskClient, FlaskClient]]:
    """Browsers at two processes of the department."""
    neighbour = Runtime(office.runtime.settings)
    yield create_app(office.runtime, demo.people()).test_client(), create_app(neighbour, demo.people()).test_client()
    neighbour.close()


def guess(browser: FlaskClient, username: str, password: str = "a guess") -> int:
    fields = {"username": username, "password": password}
    return send(browser, "/sign-in", fields, page="/sign-in").status_code


def kept(office: Office) -> list[Any]:
    rows = office.runtime.read(lambda tx, actor: tx.all(sa.select(attempts)), None)
    return list(rows)


# ---- limits


def test_who_guesses_at_two_processes_is_held_up_as_at_one(two: tuple[FlaskClient, FlaskClient]) -> None:
    assert [guess(two[number % 2], "wangfang") for number in range(12)] == [403] * 10 + [429] * 2
    assert guess(two[1], "wangfang", demo.PASSWORD) == 429
    # The colleague at the next desk still gets in, at either.
    assert guess(two[0], "chenjie", demo.PASSWORD) == guess(two[1], "chenjie", demo.PASSWORD) == 302


def test_when_the_time_is_over_one_may_try_again(two: tuple[FlaskClient, FlaskClient], office: Office) -> None:
    assert {guess(two[0], "wangfang") for _ in range(11)} == {403, 429}
    office.later(minutes=4, seconds=59)
    assert guess(two[1], "wangfang", demo.PASSWORD) == 429
    office.later(seconds=2)
    assert guess(two[1], "wangfang", demo.PASSWORD) == 302


def test_guesses_at_once_are_all_counted(two: tuple[FlaskClient, FlaskClient]) -> None:
    def one(number: int) -> int:
        headers = {"Authorization": f"Bearer {number}"}
        return two[number % 2].application.test_client().get(f"{PREFIX}/session", headers=headers).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(one, range(80)))
    assert codes.count(401) == 60 and codes.count(429) == 20


def test_what_is_counted_names_nobody_and_is_forgotten(
    two: tuple[FlaskClient, FlaskClient], office: Office
) -> None:
    for username in ("wangfang", "my password by mistake", "limin"):
        guess(two[0], username)
    rows = kept(office)
    assert len(rows) == 4 and all(len(row.key) == 64 and row.until > clock.now() for row in rows)
    office.later(minutes=6)
    guess(two[1], "somebody else")
    assert len(kept(office)) == 2


def test_who_guesses_at_a_session_left_open_is_counted_by_person_over_all_processes(
    two: tuple[FlaskClient, FlaskClient],
) -> None:
    """Not by address: a whole office may have one."""
    for browser in two:
        assert guess(browser, "chenjie", demo.PASSWORD) == 302
    wrong = {"old": "a guess", "new": "another long password", "again": "another long password"}

    def change(browser: FlaskClient) -> int:
        return send(browser, "/account/password", wrong).status_code

    assert [change(two[number % 2]) for number in range(11)] == [403] * 10 + [429]
    send(two[0], "/sign-out", {})
    assert guess(two[0], "wangfang", demo.PASSWORD) == 302 and change(two[0]) == 403


def test_what_is_refused_is_not_counted_on(two: tuple[FlaskClient, FlaskClient], office: Office) -> None:
    for _ in range(15):
        guess(two[0], "wangfang")
    assert sorted(row.tries for row in kept(office)) == [10, 10]


# ---- what is decided by


def test_a_rule_published_in_one_process_decides_in_the_others_at_once(firm: Office) -> None:
    firm.deploy(RULE.replace("WHO", "supervisor"), ASK)
    neighbour = Office(Runtime(firm.runtime.settings))
    with worker_of(firm) as drain:
        # Each has decided by the first version, and keeps what it compiled.
        assert decided(firm) == decided(neighbour) == decided(firm, drain) == "supervisor"
        text = RULE.replace("WHO", "manager")
        draft = firm.runtime.do(drafts.save_rule, SYSTEM, "limit", text, 1)
        assert neighbour.runtime.publish_rule(SYSTEM, "limit", draft) == 2
        assert decided(firm) == decided(neighbour) == decided(firm, drain) == "manager"
    neighbour.runtime.close()


def test_a_diagram_deployed_in_one_process_is_started_in_the_others_at_once(firm: Office) -> None:
    first = bpmn("plan", start(), user("first", candidateGroups="specialist"), end())
    firm.deploy(first)
    neighbour = Office(Runtime(firm.runtime.settings))
    assert started(neighbour) == started(firm) == "first"
    neighbour.deploy(first.replace("first", "second"))
    assert started(firm) == started(neighbour) == "second"
    neighbour.runtime.close()


def test_an_operator_s_calendar_counts_in_the_others_at_once(firm: Office) -> None:
    neighbour = Runtime(firm.runtime.settings)
    day = dt.date(2026, 3, 10)

    def workday(runtime: Runtime) -> bool:
        return runtime.read(lambda tx, actor: household.calendar(tx).is_workday(day), SYSTEM)

    assert workday(firm.runtime) and workday(neighbour)
    neighbour.do(calendar.set_day, SYSTEM, day, "holiday")
    assert not workday(neighbour) and not workday(firm.runtime)
    neighbour.close()


# ---- who may


def test_whoever_is_deactivated_in_one_process_is_out_of_the_others_at_the_next_request(
    two: tuple[FlaskClient, FlaskClient], office: Office
) -> None:
    here, there = two
    program = Program(office, "chenjie")
    assert guess(here, "chenjie", demo.PASSWORD) == guess(there, "chenjie", demo.PASSWORD) == 302
    assert here.get("/inbox").status_code == there.get("/inbox").status_code == 200
    neighbour = there.application.extensions["runtime"]
    assert program.get("/inbox")[0] == 200
    neighbour.do(accounts.deactivate, SYSTEM, "chenjie")
    assert here.get("/inbox").status_code == there.get("/inbox").status_code == 302
    assert program.get("/inbox")[0] == 401
    assert guess(here, "chenjie", demo.PASSWORD) == 403


def test_a_role_withdrawn_in_one_process_counts_in_the_others_at_the_next_request(
    two: tuple[FlaskClient, FlaskClient], office: Office
) -> None:
    for browser in two:
        assert guess(browser, "chenjie", demo.PASSWORD) == 302
        assert browser.get("/processes/purchase_plan/start").status_code == 200
    two[1].application.extensions["runtime"].do(accounts.set_groups, SYSTEM, "chenjie", ["specialist"])
    for browser in two:
        assert browser.get("/processes/purchase_plan/start").status_code == 404
    office.runtime.do(accounts.set_groups, SYSTEM, "chenjie", ["supervisor"])
    for browser in two:
        assert browser.get("/processes/purchase_plan/start").status_code == 200


def test_a_right_revoked_in_one_process_counts_in_the_others_at_the_next_request(firm: Office) -> None:
    neighbour = Runtime(firm.runtime.settings)
    firm.runtime.do(accounts.grant, SYSTEM, "specialist", "send", "signal", "any")
    here, there = Program(firm, "spec"), Program(Office(neighbour), "spec")
    for program in (here, there):
        assert program.post("/signals", {"name": "ring"})[0] == 204
    neighbour.do(accounts.revoke, SYSTEM, "specialist", "send", "signal", "any")
    for program in (here, there):
        assert program.post("/signals", {"name": "ring"})[0] == 403
    neighbour.close()
