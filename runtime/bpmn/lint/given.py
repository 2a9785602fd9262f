"""What each step of a diagram gives, and of what a text finds out first whether it is there. No rule of its own.

Names only, never values. What others may bring along (messages, external workers) is not known: None stands for
"anything may be there". Not here: the ways from one step to the next (ways.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runtime import formulas
from runtime.bpmn.catalogue import Catalogue
from runtime.bpmn.model import Node, Script
from runtime.expressions import Binary, Call, Expression, Literal, Malformed, Unary, walk
from runtime.expressions.tree import Node as Tree

Names = frozenset[str] | None

# What is there without being given.
HELD = frozenset({"execution", "task", "externalTask", "business_key", "initiator"})
COUNTED = frozenset({"loopCounter", "nrOfInstances", "nrOfCompletedInstances", "nrOfActiveInstances"})
_OF_COMPLEX = frozenset({"activationCount", "waitingForStart"})
_SETS = re.compile(r"""setVariable\(\s*(?:['"](\w+)['"])?""")
_ASKS = frozenset(
    f"{of}.{name}{local}"
    for of in ("execution", "task")
    for name in ("getVariable", "hasVariable")
    for local in ("", "Local")
)


def gives(node: Node, catalogue: Catalogue) -> Names:
    """The variables that are there once the node is done; of a subprocess without what is inside it."""
    attributes, trigger = node.attributes, node.trigger
    found = {each.name for each in node.outputs}
    found |= {attributes.get("initiator", ""), attributes.get("resultVariable", ""), node.key_field}
    found |= {mapping.target or mapping.source for mapping in node.mappings_out}
    found |= {field.id for field in node.fields}
    if node.kind == "userTask":
        found.add(f"{node.id}_by")
    if node.loop:
        found.add(node.loop.output_collection)
    unknown = any(mapping.all for mapping in node.mappings_out) or node.kind == "receiveTask"
    for more in (_of_form(node, catalogue), _of_operation(node, catalogue), _of_scripts(node)):
        unknown = unknown or more is None
        found |= more or frozenset()
    if trigger is not None:
        found |= {trigger.code_variable, trigger.message_variable}
        unknown = unknown or (trigger.kind in ("message", "signal") and not throws(node))
    return None if unknown else frozenset(found - {""})


def throws(node: Node) -> bool:
    return node.kind in ("endEvent", "intermediateThrowEvent")


def form(node: Node) -> str:
    """The form that a node names, maybe by an expression; "" if none."""
    return node.attributes.get("formRef") or node.attributes.get("formKey", "")


def _of_form(node: Node, catalogue: Catalogue) -> Names:
    return catalogue.fields.get(form(node)) if form(node) else frozenset()


def _of_operation(node: Node, catalogue: Catalogue) -> Names:
    # With output parameters its results are told by them alone.
    if not node.topic or node.outputs:
        return frozenset()
    signature = (catalogue.topics or {}).get(node.topic)
    return signature.outputs if signature else None


def _of_scripts(node: Node) -> Names:
    found: set[str] = set()
    for script in scripts(node):
        set_here = _SETS.findall(script.text)
        if "" in set_here:
            return None  # under a name that it computes
        found |= {script.result_variable, *set_here}
    return frozenset(found)


def scripts(node: Node) -> Iterator[Script]:
    """Its own and its listeners'."""
    if node.script is not None:
        yield node.script
    yield from (each.script for each in node.listeners if each.script is not None)


def own(node: Node) -> frozenset[str]:
    """What is there inside an activity, or while a gateway decides, and is gone with it."""
    found = {each.name for each in node.inputs}
    if node.loop:
        found |= {node.loop.element_variable, *COUNTED}
    if node.repeat:
        found.add("loopCounter")
    return frozenset(found - {""}) | (_OF_COMPLEX if node.kind == "complexGateway" else frozenset())


def handed_over(call: Node) -> Names:
    """What a call activity gives to the process that it calls."""
    if any(mapping.all for mapping in call.mappings_in):
        return None
    given = (each.target or each.source for each in call.mappings_in if not each.business_key)
    return frozenset(given) - {""}


def read(text: str) -> Expression | None:
    """A condition; None if there is none or it cannot be read, of which bad_expression speaks."""
    try:
        return formulas.formula(text) if text.strip() else None
    except Malformed:
        return None


def asked_first(expression: Expression) -> frozenset[str]:
    """Names of which a text asks whether they are there."""
    return frozenset(name for tree in walk(expression.tree) if (name := _asked(tree)))


def there(tree: Tree, truth: bool) -> frozenset[str]:
    """Names that must be there if a condition is `truth`, since it asks for that."""
    match tree:
        case Unary("not", inner):
            return there(inner, not truth)
        case Unary("empty", inner) if not truth:
            return _one(inner)
        case Call() if truth and tree.name.endswith(("hasVariable", "hasVariableLocal")):
            return _one(tree)
        case Binary("and" | "or" as op, left, right) if truth == (op == "and"):
            return there(left, truth) | there(right, truth)
        case Binary("==" | "!=" as op, left, Literal(value)) | Binary(
            "==" | "!=" as op, Literal(value), left
        ):
            # Equal to something, or not equal to null.
            return _one(left) if (truth == (op == "==")) != (value is None) else frozenset()
    return frozenset()


def _one(tree: Tree) -> frozenset[str]:
    name = _asked(tree)
    return frozenset({name}) if name else frozenset()


def _asked(tree: Tree) -> str:
    if isinstance(tree, Call) and tree.name in _ASKS and tree.args and isinstance(tree.args[0], Literal):
        return str(tree.args[0].value)
    return ""
