"""Texts of a diagram that hold expressions, read once and evaluated in a case.

Not here: the language (runtime/expressions), what names mean (names.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime import expressions
from runtime.bpmn.model import DataMapping, Parameter
from runtime.expressions import Expression
from runtime.values import Value

Evaluate = Callable[[Expression], Value]


@dataclass(frozen=True)
class Template:
    """Text, or a list or map of texts, with `${…}` anywhere inside."""

    parts: Expression | list[Template] | dict[str, Template]

    def fill(self, evaluate: Evaluate) -> Value:
        if isinstance(self.parts, list):
            return [part.fill(evaluate) for part in self.parts]
        if isinstance(self.parts, dict):
            return {key: part.fill(evaluate) for key, part in self.parts.items()}
        return evaluate(self.parts)


def template(text: str | list[Any] | Mapping[str, Any]) -> Template:
    """Raises expressions.Malformed."""
    if isinstance(text, str):
        return Template(expressions.compile(text, braces=True))
    if isinstance(text, Mapping):
        return Template({key: template(part) for key, part in text.items()})
    return Template([template(part) for part in text])


def formula(text: str) -> Expression:
    """An expression with its braces or without, as in conditions and sourceExpression. Raises Malformed."""
    bare = text.strip()
    return expressions.compile(bare, braces=bare.startswith("=") or expressions.has_braces(bare))


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
