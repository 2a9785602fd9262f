"""What a diagram may refer to: plain data that higher floors hand in, so that a check needs no database.

Not here: finding it out (commands/deploy asks forms, rules, operations and identity)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Signature:
    """What an operation or a rule file takes and gives, by name. `errors`: the BPMN errors it may throw."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()
    errors: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Catalogue:
    """Each None means: not known here, so what refers to it is not checked."""

    forms: frozenset[str] | None = None
    rules: Mapping[str, Signature] | None = None
    topics: Mapping[str, Signature] | None = None
    processes: frozenset[str] | None = None
    uncallable: frozenset[str] = frozenset()  # of these: without a start event that has no trigger
    # Of forms: what an answer can write; one that is not here may write anything.
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # Of processes: what each call of them hands over, None for everything.
    calls: Mapping[str, frozenset[frozenset[str] | None]] = field(default_factory=dict)
    groups: frozenset[str] | None = None
    functions: frozenset[str] | None = None  # what expressions may call, "execution.getVariable" too

    def to_value(self) -> dict[str, Any]:
        """As lists, maps and text, for tagged JSON."""
        return {
            "forms": _sorted(self.forms),
            "rules": _signatures_out(self.rules),
            "topics": _signatures_out(self.topics),
            "processes": _sorted(self.processes),
            "uncallable": sorted(self.uncallable),
            # Lists of pairs: an id may look like a tag of tagged JSON.
            "fields": [[form, sorted(keys)] for form, keys in sorted(self.fields.items())],
            "calls": [[process, [_sorted(names) for names in each]] for process, each in self.calls.items()],
            "groups": _sorted(self.groups),
            "functions": _sorted(self.functions),
        }

    @staticmethod
    def from_value(value: Mapping[str, Any]) -> Catalogue:
        """The catalogue that `to_value` wrote."""
        return Catalogue(
            forms=_set(value["forms"]),
            rules=_signatures_in(value["rules"]),
            topics=_signatures_in(value["topics"]),
            processes=_set(value["processes"]),
            uncallable=frozenset(value["uncallable"]),
            fields={form: frozenset(keys) for form, keys in value["fields"]},
            calls={process: frozenset(map(_set, each)) for process, each in value["calls"]},
            groups=_set(value["groups"]),
            functions=_set(value["functions"]),
        )


def _sorted(names: Iterable[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _set(names: Iterable[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _signatures_out(signatures: Mapping[str, Signature] | None) -> list[Any] | None:
    if signatures is None:
        return None
    return [
        [name, sorted(s.required), sorted(s.optional), sorted(s.outputs), sorted(s.errors)]
        for name, s in sorted(signatures.items())
    ]


def _signatures_in(rows: list[Any] | None) -> dict[str, Signature] | None:
    if rows is None:
        return None
    return {name: Signature(*(frozenset(names) for names in sets)) for name, *sets in rows}
