"""`people.enter`: a service task by which many people get an account at once.

People, groups and reporting lines are identity data, so the books cannot write them: it is done here, by the
audited commands, in the transaction that moves the case. Not here: where they come from (ledger/people_import.py),
how one leaves (leaving.py)."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from runtime import i18n
from runtime.commands import accounts
from runtime.commands.accounts import Newcomer
from runtime.identity import SYSTEM
from runtime.ledger.operations import Call, operation


class NewPerson(TypedDict):
    """`names`: language → name; `superior`: a sign-in name."""

    username: str
    names: dict[str, Any]
    groups: list[str]
    superior: NotRequired[str | None]
    language: NotRequired[str | None]
    email: NotRequired[str | None]


class Entered(TypedDict):
    entered: dict[str, str]


@operation("people.enter")
def enter(call: Call, people: list[NewPerson]) -> Entered:
    """Accounts without a password for people who are new, with their groups and whom they report to.

    entered: sign-in name → id. Raises what accounts.add_people does, of the first who cannot be added: nobody is."""
    added = accounts.add_people(
        call.tx,
        SYSTEM,
        [
            Newcomer(
                each["username"],
                each["names"],
                tuple(each["groups"]),
                each.get("superior"),
                each.get("language") or i18n.DEFAULT,
                each.get("email"),
            )
            for each in people
        ],
    )
    return {"entered": added}
