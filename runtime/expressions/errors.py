"""What can be wrong with an expression: while reading (Malformed) or evaluating (CannotEvaluate).

Each kind has its own sentence, so that each can be translated; `params["reason"]` repeats the
English sentence for callers that put it into one of their own."""

from __future__ import annotations

from typing import Any

from runtime.errors import Invalid, fill


class Malformed(Invalid):
    """The expression {text} cannot be read (line {line}, column {column}).

    Params: text, line, column (both 1-based, within the text), reason."""

    code = "expression.malformed"

    def __init__(self, text: str, line: int = 1, column: int = 1, **params: Any) -> None:
        shown = text if len(text) <= 200 else text[:200] + "…"
        super().__init__(None, text=shown, line=line, column=column, **params)
        self.params["reason"] = fill(self.message, self.params)


class UnexpectedSign(Malformed):
    """In the expression {text}, “{found}” does not fit at line {line}, column {column}."""

    code = "expression.unexpected_sign"


class UnexpectedEnd(Malformed):
    """The expression {text} ends too early: something is missing at line {line}, column {column}."""

    code = "expression.unexpected_end"


class NotClosed(Malformed):
    """In {text}, the expression that begins at line {line}, column {column} is not closed with a brace."""

    code = "expression.not_closed"


class SingleEquals(Malformed):
    """In the expression {text}, compare with == instead of = at line {line}, column {column}."""

    code = "expression.single_equals"


class FullWidthSign(Malformed):
    """In the expression {text}, write {plain} instead of {found} at line {line}, column {column}."""

    code = "expression.full_width_sign"


class TooLong(Malformed):
    """An expression may have at most {limit} characters; this one has {length}."""

    code = "expression.too_long"


class TooDeep(Malformed):
    """The expression {text} is nested {depth} levels deep; {limit} are allowed."""

    code = "expression.too_deep"


class NameNotAllowed(Malformed):
    """The name {name} is not allowed in an expression (line {line}, column {column})."""

    code = "expression.name_not_allowed"


class MethodNotOffered(Malformed):
    """In the expression {text}, there is no method {name} (line {line}, column {column})."""

    code = "expression.method_not_offered"


class NumberTooLong(Malformed):
    """In the expression {text}, the number at line {line}, column {column} has more than {limit} digits."""

    code = "expression.number_too_long"


class EscapeUnknown(Malformed):
    """In the expression {text}, {found} inside quotes is not known (line {line}, column {column})."""

    code = "expression.escape_unknown"


class FeelNotHere(Malformed):
    """{text} begins with = and would be FEEL, which is not accepted here."""

    code = "expression.feel_not_here"


class CannotEvaluate(Invalid):
    """The expression {expression} has no value.

    Params: expression, reason."""

    code = "expression.cannot_evaluate"

    def __init__(self, **params: Any) -> None:
        super().__init__(None, **{"expression": "", **params})

    def name_expression(self, text: str) -> None:
        """Say in which expression it happened; the innermost says it first and is kept."""
        if not self.params["expression"]:
            self.params["expression"] = text if len(text) <= 200 else text[:200] + "…"
            self.params["reason"] = fill(self.message, self.params)


class UnknownName(CannotEvaluate):
    """The expression {expression} needs “{name}”, which has no value here."""

    code = "expression.unknown_name"


class UnknownFunction(CannotEvaluate):
    """The expression {expression} calls {name}(), which does not exist here."""

    code = "expression.unknown_function"


class NullOperand(CannotEvaluate):
    """In the expression {expression}, a value for “{op}” is missing (null)."""

    code = "expression.null_operand"


class Mismatch(CannotEvaluate):
    """In the expression {expression}, “{op}” does not go with {kinds}."""

    code = "expression.mismatch"


class DividedByZero(CannotEvaluate):
    """The expression {expression} divides by zero."""

    code = "expression.divided_by_zero"


class TooLarge(CannotEvaluate):
    """The result of the expression {expression} is too large."""

    code = "expression.too_large"


class OutOfRange(CannotEvaluate):
    """In the expression {expression}, “{op}” reaches beyond the end or the range of what is possible."""

    code = "expression.out_of_range"


class WrongArguments(CannotEvaluate):
    """In the expression {expression}, {name}() was given arguments that do not fit."""

    code = "expression.wrong_arguments"
