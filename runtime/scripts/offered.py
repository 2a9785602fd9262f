"""What a script finds on `execution`, and a task listener's script on `task`: one list for prelude.js, which
offers it, and for the check of a diagram, which refuses what is not on it.

Not here: what it does (prelude.js), which facts a case has (engine)."""

from __future__ import annotations

VARIABLES = frozenset(
    {"getVariable", "hasVariable", "getVariables", "getVariableLocal", "hasVariableLocal"}
    | {"setVariable", "setVariableLocal", "removeVariable"}
)
_OF_EXECUTION = ("processBusinessKey", "processInstanceId", "currentActivityId", "activityInstanceId")
_OF_TASK = (
    *("id", "name", "assignee", "priority", "dueDate", "followUpDate", "taskDefinitionKey"),
    *("executionId", "processInstanceId", "eventName"),
)
# What a listener may set of a task that is open, and to what it may add.
SET = ("assignee", "name", "priority", "dueDate", "followUpDate")
ADDED = {"candidateUsers": "addCandidateUser", "candidateGroups": "addCandidateGroup"}
SETTABLE = frozenset({*SET, *ADDED})


def method(verb: str, fact: str) -> str:
    return f"{verb}{fact[0].upper()}{fact[1:]}"


def _told(facts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(facts) | {method("get", fact) for fact in facts}


EXECUTION = VARIABLES | _told(_OF_EXECUTION) | {"getBusinessKey"}
TASK = VARIABLES | _told(_OF_TASK)
CHANGES = frozenset({method("set", fact) for fact in SET} | set(ADDED.values()))
