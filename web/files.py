"""Files that people attach: taken one at a time before their form is sent, given back as downloads.

Not here: where they are kept and who may read them (commands/files.py, queries/files.py)."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, Response, jsonify, request, send_file
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest
from werkzeug.sansio import multipart

from runtime import values
from runtime.commands import files as commands
from runtime.commands.attempts import Limit
from runtime.forms import kinds
from runtime.queries import files as queries
from web import current
from web.security import limited

bp = Blueprint("files", __name__)
ENDPOINT = "files.store"
MAX_BODY = commands.LARGEST + 64 * 1024  # bytes, one request: the largest file, and what surrounds it
HEAD = 8 * 1024  # bytes of a request, of which the name is read when the rest is too much


@bp.post("/files")
@limited((Limit(120, 60), current.me))
def store() -> ResponseReturnValue:
    sent = request.files.get("file")
    if sent is None:
        raise BadRequest
    kept = current.do(commands.store, sent.filename or "", sent.mimetype, sent.read())
    return jsonify(values.to_json(kept))


def too_large() -> commands.FileTooLarge | None:
    """Why this upload, which is too large to be read, is refused: its name stands at its head.

    None if this is no upload, or one that does not say what it is."""
    boundary = request.mimetype_params.get("boundary")
    if request.endpoint != ENDPOINT or not boundary:
        return None
    reading = multipart.MultipartDecoder(boundary.encode())
    try:
        reading.receive_data(request.environ["wsgi.input"].read(HEAD))
        event = reading.next_event()
        while not isinstance(event, (multipart.File, multipart.NeedData, multipart.Epilogue)):
            event = reading.next_event()
    except ValueError:
        return None
    if not isinstance(event, multipart.File):
        return None
    return commands.FileTooLarge.of(commands.clean_name(event.filename), request.content_length or MAX_BODY)


def limits() -> dict[str, Any]:
    """What dist/form.js refuses before it is sent, by the server's own bounds and in its own sentences."""
    refusals = (commands.FileTooLarge, commands.FileEmpty, commands.FileKindRefused)
    return {
        "largest": commands.LARGEST,
        "kinds": list(commands.KINDS),
        "endings": commands.ENDINGS,
        "most": kinds.MOST_FILES,
        "not_accepted": current.say(kinds.NOT_ACCEPTED),
        "too_many": current.say(kinds.TOO_MANY_FILES),
        "not_sent": current.say("The file {name} could not be sent. Choose it again and send once more."),
        **{each.code.removeprefix("file."): current.say(each.sentence()) for each in refusals},
    }


@bp.get("/files/<sha256>")
def content(sha256: str) -> Response:
    file, data = current.read(queries.content, sha256)
    # Always a download: whatever it is, it never runs on this site.
    response = send_file(
        io.BytesIO(data), mimetype=file.media_type, as_attachment=True, download_name=file.name
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
