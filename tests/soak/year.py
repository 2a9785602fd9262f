"""A simulated year: hypothesis chooses how unruly the department is, and makes smaller what fails."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import hypothesis
from hypothesis import strategies as st

from tests.benchmarks.measuring import ROOT
from tests.soak.soaking import Options, Round, seeds, soak
from tests.unruly import Unruliness, Unruly, live

SHARES = st.sampled_from([0.1, 0.0, 0.05, 0.2, 0.4])
EVEN = Unruliness(late=0.1, wrong=0.1, lot=0.1, twice=0.1, absent=0.1, leaves=0.1, begins=0.1)
# The simplest example is every run's first, whatever the seed; with one example a seed, it would be its only one.
HOW = st.builds(
    Unruliness, late=SHARES, wrong=SHARES, lot=SHARES, twice=SHARES, absent=SHARES, leaves=SHARES, begins=SHARES
).filter(lambda how: how != EVEN)


@soak("year", "a year of an unruly department: late, wrong, twice, absent, leaving, beginning", (365, "days"))
def year(options: Options) -> Iterator[Round]:
    for seed in seeds(options):
        began = time.monotonic()
        lived: list[tuple[Unruliness, Unruly]] = []
        wrong: list[str] = []
        try:
            _years(seed, options.count, lived)()
        except AssertionError:
            how, house = lived[-1]
            wrong = [f"smallest that fails: {asdict(how)}", *house.wrong]
        how, house = lived[0]
        counted = {"left": len(house.gone), "begun": sum(house.begun.values()), "refused": sum(house.refused.values())}
        figures = {"tasks": house.done, **counted}
        yield Round(f"seed {seed}", {**figures, **asdict(how), "s": time.monotonic() - began}, wrong)


def _years(seed: int, days: int, lived: list[tuple[Unruliness, Unruly]]) -> Callable[[], None]:
    """One year, and the ones by which hypothesis makes smaller what failed."""

    @hypothesis.settings(
        max_examples=1, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.seed(seed)
    @hypothesis.given(how=HOW)
    def lives(how: Unruliness) -> None:
        (ROOT / "var" / "bench").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=ROOT / "var" / "bench") as home:
            lived.append((how, live(Path(home), seed, days, how)))
        assert lived[-1][1].wrong == []

    return lives
