"""Killed once at every statement and every commit of every act of the story in tests/faults: the long form of
test_crash_points.py, which takes some statements only. Seeds and counts choose nothing here."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.conftest import demo_department
from tests.faults import dying, story, striking
from tests.soak.soaking import Options, Round, databases, soak


@soak("points", "every act killed once at each of its statements and commits", (1, "time each"))
def points(options: Options) -> Iterator[Round]:
    with databases(options) as (made, place), dying.Deaths() as deaths:
        seeded = demo_department(made, place / "demo")
        with striking.stages(made, seeded, place / "story") as stages:
            # Founding the department does not count, and one act is told in any case: none would look like all well.
            until = time.monotonic() + options.seconds
            for act in story.ACTS:
                if act != next(iter(story.ACTS)) and time.monotonic() > until:
                    return
                scratch = place / f"struck-{act}"
                struck, otherwise = striking.deadly(act, act, made, stages, deaths, scratch)
                wrong = [f"{point} {number}: {difference}" for point, number, difference in otherwise]
                yield Round(act, {"deaths": len(struck)}, wrong)
