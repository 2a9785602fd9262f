"""Records on people go when their time is over, by two hands, and not before; what others count on stays true."""

from __future__ import annotations

import datetime as dt
import itertools
import stat
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from runtime import backup, cli, clock, doctor
from runtime.backup import tombstones
from runtime.bootstrap import Runtime
from runtime.commands import accounts as accounts_commands
from runtime.commands import cases as cases_commands
from runtime.commands import purge
from runtime.errors import GuichengError
from runtime.identity import SYSTEM, NotGranted
from runtime.ledger import held, kept, masters, overdue, retention
from runtime.ledger.appraisals import appraisal_appeals, appraisal_cycles, appraisals
from runtime.ledger.awards import awards
from runtime.ledger.overdue import Figures, retention_holds
from runtime.settings import Settings
from runtime.store import accounts, erasures, search
from runtime.store import cases as store_cases
from runtime.store.db import Exact, Instant, Tagged, Transaction, metadata
from runtime.store.purges import PURGED
from tests.office import Case, Office

LONG_AGO = dt.date(1990, 6, 30)
THEN = dt.datetime(1990, 6, 30, 9, tzinfo=dt.UTC)


def rows(office: Office, table: sa.Table, *where: Any) -> list[Any]:
    return office.runtime.read(lambda tx, _: tx.all(sa.select(table).where(*where)), SYSTEM)


def change(office: Office, statement: Any) -> None:
    office.runtime.do(lambda tx, _: tx.execute(statement), SYSTEM)


def id_of(office: Office, who: str) -> str:
    return office.as_(who).actor.public_id


class Archive:
    """Records of long ago, a row of whatever table, with the columns that must be filled."""

    def __init__(self, office: Office, person: str = "liyang") -> None:
        self.office, self.number, self.person = office, itertools.count(1), id_of(office, person)

    def put(self, table: sa.Table, **values: Any) -> int:
        def fill(tx: Transaction, _: object) -> int:
            made = sa.insert(table).values(self._row(tx, table, values)).returning(table.c.id)
            return int(tx.execute(made).scalar_one())

        return self.office.runtime.do(fill, SYSTEM)

    def _row(self, tx: Transaction, table: sa.Table, values: dict[str, Any]) -> dict[str, Any]:
        row = dict(values)
        for column in table.c:
            if column.name in held.ABOUT:
                row.setdefault(column.name, self.person)
            if (
                column.name in row
                or column.nullable
                or column.server_default is not None
                or column.primary_key
            ):
                continue
            if column.foreign_keys:
                [key] = column.foreign_keys
                other = key.column.table
                row[column.name] = tx.execute(
                    sa.insert(other).values(self._row(tx, other, {})).returning(other.c.id)
                ).scalar_one()
            else:
                row[column.name] = self._value(column)
        return row

    def _value(self, column: sa.Column[Any]) -> Any:
        kind, number = column.type, next(self.number)
        if column.name == "case":
            return self.office.cases_of("opening_balances")[0].id
        if column.name == "period":
            return f"{1900 + number % 90}-06"
        if isinstance(kind, Exact):
            return Decimal(100)
        if isinstance(kind, Instant):
            return THEN
        if isinstance(kind, Tagged):
            return {}
        if isinstance(kind, sa.Date):
            return LONG_AGO
        if isinstance(kind, sa.Integer):
            return 1990 if column.name == "year" else number
        return False if isinstance(kind, sa.Boolean) else f"{number}"


def everything_on(office: Office, person: str) -> dict[str, int]:
    """A row in every book of records on people, about somebody who left long ago; table → id."""
    archive, made = Archive(office, person), dict[str, int]()
    change(
        office, sa.update(accounts.people).where(accounts.people.c.username == person).values(active=False)
    )
    for record in kept.RECORDS:
        name = record.table.name
        if name in ("people", "cases"):
            continue
        given: dict[str, Any] = {"last_day": LONG_AGO, "state": "closed"} if name == "leavings" else {}
        given |= {"entered_on": dt.date(1989, 1, 1), "left_on": LONG_AGO} if name == "employments" else {}
        given |= {"state": "settled"} if name == "appraisals" else {}
        made[name] = archive.put(record.table, **given)
    return made


