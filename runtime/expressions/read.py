"""From text to tree: the grammar, and the braces around expressions in text.

Not here: what an expression means (run.py)."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args

from runtime.expressions import errors
from runtime.expressions.functions import METHODS
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
    depth,
)

MAX_LENGTH = 10_000  # characters
MAX_DEPTH = 100  # levels of the tree
MAX_DIGITS = 34  # what run.CONTEXT computes exactly

# Comparisons do not chain: 1 < x < 5 means one thing to a mathematician and another to JUEL,
# so it is refused. The word `not` binds looser than a comparison; for booleans, the only
# operands that it takes, this equals JUEL's tighter binding.
GRAMMAR = r"""
?start: conditional

?conditional: disjunction
    | disjunction "?" conditional ":" conditional   -> choose

?disjunction: conjunction
    | disjunction ("||" | _OR) conjunction           -> either

?conjunction: negation
    | conjunction ("&&" | _AND) negation             -> both

?negation: equality
    | _NOT negation                                  -> negate

?equality: relation
    | relation ("==" | _EQ) relation                 -> eq
    | relation ("!=" | _NE) relation                 -> ne

?relation: sum
    | sum ("<" | _LT) sum                            -> lt
    | sum ("<=" | _LE) sum                           -> le
    | sum (">" | _GT) sum                            -> gt
    | sum (">=" | _GE) sum                           -> ge
    | sum _IN sum                                    -> within

?sum: product
    | sum "+" product                               -> add
    | sum "-" product                               -> subtract

?product: unary
    | product "*" unary                             -> multiply
    | product ("/" | _DIV) unary                     -> divide
    | product ("%" | _MOD) unary                     -> remainder

?unary: operand
    | "-" unary                                     -> minus
    | "!" unary                                     -> negate
    | _EMPTY unary                                   -> empty

?operand: literal
    | "(" conditional ")"
    | "[" [arguments] "]"                           -> list_of
    | NAME                                          -> name
    | NAME "(" [arguments] ")"                      -> call
    | operand "." NAME                              -> property
    | operand "." NAME "(" [arguments] ")"          -> method
    | operand "[" conditional "]"                   -> index

arguments: conditional ("," conditional)*

?literal: INTEGER                                   -> integer
    | DECIMAL                                       -> decimal
    | STRING                                        -> string
    | TRUE                                          -> true
    | FALSE                                         -> false
    | NULL                                          -> null

_OR.2: /or(?!\w)/
_AND.2: /and(?!\w)/
_NOT.2: /not(?!\w)/
_EQ.2: /eq(?!\w)/
_NE.2: /ne(?!\w)/
_LT.2: /lt(?!\w)/
_LE.2: /le(?!\w)/
_GT.2: /gt(?!\w)/
_GE.2: /ge(?!\w)/
_IN.2: /in(?!\w)/
_DIV.2: /div(?!\w)/
_MOD.2: /mod(?!\w)/
_EMPTY.2: /empty(?!\w)/
TRUE.2: /true(?!\w)/
FALSE.2: /false(?!\w)/
NULL.2: /null(?!\w)/

NAME: /[^\W\d]\w*/
INTEGER: /[0-9]+(?!\w)/
DECIMAL.3: /([0-9]+\.[0-9]+|\.[0-9]+)([eE][+-]?[0-9]+)?(?!\w)|[0-9]+[eE][+-]?[0-9]+(?!\w)/
STRING: /'(\\.|[^'\\])*'|"(\\.|[^"\\])*"/s

