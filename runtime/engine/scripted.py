"""What a script does in a case: it sees the variables of its place, and what it wrote is applied.

Only after it has ended well, and within the step, so that a step that fails later undoes it too.
A write goes to the nearest scope that holds the name, a local one into the element's own scope.
Not here: how scripts are run (ports.World.run_script), what is a script (texts.py)."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.engine.names import Names
from runtime.engine.texts import JavaScript
from runtime.engine.tree import Token
from runtime.scripts import Scripted
from runtime.values import Value


def run(
    token: Token,
    script: JavaScript,
    names: Names,
    task: Mapping[str, Value] | None = None,
    *,
    changing: bool = False,
) -> Scripted:
    """What the script gave, its writes applied. `task`: what a task listener's `task` tells, which it may
    change if `changing`. Raises BpmnError, and whatever is wrong with the script."""
    case = token.case
    about: dict[str, Value] = {**names["execution"], "local": sorted(names.local())}
    if task is not None:
        about |= {"task": dict(task), "changing": changing}
    scripted = case.world.run_script(script.text, {**names.plain(), "execution": about}, case.step_of(token))
    scopes = case.scopes
    if scripted.local and token.id not in scopes:
        scopes.open(token.id, token.scope)
    for name in sorted(scripted.local):
        scopes.put(token.id, name, scripted.local[name])
    for name in sorted(scripted.written):
        scopes.write(token.local, name, scripted.written[name])
    for name in sorted(scripted.removed):
        scopes.remove(token.local, name)
    return scripted
