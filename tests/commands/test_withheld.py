"""What was found in a blind step is kept from whoever may have to do it once more, and so are the words about it."""

from __future__ import annotations

import pytest

from runtime.commands import comments, handing_over, user_tasks
from runtime.queries import comments as queries
from runtime.queries.withheld import Withheld, of_cases
from runtime.store.db import Transaction
from tests.diagrams import bpmn, end, properties, start, user
from tests.office import Case, Office, tells

FOUND = "51604"
BLIND = properties(blind="true")


def twice(first: str, again: str) -> str:
    """Something is looked at by one group, and once more by another; neither may know what the other found."""
    looks = (user(name, BLIND, candidateGroups=group) for name, group in (("first", first), ("again", again)))
    return bpmn("looks", start(), *looks, end(), starters=first)


def words(office: Office, who: str, case: Case) -> list[tuple[str, bool]]:
    """What was said on a case, and whether it is kept back."""
    shown = office.runtime.read(queries.thread, office.as_(who).actor, case.id).comments
    rows = office.runtime.read(queries.mentioning, office.as_(who).actor).rows
    assert all(row.kept_back == (not row.text) for row in rows)
    return [(each.text, each.kept_back) for each in shown]


@pytest.fixture
def looked(firm: Office) -> tuple[Office, Case]:
    firm.deploy(twice("supervisor", "specialist"))
    case = firm.as_("sup").start("looks")
    firm.as_("sup").do("first", case.id)
    return firm, case


def test_what_whoever_did_it_writes_is_not_told_to_who_does_it_again(looked: tuple[Office, Case]) -> None:
    office, case = looked
    office.runtime.do(comments.write, office.as_("sup").actor, case.id, f"@spec @boss {FOUND}")
    office.runtime.do(comments.write, office.as_("spec2").actor, case.id, "the left shelf too")
    assert words(office, "spec", case) == [("", True), ("the left shelf too", False)]
    assert office.runtime.read(queries.unread, office.as_("spec").actor) == 1  # that they were mentioned is told
    for who in ("sup", "boss"):
        assert [kept for _, kept in words(office, who, case)] == [False, False]


def test_why_they_give_it_to_somebody_is_not_told_either(looked: tuple[Office, Case]) -> None:
    office, case = looked
    task, to = office.as_("spec").find("again", case.id).id, office.as_("spec2").actor.public_id
    office.runtime.do(handing_over.give, office.as_("sup").actor, task, to, FOUND)
    assert words(office, "spec2", case) == [("", True)]
    assert not tells(office.as_("spec2").case_page(case.id).timeline, FOUND)
    assert tells(office.as_("boss").case_page(case.id).timeline, FOUND)


def test_a_superior_is_told_unless_they_may_have_to_do_it_themselves(firm: Office) -> None:
    firm.deploy(twice("specialist", "manager"))
    case = firm.as_("spec").start("looks")
    row = case.row.id

    def told(who: str) -> bool:
        def kept(tx: Transaction, actor: object) -> Withheld:
            return of_cases(tx, firm.as_(who).actor, {row})[row]

        return not firm.runtime.read(kept, firm.as_(who).actor)

    firm.as_("spec").do("first", case.id)
    assert told("spec") and told("sup") and told("lead") and not told("boss")
    boss = firm.as_("boss")
    firm.runtime.do(user_tasks.claim, boss.actor, boss.find("again", case.id).id)
    assert not told("boss")
    boss.do("again", case.id)
    assert told("boss") and not told("sup")
