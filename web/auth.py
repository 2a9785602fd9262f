"""Signing in and out, the reader's language.

Not here: my own account (account.py), passwords and who may sign in (commands/accounts.py), the gate (app.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from runtime import i18n
from runtime.commands import accounts
from runtime.commands.attempts import Limit
from runtime.errors import Invalid
from runtime.identity import SignInRefused
from runtime.queries import handbook
from web import current
from web.security import address, limited, safe_next

bp = Blueprint("auth", __name__)


class DemoPerson(Protocol):
    """Somebody of the demo department, whose password is no secret. `groups`: keys."""

    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def names(self) -> Mapping[str, str]: ...
    @property
    def groups(self) -> Iterable[str]: ...


def _tried() -> str:
    # By address and name: guessing is slow, and nobody can lock a colleague out from elsewhere.
    return f"{address()} {request.form.get('username', '').strip().casefold()[:200]}"


@bp.get("/sign-in")
def sign_in_form() -> ResponseReturnValue:
    if current.person():
        return redirect(safe_next(request.args.get("next")) or url_for("inbox.todo"))
    return _form(request.args.get("next"), unsent="unsent" in request.args)


@bp.post("/sign-in")
@limited((Limit(300, 300), address), (Limit(10, 300), _tried))  # one address may be a whole office
def sign_in() -> ResponseReturnValue:
    target = request.form.get("next")
    username = request.form.get("username", "").strip()
    try:
        who = current.runtime().read(accounts.sign_in, None, username, request.form.get("password", ""))
    except SignInRefused as refused:
        return _form(target, username, current.say(refused.message, **refused.params)), 403
    # A new session, so that nobody can plant one and wait for its owner to sign in.
    session.clear()
    session.permanent = True
    session["person"], session["epoch"] = who.public_id, who.epoch
    if current.runtime().read(handbook.pending, who) is not None:
        flash(url_for("handbook.show"), "handbook")
    return redirect(safe_next(target) or url_for("inbox.todo"))


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    if current.person():
        current.do(accounts.sign_out)
    session.clear()
    return redirect(url_for("auth.sign_in_form"))


@bp.post("/language")
def set_language() -> ResponseReturnValue:
    chosen = request.form.get("language", "")
    if chosen not in i18n.LANGUAGES:
        raise Invalid
    if current.person():
        current.do(accounts.set_language, chosen)
    response = redirect(safe_next(request.form.get("next")) or url_for("inbox.todo"))
    response.set_cookie(
        current.LANGUAGE_COOKIE,
        chosen,
        max_age=365 * 24 * 3600,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def _form(target: str | None, username: str = "", problem: str = "", *, unsent: bool = False) -> str:
    return render_template(
        "sign_in.html",
        next=safe_next(target) or "",
        username=username,
        problem=problem,
        unsent=unsent,
        people=current_app.extensions["demo_people"],
    )
