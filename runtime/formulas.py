"""What a diagram's texts compute with, in either language: JUEL in braces, FEEL behind `=`.

Both become an `Expression`, so that nobody further up asks which it is. FEEL is evaluated by
v8.py in an isolate that is made when the first FEEL is evaluated; its doubles come back as
Decimals of their shortest digits. Not here: the languages themselves (expressions/, v8.py),
rule files, which know no FEEL, and JavaScript (scripts/)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

from runtime import expressions, v8
from runtime.expressions import Expression, Literal, Malformed, has_braces
from runtime.values import Value


class FeelUnreadable(Malformed):
    """The FEEL expression {text} cannot be read: {found}"""

    code = "expression.feel_unreadable"


def is_feel(text: str) -> bool:
    return text.lstrip().startswith("=")


def computes(text: str) -> bool:
    """Whether the text holds an expression, so that its value is known only in a case."""
    return is_feel(text) or has_braces(text)


def compile(text: str) -> Expression:
    """A template: text with `${…}` in it or none, or FEEL as a whole. Raises Malformed.

    FEEL is read where it is evaluated and by `check`."""
    return _feel(text.strip()) if is_feel(text) else expressions.compile(text, braces=True)


def formula(text: str) -> Expression:
    """An expression, in braces or without, or FEEL: a condition, a collection. Raises Malformed."""
    bare = text.strip()
    return _feel(bare) if is_feel(bare) else expressions.compile(bare, braces=has_braces(bare))


def is_open(expression: Expression, value: Value) -> bool:
    """Whether a condition cannot be judged yet: FEEL's null, where JUEL has an unknown name."""
    return value is None and is_feel(expression.text)


def check(expression: Expression) -> None:
    """Raise FeelUnreadable if it is FEEL that cannot be read. JUEL has been read already."""
    if not is_feel(expression.text):
        return
    try:
        v8.shared().check(expression.text)
    except (v8.FeelMalformed, v8.FeelTooLong) as error:
        found = error.params.get("reason") or str(error)
        raise FeelUnreadable(expression.text, found=found) from None


@lru_cache(maxsize=4096)
def _feel(text: str) -> Expression:
    # The time of the transaction is asked for only where it can matter.
    calls = frozenset({"now"}) if "now" in text or "today" in text else frozenset[str]()
    return Expression(text, Literal(text), frozenset(), calls, partial(_evaluate, text))


def _evaluate(text: str, names: Mapping[str, Value], functions: Mapping[str, Callable[..., Value]]) -> Value:
    now = functions["now"]() if "now" in functions else None
    return v8.shared().evaluate(text, names, now)
