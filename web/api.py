"""For machines: whether the server is up. Tells nothing else and needs no sign-in."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

bp = Blueprint("api", __name__)


@bp.get("/health")
def health() -> ResponseReturnValue:
    """200 while requests are served. Tells nothing about the installation."""
    return jsonify(status="ok")
