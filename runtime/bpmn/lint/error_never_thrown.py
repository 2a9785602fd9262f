"""A path that no error can take."""

from runtime.bpmn.lint import throwing
from runtime.bpmn.lint.rule import Findings, Source, found, rule

INSIDE = "“{name}” waits for the error {code}, which nothing there throws ({errors})."


@rule("error_never_thrown", "warning", sentences=[INSIDE])
def error_never_thrown(source: Source) -> Findings:
    """“{name}” waits for the error {code}, which {topic} never throws ({errors})."""
    for _, scope in source.scopes:
        for node, host, thrown in throwing.at_edges(source, scope, "error"):
            code = node.trigger.code if node.trigger else ""
            topic = host.attributes.get("topic", "")
            if code and thrown.all and code not in thrown.codes:
                yield found(node, "" if topic else INSIDE, code=code, topic=topic, errors=thrown.told)
        for start, thrown in throwing.around(source, scope, "error"):
            code = start.trigger.code if start.trigger else ""
            if code and thrown.all and code not in thrown.codes:
                yield found(start, INSIDE, code=code, errors=thrown.told)
