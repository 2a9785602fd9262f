"""Check a BPMN file: read it, apply every lint rule, and list all problems at once.

Not here: the rules (lint/), limits of time and memory (child.py), storing (commands/deploy)."""

from __future__ import annotations

from runtime.bpmn import read
from runtime.bpmn.catalogue import Catalogue, Signature
from runtime.bpmn.lint import RULES, Source
from runtime.bpmn.model import Diagram
from runtime.errors import Problem

__all__ = ["MAX_PROBLEMS", "Catalogue", "Signature", "check", "refused"]

# Far beyond what fits on a wall. The rules take time in proportion to it.
MAX_NODES = 2_000
# Nobody reads more; a hostile file shall not fill the page or the pipe.
MAX_PROBLEMS = 500


TOO_LARGE = "This file has {count} tasks, events and gateways; at most {limit} are allowed."


def check(data: bytes, file: str, catalogue: Catalogue) -> tuple[Diagram | None, list[Problem]]:
    """The diagram, or None if it cannot be read; and every problem, in the order of the file.

    Raises nothing for any content of `data`. Deploy it only if not `refused(problems)`."""
    root, problems = read.parse(data, file)
    if root is None:
        return None, problems
    diagram = read.assemble(root, data, file)
    source = Source(file, root, diagram, catalogue)
    if len(source.nodes) > MAX_NODES:
        return None, [_too_large(source)]
    # Errors first, so that no number of warnings can crowd one out.
    for rule in sorted(RULES.values(), key=lambda rule: (rule.severity, rule.name)):
        problems += rule.problems(source)
        if len(problems) >= MAX_PROBLEMS:
            break
    del problems[MAX_PROBLEMS:]
    return diagram, sorted(problems, key=lambda found: (found.line, found.column, found.severity, found.rule))


def _too_large(source: Source) -> Problem:
    return Problem(
        "too_large",
        TOO_LARGE,
        params={"count": len(source.nodes), "limit": MAX_NODES},
        file=source.file,
        line=source.root.line,
        column=source.root.column,
    )


def refused(problems: list[Problem]) -> bool:
    """Whether one of the problems is an error, not a warning."""
    return any(problem.severity == "error" for problem in problems)