%ignore /\s+/
"""

_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t"}
# Outside quotes there is no brace within an expression, so the first one ends it.
_BRACES = re.compile(r"""[$#]\{((?:[^{}'"]|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")*)\}""", re.DOTALL)
_OPENING = re.compile(r"\\?[$#]\{")
# What a Chinese keyboard gives and Unicode's own compatibility form does not undo.
_FULL_WIDTH = {
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "、": ",",
    "。": ".",
    "×": "*",
    "÷": "/",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "【": "[",
    "】": "]",
}


class _Refused(Exception):
    """A token that the grammar takes and we do not."""

    def __init__(self, kind: type[errors.Malformed], token: Token, **params: Any) -> None:
        self.kind, self.token, self.params = kind, token, params


def _binary(op: str) -> Any:
    return lambda self, left, right: Binary(op, left, right)


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    either, both = _binary("or"), _binary("and")
    eq, ne = _binary("=="), _binary("!=")
    lt, le, gt, ge, within = (_binary(op) for op in ("<", "<=", ">", ">=", "in"))
    add, subtract = _binary("+"), _binary("-")
    multiply, divide, remainder = (_binary(op) for op in "*/%")

    def choose(self, test: Node, then: Node, otherwise: Node) -> Node:
        return Conditional(test, then, otherwise)

    def negate(self, operand: Node) -> Node:
        return Unary("not", operand)

    def minus(self, operand: Node) -> Node:
        return Unary("-", operand)

    def empty(self, operand: Node) -> Node:
        return Unary("empty", operand)

    def arguments(self, *items: Node) -> tuple[Node, ...]:
        return items

    def list_of(self, items: tuple[Node, ...] | None) -> Node:
        return ListOf(items or ())

    def name(self, token: Token) -> Node:
        return Name(_plain(token))

    def call(self, token: Token, args: tuple[Node, ...] | None) -> Node:
        return Call(_plain(token), args or ())

    def property(self, of: Node, token: Token) -> Node:
        return Property(of, _plain(token))

    def method(self, of: Node, token: Token, args: tuple[Node, ...] | None) -> Node:
        name = _plain(token)
        if name in METHODS:
            return Method(of, name, args or ())
        # Not a method of a value: a function of something handed in, or the call of a bean,
        # which the lint refuses because nothing of that name is handed in.
        if isinstance(of, Name):
            return Call(f"{of.id}.{name}", args or ())
        raise _Refused(errors.MethodNotOffered, token, name=name)

    def index(self, of: Node, key: Node) -> Node:
        return Index(of, key)

    def integer(self, token: Token) -> Node:
        if len(token) > MAX_DIGITS:
            raise _Refused(errors.NumberTooLong, token, limit=MAX_DIGITS)
        return Literal(int(token))

    def decimal(self, token: Token) -> Node:
        value = Decimal(str(token))
        if len(value.as_tuple().digits) > MAX_DIGITS or abs(value.adjusted()) > MAX_DIGITS:
            raise _Refused(errors.NumberTooLong, token, limit=MAX_DIGITS)
        return Literal(value)

    def string(self, token: Token) -> Node:
        def unescape(found: re.Match[str]) -> str:
            if found[1] not in _ESCAPES:
                raise _Refused(errors.EscapeUnknown, token, found=found[0])
            return _ESCAPES[found[1]]

        return Literal(re.sub(r"\\(.)", unescape, token[1:-1], flags=re.DOTALL))

    def true(self, _: Token) -> Node:
        return Literal(True)

    def false(self, _: Token) -> Node:
        return Literal(False)

    def null(self, _: Token) -> Node:
        return Literal(None)


def _plain(token: Token) -> str:
    if token.startswith("__"):
        raise _Refused(errors.NameNotAllowed, token, name=str(token))
    return str(token)


_parser = Lark(GRAMMAR, parser="lalr", lexer="contextual", maybe_placeholders=True, transformer=_Builder())


def has_braces(text: str) -> bool:
    """Whether an expression stands in `text`: `${…}` or `#{…}`."""
    return any(not found[0].startswith("\\") for found in _OPENING.finditer(text))


def read(text: str, *, braces: bool) -> Node:
    """The tree of `text`. Raises Malformed."""
    if len(text) > MAX_LENGTH:
        raise errors.TooLong(text, limit=MAX_LENGTH, length=len(text))
    stripped = text.strip()
    start = len(text) - len(text.lstrip())
    if braces and stripped.startswith("="):
        raise errors.FeelNotHere(text, *_place(text, start))
    whole = _BRACES.fullmatch(stripped)
    if whole:
        tree = _parse(text, start + 2, whole[1])
    elif braces or stripped.startswith(("${", "#{")):
        tree = _read_mixed(text)
    else:
        tree = _parse(text, 0, text)
    levels = depth(tree)
    if levels > MAX_DEPTH:
        raise errors.TooDeep(text, depth=levels, limit=MAX_DEPTH)
    return tree


def _read_mixed(text: str) -> Node:
    parts: list[Node] = []
    plain, at = "", 0
    while opening := _OPENING.search(text, at):
        plain += text[at : opening.start()]
        if opening[0].startswith("\\"):
            plain, at = plain + opening[0][1:], opening.end()
            continue
        pair = _BRACES.match(text, opening.start())
        if not pair:
            raise errors.NotClosed(text, *_place(text, opening.start()))
        if plain:
            parts.append(Literal(plain))
        parts.append(_parse(text, pair.start(1), pair[1]))
        plain, at = "", pair.end()
    plain += text[at:]
    if not parts:
        return Literal(plain)
    if plain:
        parts.append(Literal(plain))
    return Text(tuple(parts))


def _parse(text: str, start: int, source: str) -> Node:
    """The tree of `source`, which stands in `text` at `start`."""
    try:
        return _parser.parse(source)  # type: ignore[return-value]  # the builder makes nodes
    except _Refused as refused:
        place = _place(text, start + (refused.token.start_pos or 0))
        raise refused.kind(text, *place, **refused.params) from None
    except UnexpectedInput as found:
        raise _explain(text, start, source, found) from None


def _explain(text: str, start: int, source: str, found: UnexpectedInput) -> errors.Malformed:
    at = -1  # where the text ends
    if isinstance(found, UnexpectedCharacters):
        at = cast(int, found.pos_in_stream)
    elif isinstance(found, UnexpectedToken) and found.token.type != "$END":
        at = found.token.start_pos if found.token.start_pos is not None else -1
    if at < 0:
        return errors.UnexpectedEnd(text, *_place(text, start + len(source.rstrip())))
    place = _place(text, start + at)
    sign = source[at]
    plain = _FULL_WIDTH.get(sign) or unicodedata.normalize("NFKC", sign)
    if plain != sign and plain.isascii():
        return errors.FullWidthSign(text, *place, found=sign, plain=plain)
    if sign == "=" and source[at : at + 2] != "==":
        return errors.SingleEquals(text, *place)
    shown = str(found.token) if isinstance(found, UnexpectedToken) else sign
    return errors.UnexpectedSign(text, *place, found=shown)


def _place(text: str, at: int) -> tuple[int, int]:
    """Line and column of a position, both 1-based."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
