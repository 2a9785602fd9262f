"""The JSON API under /api/v1: the commands and queries of the pages, for programs.

One file an area; `routes.py` reads, calls and answers for all of them, and `openapi.py` describes them.
Not here: rights and business (runtime/commands, runtime/queries), who asks (web/current.py)."""

from web.api import openapi, processes, session, tasks
from web.api.routes import bp

__all__ = ["bp", "openapi", "processes", "session", "tasks"]
