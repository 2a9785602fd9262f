"""Call activity: another process, in variables of its own; what goes in and out is mapped.

camunda:in and out: one variable, an expression, all, the business key (the caller's when
none is given). BPMN 2.0.2 §13.3.4."""

from __future__ import annotations

from runtime.bpmn.model import Node
from runtime.engine.elements.activity import Activity
from runtime.engine.elements.mappings import carried
from runtime.engine.texts import mappings, template
from runtime.engine.tree import ScopeSpec, Token
from runtime.expressions import PURE


def called_scope(token: Token) -> str:
    """The id of the root scope of the process that `token` calls."""
    return f"{token.id}/called"


class CallActivity(Activity):
    def __init__(self, level: ScopeSpec, node: Node, *, item: bool = False) -> None:
        super().__init__(level, node, item=item)
        self.into, self.out = mappings(node.mappings_in), mappings(node.mappings_out)
        keys = [mapping.business_key for mapping in node.mappings_in if mapping.business_key]
        self.key = template(keys[0]) if keys else None

    def begin(self, token: Token) -> bool:
        case = token.case
        key = token.workflow.key
        if self.key is not None:
            key = PURE["text"](self.key.fill(case.evaluator(token)))
        scope = called_scope(token)
        case.scopes.open(scope, None)
        for name, value in carried(self.into, token, token.local, inwards=True):
            case.scopes.put(scope, name, value)
        level = case.open_inside(token, scope, key)
        case.enter(case.spawn(level, level.spec.starts[""], scope))
        return False

    def finish(self, token: Token) -> None:
        self.map_out(token)
        super().finish(token)

    def map_out(self, token: Token) -> None:
        """What the called process tells: written around the call, or (`local`) into the call's own scope."""
        scopes = token.case.scopes
        for mapped in self.out:
            for name, value in carried((mapped,), token, called_scope(token)):
                if not mapped.local:
                    self.write_out(token, name, value)
                    continue
                if token.id not in scopes:
                    scopes.open(token.id, token.scope)
                scopes.put(token.id, name, value)
