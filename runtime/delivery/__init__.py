"""Mail and requests to other systems: the only way out of the house, and no network call is made elsewhere.

Plain data in, plain data out: what is sent is known before, and what came of it is told to who asked.
`destinations.py` says where a request may go, `requests.py` makes it, `mail.py` speaks SMTP.
Not here: what is due and whose it is (commands/deliveries.py), when it is made (outbox.py)."""

from __future__ import annotations

from runtime.delivery.destinations import Destinations
from runtime.delivery.errors import Undeliverable, Unreached
from runtime.delivery.mail import Mail, MailServer, send
from runtime.delivery.requests import Request, Response, request

__all__ = [
    "Destinations",
    "Mail",
    "MailServer",
    "Request",
    "Response",
    "Undeliverable",
    "Unreached",
    "request",
    "send",
]
