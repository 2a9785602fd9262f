"""Ad-hoc subprocess: people choose which of its activities they do, and how often, until it is complete.

The activities that no flow leads to are offered to their candidates; one that was done, or that an
event at it has interrupted, is offered again. After each activity the completion condition is
asked: once it holds, offers are withdrawn, and what still runs is ended too unless
cancelRemainingInstances is false. With ordering Sequential nothing is offered while the flows
behind one activity are being followed. BPMN 2.0.2 §10.3.5, §13.3.5."""

from __future__ import annotations

from runtime.bpmn.model import AdHoc, Node
from runtime.engine.elements.activity import Bounded
from runtime.engine.elements.sub_process import SubProcess
from runtime.engine.texts import formula
from runtime.engine.tree import InnerLevel, ScopeSpec, Token


class AdHocSubProcess(SubProcess):
    decides_itself = True

    def __init__(self, level: ScopeSpec, node: Node, *, item: bool = False) -> None:
        super().__init__(level, node, item=item)
        self.about = node.ad_hoc or AdHoc()
        self.completion = formula(self.about.completion_condition)
        inside = node.scope.nodes.values() if node.scope else ()
        self.offered = [each.id for each in inside if is_offered(each)]

    def begin(self, token: Token) -> bool:
        level = token.case.open_inside(token, token.local, token.workflow.key)
        self.offer(level)
        return False

    def offer(self, level: InnerLevel, only: str = "") -> None:
        case = level.owner.case
        for name in [only] if only else self.offered:
            token = case.spawn(level, level.spec.element(name), level.scope)
            token.memory["offer"] = True
            case.enter(token)

    def inner_finishes(self, level: InnerLevel, token: Token) -> None:
        """Within the step that leaves an activity: whether that makes all of it complete."""
        spec = token.task_spec
        if isinstance(spec, Bounded) and not spec.is_item and "handler_of" not in token.memory:
            token.memory["complete"] = self.holds(self.completion, token.case.evaluator(level.owner))

    def inner_left(self, level: InnerLevel, token: Token) -> None:
        case, owner = token.case, level.owner
        if token.memory.get("complete") and not owner.memory.get("closing"):
            owner.memory["closing"] = True
            if self.about.cancel_remaining:
                case.interrupt(level)
        # An event subprocess that has interrupted it is all that there was left to do.
        if owner.memory.get("closing") or level.interrupted:
            self.withdraw_offers(level)
            if level.empty():
                case.close(level, token)
            return
        over = self.over_with(token)
        if self.about.sequential and over and token.flows:
            self.withdraw_offers(level)
        elif over:
            self.offer(level, over)
        elif level.empty():
            self.offer(level)

    def over_with(self, token: Token) -> str:
        """The offered activity that is over with this token: it was done, or interrupted; "" if none."""
        if token.memory.get("offer"):
            return token.element
        node = token.task_spec.node
        return node.attached_to if node.interrupting and node.attached_to in self.offered else ""

    def withdraw_offers(self, level: InnerLevel) -> None:
        for other in [each for each in level.tokens() if each.memory.get("offer")]:
            level.owner.case.withdraw(other)


def is_offered(node: Node) -> bool:
    """Whether people may choose a node: no flow or event leads to it."""
    return not (node.incoming or node.attached_to or node.by_event or node.for_compensation)
