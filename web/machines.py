"""For machines that watch over the house: whether it lives, whether it can work, and its figures.

The first two need no sign-in and tell nothing else; the figures are for who knows the setting `metrics_token`.
Not here: what is counted (runtime/measures.py, runtime/queries/operations.py)."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

from runtime import measures
from runtime.errors import GuichengError
from web import current, security

bp = Blueprint("machines", __name__)


@bp.get("/healthz")
@bp.get("/health")
def health() -> ResponseReturnValue:
    """200 while requests are served. Asks nobody, so that a database that is away restarts no server."""
    return jsonify(status="ok")


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 when the database answers, its tables fit and the worker beside this server is at work; else 503
    with what is missing: database, tables, worker."""
    missing = current.runtime().ready()
    worker = current_app.extensions.get("worker")
    if not missing and worker is not None and not worker():
        missing = "worker"
    if missing:
        return jsonify(status="unready", missing=missing), 503
    return jsonify(status="ok")


@bp.get("/metrics")
def metrics() -> Response:
    """Figures in Prometheus' text format, for who sends the token of the setting; nobody if it is unset."""
    expected = str(current.runtime().settings.metrics_token)
    if not expected:
        abort(404)
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), expected.encode()):
        security.count_failed_token()
        abort(401)
    try:
        now = current.runtime().figures()
        up = 1.0
    except GuichengError:
        # What the process counted is told even then, and that the database is why the rest is missing.
        now, up = [], 0.0
    now = [*now, ("database_up", "Whether the database answered", up)]
    return Response(measures.exposed(now), content_type=CONTENT_TYPE_LATEST)
