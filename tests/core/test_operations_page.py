"""docs/operations.md tells process owners of every operation, input, result and error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import runtime.bootstrap  # noqa: F401  every operation is named once everything is imported
from runtime.ledger import operations

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S))
TOPICS = sorted(topic for topic in operations.OPERATIONS if not topic.startswith(("inbox.", "test.")))


@pytest.mark.parametrize("topic", TOPICS)
def test_an_operation_is_documented_as_it_is(topic: str) -> None:
    found, text = operations.find(topic), SECTIONS[topic]
    assert found.doc in text
    for name, field in found.inputs.items():
        assert f"`{name}{'' if field.required else '?'}` {field.kind}" in text
    for name in (*found.outputs, *found.errors):
        assert f"`{name}`" in text


def test_nothing_else_is_documented() -> None:
    assert sorted(SECTIONS) == TOPICS
