"""Who asks.

Not here: signing in, which is the page's (web/auth.py), and access tokens (web/tokens.py)."""

from __future__ import annotations

from flask_wtf.csrf import generate_csrf

from web import current
from web.api import shapes
from web.api.routes import route


@route("GET", "/session", gives=shapes.Session)
def show() -> shapes.Session:
    """Whom this session or access token stands for."""
    who = current.actor()
    return shapes.Session(
        who.public_id,
        who.username,
        who.name(current.language()),
        who.language,
        sorted(who.groups),
        None if current.by_token() else generate_csrf(),
    )
