"""Element templates: each operation as Camunda Modeler offers it in its list, with its fields.

Made from the operation's signature and docstring, for Camunda 7. Not here: writing them to a
file (cli.py)."""

from __future__ import annotations

import json
from typing import Any

from runtime.ledger import inputs
from runtime.ledger.operations import OPERATIONS, Operation

# A modeler writes an empty parameter as empty text, which is not the same as nothing.
NOTHING = "${null}"


def templates() -> list[dict[str, Any]]:
    """One template an operation, by topic; none of those that are only kept for older diagrams."""
    return [template(found) for _, found in sorted(OPERATIONS.items()) if not found.kept]


def text() -> str:
    """The file that Camunda Modeler reads."""
    return json.dumps(templates(), ensure_ascii=False, indent=2) + "\n"


def template(operation: Operation) -> dict[str, Any]:
    summary = " ".join(operation.doc.partition("\n\n")[0].split())
    return {
        "name": operation.topic,
        "id": f"guicheng.{operation.topic}",
        "description": summary,
        "category": {"id": "guicheng", "name": "Guicheng 規程"},
        "appliesTo": ["bpmn:ServiceTask"],
        "groups": [
            {"id": "takes", "label": "Takes"},
            {"id": "gives", "label": "Gives (name of the variable)"},
        ],
        "properties": [
            _hidden("camunda:type", "external"),
            _hidden("camunda:topic", operation.topic),
            *(_input(name, field) for name, field in operation.inputs.items()),
            *(_output(name) for name in operation.outputs),
        ],
    }


def _hidden(attribute: str, value: str) -> dict[str, Any]:
    return {"type": "Hidden", "value": value, "binding": {"type": "property", "name": attribute}}


def _input(name: str, field: inputs.Input) -> dict[str, Any]:
    made: dict[str, Any] = {
        "label": name,
        "description": field.kind,
        "type": "String",
        "group": "takes",
        "binding": {"type": "camunda:inputParameter", "name": name},
    }
    if field.required:
        return made | {"constraints": {"notEmpty": True}}
    return made | {"value": NOTHING, "description": f"{field.kind}; {NOTHING} leaves it out"}


def _output(name: str) -> dict[str, Any]:
    """Its value is the name of the variable that keeps the result."""
    return {
        "label": name,
        "type": "String",
        "value": name,
        "group": "gives",
        "binding": {"type": "camunda:outputParameter", "source": f"${{{name}}}"},
    }
