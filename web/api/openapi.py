"""The API describes itself: an OpenAPI 3.1 document made from the routes, their shapes and their errors.

Open to everybody who is signed in, as everything else. Not here: the routes."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version
from typing import Any

from flask import Response
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from runtime.errors import GuichengError, NotFound
from runtime.identity import NotGranted
from web import current
from web.api import reading, writing
from web.api.problems import Refusal
from web.api.routes import PREFIX, ROUTES, Route, bp

ABOUT = """The commands and queries of Guicheng's pages, for programs.

Sign in by an access token (`Authorization: Bearer …`), or by the session of a browser; what changes
something then needs the token of `GET /session` in `X-CSRFToken`. Every error is `application/problem+json`
with a `code` that stays, and a sentence in the language of `Accept-Language`. Numbers are exact; times are
UTC. What a form asks is plain JSON; where no form says what a value is, it is tagged:
`{"$decimal": "12.50"}`, `{"$date": "2026-03-09"}`, `{"$datetime": …}`, `{"$duration": "P3D"}`,
`{"$file": {…}}`."""
# What any address may answer, by status.
EVERYWHERE = [
    reading.RequestInvalid, reading.NotJson, reading.WrongType, current.SignInNeeded, current.TokenRefused,
]  # fmt: skip
REF = "#/components/schemas/{model}"


@bp.get("/openapi.json")
def openapi() -> Response:
    """This document."""
    return Response(_document(), mimetype="application/json")


@cache
def _document() -> bytes:
    return writing.dumps(document())


def document() -> dict[str, Any]:
    """As data, for tests too."""
    shapes: dict[str, tuple[type, JsonSchemaMode]] = {"Refusal": (Refusal, "serialization")}
    for route in ROUTES:
        if route.takes is not None:
            shapes[route.takes.__name__] = (route.takes, "validation")
        if route.gives is not None:
            shapes[route.gives.__name__] = (route.gives, "serialization")
    adapters: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
        (name, mode, TypeAdapter(shape)) for name, (shape, mode) in shapes.items()
    ]
    _, schema = TypeAdapter.json_schemas(adapters, ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        path = re.sub(r"<(\w+)>", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Guicheng", "version": version("guicheng"), "description": ABOUT},
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}, {"session": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schema["$defs"].items())),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "guicheng"},
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    summary, _, more = route.told.partition("\n\n")
    found: dict[str, Any] = {"operationId": route.endpoint, "tags": [route.area], "summary": _line(summary)}
    if more:
        found["description"] = _line(more)
    parameters = [_parameter("path", name, {"type": "string"}) for name in re.findall(r"<(\w+)>", route.path)]
    if route.asks is not None:
        asked = route.asks.model_json_schema()
        about = _line(asked.get("description", ""))
        parameters += [_parameter("query", name, each) for name, each in asked["properties"].items()]
        found["description"] = f"{found.get('description', '')} {about}".strip()
    parameters += [
        _parameter("header", name, {"type": "string", "maxLength": 255, "description": told})
        for name, told in route.headers.items()
    ]
    if parameters:
        found["parameters"] = parameters
    if route.takes is not None:
        found["requestBody"] = {"content": {"application/json": {"schema": _ref(route.takes)}}}
    found["responses"] = _responses(route)
    return found


def _parameter(place: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    told = {key: value for key, value in schema.items() if key not in ("title", "description")}
    found: dict[str, Any] = {"name": name, "in": place, "required": place == "path", "schema": told}
    if "description" in schema:
        found["description"] = schema["description"]
    return found


def _responses(route: Route) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for status in route.status:
        told[str(status)] = {"description": "Done"}
        if route.gives is not None:
            told[str(status)]["content"] = {"application/json": {"schema": _ref(route.gives)}}
    errors: list[type[GuichengError]] = [*EVERYWHERE, *route.refuses, NotGranted]
    if "<" in route.path:
        errors.append(NotFound)
    by_status: dict[int, list[type[GuichengError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    for status, classes in sorted(by_status.items()):
        told[str(status)] = _refused("; ".join(f"{each.code}: {each.sentence()}" for each in classes))
    told["default"] = _refused("Anything else that was refused or failed.")
    return told


def _refused(description: str) -> dict[str, Any]:
    schema = {"$ref": REF.format(model="Refusal")}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


def _ref(shape: type) -> dict[str, str]:
    return {"$ref": REF.format(model=shape.__name__)}


def _line(text: str) -> str:
    return " ".join(text.split())
