"""Mail and requests to other systems: the only way out of the house, and no network call is made elsewhere.

Plain data in, plain data out: what is sent is known before, and what came of it is told to who asked.
`destinations.py` says where a request may go, `requests.py` makes it, `mail.py` speaks SMTP.
Not here: what is due and whose it is (commands/deliveries.py), when it is made (outbox.py)."""

from __future__ import annotations

from runtime.delivery.destinations import Destinations
from runtime.delivery.errors import Undeliverable, Unreached
from runtime.delivery.mail import Mail, MailServer, send
from runtime.delivery.requests import LONGEST, Request, Response, request

__all__ = [
    "Destinations",
    "Mail",
    "MailServer",
    "Request",
    "Response",
    "Undeliverable",
    "Unreached",
    "longest",
    "request",
    "send",
]


def longest(seconds: float, mail: MailServer) -> float:
    """Seconds that one call may take at most: a request that has so many, or signing in and handing in one mail."""
    return max(LONGEST * seconds, 2 * mail.longest + mail.seconds)
