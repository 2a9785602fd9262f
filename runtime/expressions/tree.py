"""What an expression says, as a tree of frozen dataclasses.

Readers of the tree (rules, lint, soundness) need nothing but this file. Word operators are
already signs: `eq` is "==", `div` is "/", `&&` is "and".

Not here: how a text becomes a tree (read.py) and what a tree means (run.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runtime.values import Value


@dataclass(frozen=True, slots=True)
class Literal:
    value: Value  # text, int, Decimal, bool or None


@dataclass(frozen=True, slots=True)
class Name:
    id: str


@dataclass(frozen=True, slots=True)
class Unary:
    op: str  # - not empty
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    op: str  # + - * / % == != < <= > >= and or in
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Conditional:
    test: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function that is handed in; `execution.getVariable(…)` has the dotted name."""

    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """One of the methods that a text, list, map or date has of itself (functions.METHODS)."""

    of: Node
    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Property:
    of: Node
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    of: Node
    key: Node


@dataclass(frozen=True, slots=True)
class ListOf:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """Text with expressions in it; its value is text."""

    parts: tuple[Node, ...]


Node = Literal | Name | Unary | Binary | Conditional | Call | Method | Property | Index | ListOf | Text


def parts(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in the order of the text."""
    match node:
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Conditional(test, then, otherwise):
            return (test, then, otherwise)
        case Call(_, args):
            return args
        case Method(of, _, args):
            return (of, *args)
        case Property(of, _):
            return (of,)
        case Index(of, key):
            return (of, key)
        case ListOf(items):
            return items
        case Text(pieces):
            return pieces
    return ()


def walk(tree: Node) -> Iterator[Node]:
    """Every node, the outer before the inner; no recursion, so any depth will do."""
    open_nodes = [tree]
    while open_nodes:
        node = open_nodes.pop()
        yield node
        open_nodes.extend(reversed(parts(node)))


def depth(tree: Node) -> int:
    """Levels of the tree; 1 for a leaf."""
    deepest, open_nodes = 0, [(tree, 1)]
    while open_nodes:
        node, level = open_nodes.pop()
        deepest = max(deepest, level)
        open_nodes.extend((inner, level + 1) for inner in parts(node))
    return deepest
