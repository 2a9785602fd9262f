"""All books of the ledger: importing this registers every table and every operation."""

from runtime.ledger import (  # noqa: F401
    appraisals,
    approvers,
    bonuses,
    counting,
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
    stocktakes,
    wages,
)
