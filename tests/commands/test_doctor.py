"""`guicheng doctor`: a department at work is whole; each defect, planted by hand, is seen and named."""

from __future__ import annotations

import dataclasses
import gc
import json
import shutil
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from runtime import cli, clock, doctor
from runtime.bootstrap import Runtime
from runtime.commands import advance, cases
from runtime.identity import SYSTEM
from runtime.settings import Settings
from runtime.store import event_log, files
from tests.conftest import START
from tests.diagrams import bpmn, element, end, flow, service, start, timer, user
from tests.office import Office

# It looks into the file of SQLite, and damages it.
pytestmark = pytest.mark.embedded

MESSAGE = '<messageEventDefinition messageRef="m"/>'
SIGNAL = '<signalEventDefinition signalRef="s"/>'
# A case that waits in every way at once.
WAITS = bpmn(
    "waits",
    start(),
    element("parallelGateway", "split"),
    user("ask", candidateGroups="specialist"),
    timer("sleep", "timeDuration", "P1D"),
    element("intermediateCatchEvent", "listen", MESSAGE),
    element("intermediateCatchEvent", "hear", SIGNAL),
    element("scriptTask", "stumble", "<script>nobody.knows</script>", scriptFormat="javascript"),
    service("bill", "billing.send"),
    *(end(f"e{n}") for n in range(6)),
    flow("begun", "split"),
    *(flow("split", each) for each in ("ask", "sleep", "listen", "hear", "stumble", "bill")),
    *(flow(each, f"e{n}") for n, each in enumerate(("ask", "sleep", "listen", "hear", "stumble", "bill"))),
    before='<message id="m" name="paid"/><signal id="s" name="strike"/>',
)
SIMPLE = bpmn("simple", start(), user("ask", candidateGroups="specialist"), end())


def findings(office: Office, **how: bool) -> dict[str, list[tuple[str, str]]]:
    """Invariant → (finding, where) of all that is wrong."""
    found: dict[str, list[tuple[str, str]]] = {}
    for each in doctor.examine(office.runtime.engine, office.runtime.house, **how):
        found.setdefault(each.invariant.name, []).append((each.problem.rule, each.problem.where))
    return found


def plant(office: Office, *statements: str, **values: Any) -> None:
    """Write past the program, as a defect or somebody with the file would."""
    raw = office.runtime.engine.raw_connection()
    try:
        raw.execute("PRAGMA foreign_keys=OFF")  # type: ignore[attr-defined]
        for statement in statements:
            raw.execute(statement, values)  # type: ignore[attr-defined]
        raw.execute("PRAGMA foreign_keys=ON")  # type: ignore[attr-defined]
    finally:
        raw.close()