def proposed(office: Office) -> Case:
    case = office.as_("sunli").start("data_retention")
    office.as_("sunli").do("check_records", case.id, erasure_choice="propose", erasure_reason="期限已满")
    return case


def erased(office: Office) -> Case:
    case = proposed(office)
    office.as_("zhaoming").do("review_change", case.id, change_decision="approve")
    return case


def findings(office: Office) -> dict[str, list[str]]:
    """Without what is wrong with records that no case ever wrote, as those of the archive are."""
    found: dict[str, list[str]] = {}
    for each in doctor.examine(office.runtime.engine, office.runtime.house):
        found.setdefault(each.invariant.name, []).append(each.problem.rule)
    return {name: rules for name, rules in found.items() if name != "entries_have_cases"}


def broken(office: Office, name: str) -> list[str]:
    return [
        each.rule for each in office.runtime.read(lambda tx, _: list(doctor.INVARIANTS[name].ask(tx)), SYSTEM)
    ]


def test_each_table_of_records_on_people_is_kept_by_a_rule_or_goes_with_something_else() -> None:
    goes = {
        "access_tokens", "memberships", "handbook_acknowledgements",  # with the account
        "comments", "comment_mentions", "file_uses",  # with their case
        "retention_holds", "retention_items",  # with the next run
    }  # fmt: skip
    about = {table.name for table in metadata.sorted_tables if "about" in held.named(table).values()}
    assert about - goes == set(kept.BY_TABLE) - {"people", "cases"}
    assert {record.kind for record in kept.RECORDS} == set(kept.KINDS)


def test_all_that_is_held_on_somebody_who_left_long_ago_goes_and_what_others_count_on_stays(
    office: Office,
) -> None:
    liyang = id_of(office, "liyang")
    made = everything_on(office, "liyang")
    case = erased(office)
    assert case.end == "records_erased"
    for record in kept.RECORDS:
        if record.table.name in made:
            left = rows(office, record.table, record.table.c.id == made[record.table.name])
            assert [row._mapping[record.person.name][:1] for row in left] == (
                [] if record.stays is None else ["#"]
            )
            for row in left:
                assert {name: row._mapping[name] for name in record.stays or {}} == record.stays
    assert sum(row.amount for row in rows(office, awards)) == 100
    [account] = rows(office, accounts.people, accounts.people.c.public_id == liyang)
    assert account.username == f"former-{account.id}" and account.password is None and account.email is None
    assert account.names["zh_Hans"] == "已离开的员工"
    assert rows(office, accounts.memberships, accounts.memberships.c.person_id == account.id) == []
    stones = rows(office, erasures.erasures)
    assert {stone.kind for stone in stones} == set(kept.KINDS) - {"sick_notes"}
    assert {(stone.run, stone.rule_version, stone.proposed_by, stone.approved_by) for stone in stones} == {
        ("DR-2026-0001", 1, id_of(office, "sunli"), id_of(office, "zhaoming"))
    }
    assert liyang not in str([*stones, *rows(office, retention.retention_items)])
    ours = {"erasures_are_a_chain", "erased_records_are_gone", "nothing_lies_over_its_time"}
    assert ours & findings(office).keys() == set()
    # Nothing is left to be found, and the reports still read what stays.
    again = office.as_("sunli").start("data_retention")
    assert again.end == "nothing_due"


