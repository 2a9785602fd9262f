"""How deep subprocesses stand inside one another."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.model import Scope

MAX_LEVELS = 50  # as in engine/definition.py


@rule("nesting")
def nesting(source: Source) -> Findings:
    """“{name}” stands more than {limit} subprocesses deep: call a process instead."""
    for process in source.diagram.processes.values():
        pending: list[tuple[Scope, int]] = [(process.scope, 0)]
        while pending:
            scope, depth = pending.pop()
            for node in scope.nodes.values():
                if node.scope is None:
                    continue
                if depth == MAX_LEVELS:
                    yield found(node, limit=MAX_LEVELS)
                else:
                    pending.append((node.scope, depth + 1))
