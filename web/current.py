"""This request's runtime, person and language, and the two calls that everything goes through.

Not here: signing in (auth.py), how values look (show.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar, cast

from flask import current_app, g, request, session

from runtime import clock, i18n
from runtime.commands import external_tasks
from runtime.commands import tokens as token_commands
from runtime.commands.attempts import TooManyAttempts
from runtime.errors import Conflict, Forbidden, GuichengError, Problem
from runtime.identity import Actor
from runtime.queries import comments, people, tokens
from web import security

T = TypeVar("T")
LANGUAGE_COOKIE = "language"


class Runtime(Protocol):
    """What the web needs of runtime.bootstrap.Runtime, which it may not import."""

    @property
    def settings(self) -> Any: ...
    def secret(self) -> bytes: ...
    def ready(self) -> str: ...
    def figures(self) -> list[tuple[str, str, float]]: ...
    def save_rule(
        self, actor: Actor, key: str, text: str, base_version: int
    ) -> tuple[str, list[Problem]]: ...
    def fetch(
        self,
        actor: Actor,
        worker: str,
        wanted: Sequence[external_tasks.Wanted],
        most: int = 1,
        *,
        by_priority: bool = False,
        wait: float = 0.0,
    ) -> list[external_tasks.Locked]: ...
    def do(self, command: Callable[..., T], actor: Any, *args: Any, **kwargs: Any) -> T: ...
    def read(self, query: Callable[..., T], actor: Any, *args: Any, **kwargs: Any) -> T: ...


class SignInNeeded(Forbidden):
    """Please sign in first."""

    code = "sign_in.needed"
    status = 401


class TokenRefused(Forbidden):
    """This access token is unknown, expired or revoked."""

    code = "token.refused"
    status = 401


def runtime() -> Runtime:
    return cast(Runtime, current_app.extensions["runtime"])


def by_program() -> bool:
    """Whether the request is to the API, to an address of it or not: then no answer is a page."""
    return request.path.startswith(security.API)


def by_token() -> bool:
    """Whether this request names who asks by an access token: in the API only. It then counts alone."""
    return security.by_token(request)


def person() -> Actor | None:
    """Who asks, read from the database for each request; None when nobody is signed in.

    A session names a person and an epoch and nothing else, so a changed password or a
    lost role counts from the next request on. Raises TokenRefused."""
    if "person" not in g:
        g.person = None
        if by_token():
            g.person = _token_holder()
            return cast("Actor | None", g.person)
        public_id, epoch = session.get("person"), session.get("epoch")
        if isinstance(public_id, str) and isinstance(epoch, int):
            g.person = runtime().read(people.by_session, None, public_id, epoch)
            if g.person is None:
                session.clear()
    return cast("Actor | None", g.person)


def _token_holder() -> Actor:
    kind, _, secret = request.headers["Authorization"].partition(" ")
    found = None
    if kind.lower() == "bearer" and secret.strip():
        found = runtime().read(tokens.holder, None, secret.strip())
    if found is None:
        # Nobody guesses a token; what tries many is stopped from costing anything.
        security.count_failed_token()
        raise TokenRefused
    if found.used_at is None or clock.now() - found.used_at > token_commands.NOTED_EVERY:
        with suppress(Conflict):  # a busy database: the next use is noted
            runtime().do(token_commands.note_use, found.actor, found.token)
    return found.actor


def actor() -> Actor:
    """Who asks. Raises SignInNeeded."""
    found = person()
    if found is None:
        raise SignInNeeded
    return found


def me() -> str:
    """The id of who asks. Raises SignInNeeded."""
    return actor().public_id


def do(command: Callable[..., T], *args: Any, **kw: Any) -> T:
    """One command by the signed-in person: one transaction, retried on conflict."""
    return runtime().do(command, actor(), *args, **kw)


def read(query: Callable[..., T], *args: Any, **kw: Any) -> T:
    """One query by the signed-in person."""
    return runtime().read(query, actor(), *args, **kw)


def unread_mentions() -> int:
    """How many comments mention the reader, who has not read them; asked once a request."""
    if "unread" not in g:
        g.unread = 0
        # The page that says that the database is away has a bell, too.
        with suppress(GuichengError):
            g.unread = read(comments.unread)
    return cast(int, g.unread)


def language() -> str:
    """The reader's: their profile, else the cookie, else what the browser asks for. A program says it with
    each request, if it cares."""
    if "language" not in g:
        found = None
        if not (by_program() and request.accept_languages):
            # What is no token is refused where somebody is needed; a page that is not there is told all the same.
            with suppress(TokenRefused, TooManyAttempts):
                found = person()
        chosen = found.language if found else request.cookies.get(LANGUAGE_COOKIE)
        g.language = chosen if chosen in i18n.LANGUAGES else _asked_by_browser()
    return cast(str, g.language)


def _asked_by_browser() -> str:
    for tag, _ in request.accept_languages:
        parts = tag.lower().replace("_", "-").split("-")
        if parts[0] == "en":
            return "en"
        if parts[0] == "zh":
            return "zh_Hant" if {"hant", "tw", "hk", "mo"} & set(parts) else "zh_Hans"
    return i18n.DEFAULT


def say(sentence: str, /, **params: Any) -> str:
    """`sentence` in the reader's language."""
    return i18n.say(language(), sentence, **params)
