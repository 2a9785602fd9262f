"""How the outputs of a decision become variables.

Without resultVariable each output is a variable by its own name; with it, mapDecisionResult
says what the one variable holds."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

ENTRY = "The rule {rule} has {count} outputs, so “{name}” cannot map it as singleEntry: use singleResult."
KINDS = ("singleEntry", "singleResult", "resultList")


@rule("decision_result", sentences=[ENTRY])
def decision_result(source: Source) -> Findings:
    """mapDecisionResult=\"{value}\" of “{name}” is not accepted: singleEntry, singleResult or resultList."""
    for node in source.nodes:
        if node.kind != "businessRuleTask":
            continue
        mapping = node.attributes.get("mapDecisionResult", "")
        asked = node.attributes.get("decisionRef", "")
        signature = (source.catalogue.rules or {}).get(asked)
        if mapping and mapping not in KINDS:
            yield found(node, value=mapping)
        elif mapping == "singleEntry" and signature is not None and len(signature.outputs) > 1:
            yield found(node, ENTRY, rule=asked, count=len(signature.outputs))
