"""A value keeps its type: from the form through storage and a called process to every instance, and out."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from click.testing import CliRunner

from runtime import cli, values
from runtime.commands import files
from runtime.queries import variables
from runtime.values import File
from tests.diagrams import bpmn, element, end, start, user
from tests.office import Office


def component(kind: str, key: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": f"f_{key}", "key": key, "label": key, **more}


ZONED = {"subtype": "datetime", "timeSerializingFormat": "utc_offset"}
CHOICES = [{"value": value, "label": value} for value in ("a", "b")]
FORM = json.dumps(
    {
        "type": "default",
        "id": "everything",
        "components": [
            component("textfield", "words"),
            component("checkbox", "sure"),
            component("number", "pieces", properties={"type": "integer"}),
            component("number", "price", serializeToString=True),
            component("datetime", "day", subtype="date", dateLabel="day"),
            component("datetime", "moment", dateLabel="moment", **ZONED),
            component("checklist", "picked", values=CHOICES),
            component("filepicker", "paper"),
            {
                "type": "group",
                "id": "g",
                "path": "place",
                "label": "place",
                "components": [component("number", "height", serializeToString=True)],
            },
            {
                "type": "dynamiclist",
                "id": "r",
                "path": "lines",
                "label": "lines",
                "components": [
                    component("number", "amount", serializeToString=True),
                    component("datetime", "by", subtype="date", dateLabel="by"),
                ],
            },
        ],
    }
)
EXPECTED: dict[str, Any] = {
    "words": "水泵",
    "sure": True,
    "pieces": 12,
    "price": Decimal("0.10"),
    "day": dt.date(2026, 4, 1),
    "moment": dt.datetime(2026, 3, 9, 2, 0, tzinfo=dt.UTC),
    "picked": ["a", "b"],
    "place": {"height": Decimal("1.70")},
    "lines": [
        {"amount": Decimal("1.10"), "by": dt.date(2026, 5, 1)},
        {"amount": Decimal("2.20"), "by": dt.date(2026, 5, 2)},
    ],
    "span": dt.timedelta(days=3),
}


def mappings(tag: str, *pairs: tuple[str, str]) -> str:
    return "".join(f'<camunda:{tag} source="{source}" target="{target}"/>' for source, target in pairs)


NAMES = [*EXPECTED, "paper"]
CALL = (
    "<extensionElements>"
    '<camunda:in variables="all"/>'
    f"{mappings('out', *((name, f'{name}_back') for name in NAMES))}"
    '<camunda:out sourceExpression="${price + 1}" target="dearer"/>'
    "</extensionElements>"
)
EACH = (
    '<multiInstanceLoopCharacteristics isSequential="true" camunda:elementVariable="line" '
    'camunda:collection="${lines}"><loopDataOutputRef>sums</loopDataOutputRef>'
    '<outputDataItem name="sum"/></multiInstanceLoopCharacteristics>'
)
SUM = (
    "<extensionElements><camunda:inputOutput>"
    '<camunda:outputParameter name="sum"><camunda:map>'
    '<camunda:entry key="twice">${line.amount * 2}</camunda:entry>'
    '<camunda:entry key="by">${line.by}</camunda:entry>'
    "</camunda:map></camunda:outputParameter></camunda:inputOutput></extensionElements>"
)
SPAN = (
    "<extensionElements><camunda:inputOutput>"
    "<camunda:outputParameter name=\"span\">${duration('P3D')}</camunda:outputParameter>"
    "</camunda:inputOutput></extensionElements>"
)
INNER = bpmn("inner", start(), user("look", candidateGroups="manager"), end())
OUTER = bpmn(
    "outer",
    start(camunda__formRef="everything"),
    user("note", SPAN, candidateGroups="specialist"),
    element("callActivity", "ask", CALL, calledElement="inner"),
    user("count", SUM + EACH, candidateGroups="specialist"),
    end(),
)


def test_every_type_goes_the_whole_way_and_comes_out_as_it_went_in(firm: Office, monkeypatch: Any) -> None:
    firm.deploy(FORM, INNER, OUTER)
    desk = firm.as_("spec")
    paper = firm.runtime.do(files.store, desk.actor, "plan.pdf", "application/pdf", b"%PDF-1.7 plan")
    answers = {
        "words": "水泵",
        "sure": True,
        "pieces": 12,
        "price": "0.10",
        "day": "2026-04-01",
        "moment": "2026-03-09T10:00:00+08:00",
        "picked": ["a", "b"],
        "paper": values.to_json(paper),
        "place": {"height": "1.70"},
        "lines": [{"amount": "1.10", "by": "2026-05-01"}, {"amount": "2.20", "by": "2026-05-02"}],
    }
    case = desk.start("outer", **answers)
    desk.do("note")
    firm.as_("boss").do("look")
    for _ in range(2):
        desk.do("count")
    assert case.status == "completed"
    wanted = {**EXPECTED, "paper": File(paper.sha256, "plan.pdf", "application/pdf", 13)}
    wanted |= {f"{name}_back": value for name, value in wanted.items()}
    wanted["dearer"] = Decimal("1.10")
    wanted["sums"] = [
        {"twice": Decimal("2.20"), "by": dt.date(2026, 5, 1)},
        {"twice": Decimal("4.40"), "by": dt.date(2026, 5, 2)},
    ]
    # As the log rebuilds it, as the case is kept, and as a machine is told it.
    stored = firm.runtime.read(variables.variables, desk.actor, case.id)
    monkeypatch.setenv("GUICHENG_HOME", str(firm.runtime.settings.home))
    printed = CliRunner().invoke(cli.main, ["variables", case.id, "--as", "spec"])
    assert printed.exit_code == 0, printed.output
    for found in (case.variables, stored, values.loads(printed.stdout)):
        kept = {name: found[name] for name in wanted}
        assert kept == wanted
        assert types(kept) == types(wanted)
        # A decimal's digits are kept, not only its worth.
        assert str(kept["price"]) == "0.10"
    assert json.loads(printed.stdout)["price"] == {"$decimal": "0.10"}


def types(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: types(item) for name, item in value.items()}
    return [types(item) for item in value] if isinstance(value, list) else type(value)
