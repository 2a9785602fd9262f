"""People, groups and reporting lines: identity data, written only here and always audited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime import access, household, i18n
from runtime.commands import hearing, staffing, stand_ins
from runtime.delivery.mail import ADDRESS
from runtime.errors import Conflict, Invalid, NotFound
from runtime.identity import (
    GROUPS,
    Actor,
    PasswordWrong,
    SignInRefused,
    hash_password,
    require,
    verify_password,
)
from runtime.ids import public_id
from runtime.store import accounts, user_tasks
from runtime.store.accounts import grants, memberships, people
from runtime.store.db import Transaction


class NameTaken(Conflict):
    """There is already a person with the sign-in name {username}."""

    code = "person.name_taken"


class BadEmail(Invalid):
    """“{email}” is no e-mail address."""

    code = "person.bad_email"


class BadName(Invalid):
    """A sign-in name has 2 to 64 letters, digits, dots, dashes or underscores: {username}"""

    code = "person.bad_name"


class NoSuchPerson(NotFound):
    """There is no person {username}."""

    code = "person.unknown"


class NoSuchGroup(Invalid):
    """There is no group {group}. Groups are: {known}"""

    code = "group.unknown"


class NoSuchRight(Invalid):
    """Nothing asks whether one may {verb} a {kind} in the relation {relation}."""

    code = "grant.unknown"


class CircularReporting(Invalid):
    """{username} cannot report to {superior}, who reports to them."""

    code = "person.circular"


class NoSuchLanguage(Invalid):
    """There is no language {language}."""

    code = "language.unknown"


def sign_in(tx: Transaction, actor: Actor | None, username: str, password: str) -> Actor:
    """The person, if the password is theirs. Raises SignInRefused, the same for every reason."""
    row = accounts.find(tx, username=username)
    if not verify_password(row.password if row else None, password) or not row.active:
        raise SignInRefused()
    return household.actor(tx, row)


def add_person(
    tx: Transaction,
    actor: Actor,
    username: str,
    names: Mapping[str, str],
    *,
    groups: Iterable[str] = (),
    superior: str | None = None,
    password: str | None = None,
    hashed: str | None = None,
    language: str = i18n.DEFAULT,
) -> str:
    """A new person; `superior` is a sign-in name; `hashed`: their password as identity.hash_password makes it.
    Returns the public id."""
    require(actor, "administer", "people")
    if not 2 <= len(username) <= 64 or not all(c.isalnum() or c in "._-" for c in username):
        raise BadName(username=username)
    if accounts.find(tx, username=username) is not None:
        raise NameTaken(username=username)
    _check_language(language)
    person = public_id()
    tx.execute(
        sa.insert(people).values(
            public_id=person,
            username=username,
            names=dict(names) or {"en": username},
            password=hash_password(username, password) if password is not None else hashed,
            language=language,
            created_at=tx.now,
        )
    )
    accounts.log(tx, actor.id, "person.added", username, names=dict(names))
    set_groups(tx, actor, username, groups)
    if superior is not None:
        set_superior(tx, actor, username, superior)
    return person


@dataclass(frozen=True)
class Newcomer:
    """Somebody to be added; `superior`: a sign-in name, of somebody there or of another newcomer."""

    username: str
    names: Mapping[str, str]
    groups: tuple[str, ...] = ()
    superior: str | None = None
    language: str = i18n.DEFAULT
    email: str | None = None


def add_people(tx: Transaction, actor: Actor, newcomers: Sequence[Newcomer]) -> dict[str, str]:
    """Many new people at once, in as many statements as for one, each noted by themselves. None has a password:
    they sign in when one is set for them. Sign-in name → public id."""
    require(actor, "administer", "people")
    for each in newcomers:
        if not 2 <= len(each.username) <= 64 or not all(c.isalnum() or c in "._-" for c in each.username):
            raise BadName(username=each.username)
        if each.email is not None and not ADDRESS.fullmatch(each.email):
            raise BadEmail(email=each.email[:80])
        for group in sorted(set(each.groups) - set(GROUPS)):
            raise NoSuchGroup(group=group, known=", ".join(GROUPS))
        _check_language(each.language)
    known = {row.username: row for row in tx.all(sa.select(people.c.id, people.c.username, people.c.public_id))}
    for each in newcomers:
        if each.username in known:
            raise NameTaken(username=each.username)
    new = {each.username: public_id() for each in newcomers}
    tx.insert(
        people,
        [
            {
                "public_id": new[each.username],
                "username": each.username,
                "names": dict(each.names) or {"en": each.username},
                "language": each.language,
                "email": each.email,
                "created_at": tx.now,
            }
            for each in newcomers
        ],
    )
    ids = {row.username: row.id for row in tx.all(sa.select(people.c.id, people.c.username))}
    superiors = {each.username: each.superior for each in newcomers if each.superior is not None}
    _require_a_tree(superiors, ids)
    tx.insert(
        memberships,
        [
            {"person_id": ids[each.username], "group": group}
            for each in newcomers
            for group in sorted(set(each.groups))
        ],
    )
    if superiors:
        above = sa.update(people).where(people.c.id == sa.bindparam("b_id"))
        tx.execute(
            above.values(superior_id=sa.bindparam("b_superior")),
            [{"b_id": ids[name], "b_superior": ids[superior]} for name, superior in superiors.items()],
        )
    accounts.log_many(
        tx,
        actor.id,
        "person.added",
        {
            each.username: {"names": dict(each.names), "groups": sorted(set(each.groups)), "superior": each.superior}
            for each in newcomers
        },
    )
    return new


def _require_a_tree(superiors: Mapping[str, str], ids: Mapping[str, int]) -> None:
    """Raises NoSuchPerson, CircularReporting. Who was there before reports to no newcomer."""
    for name, superior in superiors.items():
        if superior not in ids:
            raise NoSuchPerson(username=superior)
        above: str | None = superior
        for _ in superiors:
            if above == name:
                raise CircularReporting(username=name, superior=superior)
            above = superiors.get(above or "")


def set_groups(tx: Transaction, actor: Actor, username: str, groups: Iterable[str]) -> None:
    """Replace the person's groups; open tasks and sessions follow at once."""
    require(actor, "administer", "people")
    row = _person(tx, username)
    wanted = set(groups)
    for group in sorted(wanted - set(GROUPS)):
        raise NoSuchGroup(group=group, known=", ".join(GROUPS))
    before = accounts.groups_of(tx, row.id)
    tx.execute(sa.delete(memberships).where(memberships.c.person_id == row.id))
    tx.insert(memberships, [{"person_id": row.id, "group": group} for group in sorted(wanted)])
    given = user_tasks.give_back(tx, row.id, [f"person:{row.id}", *(f"group:{group}" for group in wanted)])
    accounts.log(tx, actor.id, "person.groups", username, before=sorted(before), after=sorted(wanted))
    hearing.changed_hands(tx, actor, given + staffing.strand(tx, row.id, before - wanted))
    stand_ins.look_again(tx)


