"""One incident: what happened, and the ways to deal with it, each with its reason; a case cancelled by hand.

Not here: the list of them (operations.py), what each way does (runtime/commands/incidents.py, cancelling.py)."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from runtime.commands import cancelling, incidents
from runtime.commands.user_tasks import NotYourFile
from runtime.errors import Conflict, GuichengError, Invalid, NotFound
from runtime.queries import cases
from runtime.queries import incidents as queries
from web import current, typed

bp = Blueprint("incidents", __name__)
# What is said once it is done.
DONE = {
    "retry": "It is being tried again.",
    "skip": "The step was skipped.",
    "correct": "The variables were corrected; the step was tried again.",
    "close": "The incident is closed.",
}
# How somebody dealt with it, as the page tells it.
RESOLUTIONS = {
    "retried": "It was tried again.",
    "skipped": "The step was skipped.",
    "corrected": "Its variables were corrected.",
    "closed": "It was closed.",
    "": "It ended with its step.",
}


@bp.get("/incidents/<incident>")
def show(incident: str) -> str:
    return _page(incident)


@bp.post("/incidents/<incident>/<way>")
def deal(incident: str, way: str) -> ResponseReturnValue:
    if way not in DONE:
        raise NotFound
    reason, given = request.form.get("reason", ""), typed.given()
    takes_values = way in ("skip", "correct")
    if takes_values and "more" in request.form:
        # One more row: nothing is judged yet.
        rows = [typed.Row(row.name, row.kind, row.text) for row in given.rows] or [typed.Row()]
        return _page(incident, way, reason, [*rows, typed.Row()])
    missing = way == "correct" and not given.rows
    if takes_values and (given.wrong or missing):
        rows = [typed.Row(wrong_name=typed.NAMES[0])] if missing else given.rows
        refused = None if reason.strip() else incidents.ReasonMissing()
        return _page(incident, way, reason, rows, refused), Invalid.status
    try:
        if way == "retry":
            current.do(incidents.retry, incident, reason)
        elif way == "skip":
            current.do(incidents.skip, incident, reason, given.values)
        elif way == "correct":
            current.do(incidents.correct, incident, reason, given.values)
        else:
            current.do(incidents.close, incident, reason)
    except (Invalid, Conflict, NotYourFile) as refusal:
        return _page(incident, way, reason, given.rows, refusal), refusal.status
    flash(current.say(DONE[way]))
    return redirect(url_for("operations.overview", _anchor="incidents"))


@bp.get("/cases/<case>/cancel")
def ask_to_cancel(case: str) -> str:
    return _cancelling(case)


@bp.post("/cases/<case>/cancel")
def cancel(case: str) -> ResponseReturnValue:
    reason = request.form.get("reason", "")
    stopping = current.read(cases.stopping, case)
    try:
        current.do(cancelling.cancel, case, reason)
    except (Invalid, Conflict) as refusal:
        return _cancelling(case, reason, refusal), refusal.status
    flash(current.say("The case is cancelled."))
    if not stopping.seen:
        return redirect(url_for("operations.overview"))
    return redirect(url_for("cases.show", case=case))


def _page(
    incident: str,
    way: str = "",
    reason: str = "",
    rows: list[typed.Row] | None = None,
    refused: GuichengError | None = None,
) -> str:
    """`way`: the one that was tried, with what was typed for it and why it was refused."""
    page = current.read(queries.page, incident)
    if page is None:
        raise incidents.NoSuchIncident
    return render_template(
        "incident.html",
        page=page,
        way=way,
        reason=reason,
        rows=rows or [typed.Row()],
        refused=refused,
        unsaid=isinstance(refused, incidents.ReasonMissing),
        no_step=incidents.NoStep.sentence(),
        resolutions=RESOLUTIONS,
        kinds=typed.KINDS,
        most=typed.MOST,
        longest=incidents.LONGEST,
    )


def _cancelling(case: str, reason: str = "", refused: GuichengError | None = None) -> str:
    return render_template(
        "cancel.html",
        case=current.read(cases.stopping, case),
        reason=reason,
        refused=refused,
        unsaid=isinstance(refused, incidents.ReasonMissing),
        longest=incidents.LONGEST,
    )
