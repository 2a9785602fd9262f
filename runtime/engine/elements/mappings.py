"""camunda:in and out: what a called process, or whoever catches a signal, is given."""

from __future__ import annotations

from collections.abc import Iterator

from runtime.engine.texts import Mapped
from runtime.engine.tree import Token
from runtime.values import Value


def carried(
    mapped: tuple[Mapped, ...], token: Token, source: str, *, inwards: bool = False
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
            scopes = token.case.scopes
            seen = scopes.visible(source, local=True) if narrow else token.case.names(token, source)
            yield item.target or item.source, seen.get(item.source)
