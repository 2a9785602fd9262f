"""A review of all components is done in several transactions: killed between any two of them, or in one, it
goes on where it was, and each component is reviewed and each alert sent once."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime import clock
from runtime.bootstrap import Runtime
from runtime.doctor import examine
from runtime.identity import SYSTEM
from runtime.ledger import inventory, operations, safety
from runtime.settings import Settings
from runtime.store import jobs
from runtime.store.cases import cases
from tests.benchmarks import many
from tests.conftest import START
from tests.databases import Databases
from tests.faults import dying, story


def left(runtime: Runtime) -> dict[str, Any]:
    """What the review left behind, without what a clock or chance gives."""
    reviews = story.found(runtime, sa.select(safety.stock_reviews))
    [case] = story.found(runtime, sa.select(cases).where(cases.c.process == "review"))
    of_case = [row for row in reviews if row.case == case.public_id]
    sent = sa.select(jobs.jobs).where(jobs.jobs.c.element == "stock_below_safety", jobs.jobs.c.case_id == case.id)
    done = sa.select(operations.effects).where(operations.effects.c.key.startswith(case.public_id))
    return {
        "status": case.status,
        "reviewed": Counter((row.component_id, row.reason, row.on_hand, row.safety_stock) for row in of_case),
        "sent": Counter(row.correlation for row in story.found(runtime, sent)),
        "done": [(row.topic, row.result) for row in story.found(runtime, done)],
        "under way": story.found(runtime, sa.select(operations.effect_parts)),
        # Of components that were written into the tables by hand.
        "found": sorted(str(finding) for finding in examine(runtime.engine, runtime.house, quick=True)),
    }


def test_killed_between_its_transactions_a_review_loses_and_doubles_nothing(
    databases: Databases, seeded_home: Path, tmp_path: Path
) -> None:
    with databases.copied(seeded_home, tmp_path / "before") as before, clock.frozen(START), dying.Deaths() as deaths:
        runtime = Runtime(Settings(home=before, demo=True))
        # Most have less than is safe, and nobody is at it yet.
        runtime.do(lambda tx, actor: many.fill(tx.connection, 12, tx.now.date()), SYSTEM)
        runtime.take(SYSTEM, story.judged(runtime, many.REVIEW), "cli")
        runtime.close()
        with databases.copied(before, tmp_path / "whole") as home:
            unharmed = deaths.strike(Settings(home=home, demo=True), "review", START)
            runtime = Runtime(Settings(home=home, demo=True))
            expected = left(runtime)
            runtime.close()
        reviewed, commits = expected["reviewed"], unharmed.passed[dying.AFTER_COMMIT]
        assert expected["status"] == "completed" and expected["under way"] == []
        assert set(reviewed.values()) == {1} and commits > 2 * len(reviewed) / 20 > 4
        assert sum(reason == "below" for _, reason, *_ in reviewed) == len(expected["sent"]) > 5
        for number in range(1, commits + 1):
            point = dying.BEFORE_COMMIT if number % 2 else dying.AFTER_COMMIT
            with databases.copied(before, tmp_path / str(number)) as home:
                fate = deaths.strike(Settings(home=home, demo=True), "review", START, point, number)
                assert fate.killed
                with clock.frozen(START + story.A_LEASE):
                    runtime = Runtime(Settings(home=home, demo=True))
                    story.review(runtime)()
                    assert left(runtime) == expected, (point, number)
                    runtime.close()
            shutil.rmtree(home)


def test_while_a_review_is_under_way_its_parts_are_all_that_is_done(office: Any, monkeypatch: Any) -> None:
    """And the doctor finds nothing wrong in the middle of it."""
    monkeypatch.setattr(inventory, "PART", 3)
    runtime = office.runtime
    runtime.take(SYSTEM, story.judged(runtime, many.REVIEW), "cli")
    worker = office.worker
    runtime.do(lambda tx, actor: story.advance.begin(tx, actor, "review", variables={}), SYSTEM)
    before = left(runtime)
    assert before["status"] == "running" and sum(before["reviewed"].values()) == 3 and before["done"] == []
    [part] = before["under way"]
    assert part.result["reviewed"] == 3 and before["found"] == []
    assert [*examine(runtime.engine, runtime.house)] == []
    worker.drain()
    after = left(runtime)
    assert after["status"] == "completed" and after["under way"] == []
    assert after["done"][0][1]["reviewed"] == sum(after["reviewed"].values()) > 3
