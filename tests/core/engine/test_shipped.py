"""The processes that are shipped run on this engine: nothing in them is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.bpmn import read
from runtime.bpmn.model import Process
from runtime.engine.definition import compile

FILES = sorted((Path(__file__).parents[3] / "processes").rglob("*.bpmn"))
PROCESSES: dict[str, Process] = {}
for file in FILES:
    diagram, _ = read.diagram(file.read_bytes(), file.name)
    PROCESSES |= diagram.processes if diagram else {}


def test_there_are_processes() -> None:
    assert len(PROCESSES) >= len(FILES) > 0


@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_a_shipped_process_compiles(name: str) -> None:
    definition = compile(PROCESSES[name], PROCESSES.__getitem__)
    assert definition.spec.starts
