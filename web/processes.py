"""Starting a process: the list of those that I may start, and the start form.

Not here: what happens to the case then (inbox.py, cases.py)."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from runtime.commands import cases
from runtime.errors import Invalid
from runtime.queries import processes
from web import current
from web.inbox import sent_answers, typed

bp = Blueprint("processes", __name__)


@bp.get("/processes")
def listing() -> str:
    rows = groupby(current.read(processes.startable, current.language()), key=attrgetter("chapter"))
    return render_template("processes.html", chapters=[(chapter, list(each)) for chapter, each in rows])


@bp.get("/processes/<key>/start")
def start_form(key: str) -> str:
    return _form(key)


@bp.post("/processes/<key>/start")
def start(key: str) -> ResponseReturnValue:
    answers = sent_answers()
    try:
        begun = current.do(cases.start, key, answers)
    except Invalid as refused:
        return _form(key, refused=refused, typed=typed()), refused.status
    flash(f"start:{key}", "finished")
    if begun.next_task:
        first = "Started, but something has to be put right first: the form says what."
        flash(
            current.say(first if begun.refused else "Started. The first step is yours."),
            "warning" if begun.refused else "done",
        )
        return redirect(url_for("inbox.show", task=begun.next_task))
    ended = "Started, and over already: the page says why."
    flash(current.say(ended if begun.refused and begun.ended else "Started."))
    return redirect(url_for("cases.show", case=begun.case))


def _form(key: str, *, typed: dict[str, Any] | None = None, **told: Any) -> str:
    page = current.read(processes.start_page, key, current.language())
    # What can only be read is not sent with the answers.
    return render_template("start.html", start=page, values={**page.data, **(typed or {})}, **told)
