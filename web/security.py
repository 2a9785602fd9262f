"""What every answer carries and every request must pass: headers, hosts, cookies, CSRF, limits.

Not here: rights (runtime/access.py); who is signed in (auth.py, current.py)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import CSRFProtect

from runtime.commands import attempts
from runtime.commands.attempts import Limit

View = TypeVar("View", bound=Callable[..., Any])
csrf = CSRFProtect()

FAILED_TOKENS = Limit(60, 300)
API = "/api/"  # what no page lies under
MAX_UPLOAD = 10 * 1024 * 1024  # bytes, one request
POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class Cookies(SecureCookieSessionInterface):
    """Session cookies are Secure whenever the request came by https; one that is used goes on."""

    def __init__(self) -> None:
        self._signers: dict[str | bytes, Any] = {}

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure or super().get_cookie_secure(app)

    def get_signing_serializer(self, app: Flask) -> Any:
        """Made once a key, not with each request."""
        key = app.secret_key or b""
        if key not in self._signers:
            self._signers[key] = super().get_signing_serializer(app)
        return self._signers[key]

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        # A token counts alone (current.by_token): a cookie beside it is not even read.
        if by_token(request):
            return self.session_class()
        return super().open_session(app, request)

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        # Pages prolong a session; what their scripts and programs ask does not sign it anew each time.
        return session.modified if request.path.startswith(API) else super().should_set_cookie(app, session)


def by_token(request: Request) -> bool:
    """Whether an access token says who asks: in the API only."""
    return request.path.startswith(API) and "Authorization" in request.headers


def secure(app: Flask) -> None:
    app.session_interface = Cookies()
    csrf.init_app(app)
    app.after_request(_headers)


def _told(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def limited(*rules: tuple[Limit, Callable[[], str]]) -> Callable[[View], View]:
    """A view that may be asked only so often, each limit by what tells askers apart; it raises TooManyAttempts
    before the view is asked."""

    def limiting(view: View) -> View:
        @wraps(view)
        def counted(*args: Any, **kw: Any) -> Any:
            _count(view.__name__, [(limit, by()) for limit, by in rules])
            return view(*args, **kw)

        return counted  # type: ignore[return-value]

    return limiting


def address() -> str:
    """Where this request comes from."""
    return request.remote_addr or ""


def _count(what: str, by: Sequence[tuple[Limit, str]]) -> None:
    """One more attempt at `what`, counted over all processes of the installation."""
    # With the key that signs cookies, so that nobody who reads the table can try whose address it was.
    key = current_app.secret_key or ""
    key = key.encode() if isinstance(key, str) else key
    tried = {}
    for number, (limit, who) in enumerate(by):
        told = f"{what}\0{number}\0{who}".encode("utf-8", "replace")
        tried[hmac.digest(key, told, "sha256").hex()] = limit
    current_app.extensions["runtime"].do(attempts.note, None, tried)


def count_failed_token() -> None:
    """One more request from this address with an access token that does not count. Raises TooManyAttempts
    after sixty in five minutes; one that counts is not held up by them, so nobody is locked out."""
    _count("token", [(FAILED_TOKENS, address())])


POLICY_TOLD = _told(POLICY)


def style_nonce() -> str:
    """Lets this page's editor write a style sheet of its own; asked for by one page only."""
    if "style_nonce" not in g:
        g.style_nonce = secrets.token_urlsafe(16)
    return str(g.style_nonce)


def _headers(response: Response) -> Response:
    policy = POLICY_TOLD
    if "style_nonce" in g:
        policy = _told({**POLICY, "style-src": f"{POLICY['style-src']} 'nonce-{g.style_nonce}'"})
    response.headers.setdefault("Content-Security-Policy", policy)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint == "static":
        if "v" in request.args:  # the address changes with the content (show.asset)
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        # Pages show what one person may see; neither a proxy nor a shared browser keeps them.
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.add("Vary", "Authorization, Cookie, HX-Request")
    return response


def safe_next(target: str | None) -> str | None:
    """`target` when it is a path on this site, else None.

    `//host`, `/\\host` and control characters are what browsers read as another host."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return None
    if "\\" in target or any(ord(c) < 32 or ord(c) == 127 for c in target):
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else None
