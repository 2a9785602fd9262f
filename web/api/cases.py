"""Cases: where one stands, what it holds, how it came there; those that one started.

Not here: starting one (processes.py), its tasks (tasks.py)."""

from __future__ import annotations

from runtime.commands import cancelling
from runtime.commands.incidents import ReasonMissing
from runtime.queries import cases, inbox, pages, variables
from web import current
from web.api import case_shapes as shapes
from web.api.incidents import Reason
from web.api.routes import route
from web.api.tasks import Done as Started


@route("GET", "/inbox/started", asks=Started, gives=shapes.Cases, refuses=[pages.BadCursor])
def started(asked: Started) -> shapes.Cases:
    """Cases that one started, latest first."""
    return shapes.Cases.of(current.read(inbox.started, after=asked.after, limit=asked.limit))


@route("GET", "/cases/<case>", gives=shapes.Case)
def show(case: str) -> shapes.Case:
    """Where a case stands.

    Who may not see all of it (`full`) is told who has to do what, and nothing of what it holds or decided."""
    return shapes.Case.of(current.read(cases.case_page, case, current.language()))


@route("GET", "/cases/<case>/variables", gives=shapes.Variables)
def held(case: str) -> shapes.Variables:
    """The variables of a case as tagged JSON, for who may see all of it."""
    return shapes.Variables.of(current.read(variables.variables, case))


@route("GET", "/cases/<case>/history", gives=shapes.History)
def history(case: str) -> shapes.History:
    """What happened in a case, oldest first, in the reader's words."""
    return shapes.History.of(current.read(cases.case_page, case, current.language()))


@route(
    "POST", "/cases/<case>/cancel", takes=Reason,
    refuses=[cancelling.NothingToCancel, cancelling.CaseIsOver, ReasonMissing],
)  # fmt: skip
def cancel(case: str, sent: Reason) -> None:
    """End a case where it stands, by who operates cases: what waits is withdrawn, nothing is undone."""
    current.do(cancelling.cancel, case, sent.reason)
