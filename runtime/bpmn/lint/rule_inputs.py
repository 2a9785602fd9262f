"""A rule is given what it asks for, and nothing that it does not know."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

UNKNOWN = "“{name}” gives {input} to the rule {rule}, which does not ask for it (it asks for {known})."


NONE = "“{name}” has no input parameters: say what the rule is to know."


@rule("rule_inputs", sentences=[UNKNOWN, NONE])
def rule_inputs(source: Source) -> Findings:
    """“{name}” does not give {input}, which the rule {rule} needs: add an input parameter."""
    for node in source.nodes:
        # Of an operation in place of a rule operation_inputs speaks.
        if node.kind != "businessRuleTask" or node.attributes.get("topic"):
            continue
        asked = node.attributes.get("decisionRef", "")
        signature = (source.catalogue.rules or {}).get(asked)
        # The engine gives a rule its input parameters and nothing else.
        if not node.inputs and (signature is None or not signature.required):
            yield found(node, NONE)
        if signature is None:
            continue
        given = {parameter.name: parameter.line for parameter in node.inputs}
        known = signature.required | signature.optional
        for name in sorted(signature.required - given.keys()):
            yield found(node, input=name, rule=asked)
        for name, line in given.items():
            if name and name not in known:
                yield found(node, UNKNOWN, line=line, input=name, rule=asked, known=", ".join(sorted(known)))
