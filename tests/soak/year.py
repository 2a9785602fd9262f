"""A simulated year: hypothesis chooses how unruly the department is, and makes smaller what fails."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import hypothesis
from hypothesis import strategies as st

from tests.benchmarks.measuring import ROOT
from tests.soak.soaking import Options, Round, seeds, soak
from tests.unruly import Unruliness, live

SHARES = st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.4])


@soak("year", "a year of an unruly department: late, wrong, twice, absent, leaving", (365, "days"))
def year(options: Options) -> Iterator[Round]:
    for seed in seeds(options):
        began = time.monotonic()
        lived: list[tuple[Unruliness, int, dict[str, float], list[str]]] = []

        @hypothesis.settings(
            max_examples=1, database=None, suppress_health_check=list(hypothesis.HealthCheck)
        )
        @hypothesis.seed(seed)
        @hypothesis.given(
            how=st.builds(
                Unruliness, late=SHARES, wrong=SHARES, lot=SHARES, twice=SHARES, absent=SHARES, leaves=SHARES
            )
        )
        def lives(how: Unruliness, seed: int = seed, lived: list[object] = lived) -> None:  # type: ignore[assignment]
            with tempfile.TemporaryDirectory(dir=ROOT / "var" / "bench") as home:
                house = live(Path(home), seed, options.count, how)
            figures = {"tasks": house.done, "left": len(house.gone), **house.refused}
            lived.append((how, seed, figures, house.wrong))
            assert house.wrong == []

        wrong: list[str] = []
        try:
            lives()
        except AssertionError:
            how, _, _, wrong = lived[-1]
            wrong = [f"smallest that fails: {asdict(how)}", *wrong]
        yield Round(f"seed {seed}", {**lived[0][2], "s": time.monotonic() - began}, wrong)
