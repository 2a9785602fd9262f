"""For machines that watch over the house: whether the server is up. Needs no sign-in, tells nothing else."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

bp = Blueprint("machines", __name__)


@bp.get("/healthz")
@bp.get("/health")
def health() -> ResponseReturnValue:
    """200 while requests are served. Asks nobody, so that a database that is away restarts no server."""
    return jsonify(status="ok")
