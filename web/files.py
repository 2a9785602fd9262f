"""Files that people attach: taken one at a time before their form is sent, given back as downloads.

Not here: where they are kept and who may read them (commands/files.py, queries/files.py)."""

from __future__ import annotations

import io

from flask import Blueprint, Response, jsonify, request, send_file
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from runtime import values
from runtime.commands import files as commands
from runtime.commands.attempts import Limit
from runtime.queries import files as queries
from web import current
from web.security import limited

bp = Blueprint("files", __name__)


@bp.post("/files")
@limited((Limit(120, 60), current.me))
def store() -> ResponseReturnValue:
    sent = request.files.get("file")
    if sent is None:
        raise BadRequest
    kept = current.do(commands.store, sent.filename or "", sent.mimetype, sent.read())
    return jsonify(values.to_json(kept))


@bp.get("/files/<sha256>")
def content(sha256: str) -> Response:
    file, data = current.read(queries.content, sha256)
    # Always a download: whatever it is, it never runs on this site.
    response = send_file(
        io.BytesIO(data), mimetype=file.media_type, as_attachment=True, download_name=file.name
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
