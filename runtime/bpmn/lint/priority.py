"""camunda:jobPriority and camunda:taskPriority are whole numbers, or expressions that give one."""

import re

from runtime import formulas
from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.tags import CAMUNDA

NAMES = ("jobPriority", "taskPriority")
MOST = 2**31 - 1
_WHOLE = re.compile(r"[+-]?\d{1,10}")


@rule("priority")
def priority(source: Source) -> Findings:
    """The {what} {value} of “{name}” is neither a whole number up to 2147483647 nor an expression."""
    for tag in source.tags:
        for name in NAMES:
            key = f"{CAMUNDA}:{name}"
            if key not in tag.attributes:
                continue
            text = tag.attributes[key].strip()
            if not formulas.computes(text) and not (_WHOLE.fullmatch(text) and abs(int(text)) <= MOST):
                yield found(tag, what=name, value=text or "–")
