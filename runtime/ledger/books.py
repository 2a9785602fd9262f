"""All books of the ledger: importing this registers every table and every operation."""

from runtime.ledger import (  # noqa: F401
    anomalies,
    appraisals,
    approvers,
    attendance,
    awards,
    bonuses,
    careers,

    budgets,
    counting,
    demand,
    facts,
    improvement,
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
    training,
    wages,
)
