"""`inbox.remind`: a service task that reminds whoever has an open task of the same case.

Where a task is asked of several beside one another, each is reminded by their own reminder alone."""

from __future__ import annotations

from typing import TypedDict

import sqlalchemy as sa

from runtime.ledger.operations import Call, operation
from runtime.store.user_tasks import OPEN, user_tasks


class Reminded(TypedDict):
    reminded: int


@operation("inbox.remind")
def remind(call: Call, element: str) -> Reminded:
    """Mark the open tasks of `element` near this step as reminded once more; how many there were."""
    reminded = call.tx.execute(
        sa.update(user_tasks)
        .where(user_tasks.c.activity.in_(call.near(element)), user_tasks.c.state.in_(OPEN))
        .values(reminded=user_tasks.c.reminded + 1)
    )
    return {"reminded": reminded.rowcount}
