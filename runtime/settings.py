"""What an installation sets, from its environment. Not here: what is made of it (bootstrap.py)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.commands import deliveries
from runtime.delivery import Destinations, MailServer


class Settings(BaseSettings):
    """What an installation sets, from the environment (`GUICHENG_…`).

    home: folder of the embedded database; database_url: PostgreSQL instead; zone: the business
    time zone; secret: signs cookies (made and kept in the home when unset; must be set with PostgreSQL);
    hosts: host names that are answered, comma-separated (empty: any; in the demo this machine only); proxies: how
    many reverse proxies stand in front, whose X-Forwarded headers are believed; message_days: for how
    many days a message that nobody waits for is kept, unless its diagram says otherwise; demo: the demo
    department and its people on the sign-in page; script_seconds: how long a script in a diagram
    may run; most_steps: how many automatic steps a case may make in a row, waiting for nothing, before
    it is stopped as an incident; waiting_workers: how many external workers may wait for work at once, in one
    server process: fewer than its threads, so that people are served meanwhile; http_hosts: where diagrams may
    send requests, comma-separated: `name`, `name:port`, `http://name:port`, and networks (`10.1.0.0/16`) in
    which these names may lie (empty: nowhere); http_seconds: how many seconds a request may take; mail_server: where
    mail is handed in, `name` or `name:port` (empty: there is no mail); mail_security: of the way there,
    starttls, tls or none; mail_user: to sign in there (empty: without); mail_password: to sign in there;
    mail_from: the address in whose name mail is sent; mail_domains: where mail may go to who is no person of
    the house, comma-separated (empty: nowhere); log: how the log is written, "json", "text", or "auto": text on a
    terminal; log_requests: a line in the log for each request, not only for those that fail; metrics_token: what
    Prometheus sends to be told figures at /metrics (empty: nobody is); history_days: for how many days an ended
    case keeps its details before `purge` erases them, unless its diagram says otherwise (0: for ever); pg_bin:
    folder of PostgreSQL's pg_dump and pg_restore for backups (empty: those on the PATH); tombstones: file beside the
    backups that says which records on people were erased, so that a restore erases them again (empty: none)."""

    model_config = SettingsConfigDict(env_prefix="GUICHENG_", extra="ignore")

    home: Path = Path("var")
    database_url: str = ""
    zone: str = "Asia/Shanghai"
    secret: str = ""
    hosts: str = ""
    proxies: int = 0
    message_days: int = 30
    most_steps: int = 100_000
    demo: bool = False
    script_seconds: float = 1.0
    http_hosts: str = ""
    http_seconds: float = 20.0
    mail_server: str = ""
    mail_security: str = "starttls"
    mail_user: str = ""
    mail_password: str = Field(default="", repr=False)
    mail_from: str = ""
    mail_domains: str = ""
    waiting_workers: int = 4
    log: Literal["auto", "json", "text"] = "auto"
    log_requests: bool = False
    metrics_token: str = ""
    history_days: int = 0
    pg_bin: str = ""
    tombstones: str = ""

    def ways(self) -> deliveries.Ways:
        """Where and by what means mail and requests leave the house. Raises BadDestination, BadMailServer."""
        prefix = "GUICHENG_HTTP_SECRET_"
        return deliveries.Ways(
            destinations=Destinations.read(self.http_hosts),
            mail=MailServer.read(
                self.mail_server, self.mail_security, self.mail_user, self.mail_password, self.mail_from
            ),
            domains=frozenset(each.strip().lower() for each in self.mail_domains.split(",") if each.strip()),
            secrets={
                name.removeprefix(prefix): text
                for name, text in os.environ.items()
                if name.startswith(prefix)
            },
            seconds=self.http_seconds,
        )

    def url(self) -> str:
        return self.database_url or f"sqlite:///{self.home.resolve() / 'guicheng.db'}"
