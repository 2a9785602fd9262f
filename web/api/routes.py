"""What every address of the API has in common: its body read, its answer written, its description kept.

    @route("POST", "/tasks/<task>/claim", gives=shapes.Claimed, refuses=[TaskTaken])
    def claim(task: str) -> shapes.Claimed: ...

Not here: what an address does (the other files), errors (problems.py), the description itself (openapi.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from flask import Blueprint, Response, request

from runtime.commands import requests
from runtime.errors import GuichengError
from web.api import reading, writing

PREFIX = "/api/v1"
ONCE = "Idempotency-Key"
# What an address that reads it says of it.
NAMED_ONCE = {
    ONCE: f"Names this very request, up to {requests.LONGEST_KEY} characters, for {requests.KEPT.days} days. Sent again"
    " with the same key and body it does nothing, and is answered as before; with another body it is refused."
}
bp = Blueprint("api", __name__, url_prefix=PREFIX)


@dataclass(frozen=True)
class Route:
    """An address as openapi.py describes it. `path` is Flask's; the first line of `told` is the summary."""

    method: str
    path: str
    endpoint: str
    area: str
    told: str
    takes: type[reading.Sent] | None
    asks: type[reading.Asked] | None
    headers: dict[str, str]
    gives: type | None
    status: tuple[int, ...]
    refuses: tuple[type[GuichengError], ...]


ROUTES: list[Route] = []


def once() -> str:
    """The idempotency key of this request; "" without one."""
    return request.headers.get(ONCE, "")


@dataclass(frozen=True)
class Answer:
    """What a view returns when more is to be said than the body."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def route(
    method: str,
    path: str,
    *,
    takes: type[reading.Sent] | None = None,
    asks: type[reading.Asked] | None = None,
    gives: type | None = None,
    status: Sequence[int] = (),
    refuses: Sequence[type[GuichengError]] = (),
    headers: dict[str, str] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """A view of the API. `takes`: its JSON body, handed to it as `sent`; `asks`: its query, as `asked`;
    `gives`: the dataclass that it returns (None: nothing, 204); `headers`: those that it reads, with
    what they mean; `refuses`: its own errors, besides what any address may answer."""

    def register(view: Callable[..., Any]) -> Callable[..., Response]:
        area = view.__module__.rpartition(".")[2]
        endpoint = f"{area}_{view.__name__}"
        usual = status or ((200,) if gives else (204,))
        ROUTES.append(
            Route(
                method, path, endpoint, area, view.__doc__ or "", takes, asks, headers or {}, gives,
                tuple(usual), tuple(refuses),
            )
        )  # fmt: skip

        @wraps(view)
        def answer(**where: str) -> Response:
            given: dict[str, Any] = dict(where)
            if takes is not None:
                given["sent"] = reading.body(takes)
            if asks is not None:
                given["asked"] = reading.query(asks)
            told = view(**given)
            if isinstance(told, Answer):
                return writing.response(told.body, told.status, told.headers)
            return writing.response(told, usual[0])

        bp.add_url_rule(path, endpoint, answer, methods=[method])
        return answer

    return register
