"""Cases that ended long ago lose their details, and nothing else: what stays is provable, what is open is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from runtime import access, cli, clock, doctor
from runtime.commands import files as file_commands
from runtime.commands import purge
from runtime.identity import SYSTEM, NotGranted
from runtime.ledger import operations
from runtime.store import event_log, files, purges
from runtime.store.cases import cases
from runtime.store.db import Transaction, metadata
from tests.diagrams import bpmn, element, end, field, flow, form_data, start, user
from tests.office import Case, Office

Run = Callable[..., Result]


def errand(key: str = "errand", days: str = "30") -> str:
    text = bpmn(
        key, start("begun", form_data(field("note"))), user("ask", candidateGroups="specialist"), end()
    )
    return text.replace(f'<process id="{key}"', f'<process id="{key}" camunda:historyTimeToLive="{days}"')


def finished(firm: Office, process: str = "errand", **answers: Any) -> Case:
    case = firm.as_("spec").start(process, **answers)
    firm.as_("spec").do("ask", case.id)
    return case


def look(firm: Office) -> dict[str, str]:
    """Case → why it is held, of those whose time is over."""
    found, _ = firm.runtime.read(purge.look, SYSTEM, 0)
    return {each.public_id: each.held for each in found}


def erase(firm: Office) -> int:
    found, _ = firm.runtime.read(purge.look, SYSTEM, 0)
    return firm.runtime.do(purge.purge, SYSTEM, [each.id for each in found if not each.held])


def rows(firm: Office, table: sa.Table, *where: sa.ColumnElement[bool]) -> list[Any]:
    return firm.runtime.read(lambda tx, _: tx.all(sa.select(table).where(*where)), SYSTEM)


def findings(firm: Office) -> list[tuple[str, str]]:
    found = doctor.examine(firm.runtime.engine, firm.runtime.house)
    return [(each.invariant.name, each.problem.rule) for each in found]


@pytest.fixture
def run(firm: Office, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("GUICHENG_HOME", str(firm.runtime.settings.home))
    monkeypatch.setenv("GUICHENG_LANGUAGE", "en")
    return lambda *words, **env: CliRunner().invoke(cli.main, list(words), env=env)


def test_a_case_goes_when_its_time_is_over_and_not_before(firm: Office) -> None:
    firm.deploy(errand())
    case = finished(firm)
    firm.later(days=29)
    assert look(firm) == {}
    firm.later(days=2)
    assert look(firm) == {case.id: ""}
    assert erase(firm) == 1
    assert look(firm) == {} and findings(firm) == []


def test_without_a_time_cases_are_kept_for_ever_unless_the_house_says_otherwise(firm: Office) -> None:
    firm.deploy(errand(days="").replace(' camunda:historyTimeToLive=""', ""))
    case = finished(firm)
    firm.later(days=4000)
    assert look(firm) == {}
    firm.runtime.house.history_kept = dt.timedelta(days=3000)
    assert look(firm) == {case.id: ""}


def test_a_running_case_is_never_erased(firm: Office) -> None:
    firm.deploy(errand())
    case = firm.as_("spec").start("errand")
    firm.later(days=400)
    assert look(firm) == {}
    assert firm.runtime.do(purge.purge, SYSTEM, [case.row.id]) == 0
    assert case.status == "running" and findings(firm) == []


@pytest.mark.embedded
def test_nothing_that_was_said_in_it_is_left_in_the_database(firm: Office) -> None:
    """Neither in a table nor in the file: what is erased is overwritten."""
    firm.deploy(errand())
    finished(firm, note="the salary of Zhao is 31415")
    home = firm.runtime.settings.home

    def on_disk() -> bool:
        with firm.runtime.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return b"31415" in b"".join(path.read_bytes() for path in home.glob("guicheng.db*"))

    assert on_disk()
    firm.later(days=31)
    assert erase(firm) == 1
    assert not on_disk()


def test_what_refers_to_a_case_goes_with_it_or_is_its_tombstone(firm: Office) -> None:
    """A new table that refers to a case must be erased too, or say here why it stays."""
    # What the books name keeps who brought it; keys of requests are digests, and go within days.
    stays = {"purged_cases", "file_uses", "requests"}
    details = {table.name for table in purge.DETAILS}
    waits = {"subscriptions"}  # an ended case has none
    refer = {
        table.name
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table is cases
    }
    assert refer - details - stays - waits == set()


def test_the_chain_of_hashes_still_proves_where_each_log_ended(firm: Office) -> None:
    firm.deploy(errand())
    first, second = finished(firm), finished(firm)
    ends = [(case.row.sequence, case.row.chain) for case in (first, second)]
    firm.later(days=31)
    assert erase(firm) == 2
    stones = rows(firm, purges.purged_cases)
    assert [(stone.sequence, stone.chain) for stone in stones] == ends
    assert [stone.outcome for stone in stones] == ["completed", "completed"]
    assert rows(firm, event_log.events) == [] and findings(firm) == []


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("UPDATE purged_cases SET outcome = 'failed' WHERE id = 1", ("tombstone_chain", "tombstone_altered")),
        ("DELETE FROM purged_cases WHERE id = 1", ("tombstone_chain", "tombstone_altered")),
        ("DELETE FROM purged_cases WHERE id = 2", ("tombstone_chain", "tombstone_missing")),
        ("UPDATE cases SET chain = 'f'", ("tombstones_of_cases", "tombstone_differs")),
        ("UPDATE cases SET status = 'completed'", ("tombstones_of_cases", "tombstone_differs")),
        (
            "INSERT INTO decisions (case_id, element, activity, rule, version, at, decision)"
            " SELECT id, '', '', 'r', 1, started_at, '{}' FROM cases",
            ("tombstones_of_cases", "erased_case_left"),
        ),
    ],
)
def test_whoever_alters_a_tombstone_is_found_out(
    firm: Office, statement: str, wrong: tuple[str, str]
) -> None:
    firm.deploy(errand())
    for _ in range(2):
        finished(firm)
    firm.later(days=31)
    assert erase(firm) == 2 and findings(firm) == []
    with firm.runtime.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert wrong in findings(firm)


def test_a_file_goes_with_the_last_case_that_holds_it(firm: Office) -> None:
    firm.deploy(errand("short", "10"), errand("long", "100"))
    spec = firm.as_("spec").actor
    kept = firm.runtime.do(file_commands.store, spec, "plan.txt", "text/plain", b"the plan")

    def hold(tx: Transaction, _: Any, case: int) -> None:
        tx.insert(
            files.file_uses,
            [{"sha256": kept.sha256, "name": "plan.txt", "media_type": "text/plain", "person_id": spec.id,
              "case_id": case, "at": tx.now}],
        )  # fmt: skip

    for process in ("short", "long"):
        firm.runtime.do(hold, SYSTEM, finished(firm, process).row.id)
    firm.runtime.do(
        lambda tx, _: tx.execute(sa.delete(files.file_uses).where(files.file_uses.c.case_id.is_(None))),
        SYSTEM,
    )
    firm.later(days=11)
    assert erase(firm) == 1 and len(rows(firm, files.files)) == 1
    firm.later(days=90)
    assert erase(firm) == 1 and rows(firm, files.files) == []
    assert findings(firm) == []


def test_a_message_that_is_still_on_its_way_keeps_its_sender(firm: Office) -> None:
    thrown = element("intermediateThrowEvent", "tell", '<messageEventDefinition messageRef="m"/>')
    text = bpmn(
        "teller", start(), thrown, end(), flow("begun", "tell"), flow("tell", "ended"),
        before='<message id="m" name="news"/>',
    ).replace('<process id="teller"', '<process id="teller" camunda:historyTimeToLive="5"')  # fmt: skip
    firm.deploy(text)
    case = firm.as_("spec").start("teller")
    firm.later(days=6)
    assert look(firm) == {case.id: "jobs"}
    assert firm.runtime.do(purge.purge, SYSTEM, [case.row.id]) == 0
    firm.later(days=30)  # then it has expired
    assert look(firm) == {case.id: ""} and erase(firm) == 1


def test_a_case_stays_while_its_documents_are_open(office: Office) -> None:
    case = office.cases_of("opening_balances")[0]
    plan = sa.text(
        'INSERT INTO purchase_plans (public_id, "case", at, number, state, drafter, amount)'
        " VALUES ('p', :case, '2026-01-01T00:00:00.000000Z', 'PP-2026-9999', 'approved', 'x', 0)"
    )
    office.runtime.do(lambda tx, _: tx.execute(plan, {"case": case.id}), SYSTEM)
    office.runtime.house.history_kept = dt.timedelta(days=1)
    clock.shift(dt.timedelta(days=3700))  # the shipped processes keep ten years
    assert look(office)[case.id] == "books"
    close = sa.text("UPDATE purchase_plans SET state = 'ordered' WHERE public_id = 'p'")
    office.runtime.do(lambda tx, _: tx.execute(close), SYSTEM)
    assert look(office)[case.id] == ""


def test_an_erased_case_is_nobodys_to_see(firm: Office) -> None:
    firm.deploy(errand())
    finished(firm)
    firm.later(days=31)
    erase(firm)
    for username in ("spec", "lead", "root"):
        seen = access.case_visible(firm.as_(username).actor)
        assert rows(firm, cases, seen) == []


def test_what_started_it_does_not_start_it_again(firm: Office) -> None:
    """The key of the message behind a case stays, so that the same message never makes a second one."""
    firm.deploy(errand())
    case = finished(firm)
    firm.runtime.do(lambda tx, _: tx.execute(sa.update(cases).values(cause="message:bank:77")), SYSTEM)
    firm.later(days=31)
    erase(firm)
    assert case.row.cause == "message:bank:77" and case.row.initiator_id is None
    assert rows(firm, operations.effects) == []


def test_only_the_command_line_erases(firm: Office) -> None:
    for username in ("root", "lead"):
        with pytest.raises(NotGranted):
            firm.runtime.do(purge.purge, firm.as_(username).actor, [1])
        with pytest.raises(NotGranted):
            firm.runtime.read(purge.look, firm.as_(username).actor, 0)


def test_the_command_says_what_would_go_and_then_does_it(firm: Office, run: Run) -> None:
    firm.deploy(errand())
    for _ in range(25):  # more than one transaction's worth
        finished(firm)
    firm.later(days=31)
    tried = run("purge", "--dry-run")
    assert tried.exit_code == 0 and "25" in tried.stdout and "Nothing was erased." in tried.stdout
    assert len(rows(firm, cases, cases.c.status == "completed")) == 25
    done = run("purge")
    assert done.exit_code == 0 and "25 cases were erased." in done.stdout
    assert rows(firm, cases, cases.c.status != "purged") == [] and findings(firm) == []
    from runtime.store.accounts import admin_log

    noted = rows(firm, admin_log, admin_log.c.action == "cases.purged")
    assert [entry.detail["count"] for entry in noted] == [20, 5]
