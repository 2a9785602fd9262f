"""This request's runtime, person and language, and the two calls that everything goes through.

Not here: signing in (auth.py), how values look (show.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

from flask import current_app, g, request, session

from runtime import i18n
from runtime.errors import Forbidden
from runtime.identity import Actor
from runtime.queries import people

T = TypeVar("T")
LANGUAGE_COOKIE = "language"


class Runtime(Protocol):
    """What the web needs of runtime.bootstrap.Runtime, which it may not import."""

    @property
    def settings(self) -> Any: ...
    def secret(self) -> bytes: ...
    def publish_rule(self, actor: Actor, key: str, draft: str) -> int: ...
    def do(self, command: Callable[..., T], actor: Any, *args: Any, **kwargs: Any) -> T: ...
    def read(self, query: Callable[..., T], actor: Any, *args: Any, **kwargs: Any) -> T: ...


class SignInNeeded(Forbidden):
    """Please sign in first."""

    code = "sign_in.needed"
    status = 401


def runtime() -> Runtime:
    return cast(Runtime, current_app.extensions["runtime"])


def person() -> Actor | None:
    """Who asks, read from the database for each request; None when nobody is signed in.

    A session names a person and an epoch and nothing else, so a changed password or a
    lost role counts from the next request on."""
    if "person" not in g:
        g.person = None
        public_id, epoch = session.get("person"), session.get("epoch")
        if isinstance(public_id, str) and isinstance(epoch, int):
            g.person = runtime().read(people.by_session, None, public_id, epoch)
            if g.person is None:
                session.clear()
    return cast("Actor | None", g.person)


def actor() -> Actor:
    """Who asks. Raises SignInNeeded."""
    found = person()
    if found is None:
        raise SignInNeeded
    return found


def do(command: Callable[..., T], *args: Any, **kw: Any) -> T:
    """One command by the signed-in person: one transaction, retried on conflict."""
    return runtime().do(command, actor(), *args, **kw)


def read(query: Callable[..., T], *args: Any, **kw: Any) -> T:
    """One query by the signed-in person."""
    return runtime().read(query, actor(), *args, **kw)


def language() -> str:
    """The reader's: their profile, else the cookie, else what the browser asks for."""
    if "language" not in g:
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


def say(sentence: str, **params: Any) -> str:
    """`sentence` in the reader's language."""
    return i18n.say(language(), sentence, **params)
