"""What needs a person: for who may operate cases.

Not here: what failed and why (runtime/commands/retries.py)."""

from __future__ import annotations

from runtime.commands import incidents
from runtime.queries import incidents as queries
from web import current
from web.api import case_shapes as shapes
from web.api.routes import route


@route("GET", "/incidents", gives=shapes.Incidents)
def listing() -> shapes.Incidents:
    """Open incidents, oldest first, 200 at most.

    Of a confidential case the reason is its code alone."""
    return shapes.Incidents([shapes.Incident.of(row) for row in current.read(queries.listing)])


@route("POST", "/incidents/<incident>/retry", refuses=[incidents.IncidentResolved])
def retry(incident: str) -> None:
    """Try the step behind an incident again, soon."""
    current.do(incidents.retry, incident)
