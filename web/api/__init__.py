"""The JSON API under /api/v1: the commands and queries of the pages, for programs.

One file an area; `routes.py` reads, calls and answers for all of them, and `openapi.py` describes them.
Not here: rights and business (runtime/commands, runtime/queries), who asks (web/current.py)."""

# An area's addresses are there once it was imported.
import web.api.cases
import web.api.comments
import web.api.external_tasks
import web.api.incidents
import web.api.messages
import web.api.openapi
import web.api.processes
import web.api.reports
import web.api.session
import web.api.tasks  # noqa: F401
from web.api.routes import bp

__all__ = ["bp"]