def test_titles_that_are_made_of_a_name_do_not_keep_it_and_what_others_wrote_stays(office: Office) -> None:
    table, leave = store_cases.cases, kept.BY_TABLE["leaves"].table
    own = office.as_("liyang").start("leave_request", leave_type="personal", leave_from="2026-03-23",
                                     leave_to="2026-03-24", leave_reason="家事")  # fmt: skip
    office.as_("chenjie").do("review_request", own.id, decision="reject", comment="太忙")
    assert own.row.title["zh_Hans"].endswith(" 李洋") and own.row.title["en"].endswith(" Li Yang")
    # Of somebody of the same name, and one that others wrote, in which it is a part of a word.
    office.runtime.do(accounts_commands.add_person, SYSTEM, "liyang2", {"zh_Hans": "李洋"})
    namesake, written = (
        office.as_("chenjie").start("errand", doer=id_of(office, who), errand_task="整理", due_on="2026-03-12")
        for who in ("zhoulei", "zhoulei")
    )
    for case, title, subject in ((namesake, "请假 李洋", "liyang2"), (written, "给李洋春和 李洋", "zhoulei")):
        about = sa.select(accounts.people.c.id).where(accounts.people.c.username == subject).scalar_subquery()
        title_of = {"title": {"zh_Hans": title}, "subject_id": about}
        change(office, sa.update(table).where(table.c.id == case.row.id).values(title_of))
    office.runtime.do(lambda tx, _: search.rebuild(tx.connection), SYSTEM)
    change(office, sa.update(leave).values(first_day=LONG_AGO, last_day=LONG_AGO))
    everything_on(office, "liyang")
    erased(office)
    assert [text.split(" ", 2)[2] for _, text in sorted(own.row.title.items())] == [
        "Former employee", "已离开的员工", "已離開的員工",
    ]  # fmt: skip
    assert namesake.row.title == {"zh_Hans": "请假 李洋"}
    assert written.row.title == {"zh_Hans": "给李洋春和 已离开的员工"}
    assert {"search_knows_cases", "search_finds_cases"} & findings(office).keys() == set()


def test_the_law_keeps_for_longer_than_the_house_may_say(office: Office) -> None:
    """The sample keeps payments for ten years and the law for thirty."""
    Archive(office).put(awards, at=dt.datetime(2005, 5, 1, tzinfo=dt.UTC))
    case = office.as_("sunli").start("data_retention")
    assert case.end == "nothing_due"
    [row] = rows(office, retention.retention_items)
    assert (row.person, row.kind, row.held) == (id_of(office, "liyang"), "payments", "statutory")
    assert row.since == dt.date(2035, 12, 31)
    assert Figures("end_of_year", 24, 360).kept == Figures("end_of_year", 360, 24).kept == 360


def test_wages_and_days_of_employment_are_never_counted_from_anything_but_its_end() -> None:
    said = {"event": "end_of_year", "months": 0, "statutory_months": 0}
    for kind in ("wages", "employment"):
        with pytest.raises(retention.OnlyAfterEmployment):
            retention.figures_of(kind, said)
    assert retention.figures_of("leave", said).event == "end_of_year"


def test_an_open_case_an_open_appeal_and_a_hold_keep_what_is_over_its_time(office: Office) -> None:
    open_case = office.as_("chenjie").start(
        "errand", doer=id_of(office, "liyang"), errand_task="整理样品间", due_on="2026-03-12"
    )
    archive = Archive(office)
    archive.put(kept.BY_TABLE["errands"].table, case=open_case.id)
    assessed = archive.put(appraisals, cycle_id=archive.put(appraisal_cycles, period="1990-06"))
    archive.put(appraisal_appeals, appraisal_id=assessed)
    for name in ("leaves", "attendance_exceptions"):
        archive.put(kept.BY_TABLE[name].table)
    archive.put(retention_holds, kind="attendance", until=dt.date(2027, 1, 1), reason="审计")
    case = office.as_("sunli").start("data_retention")
    why = {row.kind: row.held for row in rows(office, retention.retention_items)}
    assert why == {"teamwork": "open_case", "appraisals": "appeal", "leave": "", "attendance": "hold"}
    # Only human resources see who and what, and whoever decides their task of it.
    with pytest.raises(GuichengError):
        office.as_("wangfang").case_page(case.id)


