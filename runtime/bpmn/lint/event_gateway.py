"""An event-based gateway waits for the first of several events."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

FEW = "“{name}” waits for the first of several events and needs two exits or more."
SHARED = "“{target}” follows the event-based gateway “{name}” and must have no other incoming flow."


@rule("event_gateway", sentences=[FEW, SHARED])
def event_gateway(source: Source) -> Findings:
    """“{target}” follows the event-based gateway “{name}” and must be a message or timer catch event."""
    for _, scope in source.scopes:
        for node in scope.nodes.values():
            if node.kind != "eventBasedGateway":
                continue
            if len(node.outgoing) < 2:
                yield found(node, FEW)
            for flow_id in node.outgoing:
                target = scope.nodes.get(scope.flows[flow_id].target)
                if target is None:
                    continue
                label = target.names.get("zh_Hans") or target.id
                if target.kind != "intermediateCatchEvent":
                    yield found(node, target=label)
                elif len(target.incoming) > 1:
                    yield found(node, SHARED, target=label)
