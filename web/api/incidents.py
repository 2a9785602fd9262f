"""What needs a person: for who may operate cases.

Not here: what failed and why (runtime/commands/retries.py)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from runtime.commands import incidents
from runtime.commands.user_tasks import NotYourFile
from runtime.queries import incidents as queries
from runtime.values import NotAValue
from web import current
from web.api import case_shapes as shapes
from web.api.reading import Sent, tagged
from web.api.routes import route

GONE = [incidents.NoSuchIncident, incidents.IncidentResolved]
VARIABLES = [incidents.NoStep, NotAValue, NotYourFile]


class Retry(Sent):
    """`reason`: why, if it is worth telling."""

    reason: str = ""


class Reason(Sent):
    """`reason`: why; others will read it."""

    reason: str


class Skip(Sent):
    """`reason`: why; `variables`: in place of what the step would have given, tagged JSON by name."""

    reason: str
    variables: dict[str, Any] = Field(default_factory=dict)


class Correction(Sent):
    """`reason`: why; `variables`: tagged JSON by name."""

    reason: str
    variables: dict[str, Any]


@route("GET", "/incidents", gives=shapes.Incidents)
def listing() -> shapes.Incidents:
    """Open incidents, oldest first, 200 at most.

    Of a confidential case the reason is its code alone."""
    return shapes.Incidents([shapes.Incident.of(row) for row in current.read(queries.listing)])


@route("POST", "/incidents/<incident>/retry", takes=Retry, refuses=GONE)
def retry(incident: str, sent: Retry) -> None:
    """Try the step behind an incident again, soon."""
    current.do(incidents.retry, incident, sent.reason)


@route(
    "POST", "/incidents/<incident>/skip", takes=Skip,
    refuses=[*GONE, *VARIABLES, incidents.ReasonMissing, *incidents.NOT_SKIPPED],
)  # fmt: skip
def skip(incident: str, sent: Skip) -> None:
    """Pass over the step behind an incident: its case goes on as if it were done."""
    current.do(incidents.skip, incident, sent.reason, tagged(sent.variables, "variables"))


@route(
    "POST", "/incidents/<incident>/correct", takes=Correction,
    refuses=[*GONE, *VARIABLES, incidents.ReasonMissing],
)  # fmt: skip
def correct(incident: str, sent: Correction) -> None:
    """Write variables where the step behind an incident sees them, and try it again at once."""
    current.do(incidents.correct, incident, sent.reason, tagged(sent.variables, "variables"))


@route(
    "POST", "/incidents/<incident>/close", takes=Reason,
    refuses=[*GONE, incidents.ReasonMissing, incidents.StillHeldUp],
)  # fmt: skip
def close(incident: str, sent: Reason) -> None:
    """Close an incident where nothing is left to do; a message or start behind it is given up.

    Refused where the case would stand for ever."""
    current.do(incidents.close, incident, sent.reason)
