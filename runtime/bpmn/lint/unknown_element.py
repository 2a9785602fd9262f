"""Elements that BPMN does not have, that stand where they mean nothing, or that are another engine's."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.lint.unsupported_extension import ELEMENTS
from runtime.bpmn.tags import BPMN, CAMUNDA, DRAWING, FOREIGN, TOOL, Tag
from runtime.bpmn.vocabulary import ACCEPTED, DRAWN_ONLY, EVERYWHERE, EXTENSIONS, REFUSED

MISPLACED = "The element {element} has no meaning inside {parent} (“{name}”)."
ENGINE = "{element} in “{name}” is written for {engine}; only files of Camunda 7 and Operaton are read."
# Other rules speak of these.
SPOKEN_OF = ELEMENTS.keys()


@rule("unknown_element", sentences=[MISPLACED, ENGINE])
def unknown_element(source: Source) -> Findings:
    """The element {element} in “{name}” is not known."""
    for tag in source.tags:
        parent = tag.parent
        if parent is None or parent.name in DRAWN_ONLY:
            continue
        if tag.space in FOREIGN:
            if parent.space not in FOREIGN:
                yield found(tag, ENGINE, element=tag.name, engine=FOREIGN[tag.space])
        elif parent.space == BPMN and tag.space not in (BPMN, CAMUNDA, DRAWING, TOOL):
            # Inside extensionElements it is a tool's own, of which foreign_extension speaks.
            if parent.name != "extensionElements":
                yield found(tag, element=tag.name)
        elif tag.space == BPMN and parent.space == BPMN:
            yield from _standard(tag, parent)
        elif tag.space == CAMUNDA and parent.space in (BPMN, CAMUNDA):
            yield from _extension(tag, parent)


def _standard(tag: Tag, parent: Tag) -> Findings:
    if tag.name in EVERYWHERE or tag.name in DRAWN_ONLY or tag.name in REFUSED or parent.name in REFUSED:
        return
    if tag.name not in ACCEPTED:
        yield found(tag, element=tag.name)
    elif parent.name not in ACCEPTED[tag.name][0]:
        yield found(tag, MISPLACED, element=tag.name, parent=parent.name)


def _extension(tag: Tag, parent: Tag) -> Findings:
    direct = parent.name == "extensionElements"
    if tag.name not in EXTENSIONS:
        if (direct or parent.name in EXTENSIONS) and tag.name not in SPOKEN_OF:
            yield found(tag, element=f"camunda:{tag.name}")
        return
    holder = parent.parent if direct else parent
    if holder is None or holder.name in REFUSED or holder.name in SPOKEN_OF:
        return
    if holder.name not in EXTENSIONS[tag.name][0] or direct != (holder.space == BPMN):
        yield found(tag, MISPLACED, element=f"camunda:{tag.name}", parent=holder.name)
