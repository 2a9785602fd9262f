"""Two people at work in one case: neither writes over the other unseen."""

from __future__ import annotations

import json

import pytest

from runtime.commands import user_tasks
from runtime.commands.user_tasks import TaskChanged
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
