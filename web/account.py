"""My account: a new password, the access tokens that programs use in my name, and all that is held on me.

Not here: signing in (auth.py), what a token opens (api)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from runtime.commands import accounts
from runtime.commands import tokens as token_commands
from runtime.commands.attempts import Limit
from runtime.errors import Conflict, Invalid
from runtime.identity import SignInRefused
from runtime.queries import held, tokens
from web import current
from web.security import limited

bp = Blueprint("account", __name__)
DAYS = (7, 30, 90, 366)  # that a token may last
# Of what asks for the password, so that nobody guesses it at a session that was left open.
FEW = Limit(10, 300)


@bp.get("/account")
def show() -> str:
    return _page()


@bp.post("/account/password")
@limited((FEW, current.me))
def change_password() -> ResponseReturnValue:
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        return _page(problem=current.say("The two new passwords differ.")), 400
    try:
        current.do(accounts.change_password, request.form.get("old", ""), new)
    except (Invalid, SignInRefused) as refused:
        return _page(problem=current.say(refused.message, **refused.params)), refused.status
    # The change ended every session of this person; this one goes on.
    who = current.runtime().read(accounts.sign_in, None, current.actor().username, new)
    session["epoch"] = who.epoch
    g.person = who
    flash(current.say("Your password is changed; other sessions are signed out."))
    return redirect(url_for("account.show"))


@bp.post("/account/tokens")
@limited((FEW, current.me))
def make_token() -> ResponseReturnValue:
    days = request.form.get("days", type=int)
    if days not in DAYS:
        raise Invalid
    try:
        made = current.do(
            token_commands.make_own, request.form.get("password", ""), request.form.get("name", ""), days
        )
    except (Invalid, SignInRefused, Conflict) as refused:
        return _page(token_problem=current.say(refused.message, **refused.params)), refused.status
    # Told in this very answer: a redirect would have to keep it somewhere.
    return _page(made=made)


@bp.post("/account/tokens/<token>/revoke")
def revoke_token(token: str) -> ResponseReturnValue:
    current.do(token_commands.revoke, token)
    flash(current.say("The token is revoked."))
    return redirect(url_for("account.show"))


@bp.post("/account/data")
@limited((FEW, current.me))
def data() -> ResponseReturnValue:
    """All that is held on the reader, in a zip: data.json, and the files that they brought in."""
    try:
        current.do(accounts.ask_for_data, request.form.get("password", ""))
    except SignInRefused as refused:
        return _page(data_problem=current.say(refused.message, **refused.params)), refused.status
    headers = {"Content-Disposition": 'attachment; filename="data.zip"'}
    return Response(current.read(held.own), mimetype="application/zip", headers=headers)


def _page(**told: Any) -> str:
    return render_template("account.html", tokens=current.read(tokens.own), days=DAYS, **told)
