"""Programs at the API: each holds a token, and each answer is held against the API's own description."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from runtime.commands import tokens
from runtime.identity import SYSTEM
from tests.office import Office
from web.api import openapi
from web.api.routes import PREFIX
from web.app import create_app


@cache
def described() -> dict[str, Any]:
    """The OpenAPI document, in which no answer may hold more than is said."""
    document = json.loads(json.dumps(openapi.document()))
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return document


def check(method: str, path: str, answer: TestResponse) -> None:
    """The answer is one that the API's description foretells."""
    document = described()
    path = path.partition("?")[0]
    operation = next(
        (
            each[method.lower()]
            for pattern, each in document["paths"].items()
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", pattern), path) and method.lower() in each
        ),
        None,
    )
    if operation is None:
        responses = {"default": {"content": {"application/problem+json": {"schema": _ref("Refusal")}}}}
    else:
        responses = operation["responses"]
    status = str(answer.status_code)
    assert status in responses or answer.status_code >= 400, (status, answer.text)
    content = responses.get(status, responses["default"]).get("content")
    if content is None:
        assert answer.data == b""
        return
    assert answer.mimetype in content, (answer.mimetype, answer.text)
    schema = {**content[answer.mimetype]["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(json.loads(answer.data, parse_float=Decimal))


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


class Program:
    """Somebody's program. `call` answers with the status and what the body says."""

    def __init__(self, office: Office, username: str, language: str = "en") -> None:
        self.office, self.username = office, username
        self.made = office.runtime.do(tokens.make, SYSTEM, username, "a program", 30)
        self.app = create_app(office.runtime)
        self.client = self.app.test_client(use_cookies=False)
        self.headers = {"Authorization": f"Bearer {self.made.secret}", "Accept-Language": language}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """`path` without /api/v1; `body` is JSON text, or what becomes it."""
        sent = {}
        if body is not None:
            text = body if isinstance(body, (str, bytes)) else json.dumps(body)
            sent = {"data": text, "content_type": "application/json"}
        answer = self.client.open(
            PREFIX + path,
            method=method,
            headers={**self.headers, **{name.replace("_", "-"): text for name, text in headers.items()}},
            **sent,
        )
        check(method, path, answer)
        return answer.status_code, json.loads(answer.data, parse_float=Decimal) if answer.data else None

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        return self.call("POST", path, body, **headers)

    def code(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """The status, and the code of the refusal."""
        status, told = self.call(method, path, body, **headers)
        return status, told["code"]
