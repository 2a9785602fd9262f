"""Texts of a diagram that hold expressions or scripts, read once and evaluated in a case.

Not here: the languages (runtime/formulas, runtime/scripts), what names mean (names.py), what
a script did to variables (scripted.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime import formulas
from runtime.bpmn.model import DataMapping, Node, Parameter, Script
from runtime.bpmn.vocabulary import LISTENED, TASK_EVENTS
from runtime.engine.errors import ListenerNotRun, ScriptLanguage
from runtime.expressions import Expression
from runtime.formulas import formula
from runtime.scripts import LANGUAGES
from runtime.values import Value

__all__ = ["Assignment", "Evaluate", "JavaScript", "Mapped", "Template", "assignments", "formula", "mappings"]
__all__ += ["listeners", "script", "template"]


@dataclass(frozen=True)
class JavaScript:
    """A script, to be evaluated like an expression; it may write variables too."""

    text: str


HEARD = ("start", "end", *(f"task.{event}" for event in TASK_EVENTS))
# Evaluates an Expression or a JavaScript.
Evaluate = Callable[[Any], Value]


def script(given: Script) -> Expression | JavaScript:
    """What a script's format makes of its text. Raises ScriptLanguage, Malformed."""
    language = given.format.strip().lower()
    if language in LANGUAGES:
        return JavaScript(given.text)
    if language == "juel":
        return formula(given.text)
    if language == "feel":
        bare = given.text.strip()
        return formula(bare if formulas.is_feel(bare) else f"={bare}")
    raise ScriptLanguage(language=given.format)


def listeners(node: Node) -> dict[str, list[JavaScript]]:
    """Scripts by the event that they listen to, those of tasks as `task.EVENT`. Raises ListenerNotRun."""
    heard: dict[str, list[JavaScript]] = {}
    for listener in node.listeners:
        event = f"task.{listener.event}" if listener.of_task else listener.event
        read = script(listener.script) if listener.script else None
        # For its effect alone: an expression has none.
        places = ("userTask",) if listener.of_task else LISTENED
        if event not in HEARD or node.kind not in places or not isinstance(read, JavaScript):
            raise ListenerNotRun(event=listener.event)
        heard.setdefault(event, []).append(read)
    return heard


@dataclass(frozen=True)
class Template:
    """Text, or a list or map of texts, with `${…}` anywhere inside; or a script."""

    parts: Expression | JavaScript | list[Template] | dict[str, Template]

    def fill(self, evaluate: Evaluate) -> Value:
        if isinstance(self.parts, list):
            return [part.fill(evaluate) for part in self.parts]
        if isinstance(self.parts, dict):
            return {key: part.fill(evaluate) for key, part in self.parts.items()}
        return evaluate(self.parts)


def template(text: str | Script | list[Any] | Mapping[str, Any]) -> Template:
    """Raises expressions.Malformed, ScriptLanguage."""
    if isinstance(text, str):
        return Template(formulas.compile(text))
    if isinstance(text, Script):
        return Template(script(text))
    if isinstance(text, Mapping):
        return Template({key: template(part) for key, part in text.items()})
    return Template([template(part) for part in text])


@dataclass(frozen=True)
class Assignment:
    """An input or output parameter."""

    name: str
    value: Template


def assignments(parameters: tuple[Parameter, ...]) -> tuple[Assignment, ...]:
    return tuple(Assignment(parameter.name, template(parameter.value)) for parameter in parameters)


@dataclass(frozen=True)
class Mapped:
    """camunda:in or out: all variables, one by name (`source`), or the value of an expression."""

    target: str = ""
    source: str = ""
    expression: Expression | None = None
    all: bool = False
    local: bool = False


def mappings(given: tuple[DataMapping, ...]) -> tuple[Mapped, ...]:
    """Those that carry variables; the business key is read apart."""
    return tuple(
        Mapped(
            item.target,
            item.source,
            formula(item.source_expression) if item.source_expression else None,
            item.all,
            item.local,
        )
        for item in given
        if not item.business_key
    )
