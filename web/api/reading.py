"""What programs send: JSON bodies and queries, by declared shape; anything else is refused.

Numbers stay exact. Not here: what the answers of a form must be (runtime/forms), tagged values of
messages (runtime/values.py)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError

from runtime import values
from runtime.errors import Invalid, Problem

MAX_BODY = 1024 * 1024  # bytes; files are sent elsewhere
MAX_DEPTH = 32  # of JSON within JSON
MAX_TOLD = 20  # problems of one request


class NotJson(Invalid):
    """The body must be one JSON object, sent as application/json, at most {depth} levels deep, without NaN and NUL."""

    code = "request.not_json"


class WrongType(Invalid):
    """The body must be JSON, sent as application/json."""

    code = "request.wrong_type"
    status = 415


class RequestInvalid(Invalid):
    """The request does not fit what this address takes."""

    code = "request.invalid"


class Sent(BaseModel):
    """A JSON body: every field declared, no other taken, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Asked(BaseModel):
    """A query: every parameter declared, no other taken; numbers are read from text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=Sent)
A = TypeVar("A", bound=Asked)


def body(shape: type[S]) -> S:
    """The request's body. Raises NotJson, WrongType, RequestInvalid with every field's reason."""
    # Before anything is read: as a form it would be read by the framework, and look empty here.
    if request.mimetype not in ("", "application/json"):
        raise WrongType
    data = request.get_data(cache=False)
    if data and not request.mimetype:
        raise WrongType
    return _fitting(shape, parsed(data or b"{}"))


def query(shape: type[A]) -> A:
    """The request's query. Raises RequestInvalid."""
    return _fitting(shape, request.args.to_dict())


def parsed(data: bytes) -> Any:
    """JSON as it was written, numbers with a point as Decimal. Raises NotJson."""
    try:
        sent = json.loads(data.decode(), parse_float=Decimal, parse_constant=_not_a_number)
    except (ValueError, RecursionError) as unreadable:
        raise NotJson(depth=MAX_DEPTH) from unreadable
    if not isinstance(sent, dict):
        raise NotJson(depth=MAX_DEPTH)
    _look_at(sent)
    return sent


def _not_a_number(name: str) -> Any:
    raise ValueError(name)


def _look_at(sent: Any) -> None:
    """Neither too deep nor with a NUL: no name, text or id holds one, and PostgreSQL takes none."""
    level, depth = [sent], 0
    while level:
        depth += 1
        deeper: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                deeper += each.keys()
                deeper += each.values()
            elif isinstance(each, list):
                deeper += each
            elif isinstance(each, str) and "\0" in each:
                raise NotJson(depth=MAX_DEPTH)
        if depth > MAX_DEPTH and any(isinstance(each, (dict, list)) for each in deeper):
            raise NotJson(depth=MAX_DEPTH)
        level = deeper


def tagged(sent: dict[str, Any], name: str) -> dict[str, Any]:
    """Values that no form describes, as tagged JSON (runtime/values.py). Raises NotAValue, naming the place."""
    return {key: values.read(each, f"{name}.{key}") for key, each in sent.items()}


T = TypeVar("T", bound=BaseModel)


def _fitting(shape: type[T], data: Any) -> T:
    try:
        return shape.model_validate(data)
    except ValidationError as wrong:
        found = wrong.errors(include_url=False, include_context=False, include_input=False)
        raise RequestInvalid([_problem(each) for each in found[:MAX_TOLD]]) from None


def _problem(error: Any) -> Problem:
    # A name that was sent may be anything, half a character too.
    place = ".".join(str(part) for part in error["loc"]).encode("utf-8", "replace").decode()[:200]
    told = {"field": place}
    if error["type"] == "extra_forbidden":
        return Problem("request.unknown_field", "There is no field {field} here.", place, told)
    if error["type"] == "missing":
        return Problem("request.missing_field", "The field {field} is missing.", place, told)
    return Problem("request.wrong_value", "The field {field} cannot be this.", place, told)
