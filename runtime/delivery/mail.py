"""Mail by SMTP: plain text, one mail a receiver, none of it computed here.

Not here: who receives it and in which language (commands/deliveries.py)."""

from __future__ import annotations

import datetime as dt
import re
import smtplib
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from runtime.delivery.errors import MailNotSent, MailNotSetUp, NotUnderstood
from runtime.delivery.limits import within
from runtime.errors import Invalid

PORTS = {"starttls": 587, "tls": 465, "none": 25}
# Neither more nor less than what can stand in a header as it is.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,253}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class BadMailServer(Invalid):
    """GUICHENG_MAIL_SERVER and GUICHENG_MAIL_FROM do not fit: write name or name:port, and an address."""

    code = "delivery.bad_mail_server"


@dataclass(frozen=True)
class Mail:
    """One mail to one address. `key` makes its Message-ID, the same whenever it is sent again."""

    to: str
    key: str
    subject: str
    text: str
    language: str = ""


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, and in whose name. `security`: starttls | tls | none."""

    host: str = ""
    port: int = 0
    security: str = "starttls"
    user: str = ""
    password: str = ""
    sender: str = ""
    seconds: float = 20.0  # for a read or a write
    longest: float = 60.0  # for all of signing in, and for all of one mail

    @classmethod
    def read(cls, server: str, security: str, user: str, password: str, sender: str) -> MailServer:
        """Of settings; without a server or a sender there is no mail. Raises BadMailServer."""
        if not server or not sender:
            return cls()
        host, _, port = server.strip().partition(":")
        if security not in PORTS or not host or (port and not port.isdecimal()):
            raise BadMailServer()
        if not ADDRESS.fullmatch(sender):
            raise BadMailServer()
        return cls(host, int(port or PORTS[security]), security, user, password, sender)


def send(
    mails: Sequence[Mail],
    server: MailServer,
    now: dt.datetime,
    told: Callable[[Mail, bool], object] = lambda mail, taken: None,
) -> list[str]:
    """Hand them in, in order; the addresses that the server refuses for good.

    `told` hears of each as soon as it is settled: taken, or refused for good. What cannot be taken now is told
    at the end, after the others had their turn. Raises MailNotSetUp, MailNotSent, and what `told` raises."""
    if not server.host:
        raise MailNotSetUp()
    made = [(mail, message(mail, server.sender, now)) for mail in mails]
    refused: list[str] = []
    later = ""
    try:
        connection = _connected(server)
        try:
            for mail, each in made:
                taken, why = _hand_in(connection, server, mail.to, each)
                later = later or why
                if not why:
                    refused += [] if taken else [mail.to]
                    told(mail, taken)
        finally:
            # What was taken is taken, however the parting goes.
            with suppress(smtplib.SMTPException, OSError), within(server.seconds, lambda: connection.sock):
                connection.quit()
            connection.close()
    except (smtplib.SMTPException, OSError) as error:
        raise MailNotSent(reason=_short(f"{type(error).__name__}: {error}")) from None
    if later:
        raise MailNotSent(reason=later)
    return refused


def _hand_in(
    connection: smtplib.SMTP, server: MailServer, to: str, mail: EmailMessage
) -> tuple[bool, str]:
    """Whether it was taken; why it cannot be settled now, "" if it was. What breaks the connection is raised."""
    try:
        with within(server.longest, lambda: connection.sock):
            connection.send_message(mail, server.sender, [to])
    except smtplib.SMTPRecipientsRefused as error:
        code, said = error.recipients[to]
        return False, "" if code >= 500 else _short(f"{code} {said!r}")
    except smtplib.SMTPDataError as error:
        return False, _short(f"{error.smtp_code} {error.smtp_error!r}")
    return True, ""


def message(mail: Mail, sender: str, now: dt.datetime) -> EmailMessage:
    """What is handed in. Raises NotUnderstood for what cannot stand in a mail."""
    if not ADDRESS.fullmatch(mail.to):
        raise NotUnderstood(host=mail.to[:80], reason="no address")
    made = EmailMessage()
    try:
        made["From"] = Address("Guicheng", addr_spec=sender)
        made["To"] = Address(addr_spec=mail.to)
        # A line's end begins another header; in a subject it is a space.
        made["Subject"] = " ".join(mail.subject.split())
        made["Date"] = format_datetime(now)
        made["Message-ID"] = f"<{mail.key}@{sender.rpartition('@')[2]}>"
        # So that nobody's absence notice answers.
        made["Auto-Submitted"] = "auto-generated"
        if mail.language:
            made["Content-Language"] = mail.language
        made.set_content(mail.text, charset="utf-8")
    except (ValueError, UnicodeError) as error:
        raise NotUnderstood(host=mail.to, reason=str(error)[:200]) from None
    return made


def _connected(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    tls = server.security == "tls"
    connection: smtplib.SMTP = (
        smtplib.SMTP_SSL(timeout=server.seconds, context=context) if tls else smtplib.SMTP(timeout=server.seconds)
    )
    # What its certificate must be of; set by the constructor only where that connects.
    connection._host = server.host  # type: ignore[attr-defined]
    try:
        with within(server.longest, lambda: connection.sock):
            code, said = connection.connect(server.host, server.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, said)
            if server.security == "starttls":
                connection.starttls(context=context)
            if server.user:
                connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"
