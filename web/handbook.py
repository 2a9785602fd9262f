"""The handbook: its clauses with what carries them out, acknowledging it, and its versions.

Not here: reading its Markdown (runtime/handbook)."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from runtime.commands import handbook as commands
from runtime.errors import Conflict, Invalid
from runtime.queries import handbook, processes
from web import current, periods

bp = Blueprint("handbook", __name__)

# Where the pages lie that a handbook may name.
PAGES = {
    "acknowledgements": "handbook.readers",
    "handbook": "handbook.show",
    "inbox": "inbox.todo",
    "mentions": "comments.mentions",
    "operations": "operations.overview",
    "processes": "processes.listing",
    "rules": "rules.listing",
    "stock": "stock.overview",
}


@bp.get("/handbook", endpoint="show")
def show_() -> str:
    since, until, period = periods.asked()
    page = current.read(handbook.page, current.language(), since, until)
    gaps = request.args.get("only") == "gaps"
    entries = [entry for entry in page.entries if not gaps or not (entry.section or entry.carriers)]
    return render_template(
        "handbook.html",
        page=page,
        entries=entries,
        gaps=gaps,
        period=period,
        periods=periods.names(),
        pages=PAGES,
    )


@bp.get("/processes/<key>")
def process(key: str) -> str:
    """A process drawn, with the step that a clause led to."""
    page, step = current.read(processes.drawn, key, current.language()), request.args.get("step", "")
    view = {"xml": page.xml, "labels": dict(page.labels), "active": [step] if step else []}
    return render_template("process.html", shown=page, view=view, chosen=step)


@bp.post("/handbook/acknowledge")
def acknowledge() -> ResponseReturnValue:
    number = request.form.get("number", type=int)
    if number is None:
        raise Invalid
    current.do(commands.acknowledge, number)
    flash(current.say("Thank you. It is noted that you have read version {number}.", number=number))
    return redirect(url_for("handbook.show"))


@bp.get("/handbook/acknowledgements")
def readers() -> str:
    number, rows = current.read(handbook.readers)
    return render_template("handbook_readers.html", number=number, rows=rows)


@bp.get("/handbook/versions")
def versions() -> str:
    return _versions()


@bp.post("/handbook/versions")
def load() -> ResponseReturnValue:
    sent = [(file.filename or "handbook.md", file.read()) for file in request.files.getlist("files")]
    try:
        number = current.do(commands.load, commands.texts(sent), "browser")
    except (Invalid, Conflict) as refused:
        return _versions(refused), refused.status
    flash(current.say("Loaded as version {number}.", number=number))
    return redirect(url_for("handbook.versions"))


def _versions(refused: Invalid | Conflict | None = None) -> str:
    return render_template("handbook_versions.html", rows=current.read(handbook.versions), refused=refused)

