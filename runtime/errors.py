"""Errors and findings, as data: a code, parameters and an English sentence.

One failure is an exception; its docstring is the sentence, with `{parameters}`.
Many findings are `Problem`s. Who shows them translates (i18n.say); nobody else
speaks a language.

    GuichengError
    ├── Invalid     400  what was given does not fit
    ├── Forbidden   403  not granted
    ├── NotFound    404  not there, or not yours to know of
    ├── Conflict    409  somebody or something was faster
    ├── Failed      500  it should have worked
    └── Unavailable 503  it will work once something around us is mended"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import getdoc
from typing import Any, ClassVar


def fill(sentence: str, params: Mapping[str, Any]) -> str:
    """`sentence` with its `{parameters}` inserted as text.

    Never `str.format`: what a user typed must not become a template."""
    return re.sub(r"\{(\w+)\}", lambda hole: str(params.get(hole[1], hole[0])), sentence)


@dataclass(frozen=True)
class Problem:
    """One finding in a file, a form or a request.

    `message` is the English sentence with `{parameters}` and is the key of its
    translations; `where` a BPMN id, a field, or "12:5" in a rule file."""

    rule: str
    message: str
    where: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    severity: str = "error"  # error | warning
    file: str = ""
    line: int = 0  # 1-based; 0 when there is none
    column: int = 0

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{place or self.where}: {fill(self.message, self.params)}"


class GuichengError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, problems: list[Problem] | None = None, **params: Any) -> None:
        self.params = params
        self.problems = problems or []
        super().__init__(params)

    @classmethod
    def sentence(cls) -> str:
        """English, parameters not yet filled in: the key of its translations."""
        return " ".join((getdoc(cls) or "").split("\n\n")[0].split())

    @property
    def message(self) -> str:
        return self.sentence()

    def __str__(self) -> str:
        return fill(self.message, self.params)


class Invalid(GuichengError):
    """What was given does not fit."""

    code = "invalid"
    status = 400


class Forbidden(GuichengError):
    """You may not do this."""

    code = "forbidden"
    status = 403


class NotFound(GuichengError):
    """This does not exist, or you may not see it."""

    code = "not_found"
    status = 404


class Conflict(GuichengError):
    """Somebody else was faster."""

    code = "conflict"
    status = 409


class Failed(GuichengError):
    """This should have worked and did not."""

    code = "failed"
    status = 500


class Unavailable(GuichengError):
    """This is not possible at this moment."""

    code = "unavailable"
    status = 503
