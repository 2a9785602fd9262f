"""`inbox.remind`: a service task that reminds whoever has an open task of the same case."""

from __future__ import annotations

from typing import TypedDict

import sqlalchemy as sa

from runtime.ledger.operations import Call, operation
from runtime.store.cases import cases
from runtime.store.user_tasks import OPEN, user_tasks


class Reminded(TypedDict):
    reminded: int


@operation("inbox.remind")
def remind(call: Call, element: str) -> Reminded:
    """Mark the open tasks of `element` in this case as reminded once more; how many there were."""
    case_id = sa.select(cases.c.id).where(cases.c.public_id == call.case).scalar_subquery()
    reminded = call.tx.execute(
        sa.update(user_tasks)
        .where(user_tasks.c.case_id == case_id, user_tasks.c.element == element, user_tasks.c.state.in_(OPEN))
        .values(reminded=user_tasks.c.reminded + 1)
    )
    return {"reminded": reminded.rowcount}
