"""What a gateway says of itself and what is drawn."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.vocabulary import GATEWAYS

UNKNOWN = (
    'gatewayDirection="{value}" of “{name}” is not accepted: Converging, Diverging, Mixed or Unspecified.'
)
# direction: whether several flows come in, whether several go out
DIRECTIONS = {"Converging": (True, False), "Diverging": (False, True), "Mixed": (True, True)}


@rule("gateway_direction", sentences=[UNKNOWN])
def gateway_direction(source: Source) -> Findings:
    """“{name}” is said to be {value}, but {incoming} flows lead in and {outgoing} lead out."""
    for node in source.nodes:
        value = source.by_id[node.id].get("gatewayDirection") if node.kind in GATEWAYS else ""
        if not value or value == "Unspecified":
            continue
        incoming, outgoing = len(node.incoming), len(node.outgoing)
        if value not in DIRECTIONS:
            yield found(node, UNKNOWN, value=value)
        elif DIRECTIONS[value] != (incoming > 1, outgoing > 1):
            yield found(node, value=value, incoming=incoming, outgoing=outgoing)
