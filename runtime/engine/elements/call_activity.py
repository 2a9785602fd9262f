"""Call activity: another process, in variables of its own; what goes in and out is mapped.

camunda:in and out: one variable, an expression, all, the business key (the caller's when
none is given). BPMN 2.0.2 §13.3.4."""

from __future__ import annotations

from collections.abc import Iterator

from runtime.bpmn.model import Node
from runtime.engine.elements.activity import Activity
from runtime.engine.texts import Mapped, mappings, template
from runtime.engine.tree import ScopeSpec, Token
from runtime.expressions import PURE
from runtime.values import Value


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
        inside = token.workflow.spec.inner[self.node.id]
        key = token.workflow.key
        if self.key is not None:
            key = PURE["text"](self.key.fill(case.evaluator(token)))
        scope = called_scope(token)
        case.scopes.open(scope, None)
        for name, value in self.carried(self.into, token, token.local, inwards=True):
            case.scopes.put(scope, name, value)
        level = case.open_level(token, inside, scope, key)
        case.enter(case.spawn(level, inside.starts[""], scope))
        return False

    def finish(self, token: Token) -> None:
        self.map_out(token)
        super().finish(token)

    def map_out(self, token: Token) -> None:
        """What the called process tells: written around the call, or (`local`) into the call's own scope."""
        scopes = token.case.scopes
        for mapped in self.out:
            for name, value in self.carried((mapped,), token, called_scope(token)):
                if not mapped.local:
                    self.write_out(token, name, value)
                    continue
                if token.id not in scopes:
                    scopes.open(token.id, token.scope)
                scopes.put(token.id, name, value)

    def carried(
        self, mapped: tuple[Mapped, ...], token: Token, source: str, *, inwards: bool = False
    ) -> Iterator[tuple[str, Value]]:
        """Names and values, read in scope `source`. A variable that is not there is null, as in Camunda."""
        evaluate = token.case.evaluator(token, source)
        for item in mapped:
            # Going in, `local` narrows what is read; coming out, it says where it is written.
            narrow = inwards and item.local
            if item.all:
                yield from token.case.scopes.visible(source, local=narrow).items()
            elif item.expression is not None:
                yield item.target, evaluate(item.expression)
            else:
                own = token.case.scopes.visible(source, local=True)
                seen = own if narrow else token.case.names(token, source)
                yield item.target or item.source, seen.get(item.source)
