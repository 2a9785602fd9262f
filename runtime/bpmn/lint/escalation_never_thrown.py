"""A path that no escalation can take."""

from runtime.bpmn.lint import throwing
from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Node

ANY = "“{name}” waits for an escalation, but nothing there throws one."


@rule("escalation_never_thrown", "warning", sentences=[ANY])
def escalation_never_thrown(source: Source) -> Findings:
    """“{name}” waits for the escalation {code}, which nothing there throws ({codes})."""
    for _, scope in source.scopes:
        for node, _host, thrown in throwing.at_edges(source, scope, "escalation"):
            yield from _missing(node, thrown)
        for start, thrown in throwing.around(source, scope, "escalation"):
            yield from _missing(start, thrown)


def _missing(node: Node, thrown: throwing.Thrown) -> Findings:
    code = node.trigger.code if node.trigger else ""
    if not thrown.all:
        return
    if code and code not in thrown.codes:
        yield found(node, code=code, codes=thrown.told)
    elif not code and not thrown.codes:
        yield found(node, ANY)
