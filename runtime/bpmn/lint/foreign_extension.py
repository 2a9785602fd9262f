"""What other tools keep in a file for themselves."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import FOREIGN, SPACES, Tag

KNOWN = frozenset(SPACES.values())


@rule("foreign_extension", "warning")
def foreign_extension(source: Source) -> Findings:
    """{element} in “{name}” belongs to another tool ({address}) and is not read here."""
    for tag in source.tags:
        if tag.parent is None:
            continue
        if _foreign(tag) and tag.parent.name == "extensionElements":
            yield found(tag, element=tag.name, address=tag.space)
        elif not _foreign(tag):
            for key in tag.attributes:
                address, closed, name = key[1:].partition("}") if key.startswith("{") else ("", "", "")
                if closed and address not in FOREIGN:
                    yield found(tag, element=name, address=address)


def _foreign(tag: Tag) -> bool:
    """Other engines' files are refused by unknown_element and unknown_attribute."""
    return tag.space not in KNOWN and tag.space not in FOREIGN
