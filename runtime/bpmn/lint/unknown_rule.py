"""A business rule task asks a rule file that is there."""

from difflib import get_close_matches

from runtime import formulas
from runtime.bpmn.lint.rule import Findings, Source, found, rule

NONE = "“{name}” does not say which rule it asks: give decisionRef."
BOTH = "“{name}” asks a rule and calls an operation: remove decisionRef, or type and topic."
NEAR = "There is no rule {rule} for “{name}”; did you mean {nearest}?"


@rule("unknown_rule", sentences=[NONE, BOTH, NEAR])
def unknown_rule(source: Source) -> Findings:
    """There is no rule {rule} for “{name}”."""
    rules = source.catalogue.rules
    for node in source.nodes:
        if node.kind != "businessRuleTask":
            continue
        asked = node.attributes.get("decisionRef", "")
        if node.attributes.get("topic"):
            # An operation decides: unknown_topic knows it.
            if asked:
                yield found(node, BOTH)
        elif not asked:
            yield found(node, NONE)
        # A rule chosen by an expression is known only in the case.
        elif rules is not None and asked not in rules and not formulas.computes(asked):
            near = get_close_matches(asked, rules, 1)
            if near:
                yield found(node, NEAR, rule=asked, nearest=near[0])
            else:
                yield found(node, rule=asked)
