"""A case in which nothing can happen any more is somebody's to look at."""

from __future__ import annotations

from runtime.commands import incidents
from runtime.queries import incidents as listed
from tests.diagrams import bpmn, element, end, flow, start, user
from tests.office import Office

STARVED = bpmn(
    "starved",
    start(),
    element("exclusiveGateway", "which", default="which_to_b"),
    user("a", candidateGroups="specialist"),
    user("b", candidateGroups="specialist"),
    element("parallelGateway", "join"),
    end(),
    flow("begun", "which"),
    flow("which", "a", "${1 == 1}"),
    flow("which", "b"),
    flow("a", "join"),
    flow("b", "join"),
    flow("join", "ended"),
)


def test_a_join_that_waits_for_ever_is_an_incident_once_and_again_when_it_is_tried_again(
    firm: Office,
) -> None:
    firm.deploy(STARVED)
    spec, root = firm.as_("spec"), firm.as_("root").actor
    case = spec.start("starved")
    assert firm.incidents() == []
    spec.do("a")
    assert case.status == "running"
    told = "engine.deadlocked: Nothing can happen in this case any more: it waits at join for what cannot come."
    for _ in range(2):
        (found,) = firm.runtime.read(listed.listing, root)
        assert (found.element, found.reason) == ("join", told)
        firm.runtime.do(incidents.retry, root, found.id)
        firm.settle()
    assert len(firm.incidents()) == 1
