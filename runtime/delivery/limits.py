"""A limit of time for a whole conversation, beside the one that each read and write has.

Not here: how long that is (mail.py, requests.py)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

AGAIN = 0.2  # seconds


@contextmanager
def within(seconds: float, sock: Callable[[], socket.socket | None]) -> Iterator[threading.Event]:
    """After so many seconds whoever speaks over `sock` in this block is cut off, and the event is set.

    Again and again until the block is left: while somebody connects or shakes hands there is no socket to cut."""
    overdue, left = threading.Event(), threading.Event()

    def watch() -> None:
        wait = seconds
        while not left.wait(wait):
            overdue.set()
            wait = AGAIN
            found = sock()
            if found is not None:
                with suppress(OSError):
                    found.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=watch, name="limit", daemon=True).start()
    try:
        yield overdue
    finally:
        left.set()