def set_email(tx: Transaction, actor: Actor, username: str, email: str | None) -> None:
    """Where mail of the runtime's reaches a person (None: nowhere). Raises BadEmail."""
    require(actor, "administer", "people")
    row = _person(tx, username)
    if email is not None and not ADDRESS.fullmatch(email):
        raise BadEmail(email=email[:80])
    tx.execute(sa.update(people).where(people.c.id == row.id).values(email=email))
    # The log stays for ever; the address itself is nobody's to read there.
    accounts.log(tx, actor.id, "person.email", username, known=email is not None)


def set_superior(tx: Transaction, actor: Actor, username: str, superior: str | None) -> None:
    """Whom the person reports to (a sign-in name), or nobody."""
    require(actor, "administer", "people")
    row = _person(tx, username)
    above = _person(tx, superior) if superior else None
    if above is not None and above.id in accounts.below(tx, row.id) | {row.id}:
        raise CircularReporting(username=username, superior=superior)
    tx.execute(sa.update(people).where(people.c.id == row.id).values(superior_id=above.id if above else None))
    accounts.log(tx, actor.id, "person.superior", username, superior=superior)


def set_password(tx: Transaction, actor: Actor, username: str, password: str) -> None:
    """Set somebody's password; their sessions end."""
    require(actor, "administer", "people")
    row = _person(tx, username)
    _store_password(tx, actor, row.id, username, password)


