"""Complex gateway: goes on when its activation condition holds, then waits for the rest and starts anew.

First phase: as soon as the condition is true, one token of each filled flow is taken, and
tokens leave as from an inclusive gateway. Then it resets: when no token can come any more by the
flows that were empty, those that have come are taken, and only conditional flows whose
condition holds then are used. Conditions see `activationCount`, the number of incoming flows
that hold a token, and `waitingForStart`. BPMN 2.0.2 §10.6.5, §13.4.5."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.bpmn.model import Node
from runtime.engine.joins import Join
from runtime.engine.texts import Evaluate, formula
from runtime.engine.tree import CHECK, ENTER, WAITING, Level, ScopeSpec, Token
from runtime.values import Value

START, RESET = "start", "reset"


class ComplexGateway(Join):
    def __init__(self, level: ScopeSpec, node: Node) -> None:
        super().__init__(level, node)
        self.activation = formula(node.activation) if node.activation else None

    def _update_hook(self, my_task: Token) -> bool:
        # Whether it goes on is a question that may fail, so it is a step of its own.
        if len(self.node.incoming) > 1:
            my_task.phase = CHECK
            my_task.workflow.hold(my_task)
        else:
            my_task.memory["phase"] = START
        return True

    def check(self, token: Token) -> None:
        level: Level = token.workflow
        fires = self.node.id not in level.resets and self.is_active(token)
        token.phase = ENTER
        token._set_state(WAITING)
        if fires:
            first = self.first_by_flow(level)
            level.resets[self.node.id] = sorted(first)
            self.send(level, first, START)

    def is_active(self, token: Token) -> bool:
        return self.activation is None or self.holds(self.activation, self.asked(token, True))

    def asked(self, token: Token, waiting_for_start: bool) -> Evaluate:
        count = len(token.workflow.filled(self.name))
        beside = {"activationCount": count, "waitingForStart": waiting_for_start}
        return token.case.evaluator(token, None, beside)

    def send(self, level: Level, first: dict[str, Token], phase: str) -> None:
        """One of the tokens goes on for all of them."""
        lead = self.gather(level, first)
        lead.memory = {"phase": phase, "count": len(first)}
        lead.case.go_on(lead)

    def settle(self, level: Level) -> bool:
        """Reset, when nothing that was not there in the first phase can come any more."""
        case = level.task_tree.case
        taken = level.resets.get(self.node.id)
        if taken is None or self.leaving(level):
            return False
        known = set(taken)
        if self.expects(level, known, level.filled(self.name)):
            return False
        first = {flow: token for flow, token in self.first_by_flow(level).items() if flow not in known}
        del level.resets[self.node.id]
        if not first and self.conditions:
            lead = case.spawn(level, self, level.scope)
            case.reached(lead)
            lead._set_state(WAITING)
            first = {"": lead}
        if first:
            self.send(level, first, RESET)
        # What has come twice may start it once more.
        for tokens in level.filled(self.name).values():
            for token in tokens.values():
                token.phase = CHECK
                token._ready()
        return True

    def leaving(self, level: Level) -> bool:
        """Whether one of the first phase is still on its way out."""
        return any(token.task_spec is self and "phase" in token.memory for token in level.branches())

    def holding(self, token: Token, beside: Mapping[str, Value] | None = None) -> set[str]:
        start = token.memory["phase"] == START
        return super().holding(
            token, {"activationCount": token.memory.get("count", 1), "waitingForStart": start}
        )

    def exits(self, token: Token) -> tuple[str, ...]:
        if token.memory["phase"] == RESET:
            holding = self.holding(token)
            return tuple(flow for flow in self.node.outgoing if flow in holding)
        return super().exits(token)
