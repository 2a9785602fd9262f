"""The handbook: the policy's clauses in the department's own words, and what carries each out. No IO.

Here: reading its Markdown (read), what in diagrams, rules, pages and rights carries a clause (carriers),
whether every clause has a carrier and every name leads somewhere (check), its text as HTML (markdown).
Not here: where versions and acknowledgements are kept (store/handbooks.py), figures (queries/handbook.py)."""

from runtime.handbook.carriers import Carriers, collect
from runtime.handbook.check import Sources, check
from runtime.handbook.model import Carrier, Clause, Handbook
from runtime.handbook.read import read

__all__ = ["Carrier", "Carriers", "Clause", "Handbook", "Sources", "check", "collect", "read"]
