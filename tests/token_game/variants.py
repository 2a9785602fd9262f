"""The same process written otherwise: other ids, another order, an empty branch more.

What happens must be the same. Not here: comparing (tests/core/engine/test_differential.py)."""

from __future__ import annotations

import random
import re
from collections import Counter
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from runtime.bpmn.vocabulary import FLOW_NODES
from tests.token_game.diagram import BPMN

_ID = re.compile(r'(?<=")([A-Za-z]+(?:_[a-z]+)?)_(\d+)(?=")')
_RENAMED = re.compile(r"^x(\d+)_(\w+)$")
LEVELS = ("process", "subProcess", "transaction")
ADDED = "added_"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"


def renamed(xml: str) -> str:
    """Every id another one, and in the opposite order if sorted."""
    return _ID.sub(lambda found: f"x{9999 - int(found[2])}_{found[1]}", xml)


def original(id: str) -> str:
    """The id that `renamed` has changed."""
    found = _RENAMED.match(id)
    return f"{found[2]}_{9999 - int(found[1])}" if found else id


def reordered(xml: str, seed: int) -> str:
    """The elements in another order, but for those whose order decides: flows, which gateways ask one by
    one, and events that may happen at the same moment."""
    root = ElementTree.fromstring(xml)
    chance = random.Random(seed)
    for level in [root, *(tag for name in LEVELS for tag in root.iter(f"{BPMN}{name}"))]:
        tags = list(level)
        chance.shuffle(tags)
        for kept in ("sequenceFlow", "boundaryEvent", "subProcess"):
            order = iter([tag for tag in level if tag.tag == f"{BPMN}{kept}"])
            tags = [next(order) if tag.tag == f"{BPMN}{kept}" else tag for tag in tags]
        level[:] = tags
    return ElementTree.tostring(root, encoding="unicode")


def put_off(xml: str) -> str:
    """A savepoint before and behind every element, and around each instance."""
    ElementTree.register_namespace("camunda", CAMUNDA)
    root = ElementTree.fromstring(xml)
    for tag in root.iter():
        name = tag.tag.removeprefix(BPMN)
        if name in FLOW_NODES or name == "multiInstanceLoopCharacteristics":
            tag.set(f"{{{CAMUNDA}}}asyncBefore", "true")
            tag.set(f"{{{CAMUNDA}}}asyncAfter", "true")
    return ElementTree.tostring(root, encoding="unicode")


def widened(xml: str, which: int) -> str:
    """An empty branch beside a user task: split, nothing, join. "" if there is no such task.

    One that can be interrupted will not do, since the empty branch would wait for it for ever; nor one that
    several flows lead to, since the split would wait for all of them, or after which a case may end."""
    root = ElementTree.fromstring(xml)
    found: list[tuple[Element, Element]] = []
    for name in LEVELS:
        for level in root.iter(f"{BPMN}{name}"):
            stopped = {tag.get("attachedToRef") for tag in level if tag.get("cancelActivity") == "true"}
            flows = level.findall(f"{BPMN}sequenceFlow")
            into = Counter(flow.get("targetRef") for flow in flows)
            followed = {flow.get("sourceRef") for flow in flows}
            found += [
                (level, tag)
                for tag in level.findall(f"{BPMN}userTask")
                if tag.get("id") in followed - stopped and into[tag.get("id")] == 1
            ]
    if not found:
        return ""
    level, task = found[which % len(found)]
    split, join = (
        SubElement(level, f"{BPMN}parallelGateway", {"id": f"{ADDED}{name}"}) for name in ("split", "join")
    )
    for flow in level.findall(f"{BPMN}sequenceFlow"):
        if flow.get("targetRef") == task.get("id"):
            flow.set("targetRef", split.get("id", ""))
        if flow.get("sourceRef") == task.get("id"):
            flow.set("sourceRef", join.get("id", ""))
    for number, (source, target) in enumerate([(split, task), (split, join), (task, join)]):
        about = {
            "id": f"{ADDED}{number}",
            "sourceRef": source.get("id", ""),
            "targetRef": target.get("id", ""),
        }
        SubElement(level, f"{BPMN}sequenceFlow", about)
    return ElementTree.tostring(root, encoding="unicode")
