"""Links: a way on without a line, from each throwing event to the one that catches it."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Node

NAMELESS = "The link “{name}” has no name: give the link itself one, not only its event."
NO_SOURCE = "No link event on this level leads to “{name}”: throw the link {link}."
SEVERAL = "The link {link} is caught more than once on its level, by “{name}” too."
OUTGOING = "A flow leads out of “{name}”, from which the link {link} leads on: remove one of the two."
INCOMING = "A flow leads into “{name}”, which only the link {link} may reach."
OTHER = "The link {link} of “{name}” refers to a link of another name."


@rule("link_pair", sentences=[NAMELESS, NO_SOURCE, SEVERAL, OUTGOING, INCOMING, OTHER])
def link_pair(source: Source) -> Findings:
    """No link event on this level catches the link {link} of “{name}”."""
    for _, scope in source.scopes:
        links = [node for node in scope.nodes.values() if node.trigger and node.trigger.kind == "link"]
        throws = [node for node in links if node.kind == "intermediateThrowEvent"]
        catches = [node for node in links if node.kind == "intermediateCatchEvent"]
        thrown, caught = set(map(_name, throws)), set[str]()
        for node in links:
            if not _name(node):
                yield found(node, NAMELESS)
        for node in catches:
            if _name(node) and _name(node) not in thrown:
                yield found(node, NO_SOURCE, link=_name(node))
            if _name(node) and _name(node) in caught:
                yield found(node, SEVERAL, link=_name(node))
            if node.incoming:
                yield found(node, INCOMING, link=_name(node))
            caught.add(_name(node))
        for node in throws:
            if _name(node) and _name(node) not in caught:
                yield found(node, link=_name(node))
            if node.outgoing:
                yield found(node, OUTGOING, link=_name(node))
    yield from _references(source)


def _name(node: Node) -> str:
    return node.trigger.name if node.trigger else ""


def _references(source: Source) -> Findings:
    """BPMN's source and target say by id what the name says already."""
    for tag in source.tags:
        if tag.name not in ("source", "target") or tag.parent is None:
            continue
        other = source.by_id.get(tag.text)
        links = other is not None and other.name == tag.parent.name == "linkEventDefinition"
        if links and other is not None and other.get("name") != tag.parent.get("name"):
            yield found(tag, OTHER, link=tag.parent.get("name"))
