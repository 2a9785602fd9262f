"""Each expression of a diagram is read at deployment, so that none fails for its spelling later."""

from runtime import formulas
from runtime.bpmn.lint.rule import Finding, Findings, Source, found, rule
from runtime.bpmn.lint.texts import texts
from runtime.expressions import Malformed


@rule("bad_expression")
def bad_expression(source: Source) -> Findings:
    """The {what} of “{name}” is empty.

    Of what cannot be read, the expression's own sentence speaks (runtime/expressions/errors.py)."""
    for text in texts(source):
        if text.formula and not text.text.strip():
            yield found(text.at, line=text.line, what=text.what)
            continue
        try:
            formulas.check(text.compile())
        except Malformed as error:
            # Its params have a line and column too: those inside the text.
            yield Finding(text.at, error.message, {**error.params, "what": text.what}, text.line)
