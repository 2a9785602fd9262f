"""The small language of conditions, assignments, mappings and rule cells.

JUEL as Camunda Modeler writes it (`${amount > 1000 && 部門 == '財務'}`), alone, inside
text, or without the braces. A text is read once (`compile`) into the tree of `tree.py`;
`read.py` holds the grammar, `run.py` the meaning, `functions.py` what can be called.
Nothing here reaches a Python attribute: there are only values, and no loops.

Not here: FEEL, which begins with `=` (v8.py), and JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from runtime.expressions.errors import CannotEvaluate, Malformed
from runtime.expressions.functions import PURE
from runtime.expressions.read import has_braces, read
from runtime.expressions.run import CONTEXT, check_result, prepare
from runtime.expressions.tree import (
    Binary,
    Call,
    Conditional,
    Index,
    ListOf,
    Literal,
    Method,
    Name,
    Node,
    Property,
    Text,
    Unary,
    walk,
)
from runtime.values import Value

__all__ = [
    "CONTEXT",
    "PURE",
    "Binary",
    "Call",
    "CannotEvaluate",
    "Conditional",
    "Expression",
    "Index",
    "ListOf",
    "Literal",
    "Malformed",
    "Method",
    "Name",
    "Node",
    "Property",
    "Text",
    "Unary",
    "compile",
    "has_braces",
    "walk",
]


@dataclass(frozen=True)
class Expression:
    """A text that has been read, ready to be evaluated any number of times, by any thread."""

    text: str
    tree: Node
    names: frozenset[str]  # what `names` must hold: variables, `initiator`, `execution` …
    calls: frozenset[str]  # what `functions` must hold beside PURE: "now", "execution.getVariable" …
    _run: Callable[..., Value] = field(repr=False, compare=False)

    def evaluate(
        self,
        names: Mapping[str, Value],
        functions: Mapping[str, Callable[..., Value]] = MappingProxyType({}),
    ) -> Value:
        """The value for these names. Raises CannotEvaluate: unknown name, null, mismatched types.

        `functions` is what may be called besides PURE; a method of a name has a dotted key
        ("execution.getVariable"). What they raise as an error of ours goes through unchanged."""
        try:
            return check_result(self._run(names, functions))
        except CannotEvaluate as error:
            error.name_expression(self.text)
            raise


@lru_cache(maxsize=4096)
def compile(text: str, *, braces: bool = True) -> Expression:
    """Read `text`. Raises Malformed with text, line, column and reason.

    With `braces`, only what stands in `${…}` or `#{…}` is evaluated: one whole pair gives a value
    of any type, more or text around it gives text, none gives the text itself. Without, the whole
    text is an expression (a pair of braces around it is allowed)."""
    tree = read(text, braces=braces)
    names: set[str] = set()
    calls: set[str] = set()
    for node in walk(tree):
        if isinstance(node, Name):
            names.add(node.id)
        elif isinstance(node, Call) and node.name not in PURE:
            calls.add(node.name)
    return Expression(text, tree, frozenset(names), frozenset(calls), prepare(tree))
