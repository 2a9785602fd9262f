"""A form that a task or a start shows is there."""

from difflib import get_close_matches

from runtime import formulas
from runtime.bpmn.lint.rule import Findings, Source, found, rule

NEAR = "There is no form {form} for “{name}”; did you mean {nearest}?"
START = "“{name}” asks a form that is computed: a start event names its form, since there is no case yet."


@rule("unknown_form", sentences=[NEAR, START])
def unknown_form(source: Source) -> Findings:
    """There is no form {form} for “{name}”."""
    forms = source.catalogue.forms
    if forms is None:
        return
    for node in source.nodes:
        form = node.attributes.get("formRef") or node.attributes.get("formKey")
        if form and node.kind == "startEvent" and formulas.computes(form):
            yield found(node, START)
        # A form chosen by an expression is known only in the case.
        if form and form not in forms and not formulas.computes(form):
            near = get_close_matches(form, forms, 1)
            if near:
                yield found(node, NEAR, form=form, nearest=near[0])
            else:
                yield found(node, form=form)
