"""Two people at work in one case: neither writes over the other unseen."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from runtime.commands import advance, user_tasks
from runtime.commands.user_tasks import FieldsChanged, TaskChanged
from runtime.engine.execution import Execution
from runtime.errors import fill
from runtime.identity import SYSTEM, Actor
from runtime.queries.tasks import TaskPage
from runtime.store.cases import by_id
from runtime.store.db import Transaction
from runtime.values import Value
from tests.diagrams import bpmn, element, end, flow, start, user
from tests.office import Office


def form(key: str, *fields: str) -> str:
    return json.dumps(
        {
            "id": key, "type": "default", "schemaVersion": 19, "executionPlatform": "Camunda Platform",
            "components": [
                {"type": "textfield", "id": f"f_{name}", "key": name, "label": name, "properties": {
                    "label_en": name, "label_zh_hant": name}} for name in fields
            ],
        }
    )  # fmt: skip


BOTH = bpmn(
    "both",
    start(),
    element("parallelGateway", "fork"),
    user("one", candidateGroups="specialist", formRef="price", formRefBinding="deployment"),
    user("two", candidateGroups="supervisor", formRef="price", formRefBinding="deployment"),
    user("three", candidateGroups="manager", formRef="place", formRefBinding="deployment"),
    element("parallelGateway", "join"),
    end(),
    flow("begun", "fork"),
    *(flow("fork", each) for each in ("one", "two", "three")),
    *(flow(each, "join") for each in ("one", "two", "three")),
    flow("join", "ended"),
)


def test_what_somebody_else_changed_meanwhile_is_not_written_over(firm: Office) -> None:
    firm.deploy(BOTH, form("price", "price"), form("place", "place"))
    case = firm.as_("spec").start("both")
    seen, elsewhere = firm.as_("sup").page("two"), firm.as_("boss").page("three")
    firm.as_("spec").do("one", price="100")

    sup = firm.as_("sup").actor
    with pytest.raises(TaskChanged):
        firm.runtime.do(user_tasks.complete, sup, seen.row.id, {"price": "90"}, seen.version)
    again = firm.as_("sup").page("two")
    assert again.data["price"] == "100"
    firm.runtime.do(user_tasks.complete, sup, seen.row.id, {"price": "90"}, again.version)
    assert case.variables["price"] == "90"
    # A form over other fields is not disturbed.
    boss = firm.as_("boss").actor
    firm.runtime.do(user_tasks.complete, boss, elsewhere.row.id, {"place": "SH"}, elsewhere.version)
    assert case.status == "completed"


TWO = bpmn(
    "two_fields",
    start(),
    element("parallelGateway", "fork"),
    user("one", candidateGroups="specialist", formRef="offer", formRefBinding="deployment"),
    user("two", candidateGroups="supervisor", formRef="offer", formRefBinding="deployment"),
    element("parallelGateway", "join"),
    end(),
    flow("begun", "fork"),
    *(flow("fork", each) for each in ("one", "two")),
    *(flow(each, "join") for each in ("one", "two")),
    flow("join", "ended"),
)


def test_a_field_that_both_changed_is_a_conflict_that_names_it_and_both_values(firm: Office) -> None:
    firm.deploy(TWO, form("offer", "price", "place"))
    case = firm.as_("spec").start("two_fields")
    sup = firm.as_("sup").actor
    seen = firm.as_("sup").page("two")
    firm.as_("spec").do("one", price="100", place="SH")

    def complete(page: TaskPage, **answers: str) -> None:
        firm.runtime.do(user_tasks.complete, sup, seen.row.id, answers, page.version, page.data)

    with pytest.raises(FieldsChanged) as refused:
        complete(seen, price="90")
    (problem,) = refused.value.problems
    assert (problem.where, problem.params) == ("price", {"field": "price", "theirs": "100", "yours": "90"})
    # It stands beside the field, which its reader knows by its label, not by its key.
    assert "price" not in fill(problem.message, problem.params)
    assert case.status == "running" and case.variables["price"] == "100"
    # Looked at again, it is their own decision.
    complete(firm.as_("sup").page("two"), price="90", place="SH")
    assert (case.variables["price"], case.variables["place"]) == ("90", "SH")


def test_a_field_that_its_user_left_alone_is_not_written_over(firm: Office) -> None:
    firm.deploy(TWO, form("offer", "price", "place"))
    case = firm.as_("spec").start("two_fields")
    firm.runtime.do(advance_with, SYSTEM, case.row.id, {"price": "80", "place": "BJ"})
    seen = firm.as_("sup").page("two")
    assert seen.data == {"price": "80", "place": "BJ"}
    firm.as_("spec").do("one", price="100", place="BJ")
    # A browser sends every field: the price as it was shown, the place as it was typed.
    sent = {"price": "80", "place": "SH"}
    sup = firm.as_("sup").actor
    firm.runtime.do(user_tasks.complete, sup, seen.row.id, sent, seen.version, seen.data)
    assert (case.variables["price"], case.variables["place"]) == ("100", "SH")
    assert case.status == "completed"


def test_two_who_typed_the_same_agree(firm: Office) -> None:
    firm.deploy(TWO, form("offer", "price", "place"))
    case = firm.as_("spec").start("two_fields")
    seen = firm.as_("sup").page("two")
    firm.as_("spec").do("one", price="100")
    sup, sent = firm.as_("sup").actor, {"price": "100"}
    firm.runtime.do(user_tasks.complete, sup, seen.row.id, sent, seen.version, seen.data)
    assert case.status == "completed"


def test_the_conflict_says_who_left_what_alone(firm: Office) -> None:
    firm.deploy(TWO, form("offer", "price", "place"))
    firm.as_("spec").start("two_fields")
    seen = firm.as_("sup").page("two")
    firm.as_("spec").do("one", price="100", place="SH")
    with pytest.raises(FieldsChanged) as refused:
        firm.runtime.do(
            user_tasks.complete,
            firm.as_("sup").actor,
            seen.row.id,
            {"price": "90", "place": ""},
            1,
            seen.data,
        )
    # The place is shown as it is now; only the price is theirs to decide.
    assert refused.value.fresh == {"place"}


def advance_with(tx: Transaction, actor: Actor, case: int, given: Mapping[str, Value]) -> None:
    """What another form or a message would write."""

    def act(execution: Execution) -> None:
        for name, value in given.items():
            execution._case.scopes.put("", name, value)
        execution._case.scopes.settle()

    advance.move(tx, actor, by_id(tx, case), act, [])
