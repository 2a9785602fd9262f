"""What the books say against sending a form, before anybody fills it in for nothing.

Not here: the field that shows it (forms/choices.py), and what becomes of a case that begins all the same, by a
timer or at the same moment: its operation says so again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runtime.errors import GuichengError
from runtime.ledger import closing
from runtime.store.db import Transaction

OBSTACLES: Mapping[str, Callable[[Transaction], GuichengError | None]] = {
    "closing_under_way": closing.under_way,
}
