"""What needs whoever operates the house: open incidents, messages that found no receiver, and what waits
for external workers.

Not here: the incidents of one case on its own page (cases.py)."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from runtime.commands import incidents, messages
from runtime.queries import exported
from runtime.queries import external_tasks as external_queries
from runtime.queries import incidents as incident_queries
from runtime.queries import messages as message_queries
from web import current

bp = Blueprint("operations", __name__)


@bp.get("/operations")
def overview() -> str:
    return render_template(
        "operations.html",
        watched=exported.may_see(current.actor()),
        incidents=current.read(incident_queries.listing),
        messages=current.read(message_queries.listing),
        topics=current.read(external_queries.topics),
        states=message_queries.SENTENCES,
    )


@bp.post("/operations/incidents/<incident>/retry")
def retry(incident: str) -> ResponseReturnValue:
    current.do(incidents.retry, incident)
    flash(current.say("It is being tried again."))
    return redirect(url_for("operations.overview"))


@bp.post("/operations/messages/<message>/deliver")
def deliver(message: str) -> ResponseReturnValue:
    current.do(messages.deliver, message)
    flash(current.say("Its receiver is being looked for again."))
    return redirect(url_for("operations.overview"))


@bp.post("/operations/messages/<message>/discard")
def discard(message: str) -> ResponseReturnValue:
    current.do(messages.discard, message)
    flash(current.say("The message was discarded."))
    return redirect(url_for("operations.overview"))
