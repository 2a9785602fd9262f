"""The demo's past: made through the processes, whole in the books, and with a case at every exception.

The whole eighteen months: `python3 run.py soak demo`."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from runtime import clock, demo, doctor
from runtime.bootstrap import Runtime
from runtime.bpmn import read
from runtime.demo import building, initiatives
from runtime.demo import exceptions as stories
from runtime.demo.department import Department, Script
from runtime.demo.exceptions import telling
from runtime.settings import Settings
from tests import conservation, exceptions

pytestmark = [pytest.mark.slow, pytest.mark.embedded]
# A Thursday morning, some days before a month's end and after another.
END = dt.datetime(2026, 11, 19, 1, 30, tzinfo=dt.UTC)
# The last day of a month that has no month's end but this one, with a chance of its own; dates at random: `soak dates`.
OTHER = dt.datetime(2026, 11, 30, 1, 30, tzinfo=dt.UTC), 7
# In a year whose budget was begun before the month was.
JANUARY = dt.datetime(2027, 1, 19, 21, tzinfo=dt.UTC), 3


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a demo with a month behind it, after an attempt that was cut off."""
    home = tmp_path_factory.mktemp("month")
    (home / "demo.unfinished").mkdir()
    (home / "demo.unfinished" / "guicheng.db").write_bytes(b"cut off")
    with clock.frozen(END):
        demo.build(Settings(home=home, demo=True), 1, passwords=False)
    return home


def test_the_books_of_a_month_are_whole_for_whoever_only_reads_tables(month: Path) -> None:
    assert conservation.findings(month / "guicheng.db") == []
    done = conservation.counts(month / "guicheng.db")
    # Of the seven one has left.
    assert done["orders"] > 60 and done["appraisals"] == 7 and done["meetings"] >= 4


def test_the_doctor_finds_nothing_and_no_step_stopped(month: Path) -> None:
    runtime = Runtime(Settings(home=month, demo=True))
    with clock.frozen(END):
        assert list(doctor.examine(runtime.engine, runtime.house)) == []
    runtime.close()
    with closing(sqlite3.connect(month / "guicheng.db")) as tables:
        assert tables.execute("SELECT element, reason FROM incidents").fetchall() == []


def test_somebody_waits_at_every_exception_and_after_every_boundary_event_or_it_is_said_why_not(month: Path) -> None:
    assert exceptions.missing(month / "guicheng.db") == []
    assert exceptions.GOES_ON.keys() | exceptions.LATER <= exceptions.boundary_events().keys()


def test_one_report_waits_to_be_approved_and_one_may_be_taken_away(month: Path) -> None:
    asked = """SELECT e.report, t.element FROM data_exports e JOIN cases c ON c.public_id = e."case"
        JOIN user_tasks t ON t.case_id = c.id AND t.state IN ('ready', 'claimed') WHERE e.scope = 'report'"""
    with closing(sqlite3.connect(month / "guicheng.db")) as db:
        found = set(db.execute(asked))
    assert found == {("suppliers", "review_request"), ("stock", "receive_export")}


def test_files_of_every_kind_wait_and_finance_has_open_orders_to_approve(month: Path) -> None:
    asked = """SELECT i.kind, t.element, k.who FROM imports i JOIN cases c ON c.public_id = i."case"
        JOIN user_tasks t ON t.case_id = c.id AND t.state IN ('ready', 'claimed')
        LEFT JOIN user_task_candidates k ON k.task_id = t.id"""
    with closing(sqlite3.connect(month / "guicheng.db")) as db:
        found = set(db.execute(asked))
    assert found == {
        ("opening", "check_import", None),
        ("people", "review_import", "group:hr"),
        ("purchase_orders", "review_import", "group:finance"),
        ("sales_orders", "review_import", "group:finance"),
    }


@pytest.mark.parametrize(("end", "seed"), [OTHER, JANUARY])
def test_so_it_is_on_another_date_with_another_chance_and_when_the_years_goals_are_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: dt.datetime, seed: int
) -> None:
    monkeypatch.setattr(initiatives, "_goals", lambda *_: None)
    with clock.frozen(end):
        demo.build(Settings(home=tmp_path, demo=True), 1, seed, passwords=False)
    assert exceptions.missing(tmp_path / "guicheng.db") == []
    assert conservation.findings(tmp_path / "guicheng.db") == []


def test_no_case_is_called_like_its_process_and_lists_have_few_equal_lines(month: Path) -> None:
    with closing(sqlite3.connect(month / "guicheng.db")) as db:
        named = db.execute("SELECT process, title FROM cases").fetchall()
    names = _names()
    titles = [(process, json.loads(title)) for process, title in named]
    assert [title for process, title in titles if set(title.values()) & set(names[process].values())] == []
    # A gap is what a title leaves for something that is not known.
    assert [title for _, title in titles if any(text != " ".join(text.split()) for text in title.values())] == []
    twice = Counter((process, title["zh_Hans"]) for process, title in titles)
    # Two of one kind on one day, or about the same component, may be called the same.
    assert sum(number - 1 for number in twice.values()) <= len(titles) / 20


