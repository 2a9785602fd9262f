"""A decision: what was asked of which version of a rule, what came of it, and why.

Not here: how it is made (evaluate.py) and where it is kept (store/event_log.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.rules.outcome import RuleRefused
from runtime.rules.plain import Passed
from runtime.rules.table import Names
from runtime.values import Value


@dataclass(frozen=True)
class Decision:
    """Complete by itself: a reader needs no rule file to understand it."""

    rule: str  # key of the rule file
    version: int
    sha256: str  # of the file's text
    as_of: dt.date | None  # the date that selected the version
    inputs: Mapping[str, Value]  # every declared input; null where nothing was given
    figures: Mapping[str, Value]  # what `let` computed
    outputs: Mapping[str, Value]  # empty when refused; for `collect` each is a list
    hits: tuple[str, ...]  # ids of the rows that fit; empty: the default
    because: tuple[tuple[str, Names], ...]  # (row id or "default", reason by language)
    trace: tuple[Passed, ...]  # the rows that came before and did not fit, with their false terms
    refused: Names | None  # why nothing was decided, by language
    refusal: RuleRefused | None = field(default=None, compare=False)  # the same as an error with a code

    def require(self) -> Mapping[str, Value]:
        """The outputs. Raises the RuleRefused that stands in their way."""
        if self.refusal is not None:
            raise self.refusal
        return self.outputs

    def to_value(self) -> dict[str, Value]:
        """As a map of values, to be stored."""
        return {
            "rule": self.rule,
            "version": self.version,
            "sha256": self.sha256,
            "as_of": self.as_of,
            "inputs": dict(self.inputs),
            "figures": dict(self.figures),
            "outputs": dict(self.outputs),
            "hits": list(self.hits),
            "because": [{"row": row, "reason": dict(reason)} for row, reason in self.because],
            "trace": [
                {
                    "row": each.row,
                    "false": [{"term": term, "values": dict(values)} for term, values in each.false],
                }
                for each in self.trace
            ],
            "refused": dict(self.refused) if self.refused is not None else None,
            "code": self.refusal.code if self.refusal is not None else None,
        }
