"""Expressions call only what the runtime offers; a Java bean is not among it."""

from difflib import get_close_matches

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.lint.texts import texts
from runtime.expressions import Malformed

NEAR = "The {what} of “{name}” calls {function}(), which does not exist; did you mean {nearest}()?"


@rule("unknown_function", sentences=[NEAR])
def unknown_function(source: Source) -> Findings:
    """The {what} of “{name}” calls {function}(), which does not exist."""
    known = source.catalogue.functions
    if known is None:
        return
    for text in texts(source):
        try:
            calls = text.compile().calls
        except Malformed:
            continue
        for name in sorted(calls - known):
            near = get_close_matches(name, known, 1)
            if near:
                yield found(text.at, NEAR, line=text.line, what=text.what, function=name, nearest=near[0])
            else:
                yield found(text.at, line=text.line, what=text.what, function=name)
