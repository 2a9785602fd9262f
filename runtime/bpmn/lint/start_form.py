"""A form is shown to whoever starts a process by hand, and nowhere else."""

from runtime.bpmn.lint.rule import Findings, Source, found, level, rule

INSIDE = "“{name}” does not start a process, so nobody is its initiator: remove initiator."


@rule("start_form", sentences=[INSIDE])
def start_form(source: Source) -> Findings:
    """“{name}” has a form, but nobody is there to fill it in: only the start of a process by hand shows one."""
    for owner, scope in source.scopes:
        for node in scope.nodes.values():
            if node.kind != "startEvent" or node.trigger is None:
                continue
            form = node.attributes.get("formRef") or node.attributes.get("formKey") or node.fields
            by_hand = level(owner) == "process" and node.trigger.kind == "none"
            if form and not by_hand:
                yield found(node)
            if node.attributes.get("initiator") and level(owner) != "process":
                yield found(node, INSIDE)