def test_what_is_held_back_is_released_early_with_a_reason_and_a_note(office: Office) -> None:
    archive, leave = Archive(office), kept.BY_TABLE["leaves"].table
    archive.put(leave)
    day = dt.date(2027, 1, 1)
    for who in ("liyang", "sunli"):
        archive.put(retention_holds, person=id_of(office, who), kind="leave", until=day, reason="审计", set_by="x")
    hr = office.as_("sunli")
    assert hr.start("data_retention").end == "nothing_due"
    case = hr.start("hold_release")

    def tick(*ticked: dict[str, Any]) -> None:
        hr.do("lift_holds", case.id, holds=list(ticked))

    tick({}, {"lift": True, "lift_reason": "审计结束"})
    assert "与本人有关的暂留由他人解除" in str(hr.page("lift_holds", case.id))
    tick({"lift": True}, {"lift": False})
    assert "逐条写明理由" in str(hr.page("lift_holds", case.id))
    tick({"lift": False}, {"lift": False})
    assert len(rows(office, retention_holds)) == 2
    tick({"lift": True, "lift_reason": "审计结束"}, {"lift": False})
    assert case.end == "holds_released"
    assert [row.person for row in rows(office, retention_holds)] == [hr.actor.public_id]
    [noted] = rows(office, accounts.admin_log, accounts.admin_log.c.action == "retention.hold_lifted")
    assert (noted.subject, noted.actor_id) == (id_of(office, "liyang"), hr.actor.id)
    assert noted.detail == {"kind": "leave", "until": day, "set_by": "x", "case": case.id}
    # What is over its time is listed, and still takes two.
    assert erased(office).end == "records_erased"
    assert {row.person[:1] for row in rows(office, leave)} == {"#"}
    # Human resources alone may.
    with pytest.raises(cases_commands.NotYoursToStart):
        office.as_("linxi").start("hold_release")


def test_days_of_employment_stay_until_nothing_else_on_the_person_is_left(office: Office) -> None:
    made = everything_on(office, "liyang")
    leave = kept.BY_TABLE["leaves"].table
    change(office, sa.update(leave).where(leave.c.id == made["leaves"]).values(last_day=dt.date(2026, 1, 5)))
    erased(office)
    held_back = {(row.kind, row.held) for row in rows(office, retention.retention_items) if row.held}
    assert ("employment", "needed") in held_back
    assert rows(office, accounts.people, accounts.people.c.username == "liyang") != []
    assert len(rows(office, kept.BY_TABLE["employments"].table)) == 1
    assert findings(office).get("nothing_lies_over_its_time") is None


def test_what_came_after_the_proposal_is_looked_at_first(office: Office) -> None:
    archive, leave = Archive(office), kept.BY_TABLE["leaves"].table
    archive.put(leave)
    case = proposed(office)
    archive.put(leave)
    office.as_("zhaoming").do("review_change", case.id, change_decision="approve")
    assert {row.person for row in rows(office, leave)} == {id_of(office, "liyang")}
    assert rows(office, erasures.erasures) == []
    page = office.as_("sunli").page("check_records", case.id)
    assert "要清理的比已核对的多" in str(page)
    office.as_("sunli").do("check_records", case.id, erasure_choice="propose", erasure_reason="已核对")
    office.as_("zhaoming").do("review_change", case.id, change_decision="approve")
    assert {row.person[:1] for row in rows(office, leave)} == {"#"}


