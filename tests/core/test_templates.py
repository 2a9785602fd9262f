"""Camunda Modeler offers every operation with its fields, and what it then writes is accepted.

The committed file is made from the code: UPDATE_DOCS=1 writes it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest

import runtime.bootstrap  # noqa: F401  every operation is named once everything is imported
from runtime import functions
from runtime.bpmn.catalogue import Catalogue
from runtime.bpmn.check import check
from runtime.ledger import operations
from runtime.queries import templates
from tests.diagrams import bpmn, element, end, start

FILE = Path(__file__).resolve().parents[2] / "processes" / ".camunda" / "element-templates" / "guicheng.json"


def ours() -> list[dict[str, Any]]:
    # Another test of the same run may have registered an operation of its own.
    known = {t for t, found in operations.OPERATIONS.items() if found.run.__module__.startswith("runtime.")}
    return [each for each in templates.templates() if each["name"] in known]


MADE = ours()


def test_the_file_beside_the_processes_is_as_the_operations_are() -> None:
    if os.environ.get("UPDATE_DOCS"):
        FILE.write_text(json.dumps(MADE, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert json.loads(FILE.read_text(encoding="utf-8")) == MADE


@pytest.mark.parametrize("made", MADE, ids=lambda made: str(made["name"]))
def test_a_template_has_the_shape_that_camunda_modeler_reads(made: dict[str, Any]) -> None:
    assert made.keys() >= {"name", "id", "appliesTo", "properties"}
    assert made["appliesTo"] == ["bpmn:ServiceTask"]
    groups = {group["id"] for group in made["groups"]}
    for field in made["properties"]:
        assert field["type"] in ("Hidden", "String")
        kind = field["binding"]["type"]
        needed = {"property": "name", "camunda:inputParameter": "name", "camunda:outputParameter": "source"}
        assert field["binding"][needed[kind]]
        assert field["type"] == "Hidden" or (field["label"] and field["group"] in groups)
    assert len({json.dumps(field["binding"], sort_keys=True) for field in made["properties"]}) == len(
        made["properties"]
    )


def drawn(made: dict[str, Any]) -> tuple[str, str, str]:
    """The service task that the modeler writes when the template is applied and its fields are filled."""
    attributes = {"camunda__modelerTemplate": made["id"]}
    parameters = ""
    for field in made["properties"]:
        binding = field["binding"]
        if binding["type"] == "property":
            attributes[binding["name"].replace(":", "__")] = field["value"]
        elif binding["type"] == "camunda:inputParameter":
            value = field.get("value", "${given}")
            name = quoteattr(binding["name"])
            parameters += f"<camunda:inputParameter name={name}>{escape(value)}</camunda:inputParameter>"
        else:
            name, source = quoteattr(field["value"]), escape(binding["source"])
            parameters += f"<camunda:outputParameter name={name}>{source}</camunda:outputParameter>"
    inside = f"<extensionElements><camunda:inputOutput>{parameters}</camunda:inputOutput></extensionElements>"
    return element("serviceTask", "do_it", inside if parameters else "", **attributes)


@pytest.mark.parametrize("made", MADE, ids=lambda made: str(made["name"]))
def test_what_a_template_writes_is_accepted(made: dict[str, Any]) -> None:
    catalogue = Catalogue(topics=operations.signatures(), functions=functions.KNOWN)
    _, problems = check(bpmn("by_template", start(), drawn(made), end()).encode(), "x.bpmn", catalogue)
    assert [str(problem) for problem in problems if problem.severity == "error"] == []
