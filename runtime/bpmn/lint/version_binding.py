"""Which version of a form, rule or called process an element asks for: said once, and as a plain number or tag."""

import re

from runtime.bpmn.lint.rule import Findings, Source, found, rule

MISSING = '{what}="{value}" of “{name}” needs {needed}: a whole number for a version, a plain text for a tag.'
UNUSED = '{what}="{value}" of “{name}” is not looked at: set {needed}.'

# What is referred to → its bindings → the attribute that goes with the binding, and how that is written.
_NUMBER, _PLAIN = re.compile(r"[1-9]\d{0,8}"), re.compile(r"[^${}#]+")
_PLAINLY = {"latest": "", "deployment": ""}
BINDINGS = {
    "formRef": {**_PLAINLY, "version": "formRefVersion"},
    "decisionRef": {**_PLAINLY, "version": "decisionRefVersion"},
    "calledElement": {**_PLAINLY, "version": "calledElementVersion", "versionTag": "calledElementVersionTag"},
}


@rule("version_binding", sentences=[MISSING, UNUSED])
def version_binding(source: Source) -> Findings:
    """{what}="{value}" of “{name}” is not accepted: use {known}."""
    for node in source.nodes:
        for what, bindings in BINDINGS.items():
            key = f"{what}Binding"
            binding = node.attributes.get(key, "latest")
            if binding not in bindings:
                yield found(node, what=key, value=binding, known=", ".join(bindings))
                continue
            for kind, attribute in bindings.items():
                value = node.attributes.get(attribute, "") if attribute else ""
                written = _PLAIN if kind == "versionTag" else _NUMBER
                if attribute and kind == binding and not written.fullmatch(value):
                    yield found(node, MISSING, what=key, value=binding, needed=attribute)
                elif value and kind != binding:
                    yield found(node, UNUSED, what=attribute, value=value, needed=f'{key}="{kind}"')
