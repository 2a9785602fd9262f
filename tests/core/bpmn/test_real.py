"""Diagrams that nobody here wrote: what is accepted runs, what is refused has a reason of a known rule.

The verdict of each stands in docs/real-files.md, which tests/core/test_docs.py keeps true. The files
come from npm's packages as real/package-lock.json names them; none is kept here."""

from __future__ import annotations

import pytest

from runtime.bpmn.lint import RULES
from tests.core.bpmn.real import packages, verdicts
from tests.core.engine.drawing import Run

VERDICTS = verdicts.all_of_them() if packages.fresh() else ()
ACCEPTED = [verdict for verdict in VERDICTS if not verdict.reasons]
# What refuses a file before any rule is asked.
BEFORE = {"not_bpmn", "too_large"}


def test_the_diagrams_of_others_are_there() -> None:
    assert packages.fresh(), "run: python3 run.py test"
    assert len({verdict.package for verdict in VERDICTS}) >= 5
    assert len(VERDICTS) >= 200
    assert len(ACCEPTED) >= 20


def test_every_reason_is_a_rule_that_has_a_page() -> None:
    said = {rule for verdict in VERDICTS for rule in verdict.reasons}
    assert {rule for rule in said - set(RULES) - BEFORE if not rule.startswith("xml.")} == set()


@pytest.mark.parametrize("verdict", ACCEPTED, ids=lambda verdict: verdict.file)
def test_what_is_accepted_is_compiled_and_started(verdict: verdicts.Verdict) -> None:
    callable_ = tuple(
        process
        for other in ACCEPTED
        if other.package == verdict.package
        for process in other.processes.values()
    )
    assert verdict.processes
    for process in verdict.processes.values():
        starts = [node for node in process.scope.nodes.values() if node.kind == "startEvent"]
        for start in starts:
            run = Run(process, called=callable_, start=start.id)
            # It waits for somebody or something, or it has come to its end.
            assert run.execution.open_activities() or run.ended, start.id
