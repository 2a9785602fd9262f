"""The handbook: its clauses with what carries them out, acknowledging it, and its versions.

Not here: reading its Markdown (runtime/handbook)."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from runtime import clock
from runtime.commands import handbook as commands
from runtime.errors import Conflict, Invalid
from runtime.queries import handbook, processes
from web import current, show

bp = Blueprint("handbook", __name__)

PERIODS = {
    "month": "This month",
    "last_month": "Last month",
    "quarter": "The last 90 days",
    "year": "This year",
}
# Where the pages lie that a handbook may name.
PAGES = {
    "acknowledgements": "handbook.readers",
    "handbook": "handbook.show",
    "inbox": "inbox.todo",
    "operations": "operations.overview",
    "processes": "processes.listing",
    "rules": "rules.listing",
    "stock": "stock.overview",
}


@bp.get("/handbook", endpoint="show")
def show_() -> str:
    since, until, period = _period()
    page = current.read(handbook.page, current.language(), since, until)
    gaps = request.args.get("only") == "gaps"
    entries = [entry for entry in page.entries if not gaps or not (entry.section or entry.carriers)]
    return render_template(
        "handbook.html",
        page=page,
        entries=entries,
        gaps=gaps,
        period=period,
        periods={key: current.say(word) for key, word in PERIODS.items()},
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
    files = []
    for file in request.files.getlist("files"):
        try:
            files.append((file.filename or "handbook.md", file.read().decode("utf-8")))
        except UnicodeDecodeError as error:
            raise Invalid from error
    try:
        number = current.do(commands.load, files, "browser")
    except (Invalid, Conflict) as refused:
        return _versions(refused), refused.status
    flash(current.say("Loaded as version {number}.", number=number))
    return redirect(url_for("handbook.versions"))


def _versions(refused: Invalid | Conflict | None = None) -> str:
    return render_template("handbook_versions.html", rows=current.read(handbook.versions), refused=refused)


def _period() -> tuple[dt.date, dt.date, str]:
    """The first and last day that figures are asked of, and which of the periods that is ("" if none)."""
    today = clock.now().astimezone(show.zone()).date()
    first = today.replace(day=1)
    asked = request.args.get("period", "")
    if asked not in PERIODS:
        try:
            since, until = (dt.date.fromisoformat(request.args[name]) for name in ("since", "until"))
        except (KeyError, ValueError):
            asked = "quarter"
        else:
            return min(since, until), max(since, until), ""
    if asked == "month":
        return first, today, asked
    if asked == "last_month":
        return (first - dt.timedelta(days=1)).replace(day=1), first - dt.timedelta(days=1), asked
    if asked == "year":
        return today.replace(month=1, day=1), today, asked
    return today - dt.timedelta(days=89), today, asked
