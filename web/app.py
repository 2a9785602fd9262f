"""The application: its parts, its gate, its error pages.

Everything needs a signed-in person except what OPEN names. Not here: pages
(auth, account, inbox, cases, comments, processes, rules, handbook, stock, masters, imports, reports, files,
operations, incidents), the API (api/), headers
(security.py)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge, SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix

from runtime.errors import GuichengError, Unavailable
from web import (
    account,
    auth,
    cases,
    closings,
    comments,
    current,
    files,
    handbook,
    imports,
    inbox,
    incidents,
    machines,
    masters,
    operations,
    processes,
    reports,
    rules,
    security,
    show,
    stock,
    watching,
)
from web.api import bp as api_bp
from web.api import problems, reading

OPEN = {
    "static",
    "auth.sign_in",
    "auth.sign_in_form",
    "auth.set_language",
    "machines.health",
    "machines.ready",
    "machines.metrics",
}
log = structlog.get_logger(__name__)

# What the reader is told where the framework, not the runtime, refuses.
HTTP_SENTENCES = {
    400: "The request could not be understood.",
    404: "There is no such page, or you may not see it.",
    405: "This address cannot be used like that.",
    413: "This is too large: 10 MB at most.",
}


def create_app(runtime: current.Runtime, demo_people: Sequence[auth.DemoPerson] = ()) -> Flask:
    """The web over `runtime` (runtime.bootstrap.Runtime).

    `demo_people` are offered for sign-in with one click, and only where the setting `demo` is on."""
    app = Flask(__name__)
    settings = runtime.settings
    hosts = [host.strip() for host in settings.hosts.split(",") if host.strip()]
    if settings.demo and not hosts:
        # Its passwords are no secret: a page elsewhere must not reach it under a name of its own.
        hosts = ["127.0.0.1", "localhost"]
    app.extensions["runtime"] = runtime
    app.extensions["demo_people"] = tuple(demo_people) if settings.demo else ()
    app.config.update(
        SECRET_KEY=runtime.secret(),
        MAX_CONTENT_LENGTH=security.MAX_UPLOAD,
        MAX_FORM_MEMORY_SIZE=security.MAX_UPLOAD,
        SESSION_COOKIE_NAME="guicheng",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=12 * 60 * 60,
        # A task may stay open for a day; the token dies with the session.
        WTF_CSRF_TIME_LIMIT=None,
        TRUSTED_HOSTS=hosts or None,
    )
    if settings.proxies:
        trusted = settings.proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=trusted, x_proto=trusted, x_host=trusted
        )
    app.before_request(_bound)  # the first: whoever looks at a form reads the body
    watching.watch(app)
    security.secure(app)
    show.equip(app)
    people, work = (auth, account), (inbox, cases, comments, processes, rules, handbook, stock, masters, closings)
    for part in (*people, *work, imports, reports, files, operations, incidents, machines):
        app.register_blueprint(part.bp)
    app.register_blueprint(api_bp)
    security.csrf.exempt(
        api_bp
    )  # of what is checked for every page; _gate does it by how the person signed in
    app.before_request(_gate)
    app.register_error_handler(GuichengError, _refused)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)
    return app


def _bound() -> None:
    """How many bytes this request may have, if not as many as others."""
    if request.blueprint == "api":
        request.max_content_length = reading.MAX_BODY
    elif request.endpoint == files.ENDPOINT:
        request.max_content_length = files.MAX_BODY


def _gate() -> None:
    program = request.blueprint == "api"
    # No name, text or id holds a NUL, and PostgreSQL takes none. A program's body is looked at when it is read.
    given = request.args if program else request.values
    if "\0" in request.path or any("\0" in text for text in given.values()):
        raise BadRequest
    if request.endpoint is not None and request.endpoint not in OPEN:
        current.actor()
        # What a browser sends by itself, a cookie, must be accompanied; a token it never sends by itself.
        if program and not current.by_token():
            security.csrf.protect()


def _refused(error: GuichengError) -> ResponseReturnValue:
    if isinstance(error, current.SignInNeeded) and not _wants_data():
        return _to_sign_in()
    if isinstance(error, Unavailable):
        log.error("unavailable", code=error.code, path=request.path, exc_info=error)
    elif error.status >= 500:
        return _broken(error)
    message = current.say(error.message, **error.params)
    if current.by_program():
        return problems.response(error.status, message, error.code, error.problems)
    return _page(error.status, message, error.code)


def _to_sign_in() -> ResponseReturnValue:
    """And from there back to the page that was asked for, or that a form was sent from: in the browser, what was
    typed into it waits for whoever typed it."""
    if request.method == "GET":
        target = url_for("auth.sign_in_form", next=request.full_path.rstrip("?"))
    else:
        target = url_for("auth.sign_in_form", next=security.safe_next(_sent_from()), unsent=1)
    if "HX-Request" in request.headers:
        return Response(status=204, headers={"HX-Redirect": target})
    return redirect(target)


def _sent_from() -> str | None:
    """The page of this site that a request was sent from, as the browser says; None of what is no address."""
    try:
        page = urlsplit(request.referrer or "")
    except ValueError:
        return None
    return page._replace(scheme="", netloc="").geturl() if page.netloc == request.host else None


def _stale(error: CSRFError) -> ResponseReturnValue:
    if request.endpoint not in OPEN and not current.person() and not _wants_data():
        return _to_sign_in()
    return _page(
        400, current.say("This page has been open since another sign-in. Reload it and try again."), "csrf"
    )


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, SecurityError):
        # The Host header is not ours: no page can be built, since no address can.
        return Response("400", 400, mimetype="text/plain")
    if isinstance(error, RequestEntityTooLarge) and (told := files.too_large()):
        return _refused(told)
    status = error.code or 500
    if 300 <= status < 400:
        return error
    sentence = HTTP_SENTENCES.get(status, "The request could not be understood.")
    return _page(status, current.say(sentence), f"http.{status}")


def _broken(error: Exception) -> ResponseReturnValue:
    # The reference ties what the person sees to the log; the cause itself stays in the log.
    reference = uuid.uuid4().hex[:8]
    log.error("request failed", reference=reference, path=request.path, exc_info=error)
    message = current.say(
        "Something went wrong here. It has been noted under {reference}.", reference=reference
    )
    return _page(500, message, "failed")


def _wants_data() -> bool:
    asked = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return current.by_program() or asked == "application/json"


def _page(status: int, message: str, code: str) -> ResponseReturnValue:
    if current.by_program():
        return problems.response(status, message, code)
    if _wants_data():
        return jsonify(error=code, message=message), status
    template = "_error.html" if "HX-Request" in request.headers else "error.html"
    return render_template(template, status=status, message=message), status
