"""What is being said of a form's file while it is read, each with its component and line.

Not here: what is looked for (read.py, component.py, texts.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime import v8
from runtime.errors import Invalid, Problem

_WORD = re.compile(r""""(?:\\.|[^"\\])*"|([^\W\d]\w*)""")


@dataclass
class Findings:
    """What is being said of one file; knows the line of a component by its id."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    reads: set[str] = field(default_factory=set)
    text: str = ""

    def add(
        self,
        rule: str,
        message: str,
        component: Mapping[str, Any] | None = None,
        *,
        severity: str = "error",
        **params: Any,
    ) -> None:
        where, line = "", 0
        if component is not None:
            where = str(component.get("key") or component.get("path") or component.get("id") or "")
            line = self._line(component)
        self.problems.append(
            Problem(rule, message, where, params, severity=severity, file=self.file, line=line)
        )

    def _line(self, component: Mapping[str, Any]) -> int:
        for name in ("id", "key", "path"):
            value = component.get(name)
            if isinstance(value, str) and value:
                found = re.search(rf'"{name}"\s*:\s*"{re.escape(value)}"', self.text)
                if found:
                    return self.text.count("\n", 0, found.start()) + 1
        return 0

    def feel(self, text: str, component: Mapping[str, Any]) -> str:
        """Check FEEL and note the variables that it may read."""
        try:
            v8.shared().check(text)
        except Invalid as error:
            self.problems.append(
                Problem(
                    error.code,
                    error.message,
                    str(component.get("key") or component.get("id") or ""),
                    error.params,
                    file=self.file,
                    line=self._line(component),
                )
            )
        self.reads |= names_in(text)
        return text


def names_in(text: str) -> set[str]:
    """What may be variables in FEEL."""
    return {found[1] for found in _WORD.finditer(text) if found[1]}
