"""A parallel gateway that waits for paths of which only one is ever taken."""

from runtime.bpmn.lint.rule import Findings, Source, found, label, rule
from runtime.bpmn.model import Node, Scope

CHOOSING_ONE = ("exclusiveGateway", "eventBasedGateway")


@rule("never_joins", "warning")
def never_joins(source: Source) -> Findings:
    """“{name}” waits for paths of which “{choice}” takes only one, so that it never goes on: join them with an
    exclusive gateway."""
    for _, scope in source.scopes:
        again: dict[str, bool] = {}
        for node in scope.nodes.values():
            if node.kind != "parallelGateway" or len(node.incoming) < 2:
                continue
            taken: dict[str, str] = {}
            for flow in node.incoming:
                choices = _choices(scope, flow, again)
                for choice, exit_ in choices.items():
                    if taken.setdefault(choice, exit_) != exit_:
                        yield found(node, choice=label(scope.nodes[choice]))
                        break
                else:
                    continue
                break


def _choices(scope: Scope, flow_id: str, again: dict[str, bool]) -> dict[str, str]:
    """The choices that a token on this flow has certainly come through, each with the exit that it took.

    Only as far back as there is one way: where paths meet, nothing is certain."""
    passed: dict[str, str] = {}
    seen: set[str] = set()
    while flow_id not in seen:
        seen.add(flow_id)
        origin = scope.nodes.get(scope.flows[flow_id].source)
        if origin is None:
            break
        if origin.kind in CHOOSING_ONE:
            if origin.id not in again:
                again[origin.id] = _again(scope, origin)
            if not again[origin.id]:
                passed[origin.id] = flow_id
        if len(origin.incoming) != 1:
            break
        flow_id = origin.incoming[0]
    return passed


def _again(scope: Scope, node: Node) -> bool:
    """Whether a token may come to this choice a second time."""
    pending, seen = [scope.flows[flow].target for flow in node.outgoing], set[str]()
    while pending:
        current = pending.pop()
        if current == node.id:
            return True
        if current in seen or current not in scope.nodes:
            continue
        seen.add(current)
        pending += [scope.flows[flow].target for flow in scope.nodes[current].outgoing]
        pending += [boundary.id for boundary in scope.boundaries(current)]
    return False