def _names() -> dict[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for file in (Path(__file__).parents[2] / "processes").glob("*/*.bpmn"):
        diagram, _ = read.diagram(file.read_bytes(), file.name)
        assert diagram is not None
        found |= {key: process.names for key, process in diagram.processes.items()}
    return found


def test_nothing_is_left_of_the_making(month: Path) -> None:
    assert {file.name.partition(".")[0] for file in month.iterdir()} == {"guicheng"}


def test_a_demo_that_is_there_is_taken_as_it_is_or_refused(month: Path) -> None:
    with clock.frozen(END):
        demo.build(Settings(home=month, demo=True), 1)
        with pytest.raises(building.AnotherDemo):
            demo.build(Settings(home=month, demo=True), 18)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    return told(tmp_path_factory.mktemp("days"), 5)


def test_the_same_seed_gives_the_same_days(days: list[tuple[object, ...]], tmp_path: Path) -> None:
    assert days == told(tmp_path / "again", 5)
    assert days != told(tmp_path / "other", 6)


def test_one_more_story_shifts_nothing_of_the_others(
    days: list[tuple[object, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asks_for_money(house: Department) -> None:
        answers = {"expense_purpose": "加印名片", "expense_amount": "77", "spent_on": house.today}
        house.start("zhangmin", "expense_claim", Script({"review_request": [{"decision": "approve"}]}), **answers)

    monkeypatch.setattr(telling, "STORIES", [(2, asks_for_money), *telling.STORIES])
    monkeypatch.setattr(stories, "STORIES", telling.STORIES)
    after = told(tmp_path / "with", 5)
    more = Counter(map(_without_time, after)) - Counter(map(_without_time, days))
    assert list(more) == [("superior_approval", "review_request", "chenjie")]
    assert len(after) == len(days) + 1


def _without_time(done: tuple[object, ...]) -> tuple[object, ...]:
    return done[:-1]


def told(home: Path, seed: int) -> list[tuple[object, ...]]:
    """Who did what when, and what it did to the stock, in a few days."""
    with clock.frozen(END):
        demo.build(Settings(home=home, demo=True), 0.1, seed, passwords=False)
    with closing(sqlite3.connect(home / "guicheng.db")) as tables:
        done = """SELECT t.process, t.element, p.username, t.completed_at FROM user_tasks t
                  JOIN people p ON p.id = t.completed_by ORDER BY t.id"""
        moved = "SELECT component_id, warehouse_id, kind, quantity, at FROM stock_movements ORDER BY id"
        return [*tables.execute(done), *tables.execute(moved)]


# Each plants one defect, past everything that keeps it out; the checker names it.
DEFECTS = {
    "a balance that is not the sum": "UPDATE stock_balances SET on_hand = on_hand + 1 WHERE rowid = 1",
    "settled in another state": "UPDATE sales_orders SET state = 'shipped' WHERE state = 'settled'",
    "not what the order's lines come to": "UPDATE settlements SET amount = amount + 100 WHERE id = 1",
    "more paid than was owed": "UPDATE settlements SET paid = amount + 1 WHERE id = 1",
    "receipts are not what was put into stock": "UPDATE purchase_receipt_lines SET stored = stored - 1 WHERE stored",
    "nothing can happen": "UPDATE user_tasks SET state = 'cancelled' WHERE element = 'weigh_vacancy'",
    "that is nobody's": "DELETE FROM user_task_candidates WHERE ready",
    "a wage that was not the one": "UPDATE bonuses SET wage = wage + 10000",
    "or said no rate": "UPDATE bonuses SET amount = 7, percent = 7",
    "not wage × rate": """UPDATE bonuses SET amount = 7;
        UPDATE resources SET content = replace(content, '{percent: unset}', '{percent: 20}')""",
    "will not come any more": "UPDATE purchase_orders SET state = 'cancelled' WHERE state = 'open'",
    "exceeded without an allowance": "UPDATE budget_lines SET amount = 1",
    "other pieces left than it says": "UPDATE shipment_lines SET quantity = quantity + 1 WHERE id = 1",
    "still to be shipped": "UPDATE sales_order_lines SET quantity = quantity + 1, ordered = ordered + 1",
    "not its payments and credits": "UPDATE sales_payments SET amount = amount + 1 WHERE id = 1",
    "credit that nobody else released": "UPDATE sales_orders SET credit_verdict = 'overdue' WHERE id = 1",
}


@pytest.mark.parametrize("sentence", DEFECTS)
def test_what_is_not_whole_is_found(month: Path, tmp_path: Path, sentence: str) -> None:
    copy = Path(shutil.copy(month / "guicheng.db", tmp_path / "guicheng.db"))
    with closing(sqlite3.connect(copy)) as tables, tables:
        for (trigger,) in tables.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            tables.execute(f"DROP TRIGGER {trigger}")
        tables.executescript(DEFECTS[sentence])
    assert any(sentence in found for found in conservation.findings(copy))
