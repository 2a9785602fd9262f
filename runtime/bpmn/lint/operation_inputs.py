"""An operation is given what it needs, and nothing that it does not know."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

UNKNOWN = "“{name}” gives {input} to {topic}, which does not take it (it takes {known})."


@rule("operation_inputs", sentences=[UNKNOWN])
def operation_inputs(source: Source) -> Findings:
    """“{name}” does not give {input}, which {topic} needs: add an input parameter."""
    for node in source.nodes:
        topic = node.topic
        if not topic or not source.catalogue.topics:
            continue
        signature = source.catalogue.topics.get(topic)
        if signature is None:
            continue
        given = {parameter.name: parameter.line for parameter in node.inputs}
        known = signature.required | signature.optional
        for name in sorted(signature.required - given.keys()):
            yield found(node, input=name, topic=topic)
        for name, line in given.items():
            if name and name not in known:
                yield found(
                    node, UNKNOWN, line=line, input=name, topic=topic, known=", ".join(sorted(known)) or "–"
                )
