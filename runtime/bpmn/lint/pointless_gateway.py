"""A gateway that neither splits nor joins."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.vocabulary import GATEWAYS


@rule("pointless_gateway", "warning")
def pointless_gateway(source: Source) -> Findings:
    """“{name}” has one way in and one way out, so that it decides nothing: remove it, or draw the missing flow."""
    for node in source.nodes:
        # Of an event-based gateway with one exit event_gateway speaks.
        gateway = node.kind in GATEWAYS - {"eventBasedGateway"}
        if gateway and len(node.incoming) == len(node.outgoing) == 1:
            yield found(node)
