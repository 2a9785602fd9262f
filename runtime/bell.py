"""A bell between the threads of one process: whoever waits for news hears that there may be some.

Not here: what the news is. Whoever hears it looks for it in the database."""

from __future__ import annotations

import threading


class Bell:
    """`rung` before looking and `wait(rung, …)` after it miss nothing that was rung between the two."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rung = 0

    @property
    def rung(self) -> int:
        """How often it was rung."""
        return self._rung

    def ring(self) -> None:
        with self._changed:
            self._rung += 1
            self._changed.notify_all()

    def wait(self, rung: int, seconds: float) -> None:
        """Until it is rung once more than `rung` times, `seconds` at most."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung != rung, timeout=seconds)
