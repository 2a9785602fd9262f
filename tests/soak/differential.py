"""Random processes, played by the engine and by the token game of the specification (tests/token_game), of one seed
after another."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.soak.soaking import Options, Round, seeds, soak
from tests.token_game.__main__ import soak as play


@soak("differential", "random processes, the engine against the token game", (500, "processes a seed"))
def differential(options: Options) -> Iterator[Round]:
    for seed in seeds(options):
        began, played, wrong = time.monotonic(), 0, []
        try:
            played = play(options.count, seed)
        except Exception as disagreement:
            # Minimised already: the smallest process on which they differ.
            wrong = str(disagreement).splitlines()[:200] or [repr(disagreement)]
        yield Round(f"seed {seed}", {"played": played, "seconds": time.monotonic() - began}, wrong)
