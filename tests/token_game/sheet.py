"""Writes BPMN files: levels, nodes, flows, what they refer to.

Not here: which ones (generate.py)."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from tests.token_game.diagram import BPMN, CAMUNDA

ElementTree.register_namespace("", BPMN[1:-1])
ElementTree.register_namespace("camunda", CAMUNDA[1:-1])
REFERRED = ("message", "signal", "error", "escalation")


class Sheet:
    """A file being written. Ids are kind and number, in the order of writing."""

    def __init__(self) -> None:
        self.root = Element(f"{BPMN}definitions", {"targetNamespace": "http://example.com/generated"})
        self.count = 0
        self.referred: dict[tuple[str, str], str] = {}

    def text(self) -> str:
        ElementTree.indent(self.root)
        return ElementTree.tostring(self.root, encoding="unicode")

    def id(self, kind: str) -> str:
        self.count += 1
        return f"{kind}_{self.count}"

    def process(self) -> Element:
        about = {"id": self.id("process"), "isExecutable": "true"}
        process = Element(f"{BPMN}process", about)
        # What is referred to stands before and after in real files; a process stands behind.
        self.root.append(process)
        return process

    def node(self, level: Element, tag: str, kind: str = "", **about: str) -> Element:
        short = tag.replace("Event", "").replace("intermediate", "").replace("Gateway", "")
        return SubElement(level, f"{BPMN}{tag}", {"id": self.id(kind or short), **about})

    def flow(self, level: Element, source: Element, target: Element, condition: str = "") -> Element:
        about = {"id": self.id("flow"), "sourceRef": source.get("id", ""), "targetRef": target.get("id", "")}
        flow = SubElement(level, f"{BPMN}sequenceFlow", about)
        if condition:
            SubElement(flow, f"{BPMN}conditionExpression").text = condition
        return flow

    def refer(self, kind: str, name: str) -> str:
        """The id of a message, signal, error or escalation at the top of the file."""
        if (kind, name) not in self.referred:
            about = {"id": f"{kind}_{name}", "name": name}
            if kind in ("error", "escalation"):
                about[f"{kind}Code"] = name
            SubElement(self.root, f"{BPMN}{kind}", about)
            self.referred[kind, name] = about["id"]
        return self.referred[kind, name]

    def trigger(self, node: Element, kind: str, text: str = "") -> None:
        """`text`: the name, a timer's duration or cycle, a condition."""
        if kind == "none":
            return
        definition = SubElement(node, f"{BPMN}{kind}EventDefinition")
        if kind in REFERRED and text:
            definition.set(f"{kind}Ref", self.refer(kind, text))
        elif kind == "timer":
            SubElement(
                definition, f"{BPMN}{'timeCycle' if text.startswith('R') else 'timeDuration'}"
            ).text = text
        elif kind == "conditional":
            SubElement(definition, f"{BPMN}condition").text = text
        elif kind == "link":
            definition.set("name", text)
        elif kind == "compensate" and text:
            definition.set("activityRef", text)

    def parameters(self, node: Element, kind: str, values: dict[str, str]) -> None:
        """kind: input or output."""
        if not values:
            return
        holder = self._extension(node).find(f"{CAMUNDA}inputOutput")
        if holder is None:
            holder = SubElement(self._extension(node), f"{CAMUNDA}inputOutput")
        for name, text in values.items():
            SubElement(holder, f"{CAMUNDA}{kind}Parameter", {"name": name}).text = text

    def mapping(self, node: Element, kind: str, source: str, target: str) -> None:
        SubElement(self._extension(node), f"{CAMUNDA}{kind}", {"source": source, "target": target})

    def _extension(self, node: Element) -> Element:
        found = node.find(f"{BPMN}extensionElements")
        if found is None:
            found = Element(f"{BPMN}extensionElements")
            node.insert(0, found)
        return found
