"""Paths that run at the same time and meet in a task run it once each."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Node, Scope
from runtime.bpmn.vocabulary import ACTIVITIES, GATEWAYS

# Each path of a fork looks at all that follows it. What is more work than this is not made by hand.
MAX_FORKS = 100
MAX_WORK = 2_000_000  # nodes and flows that are looked at
JOINED = ACTIVITIES | {"intermediateCatchEvent", "intermediateThrowEvent"}
SEVERAL = frozenset({"parallelGateway", "inclusiveGateway", "complexGateway"})


@rule("fake_join", "warning")
def fake_join(source: Source) -> Findings:
    """Paths that may run at the same time meet in “{name}” and do not wait for one another: join them with a
    gateway of the kind that split them."""
    work = 0
    for _, scope in source.scopes:
        warned: set[str] = set()
        for branches in _forks(scope)[:MAX_FORKS]:
            work += len(branches) * (len(scope.nodes) + len(scope.flows))
            if work > MAX_WORK:
                return
            reached = [_reached(scope, start) for start in branches]
            counts: dict[str, int] = {}
            for branch in reached:
                for node_id in branch:
                    counts[node_id] = counts.get(node_id, 0) + 1
            for node_id, count in counts.items():
                node = scope.nodes[node_id]
                # Only where the paths meet: what comes after is reached by both anyhow.
                meets = node.kind in JOINED and count > 1 and len(node.incoming) > 1
                if meets and node_id not in warned and _differ(scope, node, reached):
                    warned.add(node_id)
                    yield found(node)


def _forks(scope: Scope) -> list[list[str]]:
    """The first nodes of paths that run at the same time."""
    forks = []
    for node in scope.nodes.values():
        targets = [scope.flows[flow].target for flow in node.outgoing if not _instead(scope, node, flow)]
        # Several flows out of something that is no gateway are all taken.
        if (node.kind in SEVERAL or node.kind not in GATEWAYS) and len(targets) > 1:
            forks.append(targets)
        if node.kind == "boundaryEvent" and not node.interrupting and node.attached_to in scope.nodes:
            forks.append([node.id, *(scope.flows[f].target for f in scope.nodes[node.attached_to].outgoing)])
    return forks


def _instead(scope: Scope, node: Node, flow_id: str) -> bool:
    """Whether a flow is taken only in place of others: the default, beside conditions alone."""
    if flow_id != node.default:
        return False
    others = [scope.flows[flow] for flow in node.outgoing if flow != flow_id]
    return all(flow.condition is not None for flow in others)


def _reached(scope: Scope, start: str) -> set[str]:
    """Nodes reached before the next join."""
    pending, seen = [start], set[str]()
    while pending:
        current = pending.pop()
        node = scope.nodes.get(current)
        if node is None or current in seen or _joins(node):
            continue
        seen.add(current)
        pending += [scope.flows[flow].target for flow in node.outgoing]
    return seen


def _joins(node: Node) -> bool:
    return node.kind in SEVERAL and len(node.incoming) > 1


def _differ(scope: Scope, node: Node, reached: list[set[str]]) -> bool:
    """Whether two branches come in by different flows."""
    sources = [scope.flows[flow].source for flow in node.incoming]
    ways = {frozenset(i for i, branch in enumerate(reached) if origin in branch) for origin in sources}
    return len([way for way in ways if way]) > 1 or frozenset() in ways
