"""What every answer carries and every request must pass: headers, hosts, cookies, CSRF, limits.

Not here: rights (runtime/access.py); who is signed in (auth.py, current.py)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

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


def _told(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


HEADERS = (
    ("Content-Security-Policy", _told(POLICY)),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)


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
    app.after_request(_own)
    app.wsgi_app = Carrying(app.wsgi_app, app.static_url_path or "/static")  # type: ignore[method-assign]


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


def style_nonce() -> str:
    """Lets this page's editor write a style sheet of its own; asked for by one page only."""
    if "style_nonce" not in g:
        g.style_nonce = secrets.token_urlsafe(16)
    return str(g.style_nonce)


def _own(response: Response) -> Response:
    if "style_nonce" in g:
        policy = {**POLICY, "style-src": f"{POLICY['style-src']} 'nonce-{g.style_nonce}'"}
        response.headers.setdefault("Content-Security-Policy", _told(policy))
    # An asset's address changes with its content (show.asset).
    if request.endpoint == "static" and "v" in request.args:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


class Carrying:
    """A WSGI application whose every answer has HEADERS and what its kind needs, where it says nothing else itself.

    Around Flask, not within: there each header is looked for among all others, which costs a small answer a
    tenth of its time."""

    def __init__(self, app: WSGIApplication, static: str) -> None:
        self._app, self._static = app, f"{static}/"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def begin(status: str, said: list[tuple[str, str]], *failure: Any) -> Any:
            names = {name.lower() for name, _ in said}
            more = list(HEADERS)
            if environ["wsgi.url_scheme"] == "https":
                more.append(("Strict-Transport-Security", "max-age=31536000"))
            asset = environ["PATH_INFO"].startswith(self._static) and status[:1] in "23"
            if not asset:
                # Pages show what one person may see; neither a proxy nor a shared browser keeps them.
                more.append(("Cache-Control", "no-store"))
                said.append(("Vary", "Authorization, Cookie, HX-Request"))
            said += [each for each in more if each[0].lower() not in names]
            return start_response(status, said, *failure)

        return self._app(environ, begin)


def safe_next(target: str | None) -> str | None:
    """`target` when it is a path on this site, else None.

    `//host`, `/\\host` and control characters are what browsers read as another host."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return None
    if "\\" in target or any(ord(c) < 32 or ord(c) == 127 for c in target):
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else None
