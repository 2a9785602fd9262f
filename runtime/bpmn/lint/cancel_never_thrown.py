"""A cancel event of a transaction that nothing cancels."""

from runtime.bpmn.lint.cancel import cancels
from runtime.bpmn.lint.rule import Findings, Source, found, label, rule


@rule("cancel_never_thrown", "warning")
def cancel_never_thrown(source: Source) -> Findings:
    """“{name}” waits until “{transaction}” is cancelled, but no cancel end event in it does so."""
    for _, scope in source.scopes:
        for node in scope.nodes.values():
            host = scope.nodes.get(node.attached_to)
            if host is None or host.kind != "transaction" or not cancels(node):
                continue
            inside = host.scope.nodes.values() if host.scope else ()
            if not any(cancels(each) for each in inside if each.kind == "endEvent"):
                yield found(node, transaction=label(host))
