"""`python -m tests.token_game N SEED`: N random processes, and the smallest on which engine and game disagree."""

from __future__ import annotations

import sys
from typing import Any

from hypothesis import HealthCheck, given, seed, settings

from tests.token_game.generate import STIMULI, processes
from tests.token_game.play import Play


def soak(count: int, number: int) -> int:
    """How many processes were played. Raises Disagreement, minimised."""
    played = 0

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(processes(), STIMULI)
    def agree(xml: str, stimuli: Any) -> None:
        nonlocal played
        Play(xml, stimuli).run()
        played += 1

    agree()
    return played


if __name__ == "__main__":
    count, number = [int(word) for word in sys.argv[1:3]] if len(sys.argv) > 2 else (500, 0)
    sys.stdout.write(f"{soak(count, number)} processes, no disagreement\n")
