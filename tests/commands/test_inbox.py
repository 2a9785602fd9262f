"""The inbox: in which order, page by page, counted, and without ever looking through a whole table."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from runtime.commands import accounts, user_tasks
from runtime.errors import Invalid
from runtime.identity import SYSTEM, Actor
from runtime.queries import inbox
from runtime.queries import tasks as pages_of_tasks
from runtime.queries.pages import BadCursor
from runtime.store.db import Transaction
from runtime.store.user_tasks import candidates
from runtime.store.user_tasks import user_tasks as tasks
from tests.diagrams import bpmn, end, start, user
from tests.office import Desk, Office
from tests.queries_seen import asked, scans

# Errands as they came: priority, days until due, whether they are the starter's own.
ERRANDS = {
    "late": (50, 30, False),
    "soon": (20, 2, True),
    "none": (90, None, False),
    "urgent": (90, 9, False),
    "usual": (50, None, True),
}
AGE = list(ERRANDS)
DUE = ["soon", "urgent", "late", "none", "usual"]
PRIORITY = ["none", "urgent", "late", "usual", "soon"]


@pytest.fixture
def desk(firm: Office) -> Desk:
    """A specialist with errands of their own and of their group."""
    for name, (priority, days, own) in ERRANDS.items():
        whose = {"assignee": "${initiator}"} if own else {"candidateGroups": "specialist"}
        due = {"dueDate": f"P{days}D"} if days else {}
        task = user(name, priority=str(priority), **whose, **due)
        firm.deploy(bpmn(f"{name}_errand", start(), task, end()))
        firm.as_("spec").start(f"{name}_errand")
        firm.later(minutes=1)
    return firm.as_("spec")


def listed(desk: Desk, **asked_for: object) -> list[str]:
    """Element after element, two to a page."""
    found: list[str] = []
    after = None
    while True:
        page = desk.office.runtime.read(inbox.todo, desk.actor, after=after, limit=2, **asked_for)  # type: ignore[arg-type]
        found += [row.element for row in page.rows]
        if page.next is None:
            return found
        after = page.next


@pytest.mark.parametrize(("order", "found"), [("age", AGE), ("due", DUE), ("priority", PRIORITY)])
def test_a_list_is_sorted_by_age_due_date_or_urgency_over_all_its_pages(
    desk: Desk, order: str, found: list[str]
) -> None:
    assert listed(desk, order=order) == found


@pytest.mark.parametrize("order", inbox.ORDERS)
def test_mine_and_my_groups_are_parts_of_the_same_list(desk: Desk, order: str) -> None:
    whole = listed(desk, order=order)
    assert listed(desk, order=order, only="mine") == [name for name in whole if ERRANDS[name][2]]
    assert listed(desk, order=order, only="group") == [name for name in whole if not ERRANDS[name][2]]


@pytest.mark.parametrize("order", inbox.ORDERS)
def test_a_list_can_be_narrowed_to_one_process(desk: Desk, order: str) -> None:
    for name in ERRANDS:
        assert listed(desk, order=order, process=f"{name}_errand") == [name]
    assert listed(desk, order=order, process="another") == []


def test_what_nobody_sorts_by_is_refused(desk: Desk) -> None:
    with pytest.raises(inbox.UnknownOrder):
        desk.office.runtime.read(inbox.todo, desk.actor, order="salary")


@pytest.mark.parametrize(
    ("order", "cursor"),
    [
        ("age", "x~1"), ("age", "50~1"), ("age", "2026-01-01T00:00:00~1"),
        ("age", "2026-01-01T00:00:00+00:00~x"),
        ("due", "50~1"), ("priority", "2026-01-01T00:00:00+00:00~1"), ("priority", f"{10**30}~1"),
        ("priority", f"1~{10**30}"), ("age", "9999-12-31T23:59:59-14:00~1"), ("due", "~"),
    ],
)  # fmt: skip
def test_a_cursor_of_another_list_or_of_nobody_is_refused(desk: Desk, order: str, cursor: str) -> None:
    with pytest.raises(BadCursor):
        desk.office.runtime.read(inbox.todo, desk.actor, order=order, after=cursor)


def test_a_task_that_two_of_my_groups_are_asked_is_listed_and_counted_once(desk: Desk) -> None:
    firm = desk.office
    firm.runtime.do(accounts.set_groups, SYSTEM, "spec", ["specialist", "purchasing"])
    firm.deploy(bpmn("both_errand", start(), user("both", candidateGroups="specialist,purchasing"), end()))
    firm.as_("spec").start("both_errand")
    twice = firm.as_("spec")
    for order in inbox.ORDERS:
        assert listed(twice, order=order).count("both") == 1
    counts = firm.runtime.read(inbox.counts, twice.actor)
    assert (counts.todo, counts.mine, counts.group) == (6, 2, 4)


def test_counts_stop_where_nobody_counts_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def counted() -> tuple[int, int, int]:
        found = desk.office.runtime.read(inbox.counts, desk.actor)
        return found.todo, found.mine, found.group

    assert counted() == (5, 2, 3)
    monkeypatch.setattr(inbox, "MOST", 3)
    assert counted() == (4, 2, 3)  # more than 3 to do
    monkeypatch.setattr(inbox, "MOST", 1)
    assert counted() == (2, 2, 2)


def followed(firm: Office) -> list[str]:
    """Where candidates say something else than their task does."""

    def wrong(tx: Transaction, actor: Actor) -> list[str]:
        own = candidates.c
        found = sa.select(tasks, own.ready, own.rank, own.due_by, own.process.label("of"), own.element.label("at"))
        rows = tx.all(found.join(candidates, own.task_id == tasks.c.id))
        assert rows
        return [
            row.element
            for row in rows
            if (row.ready, row.rank) != (row.state == "ready", -row.priority)
            or (row.of, row.at) != (row.case_process, row.element)
            or row.due_by.year != (row.due_at or row.due_by.replace(year=9999)).year
        ]

    return firm.runtime.read(wrong, SYSTEM)


def test_candidates_follow_their_task_whatever_becomes_of_it(desk: Desk) -> None:
    firm = desk.office
    assert followed(firm) == []
    late = desk.find("late")
    firm.runtime.do(user_tasks.claim, desk.actor, late.id)
    assert followed(firm) == [] and "late" not in listed(firm.as_("spec2"))
    firm.runtime.do(user_tasks.release, desk.actor, late.id)
    assert followed(firm) == [] and "late" in listed(firm.as_("spec2"))
    desk.do("none")
    firm.runtime.do(user_tasks.complete, desk.actor, desk.find("urgent").id, {})  # without taking it first
    assert followed(firm) == [] and listed(firm.as_("spec2")) == ["late"]
    # Taken, and given back because its owner left the group.
    firm.runtime.do(user_tasks.claim, desk.actor, late.id)
    firm.runtime.do(accounts.set_groups, SYSTEM, "spec", ["purchasing"])
    assert followed(firm) == [] and listed(firm.as_("spec2")) == ["late"]
    # By whichever statement: what is true of the task is true of its candidates.
    firm.runtime.do(lambda tx, actor: tx.execute(sa.update(tasks).values(priority=7, due_at=None)), SYSTEM)
    assert followed(firm) == []


@pytest.mark.parametrize("order", inbox.ORDERS)
def test_no_list_and_no_count_looks_through_a_whole_table(desk: Desk, order: str) -> None:
    firm = desk.office
    read, actor = firm.runtime.read, firm.as_("spec").actor
    page = read(inbox.todo, actor, order=order, limit=2)
    with asked(firm.runtime.engine) as said:
        for only in ("all", "mine", "group"):
            for process in (None, "late_errand"):
                read(inbox.todo, actor, order=order, only=only, process=process)
        read(inbox.todo, actor, order=order, after=page.next)
        read(inbox.counts, actor)
        read(inbox.done, actor)
        read(inbox.done, actor, after="2026-03-09T01:00:00+00:00~1")
        read(inbox.started, actor)
    assert len(said) > 10
    tables = ("user_tasks", "user_task_candidates", "cases", "user_tasks_1", "people")
    assert scans(firm.runtime.engine, said, *tables) == []


def test_a_case_is_judged_by_its_own_tasks_not_by_all(desk: Desk) -> None:
    """Who has a task of a case sees it: asked of the case's tasks, never of everybody's."""
    firm = desk.office
    case = desk.find("late").case
    with asked(firm.runtime.engine) as said:
        firm.as_("spec2").case_page(case)

    assert scans(firm.runtime.engine, said, "user_tasks", "user_tasks_1", "user_task_candidates", "cases") == []


def test_a_page_is_one_statement_and_another_for_its_groups(desk: Desk) -> None:
    desk.office.runtime.read(inbox.todo, desk.actor)
    with asked(desk.office.runtime.engine) as said:
        desk.office.runtime.read(inbox.todo, desk.actor)
    assert len([text for text, _ in said if "user_tasks" in text or "candidates" in text]) == 2


def test_an_unknown_order_is_the_askers_mistake() -> None:
    assert issubclass(inbox.UnknownOrder, Invalid)


def test_the_statement_of_a_page_is_built_once_for_all_who_have_the_same_rights(desk: Desk) -> None:
    desk.page("soon")
    built = pages_of_tasks._page_of.cache_info().misses
    assert [desk.page(name).row.element for name in ERRANDS] == list(ERRANDS)
    assert pages_of_tasks._page_of.cache_info().misses == built
