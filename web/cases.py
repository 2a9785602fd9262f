"""One case: what it is about, where it stands, how it came there.

Not here: starting one (processes.py)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from runtime import values
from runtime.commands import incidents
from runtime.queries import awards, cases, comments, handing
from runtime.queries import variables as held
from runtime.queries.timeline import Moment
from web import current

bp = Blueprint("cases", __name__)


@bp.get("/cases/<case>")
def show(case: str) -> str:
    return page_of(case)


def page_of(case: str, **told: Any) -> str:
    """The case's page; `told`: what became of a comment that was sent (comments.py)."""
    page = current.read(cases.case_page, case, current.language())
    diagrams = [
        {
            "xml": view.xml,
            "done": view.done,
            "active": view.active,
            "cancelled": view.cancelled,
            "flows": view.flows,
            "labels": view.labels,
            "waiting": view.waiting,
        }
        for view in page.diagrams
    ]
    certified = current.read(awards.certified, case)
    thread = current.read(comments.thread, case, before=request.args.get("before"))
    # The newest of a rule first: why the case stands where it does, while what it decided before is folded away.
    decided: dict[str, list[cases.DecisionView]] = {}
    for decision in reversed(page.decisions):
        decided.setdefault(decision.rule, []).append(decision)
    told.setdefault("may_give", current.read(handing.of_case, case) if current.actor().subordinates else {})
    return render_template(
        "case.html", case=page, diagrams=diagrams, certified=certified, thread=thread,
        decided=list(decided.values()), moments=_runs(page.timeline), **told,
    )  # fmt: skip


def _runs(timeline: Sequence[Moment]) -> list[tuple[Moment, int]]:
    """Each moment once that follows upon its like, and how often: a rule asked of forty components in a row."""
    runs = [list(run) for _, run in groupby(timeline, lambda each: (each.text, each.detail))]
    return [(run[0], len(run)) for run in runs]


@bp.get("/cases/<case>/certificate")
def certificate(case: str) -> str:
    return render_template("certificate.html", certificate=current.read(awards.certificate, case))


@bp.get("/cases/<case>/variables")
def variables(case: str) -> ResponseReturnValue:
    """The case's variables as tagged JSON (runtime/values.py), each with its type."""
    told = values.dumps(current.read(held.variables, case))
    return Response(told, mimetype="application/json")


@bp.post("/cases/<case>/incidents/<incident>/retry")
def retry(case: str, incident: str) -> ResponseReturnValue:
    current.do(incidents.retry, incident)
    flash(current.say("It is being tried again."))
    return redirect(url_for("cases.show", case=case))
