"""PostgreSQL keeps one plan for all words that are looked for often: of a word of few cases it goes through all."""

from __future__ import annotations

import sqlalchemy as sa

from runtime.identity import Actor
from runtime.queries import search
from runtime.store.db import Transaction
from tests.office import Office


def test_a_search_is_planned_for_its_words_and_nothing_else_is(firm: Office) -> None:
    def mode(text: str) -> str:
        def told(tx: Transaction, actor: Actor) -> str:
            search.find(tx, actor, text)
            return str(tx.scalar(sa.text("SHOW plan_cache_mode")))

        return firm.runtime.read(told, firm.as_("spec").actor)

    assert mode("王芳") == "force_custom_plan"
    assert mode("-") == "auto"
