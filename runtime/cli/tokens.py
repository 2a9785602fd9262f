"""Access tokens for programs, mostly of service accounts.

Not here: people making their own, on their account page (web/tokens.py)."""

from __future__ import annotations

import click
from rich.table import Column, Table

from runtime.cli.terminal import err, guarded, main, opened, out, say
from runtime.commands import tokens
from runtime.identity import SYSTEM
from runtime.queries import tokens as token_queries


@main.group()
def token() -> None:
    """Access tokens, by which programs use the API in somebody's name."""


@token.command("create")
@click.argument("username")
@click.option("--name", required=True, help="What uses it, so that it is known again.")
@click.option("--days", default=90, show_default=True, help="How long it counts; 366 at most.")
@guarded
def token_create(username: str, name: str, days: int) -> None:
    """Make a token that acts as USERNAME, and print it. It is shown this once and kept nowhere."""
    made = opened().do(tokens.make, SYSTEM, username, name, days)
    err.print(say("Token {id}, until {until}:", id=made.id, until=f"{made.expires_at:%Y-%m-%d %H:%M} UTC"))
    click.echo(made.secret)


@token.command("list")
@guarded
def token_list() -> None:
    """List the tokens that were not revoked, with their last use."""
    table = Table(
        Column("id", no_wrap=True, min_width=32),
        say("Sign-in name"), say("Name"), say("Until"), say("Last used"),
        box=None,
    )  # fmt: skip
    for row in opened().read(token_queries.listing, SYSTEM):
        until = say("expired") if row.expired else f"{row.expires_at:%Y-%m-%d}"
        used = f"{row.used_at:%Y-%m-%d %H:%M}" if row.used_at else "–"
        table.add_row(row.id, row.username, row.name, until, used)
    out.print(table)


@token.command("revoke")
@click.argument("token_id", metavar="TOKEN")
@guarded
def token_revoke(token_id: str) -> None:
    """Revoke a token, by its id: from now on it opens nothing."""
    opened().do(tokens.revoke, SYSTEM, token_id)
    out.print(say("Done."))
