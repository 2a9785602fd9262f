"""Administrators, people with their groups and reporting lines, and rights.

Not here: what they work on (work.py)."""

from __future__ import annotations

import getpass
import json
import os

import click
from rich.table import Column, Table

from runtime import i18n
from runtime.cli.terminal import guarded, language, main, opened, out, say
from runtime.commands import accounts
from runtime.identity import GROUPS, SYSTEM
from runtime.queries import held, people


@main.group()
def admin() -> None:
    """Administrators."""


@admin.command("create")
@click.argument("username", required=False)
@click.option("--name", default=None, help="The person's name.")
@guarded
def admin_create(username: str | None, name: str | None) -> None:
    """Create a person who may administer people, rules and processes.

    The password is asked for, or read from the environment variable GUICHENG_PASSWORD."""
    username = username or click.prompt(say("Sign-in name"))
    password = os.environ.get("GUICHENG_PASSWORD") or getpass.getpass(say("Password") + ": ")
    opened().do(
        accounts.add_person,
        SYSTEM,
        username,
        {"zh_Hans": name or username},
        groups=["admin"],
        password=password,
    )
    out.print(say("{username} can sign in now.", username=username))


@main.group()
def person() -> None:
    """People, their groups and reporting lines."""


@person.command("data")
@click.argument("username")
@guarded
def person_data(username: str) -> None:
    """Print all that is held on a person, as JSON, to be handed to them.

    They may fetch it themselves on their account page, with the files that they brought in."""
    runtime = opened()
    found = runtime.read(people.by_username, SYSTEM, username)
    if found is None:
        raise accounts.NoSuchPerson(username=username)
    told = runtime.read(held.of_person, SYSTEM, found.public_id)
    click.echo(json.dumps(told, ensure_ascii=False, indent=2, default=str))


@person.command("add")
@click.argument("username")
@click.option("--name", required=True, help="Name in Chinese (or any).")
@click.option("--name-en", default="", help="Name in English.")
@click.option(
    "--group", "groups", multiple=True, type=click.Choice(sorted(GROUPS)), help="May be given often."
)
@click.option("--superior", default=None, help="Sign-in name of whom they report to.")
@click.option("--service", is_flag=True, help="A program: it has no password and acts by access tokens.")
@guarded
def person_add(
    username: str, name: str, name_en: str, groups: tuple[str, ...], superior: str | None, service: bool
) -> None:
    """Add a person. The password is asked for, or taken from GUICHENG_PASSWORD."""
    password = None
    if not service:
        password = os.environ.get("GUICHENG_PASSWORD") or getpass.getpass(say("Password") + ": ")
    names = {"zh_Hans": name, **({"en": name_en} if name_en else {})}
    opened().do(
        accounts.add_person, SYSTEM, username, names, groups=groups, superior=superior, password=password
    )
    if service:
        out.print(say("Added. Now give it a token: guicheng token create {username}", username=username))
    else:
        out.print(say("{username} can sign in now.", username=username))


@person.command("list")
@guarded
def person_list() -> None:
    """List everybody: sign-in name, public id, name, groups, superior."""
    table = Table(
        say("Sign-in name"),
        Column("id", no_wrap=True, min_width=32),
        say("Name"),
        say("Groups"),
        say("Superior"),
        box=None,
    )
    for row in opened().read(people.listing, SYSTEM):
        name = i18n.label(language(), dict(row.names), row.username)
        groups = ", ".join(sorted(row.groups))
        table.add_row(row.username, row.id, name, groups, row.superior or "–")
    out.print(table)


@person.command("groups")
@click.argument("username")
@click.argument("groups", nargs=-1, type=click.Choice(sorted(GROUPS)))
@guarded
def person_groups(username: str, groups: tuple[str, ...]) -> None:
    """Set the groups that a person is in; open tasks follow at once."""
    opened().do(accounts.set_groups, SYSTEM, username, groups)


@person.command("superior")
@click.argument("username")
@click.argument("superior", required=False)
@guarded
def person_superior(username: str, superior: str | None) -> None:
    """Set whom a person reports to (nobody when left out)."""
    opened().do(accounts.set_superior, SYSTEM, username, superior)


@person.command("email")
@click.argument("username")
@click.argument("email", required=False)
@guarded
def person_email(username: str, email: str | None) -> None:
    """Set where mail reaches a person (nowhere when left out)."""
    opened().do(accounts.set_email, SYSTEM, username, email)


@person.command("password")
@click.argument("username")
@guarded
def person_password(username: str) -> None:
    """Set a person's password; their sessions end."""
    password = os.environ.get("GUICHENG_PASSWORD") or getpass.getpass(say("Password") + ": ")
    opened().do(accounts.set_password, SYSTEM, username, password)


@person.command("deactivate")
@click.argument("username")
@guarded
def person_deactivate(username: str) -> None:
    """A person who left can no longer sign in."""
    opened().do(accounts.deactivate, SYSTEM, username)


@main.group(invoke_without_command=True)
@click.pass_context
@guarded
def grants(context: click.Context) -> None:
    """Rights: which group may do what, with which objects. Without a word: list them."""
    if context.invoked_subcommand is not None:
        return
    table = Table("group", "verb", "kind", "relation", "fields", box=None)
    for each in opened().read(people.grants, SYSTEM):
        table.add_row(each.group, each.verb, each.kind, each.relation, each.fields)
    out.print(table)


@grants.command("add")
@click.argument("group")
@click.argument("verb")
@click.argument("kind")
@click.argument("relation")
@click.option("--fields", default="*", show_default=True, help="What of the object may be seen.")
@guarded
def grants_add(group: str, verb: str, kind: str, relation: str, fields: str) -> None:
    """Let GROUP ("*": everyone) VERB every KIND that stands in RELATION to the person."""
    opened().do(accounts.grant, SYSTEM, group, verb, kind, relation, fields)


@grants.command("remove")
@click.argument("group")
@click.argument("verb")
@click.argument("kind")
@click.argument("relation")
@guarded
def grants_remove(group: str, verb: str, kind: str, relation: str) -> None:
    """Take a grant back."""
    opened().do(accounts.revoke, SYSTEM, group, verb, kind, relation)
