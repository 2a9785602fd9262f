"""Mail by SMTP: plain text, one mail a receiver, none of it computed here.

Not here: who receives it and in which language (commands/deliveries.py)."""

from __future__ import annotations

import datetime as dt
import re
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from runtime.delivery.errors import MailNotSent, MailNotSetUp, NotUnderstood
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
    seconds: float = 20.0

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


def send(mails: Sequence[Mail], server: MailServer, now: dt.datetime) -> list[str]:
    """Hand them in, in order; the addresses that the server refuses for good. Raises MailNotSetUp, MailNotSent."""
    if not server.host:
        raise MailNotSetUp()
    made = [(mail.to, message(mail, server.sender, now)) for mail in mails]
    refused = []
    try:
        connection = _connected(server)
        try:
            for to, each in made:
                try:
                    connection.send_message(each, server.sender, [to])
                except smtplib.SMTPRecipientsRefused as error:
                    code, said = error.recipients[to]
                    if code < 500:
                        raise MailNotSent(reason=_short(f"{code} {said!r}")) from None
                    refused.append(to)
        finally:
            # What was taken is taken, however the parting goes.
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()
    except (smtplib.SMTPException, OSError) as error:
        raise MailNotSent(reason=_short(f"{type(error).__name__}: {error}")) from None
    return refused


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
    if server.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=server.seconds, context=context
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=server.seconds)
    try:
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
