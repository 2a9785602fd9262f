"""Errors as programs read them: application/problem+json (RFC 9457) with our code, never a page.

Not here: which error is which status (runtime/errors.py), what of it is shown at all (web/app.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import orjson
from flask import Response

from runtime.errors import Problem
from web import current


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field: its path ("lines[1].quantity"; "" for all of it), a code for programs
    and a sentence for people."""

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class Refusal:
    """Why a request was refused. `code` is one of docs/errors.md and stays; `detail` is a sentence in the
    reader's language."""

    status: int
    title: str
    detail: str
    code: str
    problems: list[FieldProblem]


def response(status: int, message: str, code: str, problems: Sequence[Problem] = ()) -> Response:
    """`message` is said in the reader's language already, `problems` not yet."""
    told = [
        FieldProblem(each.where, each.rule, current.say(each.message, **each.params)) for each in problems
    ]
    body = orjson.dumps(Refusal(status, HTTPStatus(status).phrase, message, code, told))
    answer = Response(body, status, content_type="application/problem+json")
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="guicheng"'
    return answer
