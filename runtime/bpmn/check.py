"""Check a BPMN file: read it, apply every lint rule (the standard's schema is one), list all problems at once.

Not here: the rules (lint/), limits of time and memory (child.py), storing (commands/deploy)."""

from __future__ import annotations

from runtime.bpmn import read
from runtime.bpmn.catalogue import Catalogue, Signature
from runtime.bpmn.lint import RULES, Source
from runtime.bpmn.lint.texts import texts
from runtime.bpmn.model import Diagram
from runtime.bpmn.tags import BPMN, Tag
from runtime.bpmn.vocabulary import FLOW_NODES
from runtime.errors import Problem
from runtime.expressions.read import MAX_LENGTH

__all__ = ["MAX_PROBLEMS", "Catalogue", "Signature", "check", "refused"]

# Far beyond what fits on a wall. The rules take time in proportion to it.
MAX_NODES = 5_000
# Of all expressions together, in characters; each may have 10,000. Reading them takes a second or two.
MAX_EXPRESSIONS = 400_000
# Nobody reads more; a hostile file shall not fill the page or the pipe.
MAX_PROBLEMS = 500


TOO_LONG = "The expressions of this file have {count} characters together; at most {limit} are allowed."
TOO_LARGE = "This file has {count} tasks, events and gateways; at most {limit} are allowed."


def check(data: bytes, file: str, catalogue: Catalogue) -> tuple[Diagram | None, list[Problem]]:
    """The diagram, or None if it cannot be read; and every problem, in the order of the file.

    Raises nothing for any content of `data`. Deploy it only if not `refused(problems)`."""
    root, problems = read.parse(data, file)
    if root is None:
        return None, problems
    count = sum(tag.space == BPMN and tag.name in FLOW_NODES for tag in root.walk())
    if count > MAX_NODES:
        return None, [_too_large(root, file, TOO_LARGE, count, MAX_NODES)]
    diagram = read.assemble(root, data, file)
    source = Source(file, root, diagram, catalogue, data)
    # One that is too long by itself is refused unread, by bad_expression.
    written = sum(len(text.text) for text in texts(source) if len(text.text) <= MAX_LENGTH)
    if written > MAX_EXPRESSIONS:
        return None, [_too_large(root, file, TOO_LONG, written, MAX_EXPRESSIONS)]
    for rule in RULES.values():
        problems = rule.problems(source) if rule.alone else []
        if problems:
            return diagram, problems
    # Errors first, so that no number of warnings can crowd one out.
    for rule in sorted(RULES.values(), key=lambda rule: (rule.severity, rule.name)):
        problems += rule.problems(source)
        if len(problems) >= MAX_PROBLEMS:
            break
    problems = _said_once(problems)
    del problems[MAX_PROBLEMS:]
    return diagram, sorted(problems, key=lambda found: (found.line, found.column, found.severity, found.rule))


def _said_once(problems: list[Problem]) -> list[Problem]:
    """Without what the standard's schema says of an attribute or an element of which a rule speaks too:
    the rule knows what to do instead."""
    spoken: dict[tuple[int, int], set[str]] = {}
    bad_ids = {found.params.get("value") for found in problems if found.rule == "bad_id"}
    for problem in problems:
        if problem.rule != "schema" and problem.severity == "error":
            about = spoken.setdefault((problem.line, problem.column), set())
            about |= {value for value in problem.params.values() if isinstance(value, str)}

    def new(problem: Problem) -> bool:
        params = problem.params
        about = {params[key] for key in ("attribute", "value") if key in params} or {params.get("element")}
        told = spoken.get((problem.line, problem.column), set()) | bad_ids
        return problem.rule != "schema" or not about & told

    return [problem for problem in problems if new(problem)]


def _too_large(root: Tag, file: str, sentence: str, count: int, limit: int) -> Problem:
    params = {"count": count, "limit": limit}
    return Problem("too_large", sentence, "", params, file=file, line=root.line, column=root.column)


def refused(problems: list[Problem]) -> bool:
    """Whether one of the problems is an error, not a warning."""
    return any(problem.severity == "error" for problem in problems)