def test_nobody_confirms_what_is_erased_of_themselves(office: Office) -> None:
    leave = kept.BY_TABLE["leaves"].table
    archive = Archive(office)
    for who in ("liyang", "zhaoming"):
        archive.put(leave, person=id_of(office, who))
    # The only division lead has records in it, and human resources are one person.
    case = proposed(office)
    page = str(office.as_("sunli").page("check_records", case.id))
    assert "无人可以复核" in page
    assert rows(office, masters.master_changes, masters.master_changes.c.kind == "retention") == []
    # A second person of human resources may; not the division lead, nor whoever proposed.
    office.runtime.do(accounts_commands.set_groups, SYSTEM, "qianwei", ["finance", "hr"])
    office.as_("sunli").do("check_records", case.id, erasure_choice="propose", erasure_reason="期限已满")
    for who in ("zhaoming", "sunli", "linxi", "liyang"):
        assert "review_change" not in [task.element for task in office.as_(who).inbox()]
    office.as_("qianwei").do("review_change", case.id, change_decision="approve")
    assert case.end == "records_erased" and {row.person[:1] for row in rows(office, leave)} == {"#"}


def test_whoever_has_got_records_in_it_since_cannot_have_confirmed_it(office: Office) -> None:
    """The book refuses it too, whatever the diagram allowed."""
    leave = kept.BY_TABLE["leaves"].table
    archive = Archive(office)
    archive.put(leave)
    case = proposed(office)
    change(office, sa.update(leave).values(person=id_of(office, "zhaoming")))
    change(office, sa.update(retention.retention_items).values(person=id_of(office, "zhaoming")))
    office.as_("zhaoming").do("review_change", case.id, change_decision="approve")
    assert "复核人自己的记录也在其中" in str(office.as_("sunli").page("check_records", case.id))
    assert rows(office, erasures.erasures) == []


def test_what_is_more_than_one_run_has_is_listed_next_and_confirmed_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overdue, "MOST_ROWS", 2)
    archive, leave = Archive(office), kept.BY_TABLE["leaves"].table
    for day in (1, 2, 3):
        archive.put(leave, last_day=dt.date(1990, 6, day))
    case = proposed(office)
    for left, number in ((1, "DR-2026-0001"), (0, "DR-2026-0002")):
        assert case.variables["due_beyond"] is (left > 0) and case.variables["run_number"] == number
        office.as_("zhaoming").do("review_change", case.id, change_decision="approve")
        assert len(rows(office, leave, leave.c.person.not_like("#%"))) == left
        if left:
            # Nobody erases the rest unasked: it is looked at like the first.
            office.as_("sunli").do(
                "check_records", case.id, erasure_choice="propose", erasure_reason="其余的"
            )
    assert case.end == "records_erased"
    assert {row.run for row in rows(office, erasures.erasures)} == {"DR-2026-0001", "DR-2026-0002"}
    ours = {"erasures_are_a_chain", "erased_records_are_gone", "nothing_lies_over_its_time"}
    assert ours & findings(office).keys() == set()


def test_a_book_that_is_never_changed_lets_go_of_nothing_but_what_a_tombstone_names(office: Office) -> None:
    table = kept.BY_TABLE["leave_entitlements"].table
    archive = Archive(office)
    gone, stays = (archive.put(table, year=year) for year in (1990, 2026))

    def refused(statement: Any) -> None:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            change(office, statement)

    def told(tx: Transaction, _: object) -> None:
        stone = {"run": "RT", "kind": "leave", "records": 1, "due_by": LONG_AGO, "rule_version": 1,
                 "proposed_by": "a", "approved_by": "b", "at": tx.now}  # fmt: skip
        erasures.bury(tx, stone, {table.name: [gone]})
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), tx.savepoint():
            tx.execute(sa.delete(table).where(table.c.id == stays))
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), tx.savepoint():
            tx.execute(sa.update(table).where(table.c.id == gone).values(person=""))
        tx.execute(sa.delete(table).where(table.c.id == gone))
        erasures.close(tx)

    refused(sa.delete(table).where(table.c.id == gone))
    office.runtime.do(told, SYSTEM)
    refused(sa.delete(table).where(table.c.id == stays))
    refused(sa.update(table).values(person=""))


