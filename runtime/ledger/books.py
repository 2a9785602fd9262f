"""All books of the ledger: importing this registers every table and every operation."""

from runtime.ledger import (  # noqa: F401
    inventory,
    orders,
    plans,
    receipts,
    sales,
    settlements,
    shipments,
)
