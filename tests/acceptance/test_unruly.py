"""Whatever people do and leave undone: nobody is left with an orphan task, nothing is stuck, the books hold.

For long: `python3 run.py soak year`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.unruly import Unruliness, live

pytestmark = [pytest.mark.slow, pytest.mark.embedded]
SHARES = st.sampled_from([0.5, 0.1, 0.0])  # the first is the simplest, with which hypothesis begins
HOW = st.builds(
    Unruliness, late=SHARES, wrong=SHARES, lot=SHARES, twice=SHARES, absent=SHARES, leaves=SHARES, begins=SHARES
)


@hypothesis.settings(
    max_examples=2,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    # A day of a department costs a third of a second: what fails is shrunk by the soak.
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
@hypothesis.given(seed=st.integers(0, 10_000), how=HOW)
def test_nothing_is_lost_stuck_or_nobodys_in_some_unruly_days(seed: int, how: Unruliness) -> None:
    with tempfile.TemporaryDirectory() as home:
        assert live(Path(home), seed, 9, how).wrong == []


def test_somebody_who_leaves_leaves_nothing_behind() -> None:
    with tempfile.TemporaryDirectory() as home:
        house = live(Path(home), 3, 10, Unruliness(late=0.3, leaves=1.0))
    assert house.gone and house.wrong == []