def test_the_details_of_the_case_behind_an_erased_record_go_with_the_next_purge(office: Office) -> None:
    liyang = office.as_("liyang")
    leave = liyang.start("leave_request", leave_type="personal", leave_from="2026-03-23", leave_to="2026-03-24",
                         leave_reason="家事")  # fmt: skip
    office.as_("chenjie").do("review_request", leave.id, decision="reject", comment="太忙")
    table = kept.BY_TABLE["leaves"].table
    change(office, sa.update(table).values(first_day=LONG_AGO, last_day=LONG_AGO))
    erased(office)
    found, _ = office.runtime.read(purge.look, SYSTEM, 0)
    assert [each.public_id for each in found] == [leave.id]
    office.runtime.do(purge.purge, SYSTEM, [each.id for each in found])
    assert leave.status == PURGED and [row.person[:1] for row in rows(office, table)] == ["#"]


@pytest.mark.embedded
def test_what_was_erased_since_a_backup_is_erased_again_with_it(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(office)
    for name in ("leave_entitlements", "attendance_exceptions"):
        archive.put(kept.BY_TABLE[name].table)
    home, file = office.runtime.settings.home, tmp_path / "copy.db"
    monkeypatch.setenv("GUICHENG_HOME", str(home))
    monkeypatch.setenv("GUICHENG_LANGUAGE", "en")

    def run(*words: object) -> str:
        done = CliRunner().invoke(cli.main, [str(word) for word in words])
        assert done.exit_code == 0, done.output
        return done.output

    def whose(look: Callable[[Runtime], Any]) -> Any:
        runtime = Runtime(Settings(home=home))
        runtime.load()
        try:
            return look(runtime)
        finally:
            runtime.close()

    def left(runtime: Runtime) -> tuple[int, list[str]]:
        query = sa.select(sa.func.count()).select_from(kept.BY_TABLE["leave_entitlements"].table)
        broken = [each.invariant.name for each in doctor.examine(runtime.engine, runtime.house)]
        return runtime.read(lambda tx, _: tx.scalar(query), SYSTEM), broken

    run("backup", file)
    erased(office)
    office.runtime.close()
    assert whose(left) == (0, [])
    clock.shift(dt.timedelta(seconds=1))
    again = run("restore", file, "--yes")
    assert "2 records on people were erased again" in again
    assert whose(left) == (0, [])
    # Once more from what is here now: it is all in it, and nothing is done twice.
    clock.shift(dt.timedelta(seconds=1))
    run("backup", file, "--force")
    clock.shift(dt.timedelta(seconds=1))
    assert "erased again" not in run("restore", file, "--yes")


def test_only_the_command_line_erases_again(office: Office) -> None:
    with pytest.raises(NotGranted):
        office.runtime.do(purge.repeat, office.as_("linxi").actor, [])


@pytest.mark.embedded
def test_on_a_new_machine_the_file_beside_the_backups_says_what_was_erased(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And without it nobody comes back, unless whoever restores says so."""
    archive = Archive(office)
    table = kept.BY_TABLE["attendance_exceptions"].table
    for _ in range(2):
        archive.put(table)
    file, beside = tmp_path / "copy.db", tmp_path / "backups" / "tombstones"
    beside.parent.mkdir()
    monkeypatch.setenv("GUICHENG_HOME", str(office.runtime.settings.home))
    monkeypatch.setenv("GUICHENG_TOMBSTONES", str(beside))
    monkeypatch.setenv("GUICHENG_LANGUAGE", "en")
    machines = itertools.count(1)

    def run(*words: object) -> Any:
        clock.shift(dt.timedelta(seconds=1))
        return CliRunner().invoke(cli.main, [str(word) for word in words])

    def restored(*words: object) -> tuple[Any, list[str], list[str]]:
        """On a machine that has nothing: what it said, whose the records are, and what is wrong."""
        home = tmp_path / f"machine{next(machines)}"
        monkeypatch.setenv("GUICHENG_HOME", str(home))
        done = run("restore", file, "--yes", *words)
        if done.exit_code:
            assert not (home / "guicheng.db").exists()
            return done, [], []
        runtime = Runtime(Settings(home=home))
        runtime.load()
        broken = [each.invariant.name for each in doctor.examine(runtime.engine, runtime.house)]
        whose = runtime.read(lambda tx, _: [row.person for row in tx.all(sa.select(table))], SYSTEM)
        runtime.close()
        return done, whose, broken

    assert run("backup", file).exit_code == 0
    before = beside.read_bytes()
    # Whoever works it off writes the file at once, not only the nightly purge.
    object.__setattr__(office.runtime.settings, "tombstones", str(beside))
    erased(office)
    after = beside.read_bytes()
    assert before != after and stat.S_IMODE(beside.stat().st_mode) == 0o600
    liyang = id_of(office, "liyang")
    assert liyang not in after.decode() and "liyang" not in after.decode() and "李" not in after.decode()
    office.runtime.close()

    done, whose, broken = restored()
    assert "2 records on people were erased again" in done.output and "Tombstones of 20" in done.stderr
    assert [each[:1] for each in whose] == ["#", "#"] and broken == []
    # From now on that installation is a line of its own, and keeps a file of its own; the one before is there, too.
    (aside,) = beside.parent.glob("tombstones.before-restore-*")
    assert aside.read_bytes() == after
    present, *earlier = tombstones.read(beside).tombstones.lines
    assert earlier == tombstones.read(aside).tombstones.lines and present not in earlier

    beside.unlink()
    refused, *_ = restored()
    assert refused.exit_code == 1 and "--tombstones FILE" in refused.stderr
    refused, *_ = restored("--tombstones", tmp_path / "none")
    assert refused.exit_code == 2 and "holds no tombstones" in refused.stderr
    done, whose, broken = restored("--tombstones", aside)
    assert [each[:1] for each in whose] == ["#", "#"] and broken == []
    beside.unlink()
    done, whose, _ = restored("--without-tombstones")
    assert done.exit_code == 0 and "are back" in done.stderr and whose == [liyang, liyang]


@pytest.mark.embedded
def test_tombstones_of_another_installation_or_of_before_erase_nothing(office: Office, tmp_path: Path) -> None:
    Archive(office).put(kept.BY_TABLE["leaves"].table)
    none = office.runtime.read(purge.erased_records, SYSTEM)
    erased(office)
    ours = office.runtime.read(purge.erased_records, SYSTEM)
    file = tmp_path / "tombstones"
    tombstones.write(file, ours, THEN)
    assert tombstones.read(file) == tombstones.Kept(ours, THEN)

    def about(line: str, links: list[str]) -> backup.About:
        return backup.About("", {}, 0, line, tuple(links))

    [line] = ours.lines
    # What came after the backup, of whichever knows more.
    assert tombstones.following(about(line, []), none, file, tombstones.read(file)) == ours.erased
    assert tombstones.following(about(line, []), ours, None, None) == ours.erased
    assert tombstones.following(about(line, ours.links), ours, None, None) == []
    with pytest.raises(tombstones.TombstonesMissing):
        tombstones.following(about("another", []), ours, None, None)
    with pytest.raises(tombstones.TombstonesOther):
        tombstones.following(about("another", []), ours, file, tombstones.read(file))
    with pytest.raises(tombstones.TombstonesBehind):
        tombstones.following(about(line, ours.links), none, file, tombstones.Kept(none, THEN))
    # A file that is another installation's, or knows more, is not written over.
    other = erasures.Tombstones(["another"], [])
    for theirs in (other, none):
        with pytest.raises(tombstones.TombstonesOther):
            tombstones.write(file, theirs, THEN)
    whole = file.read_text("utf-8")
    more, elsewhere = whole.replace('"records": 1', '"records": 2'), whole.replace("[1]", "[2]")
    for altered in (more, elsewhere, whole[:-9], "[]", "{}"):
        assert altered != whole
        file.write_text(altered, "utf-8")
        with pytest.raises(tombstones.TombstonesUnusable):
            tombstones.read(file)
        with pytest.raises(tombstones.TombstonesUnusable):
            tombstones.write(file, ours, THEN)


def test_numbers_of_rows_mean_something_else_once_something_was_erased_after_a_restore(office: Office) -> None:
    leave = kept.BY_TABLE["leaves"].table
    [founder] = office.runtime.read(purge.lines, SYSTEM)
    office.runtime.do(purge.repeat, SYSTEM, [])
    # Nothing was erased since: tombstones of this line are those of the one before.
    first, before = office.runtime.read(purge.lines, SYSTEM)
    assert before == founder != first
    Archive(office).put(leave)
    erased(office)
    assert office.runtime.read(purge.lines, SYSTEM) == [first]
    office.runtime.do(purge.repeat, SYSTEM, None)
    second, *earlier = office.runtime.read(purge.lines, SYSTEM)
    assert second not in (founder, first) and earlier == []  # nothing told what was erased meanwhile


def test_a_case_that_was_given_the_number_of_an_erased_one_keeps_its_details(office: Office) -> None:
    [case] = office.cases_of("opening_balances")
    stone = {"run": "RT", "kind": "leave", "records": 1, "due_by": LONG_AGO, "rule_version": 1,
             "proposed_by": "a", "approved_by": "b", "at": THEN}  # fmt: skip
    stones = [erasures.Erasure(stone, {erasures.CASES: [case.row.id]}, "")]
    office.runtime.do(purge.repeat, SYSTEM, stones)
    assert office.runtime.read(purge.look, SYSTEM, 0)[0] == []
    change(office, sa.update(erasures.erasures).values(at=clock.now()))
    assert [each.public_id for each in office.runtime.read(purge.look, SYSTEM, 0)[0]] == [case.id]


def test_whoever_alters_a_tombstone_or_brings_back_a_record_is_found_out(office: Office) -> None:
    Archive(office).put(kept.BY_TABLE["errands"].table)
    erased(office)
    for name in ("erasures_are_a_chain", "erased_records_are_gone", "nothing_lies_over_its_time"):
        assert broken(office, name) == []
    plant = {
        "UPDATE errands SET doer = 'somebody'": ("erased_records_are_gone", "erased_record_left"),
        "UPDATE errands SET at = '1990-01-01T00:00:00.000000Z'": ("nothing_lies_over_its_time", "over_its_time"),
        "UPDATE admin_log SET detail = '{\"link\": \"\"}' WHERE action = 'records.erased'": (
            "erasures_are_a_chain", "erasure_missing",
        ),
        "UPDATE erased_rows SET row_id = 9": ("erasures_are_a_chain", "erasure_altered"),
        "UPDATE erasures SET records = 9": ("erasures_are_a_chain", "erasure_altered"),
    }  # fmt: skip
    for statement, (name, rule) in plant.items():
        change(office, sa.text(statement))
        assert broken(office, name) == [rule], statement


def test_an_installation_that_never_looks_is_told_so_after_a_year(office: Office) -> None:
    Archive(office).put(kept.BY_TABLE["errands"].table)
    assert broken(office, "nothing_lies_over_its_time") == []
    clock.shift(dt.timedelta(days=401))
    assert broken(office, "nothing_lies_over_its_time") == ["over_its_time"]


def test_days_are_counted_from_the_end_of_a_year_or_of_employment() -> None:
    assert kept.last_due("end_of_year", 24, dt.date(2026, 3, 9)) == dt.date(2023, 12, 31)
    assert kept.last_due("end_of_year", 24, dt.date(2025, 12, 31)) == dt.date(2023, 12, 31)
    assert kept.last_due("end_of_record", 1, dt.date(2026, 3, 31)) == dt.date(2026, 2, 28)
    assert kept.back(dt.date(2026, 1, 31), -1) == dt.date(2026, 2, 28)
