"""Public ids: opaque, unguessable enough not to be counted, sortable by time."""

from __future__ import annotations

import os

from runtime import clock


def public_id() -> str:
    """A UUIDv7 (RFC 9562) as 32 hexadecimal digits."""
    milliseconds = int(clock.now().timestamp() * 1000)
    random = int.from_bytes(os.urandom(10), "big")
    number = (
        milliseconds << 80 | 0x7 << 76 | (random >> 62 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    )
    return f"{number:032x}"
