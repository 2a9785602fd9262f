"""Comments: written on a case's page or beside a task, changed, withdrawn; what mentions me.

Not here: how a thread looks (templates/_comments.html), who may (runtime/commands/comments.py)."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from runtime.commands import comments
from runtime.errors import Conflict, Invalid
from runtime.queries import comments as queries
from runtime.queries import inbox as lists
from web import cases, current, inbox

bp = Blueprint("comments", __name__)


@bp.get("/inbox/mentions")
def mentions() -> str:
    page = current.read(queries.mentioning, after=request.args.get("after"))
    return render_template("mentions.html", page=page, counts=current.read(lists.counts), here="mentions")


@bp.post("/inbox/mentions/read")
def read_all() -> ResponseReturnValue:
    current.do(comments.read_all)
    return redirect(url_for("comments.mentions"))


@bp.post("/comments/<comment>/read")
def read(comment: str) -> ResponseReturnValue:
    """To the comment, which is read from then on."""
    case = current.do(comments.read, comment)
    if not case:
        return redirect(url_for("comments.mentions"))
    return redirect(url_for("cases.show", case=case, _anchor=f"comment-{comment}"))


@bp.post("/cases/<case>/comments")
def write(case: str) -> ResponseReturnValue:
    text, task = request.form.get("text", ""), request.form.get("task") or None
    try:
        written = current.do(comments.write, case, text, task)
    except Invalid as refused:
        return _again(case, task, refused, {"": text})
    flash(current.say("Your comment is there."))
    return redirect(_place(case, task, written))


@bp.post("/cases/<case>/comments/<comment>/change")
def change(case: str, comment: str) -> ResponseReturnValue:
    text, task = request.form.get("text", ""), request.form.get("task") or None
    try:
        current.do(comments.change, comment, text)
    except (Invalid, Conflict) as refused:
        return _again(case, task, refused, {comment: text})
    flash(current.say("Your comment is changed."))
    return redirect(_place(case, task, comment))


@bp.post("/cases/<case>/comments/<comment>/withdraw")
def withdraw(case: str, comment: str) -> ResponseReturnValue:
    current.do(comments.withdraw, comment)
    flash(current.say("Your comment is withdrawn."))
    return redirect(_place(case, request.form.get("task") or None, comment))


@bp.get("/cases/<case>/mentionable")
def mentionable(case: str) -> ResponseReturnValue:
    """Whom one may mean by `q`, for the list under the text."""
    found = current.read(queries.mentionable, case, request.args.get("q", ""), current.language())
    return jsonify(
        people=[
            {
                "name": each.person.name(current.language()),
                "username": each.username,
                "write": each.write,
                "why": each.why,
            }
            for each in found
        ]
    )


def _place(case: str, task: str | None, comment: str) -> str:
    anchor = f"comment-{comment}"
    if task:
        return url_for("inbox.show", task=task, _anchor=anchor)
    return url_for("cases.show", case=case, _anchor=anchor)


def _again(
    case: str, task: str | None, refused: Invalid | Conflict, typed: dict[str, str]
) -> ResponseReturnValue:
    """The page that it was sent from, with what was typed ("": a new comment) and why it was refused."""
    told = {"comment_refused": refused, "comment_typed": typed}
    page = inbox.page_of(task, **told) if task else cases.page_of(case, **told)
    return page, refused.status
