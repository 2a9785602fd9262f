"""Why something was not delivered: `Unreached` is worth another try, `Undeliverable` is not."""

from __future__ import annotations

from runtime.errors import Failed


class Undeliverable(Failed):
    """It cannot be delivered."""

    code = "delivery.undeliverable"


class Unreached(Failed):
    """It was not delivered."""

    code = "delivery.unreached"


class NotAnAddress(Undeliverable):
    """“{url}” is no address that a request can go to: write https://name/path."""

    code = "delivery.not_an_address"


class NotAllowed(Undeliverable):
    """Requests to {destination} are not allowed: whoever operates lists the hosts in GUICHENG_HTTP_HOSTS."""

    code = "delivery.not_allowed"


class PrivateAddress(Undeliverable):
    """{host} is {address}, an address of the inner network or of this machine: whoever operates lists it in
    GUICHENG_HTTP_HOSTS if requests may go there."""

    code = "delivery.private_address"


class BadHeader(Undeliverable):
    """The header “{header}” cannot be sent: a name of letters and hyphens that is not the runtime's own, and
    text of plain characters in one line."""

    code = "delivery.bad_header"


class TooLarge(Undeliverable):
    """{what} is larger than {most} bytes."""

    code = "delivery.too_large"


class NotUnderstood(Undeliverable):
    """{host} answered something that cannot be kept: {reason}"""

    code = "delivery.not_understood"


class NoSuchSecret(Undeliverable):
    """There is no secret {name}: whoever operates sets GUICHENG_HTTP_SECRET_{name}."""

    code = "delivery.no_such_secret"


class HostUnknown(Unreached):
    """The host {host} was not found: {reason}"""

    code = "delivery.host_unknown"


class NoAnswer(Unreached):
    """{host} did not answer: {reason}"""

    code = "delivery.no_answer"


class TooSlow(Unreached):
    """{host} took longer than {seconds} seconds."""

    code = "delivery.too_slow"


class NotNow(Unreached):
    """{host} answered {status}; it is tried again."""

    code = "delivery.not_now"


class MailNotSetUp(Undeliverable):
    """Mail is not set up: whoever operates sets GUICHENG_MAIL_SERVER and GUICHENG_MAIL_FROM."""

    code = "delivery.mail_not_set_up"


class MailNotSent(Unreached):
    """The mail server did not take the mail: {reason}"""

    code = "delivery.mail_not_sent"
