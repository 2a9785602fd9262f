"""What every answer carries and every request must pass: headers, hosts, cookies, CSRF, limits.

Not here: rights (runtime/access.py); who is signed in (auth.py, current.py)."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect
from limits import parse
from werkzeug.exceptions import TooManyRequests

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://", headers_enabled=False)

FAILED_TOKENS = parse("60 per 5 minutes")
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
    # Limited are the views that say so, and those look themselves: told that it is there already, the limiter
    # adds no look of its own at every request.
    app.extensions.setdefault("limiter", set()).add(limiter)
    limiter.init_app(app)
    app.after_request(_headers)


def _told(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def count_failed_token() -> None:
    """One more request from this address with an access token that does not count. Raises TooManyRequests
    after sixty in five minutes; one that counts is not held up by them, so nobody is locked out."""
    if not limiter.limiter.hit(FAILED_TOKENS, "token", get_remote_address()):
        raise TooManyRequests


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
