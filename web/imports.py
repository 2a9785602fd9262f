"""Templates of imports from Excel, to fill in.

Not here: uploading one, which is a file field of the process's form."""

from __future__ import annotations

import io

from flask import Blueprint, Response, send_file

from runtime.queries import import_templates
from web import current, spreadsheets

bp = Blueprint("imports", __name__)


@bp.get("/imports/<kind>/template.xlsx")
def template(kind: str) -> Response:
    name, content = current.read(import_templates.template, kind, current.language())
    return send_file(
        io.BytesIO(content), mimetype=spreadsheets.EXCEL, as_attachment=True, download_name=name, max_age=0
    )
