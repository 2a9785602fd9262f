"""The web: parses requests, calls commands and queries, renders. It decides nothing.

Not here: rights, transactions, forms' meaning (runtime/)."""
