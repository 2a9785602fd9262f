"""A file that was drawn for another engine is told so once, and nothing else of it is judged."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import CAMUNDA, FOREIGN, TOOL, ZEEBE, Tag

# As Camunda Modeler marks a diagram of Camunda 8.
CLOUD = "Camunda Cloud"


@rule("other_engine", alone=True)
def other_engine(source: Source) -> Findings:
    """This file is drawn for {engine}; what runs here is drawn for Camunda 7. In {count} places it says what only
    {engine} reads, first with {written} in “{name}”: write there what Camunda 7 writes, and check it again.

    What has camunda: too is ours, with remains of another engine: unknown_element speaks of each."""
    foreign = [(tag, name) for tag in source.tags for name in _foreign(tag)]
    if not foreign:
        return
    cloud = source.root.get(f"{TOOL}:executionPlatform") == CLOUD
    if not cloud and any(_ours(tag) for tag in source.tags):
        return
    at, written = foreign[0]
    address = ZEEBE if cloud else written[1:].partition("}")[0]
    local = written.partition("}")[2]
    yield found(at, engine=FOREIGN[address], count=len(foreign), written=local)


def _foreign(tag: Tag) -> list[str]:
    """What another engine reads of it, the tag itself or attributes, as "{address}name"."""
    if tag.space in FOREIGN:
        # What stands inside one goes with it.
        return [] if tag.parent and tag.parent.space in FOREIGN else [f"{{{tag.space}}}{tag.name}"]
    return [key for key in tag.attributes if key.startswith("{") and key[1:].partition("}")[0] in FOREIGN]


def _ours(tag: Tag) -> bool:
    return tag.space == CAMUNDA or any(key.startswith(f"{CAMUNDA}:") for key in tag.attributes)
