"""Every English sentence that a person may be shown, found in the code itself.

Sentences are the docstrings of errors, lint rules and invariants, the first argument of say(…)
and _(…), and the message of Problem(…)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARENTS = {"GuichengError", "Invalid", "Forbidden", "NotFound", "Conflict", "Failed"}
SAYING = {
    "say": (0, 1),
    "_": (0,),
    "_say": (0, 1),
    # Of reports: what they are called, what their columns are, what their figures mean.
    "_kind": (1, 2),
    "Column": (1,),
    "Report": (3,),
}
# Tables whose values are sentences.
TABLES = ("SENTENCES", "BY_NOBODY", "DELIVERED", "ON_A_TASK")


def of_python() -> dict[str, str]:
    """Sentence → where it stands."""
    found: dict[str, str] = {}
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for folder in ("runtime", "web")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "node_modules" not in path.parts
    }
    errors = set(PARENTS)
    while True:  # subclasses of subclasses
        more = {
            node.name
            for tree in trees.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef) and {_name(base) for base in node.bases} & errors
        } - errors
        if not more:
            break
        errors |= more
    for path, tree in trees.items():
        for sentence in _in_tree(tree, errors):
            found.setdefault(sentence, str(path.relative_to(ROOT)))
    return found


def of_templates() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted((ROOT / "web" / "templates").glob("*.html")):
        text = path.read_text(encoding="utf-8")
        for double, single in re.findall(r"""\b_\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""", text):
            found.setdefault(double or single, str(path.relative_to(ROOT)))
    return found


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _in_tree(tree: ast.Module, errors: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if (isinstance(node, ast.ClassDef) and node.name in errors) or (
            isinstance(node, ast.FunctionDef) and _says_what_holds(node)
        ):
            text = ast.get_docstring(node)
            if text:
                yield " ".join(text.split("\n\n")[0].split())
        elif isinstance(node, ast.Assign) and _name(node.targets[0]) in TABLES:
            yield from (text for value in getattr(node.value, "values", ()) if (text := _text(value)))
        elif isinstance(node, ast.Call):
            name = _name(node.func)
            places = SAYING.get(name, ())
            if name == "Problem":
                places = (1,)
            for place in places:
                if len(node.args) > place and (text := _text(node.args[place])) and " " in text:
                    yield text


def _says_what_holds(node: ast.FunctionDef) -> bool:
    return any(isinstance(d, ast.Call) and _name(d.func) in ("rule", "invariant") for d in node.decorator_list)


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
