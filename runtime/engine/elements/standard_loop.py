"""Standard loop: the same activity again while its condition holds.

The body asks the condition before each round (testBefore) or after it, and counts the rounds
that are done in `loopCounter`, 0 in the first. `loopMaximum` ends it in any case. Without a
condition it goes on for ever, up to its maximum. BPMN 2.0.2 §10.3.8, §13.3.6."""

from __future__ import annotations

from runtime.bpmn.model import Node, Repeat
from runtime.engine.elements.activity import Activity, Bounded
from runtime.engine.elements.base import shown
from runtime.engine.errors import NotACount
from runtime.engine.texts import formula
from runtime.engine.tree import ScopeSpec, Token


class StandardLoop(Bounded):
    """The body. `kind` tells it from its rounds, which have the activity's own."""

    def __init__(self, level: ScopeSpec, node: Node, loop: Repeat, item: Activity) -> None:
        super().__init__(level, node)
        self.kind = "standardLoop"
        self.outputs_ = ()  # they belong to each round
        self.loop, self.item = loop, item
        self.condition = formula(loop.condition) if loop.condition else None
        self.maximum = formula(loop.maximum) if loop.maximum else None

    def begin(self, token: Token) -> bool:
        case = token.case
        if token.id not in case.scopes:  # one that undoes something has what that knew
            case.scopes.open(token.id, token.scope)
        case.scopes.put(token.id, "loopCounter", 0, quiet=True)
        token.memory |= {"done": 0, "maximum": self.most(token)}
        if token.memory["maximum"] == 0 or (self.loop.test_before and not self.again(token)):
            return True
        self.start_round(token)
        return False

    def most(self, token: Token) -> int | None:
        if self.maximum is None:
            return None
        number = token.case.evaluator(token)(self.maximum)
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise NotACount(element=self.node.id, expression=self.maximum.text, value=shown(number))
        return number

    def again(self, token: Token) -> bool:
        return self.condition is None or self.holds(self.condition, token.case.evaluator(token))

    def start_round(self, body: Token) -> None:
        case = body.case
        token = case.spawn(body.workflow, self.item, body.id, parent=body)
        case.reached(token)
        self.item._update(token)

    def item_finishes(self, body: Token, token: Token) -> None:
        """Within the step that leaves a round: what may fail. `item_left` then only moves tokens."""
        done, most = body.memory["done"] + 1, body.memory["maximum"]
        body.case.scopes.put(body.id, "loopCounter", done, quiet=True)
        token.memory["last"] = (most is not None and done >= most) or not self.again(body)

    def item_left(self, body: Token, token: Token) -> None:
        body.memory["done"] += 1
        if token.memory["last"]:
            body.case.go_on(body)
        else:
            self.start_round(body)