@pytest.fixture(scope="session")
def waiting_home(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("waiting") / "home"
    shutil.copytree(empty_home, home)
    with clock.frozen(START):
        runtime = Runtime(Settings(home=home))
        firm = Office(runtime)
        firm.deploy(WAITS)
        firm.deploy(SIMPLE)
        firm.as_("spec").start("waits")
        case = firm.as_("spec").start("simple").id
        firm.as_("spec").do("ask", case)
        assert findings(firm) == {}
        runtime.close()
    return home


@pytest.fixture
def waiting(waiting_home: Path, tmp_path: Path, still_clock: None) -> Iterator[Office]:
    """The small firm with one case that waits in every way, and one that has ended."""
    home = tmp_path / "home"
    shutil.copytree(waiting_home, home)
    runtime = Runtime(Settings(home=home))
    yield Office(runtime)
    runtime.close()


# Statement, the invariant that it breaks, what is found, and where (the beginning).
OF_CASES = [
    ("UPDATE cases SET state = replace(state, '\"element\":\"ask\"', '\"element\":\"task\"') WHERE process = 'waits'",
     "case_loads", "case_unloadable", "cases/"),
    ("UPDATE cases SET state = '{' WHERE process = 'waits'", "case_loads", "case_unloadable", "cases/"),
    ("UPDATE cases SET title = '{' WHERE process = 'waits'", "case_loads", "not_to_be_read", "cases/"),
    ("UPDATE cases SET status = 'completed' WHERE process = 'waits'", "case_row", "case_row_differs", "cases/"),
    ("UPDATE cases SET business_key = 'B' WHERE process = 'waits'", "case_row", "case_row_differs", "cases/"),
    ("UPDATE cases SET ended_at = NULL WHERE process = 'simple'", "case_row", "case_row_differs", "cases/"),
    ("UPDATE cases SET version = 1000 WHERE process = 'waits'", "case_version", "case_version_wrong", "cases/"),
    ("UPDATE user_tasks SET state = 'ready', assignee_id = NULL WHERE state = 'completed'",
     "open_tasks", "task_of_ended_case", "user_tasks/"),
    ("UPDATE user_tasks SET activity = 'elsewhere' WHERE state = 'ready'",
     "open_tasks", "task_without_activity", "user_tasks/"),
    ("UPDATE user_tasks SET state = 'cancelled' WHERE state = 'ready'",
     "tasks_of_activities", "activity_without_task", "cases/"),
    ("DELETE FROM jobs WHERE kind = 'timer'", "timers", "timer_without_job", "cases/"),
    ("INSERT INTO jobs (kind, state, key, case_id, element, activity, due_at, created_at) SELECT"
     " kind, state, 'twice', case_id, element, activity, due_at, created_at FROM jobs WHERE kind = 'timer'",
     "timers", "timer_without_job", "cases/"),
    ("UPDATE jobs SET due_at = '2099-01-01T00:00:00.000000Z' WHERE kind = 'timer'",
     "timers", "timer_due_differs", "cases/"),
    ("UPDATE jobs SET activity = 'elsewhere' WHERE kind = 'timer'", "timer_jobs", "job_without_timer", "jobs/"),
    ("DELETE FROM subscriptions WHERE kind = 'signal'",
     "subscriptions", "wait_without_subscription", "cases/"),
    ("UPDATE subscriptions SET key = 'other' WHERE kind = 'message'",
     "subscriptions", "subscription_without_wait", "subscriptions/"),
    ("UPDATE external_tasks SET state = 'ended'",
     "external_tasks", "activity_without_external_task", "cases/"),
    ("UPDATE external_tasks SET activity = 'elsewhere'",
     "external_tasks", "external_task_without_activity", "external_tasks/"),
    ("UPDATE incidents SET resolved_at = created_at", "parked_steps", "parked_unseen", "cases/"),
    ("INSERT INTO subscriptions (activity, case_id, element, kind, name, key) SELECT"
     " 'late', id, 'x', 'signal', 'strike', '' FROM cases WHERE process = 'simple'",
     "ended_cases", "left_of_ended_case", "subscriptions/late"),
    ("UPDATE events SET payload = '{\"detail\":{},\"changes\":[]}' WHERE kind = 'case_started'",
     "event_chain", "chain_broken", "cases/"),
    ("UPDATE events SET business_at = '2020-01-01T00:00:00.000000Z' WHERE sequence = 2",
     "event_chain", "chain_broken", "cases/"),
    ("DELETE FROM events WHERE sequence = 2", "event_chain", "chain_broken", "cases/"),
    ("DELETE FROM events WHERE sequence = (SELECT max(sequence) FROM events)",
     "event_chain", "chain_end_differs", "cases/"),
    ("UPDATE cases SET chain = 'f'", "event_chain", "chain_end_differs", "cases/"),
    ("UPDATE cases SET state = replace(state, '\"values\":{', '\"values\":{\"sum\":7,') WHERE process = 'waits'",
     "variables", "variable_differs", "cases/"),
    ("UPDATE events SET kind = 'left' WHERE kind = 'entered' AND element = 'ask'",
     "variables", "standing_differs", "cases/"),
    ("UPDATE events SET payload = '{' WHERE sequence = 1", "variables", "entry_unreadable", "cases/"),
    ("INSERT INTO effects (key, topic, result, at) SELECT public_id || '/a/b/notices.add', 'notices.add',"
     " '{}', started_at FROM cases", "case_effects", "effect_untold", "effects/"),
    ("INSERT INTO decisions (case_id, element, activity, rule, version, at, decision) SELECT"
     " id, 'a', 'b', 'limit', 1, started_at, '{}' FROM cases", "decisions", "decisions_differ", "cases/"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "invariant", "finding", "where"), OF_CASES, ids=lambda each: each[:40])
def test_a_defect_of_a_case_is_seen(
    waiting: Office, statement: str, invariant: str, finding: str, where: str
) -> None:
    plant(waiting, statement)
    found = findings(waiting)[invariant]
    assert any(rule == finding and place.startswith(where) for rule, place in found), found


OF_THE_FIRM = [
    ("UPDATE user_task_candidates SET who = 'group:pirates' WHERE task_id IN"
     " (SELECT id FROM user_tasks WHERE state = 'ready')", "candidates_exist", "candidate_unknown", "user_tasks/"),
    ("UPDATE user_task_candidates SET who = 'person:4711' WHERE task_id IN"
     " (SELECT id FROM user_tasks WHERE state = 'ready')", "candidates_exist", "candidate_unknown", "user_tasks/"),
    ("DELETE FROM user_task_candidates", "tasks_are_somebodys", "task_of_nobody", "user_tasks/"),
    ("UPDATE user_tasks SET state = 'claimed' WHERE state = 'ready'",
     "tasks_are_somebodys", "task_of_nobody", "user_tasks/"),
    *((f"UPDATE user_task_candidates SET {column} WHERE ready = 1",
       "candidates_follow_tasks", "candidate_differs", "user_tasks/") for column in (
        "ready = 0", "rank = 7", "due_by = '2020-01-01T00:00:00.000000Z'", "created_at = '2020-01-01T00:00:00.000000Z'",
        "process = 'other'", "element = 'other'")),
    ("UPDATE user_task_candidates SET ready = 1 WHERE ready = 0",
     "candidates_follow_tasks", "candidate_differs", "user_tasks/"),
    ("UPDATE user_tasks SET case_process = 'other'",
     "tasks_name_their_process", "task_process_differs", "user_tasks/"),
    ("UPDATE case_search SET words = 'other' WHERE rowid = 1", "search_knows_cases", "search_differs", "cases/"),
    ("UPDATE case_search_content SET c0 = 'other' WHERE id = 1", "search_knows_cases", "search_differs", "cases/"),
    ("DELETE FROM case_search WHERE rowid = 1", "search_knows_cases", "search_differs", "cases/"),
    ("UPDATE cases SET title = '{\"en\":\"Another title\"}'", "search_knows_cases", "search_differs", "cases/"),
    ("INSERT INTO case_search (rowid, words) VALUES (4711, 'x')",
     "search_knows_cases", "search_strange", "case_search/4711"),
    ("UPDATE cases SET status = 'purged'", "search_knows_cases", "search_strange", "case_search/"),
    ("DELETE FROM case_search_data WHERE id > 10", "search_finds_cases", "not_to_be_read", "search_finds_cases"),
    ("UPDATE people SET superior_id = id WHERE username = 'boss'",
     "reporting_lines", "reports_to_self", "people/"),
    ("UPDATE memberships SET \"group\" = 'pirates' WHERE \"group\" = 'hr'",
     "reporting_lines", "group_unknown", "people/"),
    ("UPDATE jobs SET case_id = NULL WHERE kind = 'timer'", "jobs_have_cases", "job_without_case", "jobs/"),
    ("UPDATE jobs SET state = 'failed' WHERE kind = 'timer'", "failed_jobs", "failure_unseen", "jobs/"),
    ("INSERT INTO incidents (public_id, case_id, job_id, element, reason, created_at) SELECT"
     " 'i', case_id, id, 'x', 'no', created_at FROM jobs WHERE kind = 'timer'",
     "failed_jobs", "incident_without_failure", "incidents/i"),
    ("UPDATE resources SET content = content || ' ' WHERE kind = 'bpmn'",
     "resources_whole", "resource_altered", "resources/"),
    ("UPDATE resources SET content = '<no/>' WHERE kind = 'bpmn'",
     "resources_read", "resource_unreadable", "resources/"),
    ("INSERT INTO resources (public_id, kind, key, state, sha256, file, content, origin, created_at, created_by,"
     " approved_by) SELECT 'x', 'rule', 'limit', 'active', sha256, file, content, origin, created_at,"
     " (SELECT MIN(id) FROM people), (SELECT MIN(id) FROM people) FROM resources LIMIT 1",
     "rules_approved_apart", "rule_approved_by_drafter", "rules/limit"),
    ("INSERT INTO start_events (process, element, kind, name) VALUES ('simple', 'x', 'message', 'm')",
     "start_events_known", "start_event_differs", "start_events/simple/x"),
    ("UPDATE user_tasks SET case_id = 4711", "references", "reference_broken", "user_tasks/"),
    ("UPDATE alembic_version SET version_num = '0000'", "database_version", "database_version_differs", "alembic"),
    ("DROP TRIGGER stock_movements_no_delete", "guards", "guard_missing", "stock_movements"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "invariant", "finding", "where"), OF_THE_FIRM, ids=lambda each: each[:40]
)
def test_a_defect_of_the_installation_is_seen(
    waiting: Office, statement: str, invariant: str, finding: str, where: str
) -> None:
    plant(waiting, statement)
    found = findings(waiting)[invariant]
    assert any(rule == finding and place.startswith(where) for rule, place in found), found


def test_a_file_that_was_altered_is_seen(firm: Office) -> None:
    kept = firm.runtime.do(lambda tx, _: files.put(tx, b"contract"), firm.as_("root").actor)
    assert findings(firm) == {}
    plant(firm, "UPDATE files SET content = CAST('treaties' AS BLOB)")
    assert findings(firm) == {"files_whole": [("file_altered", f"files/{kept}")]}


def test_a_start_that_nothing_brings_about_is_seen(firm: Office) -> None:
    firm.deploy(
        bpmn(
            "weekly",
            timer("begun", "timeCycle", "R/PT168H", "startEvent"),
            user("ask", candidateGroups="specialist"),
            end(),
        )
    )
    assert findings(firm) == {}
    plant(firm, "DELETE FROM jobs WHERE kind = 'start'")
    assert findings(firm) == {"starts_by_time": [("start_not_due", "start_events/weekly/begun")]}
    plant(
        firm,
        "DELETE FROM start_events",
        "INSERT INTO jobs (kind, state, key, element, activity, due_at, created_at) VALUES ('start', 'waiting',"
        " 'k', 'begun', 'weekly', '2026-04-01T00:00:00.000000Z', '2026-03-01T00:00:00.000000Z')",
    )
    assert findings(firm)["starts_by_time"] == [("start_unknown", "start_events/weekly/begun")]


def test_a_run_that_nothing_continues_is_seen(firm: Office) -> None:
    steps = [element("task", f"s{n}") for n in range(1100)]
    names = ["begun", *(f"s{n}" for n in range(1100)), "ended"]
    firm.deploy(bpmn("long", start(), *steps, end(), *map(flow, names, names[1:])))
    firm.runtime.do(cases.start, firm.as_("spec").actor, "long", {})
    assert findings(firm) == {}
    plant(firm, "UPDATE jobs SET state = 'done' WHERE kind = 'continue'")
    assert [rule for rule, _ in findings(firm)["interrupted_runs"]] == ["run_not_continued"]


def test_a_case_in_which_nothing_can_happen_must_be_seen_by_somebody(waiting: Office) -> None:
    deadlock = bpmn(
        "stuck",
        start(),
        element("exclusiveGateway", "either", default="either_to_join"),
        element("parallelGateway", "join"),
        end(),
        flow("begun", "either"),
        flow("either", "join"),
        element("task", "never"),
        flow("either", "never", "${false}"),
        flow("never", "join"),
        flow("join", "ended"),
    )
    waiting.deploy(deadlock)
    waiting.as_("spec").start("stuck")
    assert findings(waiting) == {}
    plant(waiting, "UPDATE incidents SET resolved_at = created_at")
    assert [rule for rule, _ in findings(waiting)["case_stands"]] == ["case_stuck_unseen"]


def test_a_purged_payload_leaves_the_log_whole(waiting: Office) -> None:
    """Decision 0016: what is said is gone, that it was said stays provable."""
    plant(waiting, "UPDATE events SET payload = NULL, salt = NULL WHERE sequence > 1")
    assert findings(waiting) == {}
    rows = waiting.cases_of("waits")[0].log
    assert event_log.broken_at(rows) is None and rows[2].payload is None


def test_a_damaged_page_is_a_finding_and_no_failure(waiting: Office) -> None:
    with waiting.runtime.engine.connect() as connection:
        root = "SELECT rootpage FROM sqlite_master WHERE name = 'stock_reviews'"
        page = connection.exec_driver_sql(root).scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    waiting.runtime.engine.dispose()
    with (waiting.runtime.settings.home / "guicheng.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xee" * 200)
    found = findings(waiting)
    assert "quick_integrity" in found and "integrity" in found


def test_a_quick_look_reads_no_log_and_no_ended_case(waiting: Office) -> None:
    plant(
        waiting,
        "UPDATE events SET payload = '{'",
        "UPDATE cases SET ended_at = NULL WHERE process = 'simple'",
    )
    assert findings(waiting, quick=True) == {}
    assert {"event_chain", "variables", "case_row"} <= findings(waiting).keys()


def test_every_invariant_has_a_test_that_breaks_it() -> None:
    told = "".join(path.read_text("utf-8") for path in Path(__file__).parents[1].rglob("test_*.py"))
    assert [name for name in doctor.INVARIANTS if f'"{name}"' not in told] == []


# --- the command -------------------------------------------------------------------

Run = Callable[..., Result]


def test_a_part_of_a_large_case_that_is_gone_or_altered_is_seen(waiting: Office) -> None:
    waiting.deploy(SIMPLE.replace('id="simple"', 'id="large"'))
    lines = {"lines": ["M8" * 20] * 200}
    waiting.runtime.do(advance.begin, SYSTEM, "large", variables=lines)
    assert findings(waiting) == {}
    for statement in ("UPDATE case_parts SET content = '[]'", "DELETE FROM case_parts"):
        plant(waiting, statement)
        assert [what for what, _ in findings(waiting)["case_loads"]] == ["case_unloadable"]


@pytest.fixture
def run(waiting: Office, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("GUICHENG_HOME", str(waiting.runtime.settings.home))

    def call(*words: str, language: str = "en") -> Result:
        return CliRunner().invoke(cli.main, list(words), env={"GUICHENG_LANGUAGE": language})

    return call


def test_a_whole_installation_is_said_to_be_whole(run: Run) -> None:
    done = run("doctor")
    assert (done.exit_code, done.stdout) == (0, "Everything is whole.\n")
    assert run("doctor", "--json").stdout == ""


def test_what_is_wrong_is_told_with_its_place_and_what_to_do(waiting: Office, run: Run) -> None:
    plant(waiting, "DELETE FROM jobs WHERE kind = 'timer'")
    case = waiting.cases_of("waits")[0].id
    done = run("doctor")
    assert done.exit_code == 1
    assert f"cases/{case}: The timer sleep has 0 waiting jobs [timers]" in done.stdout
    assert "restore a backup" in done.stdout and done.stdout.endswith("1 things are wrong.\n")
    assert "定时器 sleep" in run("doctor", language="zh_Hans").stdout
    (line,) = run("doctor", "--json").stdout.splitlines()
    told = json.loads(line)
    assert (told["invariant"], told["finding"], told["where"]) == (
        "timers",
        "timer_without_job",
        f"cases/{case}",
    )
    assert told["remedy"] and told["holds"]


def test_looking_changes_nothing(waiting: Office, run: Run) -> None:
    def dump() -> list[str]:
        with waiting.runtime.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            return list(raw.iterdump())

    before = dump()
    run("doctor")
    assert dump() == before


def test_a_file_that_is_no_database_is_told(waiting: Office, run: Run) -> None:
    waiting.runtime.engine.dispose()
    (waiting.runtime.settings.home / "guicheng.db").write_bytes(b"no database at all" * 1000)
    done = run("doctor")
    assert done.exit_code == 1 and "cannot be read" in done.stderr


def test_the_engine_is_not_asked_to_write(waiting: Office) -> None:
    said: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        said.append(statement)

    sa.event.listen(waiting.runtime.engine, "before_cursor_execute", note)
    findings(waiting)
    sa.event.remove(waiting.runtime.engine, "before_cursor_execute", note)
    assert said and not [
        each for each in said if each.lstrip().split()[0] not in ("SELECT", "BEGIN", "PRAGMA")
    ]


def test_an_index_that_has_lost_a_case_is_seen(waiting: Office) -> None:
    words = waiting.runtime.read(
        lambda tx, actor: tx.scalar(sa.text("SELECT words FROM case_search WHERE rowid = 1")), SYSTEM
    )
    plant(waiting, "DELETE FROM case_search WHERE rowid = 1")
    plant(waiting, "INSERT INTO case_search_content (id, c0) VALUES (1, :words)", words=words)
    assert findings(waiting) == {"search_finds_cases": [("search_misses", "case_search/waits")]}


@pytest.mark.parametrize(
    "defects",
    [
        ["UPDATE user_task_candidates SET ready = 0, rank = 7, process = 'x', element = 'y',"
         " due_by = '2020-01-01T00:00:00.000000Z', created_at = '2020-01-01T00:00:00.000000Z'"],
        ["UPDATE case_search SET words = 'other'"],
        ["DELETE FROM case_search_data WHERE id > 10"],
        ["INSERT INTO case_search (rowid, words) VALUES (4711, 'x')"],
    ],
    ids=["candidates", "words", "index", "strange"],
)  # fmt: skip
def test_what_lists_and_search_read_is_made_anew(
    waiting: Office, defects: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(waiting, *defects)
    assert findings(waiting)
    monkeypatch.setenv("GUICHENG_HOME", str(waiting.runtime.settings.home))
    assert CliRunner().invoke(cli.main, ["db", "reindex"]).exit_code == 0
    assert findings(waiting) == {}
    assert [row.element for row in waiting.as_("spec").inbox()] == ["ask"]


def test_a_case_is_let_go_of_before_the_next_is_looked_at(waiting: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred are read at once; of a large one no more than one state and log lies in memory."""
    for _ in range(5):
        waiting.as_("spec").start("simple")
    alive: list[int] = []
    born: list[weakref.ref[Any]] = []
    ask = doctor.INVARIANTS["case_loads"].ask

    def watching(case: Any) -> Any:
        gc.collect()
        alive.append(sum(each() is not None for each in born))
        born.append(weakref.ref(case.execution))
        return ask(case)

    watched = dataclasses.replace(doctor.INVARIANTS["case_loads"], ask=watching)
    monkeypatch.setitem(doctor.INVARIANTS, "case_loads", watched)
    assert findings(waiting) == {}
    assert len(alive) == 7 and max(alive) <= 1
