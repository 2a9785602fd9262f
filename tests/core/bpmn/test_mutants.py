"""Lint and engine agree on files that nobody thought of: good and bad ones with parts exchanged, taken away, added.

What the checks accept the engine must take. What they refuse is theirs to say (test_rules.py)."""

from __future__ import annotations

import random
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.bpmn.check import check, refused
from runtime.bpmn.vocabulary import ACCEPTED, ACTIVITIES, EVENTS, FLOW_NODES, GATEWAYS
from tests.core.bpmn.office import CATALOGUE, FOLDER
from tests.core.bpmn.test_agreement import runs

FILES = sorted(FOLDER.glob("*/*.bpmn"))
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DRAWING = "{http://www.omg.org/spec/BPMN/20100524/DI}BPMNDiagram"
DEFINITIONS = sorted(name for name in ACCEPTED if name.endswith("EventDefinition"))
FAMILIES = [sorted(ACTIVITIES), sorted(EVENTS), sorted(GATEWAYS), DEFINITIONS]
SWITCHES = ("isInterrupting", "cancelActivity", "triggeredByEvent", "isForCompensation")
REFERENCES = ("sourceRef", "targetRef", "attachedToRef", "default", "activityRef")


def mutate(root: ElementTree.Element, chance: random.Random) -> None:
    parents = {child: parent for parent in root.iter() for child in parent}
    tags = [tag for tag in root.iter() if tag.tag.startswith(BPMN)]
    ids = [tag.get("id", "") for tag in tags if tag.get("id")]
    tag = chance.choice(tags)
    name = tag.tag.removeprefix(BPMN)
    family = next((words for words in FAMILIES if name in words), [name])
    match chance.randrange(6):
        case 0:
            tag.tag = BPMN + chance.choice(family)
        case 1 if tag in parents:
            parents[tag].remove(tag)
        case 2:
            tag.set(chance.choice(SWITCHES), chance.choice(["true", "false"]))
        case 3:
            tag.set(chance.choice(REFERENCES), chance.choice(ids))
        case 4 if name in FLOW_NODES:
            ElementTree.SubElement(
                tag, BPMN + chance.choice(DEFINITIONS), id=f"added_{chance.randrange(10**6)}"
            )
        case _:
            flow = {"id": f"added_{chance.randrange(10**6)}", "sourceRef": chance.choice(ids)}
            level = chance.choice(list(root.iter(BPMN + "process")) or [root])
            level.append(
                ElementTree.Element(BPMN + "sequenceFlow", {**flow, "targetRef": chance.choice(ids)})
            )


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(FILES), st.integers(0, 2**32))
def test_what_the_checks_accept_the_engine_takes(path, seed):
    chance = random.Random(seed)
    root = ElementTree.fromstring(path.read_bytes())
    for drawing in root.findall(DRAWING):
        root.remove(drawing)
    for _ in range(chance.randint(1, 3)):
        mutate(root, chance)
    data = ElementTree.tostring(root)
    diagram, problems = check(data, "mutant.bpmn", CATALOGUE)
    if diagram is not None and not refused(problems):
        runs(data)