def change_password(tx: Transaction, actor: Actor, old: str, new: str) -> None:
    """Change one's own password; other sessions end."""
    row = _person(tx, actor.username)
    if not verify_password(row.password, old):
        raise PasswordWrong()
    _store_password(tx, actor, row.id, actor.username, new)


def ask_for_data(tx: Transaction, actor: Actor, password: str) -> None:
    """Somebody asks for all that is held on them: it is noted that they did. Raises PasswordWrong."""
    if not verify_password(_person(tx, actor.username).password, password):
        raise PasswordWrong()
    accounts.log(tx, actor.id, "person.data_exported", actor.username)


def sign_out(tx: Transaction, actor: Actor) -> None:
    """End every session of the person: a copied cookie is worth nothing from now on."""
    tx.execute(sa.update(people).where(people.c.id == actor.id).values(epoch=people.c.epoch + 1))


def deactivate(tx: Transaction, actor: Actor, username: str, receiver: str | None = None) -> None:
    """The person can no longer sign in and is asked for nothing new; what waits for them waits for somebody else:
    for `receiver` (a public id), as far as they may do it, else for a superior."""
    require(actor, "administer", "people")
    row = _person(tx, username)
    tx.execute(sa.update(people).where(people.c.id == row.id).values(active=False, epoch=people.c.epoch + 1))
    given = user_tasks.give_back(tx, row.id, [])
    accounts.log(tx, actor.id, "person.deactivated", username)
    passed = staffing.pass_on(tx, row.id, receiver) + staffing.strand(tx, row.id, accounts.groups_of(tx, row.id))
    stand_ins.look_again(tx)
    hearing.changed_hands(tx, actor, given + passed)


def set_language(tx: Transaction, actor: Actor, language: str) -> None:
    """The language the person reads."""
    _check_language(language)
    tx.execute(sa.update(people).where(people.c.id == actor.id).values(language=language))


def grant_defaults(tx: Transaction, actor: Actor) -> None:
    """What an installation starts with; grants that exist stay as they are."""
    require(actor, "administer", "people")
    held = {(row.group, row.verb, row.kind, row.relation) for row in tx.all(sa.select(grants))}
    if held:
        return
    tx.insert(grants, [vars(grant) for grant in access.DEFAULT_GRANTS])
    accounts.log(tx, actor.id, "grants.defaults", "*", count=len(access.DEFAULT_GRANTS))


def grant(
    tx: Transaction, actor: Actor, group: str, verb: str, kind: str, relation: str, fields: str = "*"
) -> None:
    """Let a group (or "*": everyone) do something; it counts from the next request on."""
    require(actor, "administer", "people")
    known = {(each.verb, each.kind) for each in access.DEFAULT_GRANTS} | access.OPTIONAL
    if group != "*" and group not in GROUPS:
        raise NoSuchGroup(group=group, known=", ".join(GROUPS))
    if (verb, kind) not in known or relation not in access.RELATIONS:
        raise NoSuchRight(verb=verb, kind=kind, relation=relation)
    revoke(tx, actor, group, verb, kind, relation)
    row = {"group": group, "verb": verb, "kind": kind, "relation": relation, "fields": fields}
    tx.insert(grants, [row])
    accounts.log(tx, actor.id, "grant.added", group, **row)


def revoke(tx: Transaction, actor: Actor, group: str, verb: str, kind: str, relation: str) -> None:
    """Take a grant back; nothing if there was none."""
    require(actor, "administer", "people")
    gone = tx.execute(
        sa.delete(grants).where(
            grants.c.group == group,
            grants.c.verb == verb,
            grants.c.kind == kind,
            grants.c.relation == relation,
        )
    )
    if gone.rowcount:
        accounts.log(tx, actor.id, "grant.removed", group, verb=verb, kind=kind, relation=relation)


def _store_password(tx: Transaction, actor: Actor, person_id: int, username: str, password: str) -> None:
    tx.execute(
        sa.update(people)
        .where(people.c.id == person_id)
        .values(password=hash_password(username, password), epoch=people.c.epoch + 1)
    )
    accounts.log(tx, actor.id, "person.password", username)


def _person(tx: Transaction, username: str) -> Any:
    row = accounts.find(tx, username=username)
    if row is None:
        raise NoSuchPerson(username=username)
    return row


def _check_language(language: str) -> None:
    if language not in i18n.LANGUAGES:
        raise NoSuchLanguage(language=language)
