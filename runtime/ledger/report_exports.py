"""Reports as what may be taken away: which there are, the right each needs, and the rule that classes them.

Not here: what a report says (queries/reports), the request and its approval (exports.py), who may take one away
today (taking.py)."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.errors import NotFound
from runtime.store import accounts
from runtime.store.db import Transaction

RULE = "report_exports"  # report → class (open, confidential, personal), days that an approval lasts
OPEN, PERSONAL = "open", "personal"
# Report → the kind of object that whoever sees it may read.
RIGHTS: Mapping[str, str] = {
    "key_figures": "report",
    "goals": "report",
    "department": "report",
    "stock": "report",
    "suppliers": "report",
    "shipping": "report",
    "order_cycle": "report",
    "work_quality": "report",
    "overdue": "report",
    "overdue_months": "report",
    "overdue_people": "people_report",
    "budget": "report",
    "budget_months": "report",
    "appraisals": "people_report",
    "team": "people_report",
    "training": "people_report",
}


class NoSuchReport(NotFound):
    """There is no report {report}."""

    code = "report.unknown"


def right(report: str) -> str:
    """The kind of object that whoever sees the report may read. Raises NoSuchReport."""
    if report not in RIGHTS:
        raise NoSuchReport(report=report)
    return RIGHTS[report]


def may_see(tx: Transaction, person: str, report: str) -> bool:
    """Whether the person (public id) sees the report by a right of one of their groups. Raises NoSuchReport."""
    wanted, row = right(report), accounts.find(tx, public_id=person)
    given = accounts.grants_of(tx, accounts.groups_of(tx, row.id))
    return any(grant.verb == "read" and grant.kind == wanted for grant in given)
