"""A request over HTTP, with limits of size and time; a redirect is an answer and is not followed.

Not here: where it may go (destinations.py), what an answer means to a case (commands/deliveries.py)."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from runtime.delivery.destinations import Destinations, Place
from runtime.delivery.errors import BadHeader, NoAnswer, NotUnderstood, TooLarge, TooSlow
from runtime.delivery.limits import within
from runtime.values import Value, from_json, to_json

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LARGEST = 1_000_000  # bytes of what is sent, and of what is answered
# How often its limit of time a request may take, from finding its host to the end: connecting, shaking hands, the rest.
LONGEST = 3
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_TEXT = re.compile(r"[\x20-\x7e\t]{0,4000}")
# What says where a message ends and who speaks is the runtime's.
_OWN = frozenset(
    {"connection", "content-length", "expect", "host", "idempotency-key", "keep-alive", "te", "trailer"}
    | {"transfer-encoding", "upgrade", "user-agent", "accept-encoding"}
)


@dataclass(frozen=True)
class Request:
    """`body` is sent as JSON, None: nothing is; `key` goes into the header Idempotency-Key."""

    url: str
    key: str
    method: str = "GET"
    headers: Mapping[str, str] | None = None
    body: Value = None
    seconds: float = 20.0


@dataclass(frozen=True)
class Response:
    """`headers` by their names in small letters; `body`: of JSON its value, else text; None if there is none."""

    status: int
    headers: Mapping[str, str]
    body: Value


def request(asked: Request, allowed: Destinations) -> Response:
    """Ask and read the answer, whatever its status. Raises Undeliverable, Unreached."""
    headers = checked(asked.headers or {})
    data = None
    if asked.body is not None:
        data = written(asked.body).encode()
        if len(data) > LARGEST:
            raise TooLarge(what="What is sent", most=LARGEST)
    given = {name.lower() for name in headers}
    usual = {"Accept": "application/json, text/plain;q=0.9, */*;q=0.5"}
    if data is not None:
        usual["Content-Type"] = "application/json"
    headers |= {name: text for name, text in usual.items() if name.lower() not in given}
    headers |= {"Idempotency-Key": asked.key, "User-Agent": "Guicheng", "Accept-Encoding": "identity"}
    place, address = allowed.find(asked.url)
    connection = _Pinned(place, address, asked.seconds)
    with within(asked.seconds, lambda: connection.opened) as overdue:
        try:
            connection.request(asked.method, place.target, body=data, headers=headers)
            answer = connection.getresponse()
            read = answer.read(LARGEST + 1)
            if overdue.is_set():
                raise TimeoutError
        except (OSError, http.client.HTTPException, ValueError) as error:
            if overdue.is_set() or isinstance(error, TimeoutError):
                raise TooSlow(host=place.host, seconds=f"{asked.seconds:g}") from None
            raise NoAnswer(host=place.host, reason=f"{type(error).__name__}: {error}"[:200]) from None
        finally:
            connection.close()
    if len(read) > LARGEST:
        raise TooLarge(what=f"The answer of {place.host}", most=LARGEST)
    told = {name.lower(): value for name, value in answer.getheaders()}
    return Response(answer.status, told, _body(place.host, read, told.get("content-type", "")))


def checked(headers: Mapping[str, Any]) -> dict[str, str]:
    """Headers as they may be sent. Raises BadHeader, which never tells a header's text: it may be secret."""
    for name, text in headers.items():
        fits = (
            isinstance(name, str)
            and isinstance(text, str)
            and _NAME.fullmatch(name)
            and _TEXT.fullmatch(text)
        )
        if not fits or name.lower() in _OWN or name.lower().startswith("proxy-"):
            raise BadHeader(header=str(name)[:100])
    return dict(headers)


def written(value: Value) -> str:
    """A case's value as JSON that other systems read: decimals as numbers, to the last digit, dates and
    durations as text."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{written(str(name))}:{written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(written, value)) + "]"
    if isinstance(value, Decimal):
        return str(value)
    if value is None or isinstance(value, (str, bool, int)):
        return json.dumps(value, ensure_ascii=False)
    told = to_json(value)
    return written(next(iter(told.values())) if isinstance(told, dict) and len(told) == 1 else told)


def _body(host: str, read: bytes, kind: str) -> Value:
    if not read:
        return None
    try:
        if "json" not in kind.lower():
            return from_json(to_json(read.decode("utf-8", "replace")))
        return from_json(to_json(json.loads(read, parse_float=Decimal, parse_constant=_no_number)))
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise NotUnderstood(host=host, reason=f"{type(error).__name__}: {error}"[:200]) from None


def _no_number(found: str) -> None:
    raise ValueError(f"{found} is no number")


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, by the name that its certificate must have."""

    def __init__(self, place: Place, address: str, seconds: float) -> None:
        super().__init__(place.host, place.port, timeout=seconds)
        self._place, self._address = place, address
        # `sock` is None again as soon as the headers say that this answer is the last, and its body is still to come.
        self.opened: socket.socket | None = None

    def connect(self) -> None:
        self.sock = self.opened = socket.create_connection((self._address, self.port), self.timeout)
        if self._place.scheme == "https":
            # The handshake as a whole has the socket's own limit of time.
            self.sock = self.opened = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
