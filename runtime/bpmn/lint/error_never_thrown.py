"""A path that no operation can take."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule


@rule("error_never_thrown", "warning")
def error_never_thrown(source: Source) -> Findings:
    """“{name}” waits for the error {code}, which {topic} never throws ({errors})."""
    topics = source.catalogue.topics
    if topics is None:
        return
    for _, scope in source.scopes:
        for node in scope.nodes.values():
            host = scope.nodes.get(node.attached_to)
            if host is None or node.trigger is None or node.trigger.kind != "error" or not node.trigger.code:
                continue
            operation = topics.get(host.attributes.get("topic", ""))
            if operation is not None and node.trigger.code not in operation.errors:
                yield found(
                    node,
                    code=node.trigger.code,
                    topic=host.attributes["topic"],
                    errors=", ".join(sorted(operation.errors)) or "–",
                )
