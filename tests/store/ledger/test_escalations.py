"""Issues that staff raise: up the line to the top, answered by somebody else, settled by whoever raised them."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.engine.ports import BpmnError
from runtime.ledger import documents, escalations
from runtime.store import accounts
from tests.store.ledger.conftest import Books


def raised(books: Books, by: str = "specialist", **more: Any) -> str:
    asked = {"issue": "门禁坏了", "impact": "迟发", "wanted": "三天修好", "wanted_from": "superior"} | more
    return str(books.do("escalations.raise", raised_by=by, **asked)["escalation"])


def above(books: Books, escalation: str, beyond: str | None = None) -> str:
    found = books.do("escalations.find_superior", escalation=escalation, beyond=beyond)["answerer"]
    return next(name for name, person in books.people.items() if person == found)


def test_an_issue_goes_up_the_line_and_the_topmost_is_asked_again(books: Books) -> None:
    issue = raised(books)
    assert above(books, issue) == "supervisor"
    assert above(books, issue, "supervisor") == "manager"
    assert above(books, issue, "manager") == "lead"
    assert above(books, issue, "lead") == "lead"


def test_whoever_has_nobody_above_asks_the_manager_and_the_manager_the_division_lead(books: Books) -> None:
    assert above(books, raised(books, "hr")) == "manager"
    assert above(books, raised(books, "manager")) == "lead"


def test_where_manager_and_division_lead_have_left_human_resources_are_asked(books: Books) -> None:
    manager = raised(books, "manager")
    of_lead = raised(books, "lead", wanted_from="department", department="analyst")
    people = accounts.people.update().values(active=False)
    books.tx.execute(people.where(accounts.people.c.public_id == books.people["manager"]))
    assert above(books, of_lead) == "hr"
    books.tx.execute(people.where(accounts.people.c.public_id == books.people["lead"]))
    assert above(books, manager) == "hr"


def test_nobody_answers_their_own_issue_nor_settles_it_by_their_own_answer(books: Books) -> None:
    issue = raised(books)
    with pytest.raises(BpmnError) as error:
        books.do("escalations.answer", escalation=issue, answer="好", by="specialist")
    assert error.value.code == "same_person"
    with pytest.raises(documents.NotPossibleNow):
        books.do("escalations.confirm", escalation=issue, settled=True, by="specialist")
    books.do("escalations.answer", escalation=issue, answer="已报修", by="supervisor")
    with pytest.raises(escalations.OwnAnswer):
        books.do("escalations.confirm", escalation=issue, settled=True, by="supervisor")


def test_whoever_has_taken_over_the_raisers_work_settles_the_issue(books: Books) -> None:
    issue = raised(books)
    books.do("escalations.answer", escalation=issue, answer="已报修", by="supervisor")
    books.do("escalations.confirm", escalation=issue, settled=True, by="manager")
    assert books.rows(escalations.escalations)[0].state == "settled"


def test_an_answer_that_does_not_help_opens_the_issue_again(books: Books) -> None:
    issue = raised(books, wanted_from="department", department="logistics")
    books.do("escalations.answer", escalation=issue, answer="已报修", by="supervisor")
    books.do("escalations.confirm", escalation=issue, settled=False, by="specialist")
    books.do("escalations.answer", escalation=issue, answer="已换新", by="manager")
    books.do("escalations.confirm", escalation=issue, settled=True, by="specialist")
    [row] = books.rows(escalations.escalations)
    assert (row.state, row.answers, row.answer, row.department) == ("settled", 2, "已换新", "logistics")
