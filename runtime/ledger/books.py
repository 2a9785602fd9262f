"""All books of the ledger: importing this registers every table and every operation."""

from runtime.ledger import (  # noqa: F401
    appraisals,
    approvers,
    bonuses,
    demand,
    inventory,
    leave,
    opening,
    orders,
    plans,
    receipts,
    sales,
    settlements,
    shipments,
    wages,
)
