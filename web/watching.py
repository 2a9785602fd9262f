"""What each request leaves for whoever watches: an id in the log and in its answer, and how long it took.

Not here: how a line of the log is written (runtime/logs.py), who may read the figures (machines.py)."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from flask import Flask, Response, g, request

from runtime import measures
from web import current

HEADER = "X-Request-ID"
_ID = re.compile(r"[\w.-]{8,64}", re.ASCII)
log = structlog.get_logger(__name__)


def watch(app: Flask) -> None:
    """Begin before everything else, so that what is refused is watched too."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()
    # What a proxy in front calls it, if one is trusted to be there.
    given = request.headers.get(HEADER, "") if current.runtime().settings.proxies else ""
    g.request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id)


def _end(response: Response) -> Response:
    took = time.perf_counter() - g.began
    endpoint = request.endpoint or "none"
    measures.REQUESTS.labels(endpoint, request.method, f"{response.status_code // 100}xx").observe(took)
    response.headers[HEADER] = g.request_id
    if current.runtime().settings.log_requests:
        # The path without its query, which may name people.
        log.info(
            "request", method=request.method, path=request.path, status=response.status_code,
            milliseconds=round(took * 1000, 1),
        )  # fmt: skip
    return response
