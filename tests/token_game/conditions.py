"""The conditions and sums that the generator writes: integers, comparisons, !, && and ||.

Written from the grammar alone, so that an error in the product's expressions shows as a
disagreement. Not here: anything else that JUEL has."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping

_TOKEN = re.compile(r"\s*(\d+|[A-Za-z_]\w*|&&|\|\||[=!<>]=|[-+<>()!])")
_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

Lookup = Callable[[str], int]


class Unknown(Exception):
    """A name that no scope holds."""


def evaluate(text: str, lookup: Lookup) -> int | bool:
    """The value of `${…}`, or of the formula without braces. Raises Unknown."""
    text = text.strip()
    if text.startswith("${"):
        text = text[2:-1]
    return _Reader(_TOKEN.findall(text), lookup).either()


class _Reader:
    """Recursive descent; evaluates while it reads, so that `lookup` decides what a name is."""

    def __init__(self, words: list[str], lookup: Lookup) -> None:
        self.words, self.lookup, self.at = words, lookup, 0

    def next(self, *words: str) -> str:
        """The next word if it is one of these, else nothing."""
        if self.at < len(self.words) and self.words[self.at] in words:
            self.at += 1
            return self.words[self.at - 1]
        return ""

    def either(self) -> int | bool:
        value = self.both()
        while self.next("||"):
            other = self.both()
            value = bool(value) or bool(other)
        return value

    def both(self) -> int | bool:
        value = self.compared()
        while self.next("&&"):
            other = self.compared()
            value = bool(value) and bool(other)
        return value

    def compared(self) -> int | bool:
        value = self.sum()
        sign = self.next(*_COMPARE)
        return _COMPARE[sign](value, self.sum()) if sign else value

    def sum(self) -> int | bool:
        value = self.one()
        while sign := self.next("+", "-"):
            value = value + self.one() if sign == "+" else value - self.one()
        return value

    def one(self) -> int | bool:
        if self.next("!"):
            return not self.one()
        if self.next("("):
            value = self.either()
            self.next(")")
            return value
        word = self.words[self.at]
        self.at += 1
        if word in ("true", "false"):
            return word == "true"
        return int(word) if word.isdigit() else self.lookup(word)
