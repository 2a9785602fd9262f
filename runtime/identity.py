"""Who acts, and by which right: people as the rest of the house sees them. No IO.

Not here: where people are stored (store/accounts.py), what a right lets one see
in SQL (access.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from runtime import i18n
from runtime.errors import Forbidden, Invalid

GROUPS: Mapping[str, Mapping[str, str]] = {
    "manager": {"zh_Hans": "部门经理", "zh_Hant": "部門經理", "en": "Department manager"},
    "supervisor": {"zh_Hans": "运营主管", "zh_Hant": "運營主管", "en": "Operations supervisor"},
    "specialist": {"zh_Hans": "运营专员", "zh_Hant": "運營專員", "en": "Operations specialist"},
    "analyst": {"zh_Hans": "数据分析员", "zh_Hant": "數據分析員", "en": "Data analyst"},
    "division_lead": {"zh_Hans": "分管领导", "zh_Hant": "分管領導", "en": "Division lead"},
    "purchasing": {"zh_Hans": "采购部", "zh_Hant": "採購部", "en": "Purchasing"},
    "logistics": {"zh_Hans": "物流部", "zh_Hant": "物流部", "en": "Logistics"},
    "hr": {"zh_Hans": "人事", "zh_Hant": "人事", "en": "Human resources"},
    "finance": {"zh_Hans": "财务", "zh_Hant": "財務", "en": "Finance"},
    "admin": {"zh_Hans": "管理员", "zh_Hant": "管理員", "en": "Administrator"},
}


class SignInRefused(Forbidden):
    """The name or the password is not right."""

    code = "sign_in.refused"


class PasswordWrong(SignInRefused):
    """The present password is not right."""

    code = "password.wrong"


class PasswordTooWeak(Invalid):
    """A password needs at least {least} characters and must differ from the name."""

    code = "password.too_weak"


class NotGranted(Forbidden):
    """Your role does not include this."""

    code = "not_granted"


@dataclass(frozen=True)
class Grant:
    """Role `group` may `verb` objects of `kind` that stand in `relation` to the person.

    relation: own | subordinate | assigned | department | any. `fields`: "*" or the names
    that may be seen. A group "*" means everyone who can sign in."""

    group: str
    verb: str
    kind: str
    relation: str = "any"
    fields: str = "*"


@dataclass(frozen=True)
class Person:
    """A person as shown to others."""

    id: str
    names: Mapping[str, str]

    def name(self, language: str) -> str:
        return i18n.label(language, dict(self.names))


@dataclass(frozen=True)
class Substitute:
    """Somebody who may do what is asked of one who is away.

    `answers_for`: the public id of whom a task must not exclude either: a deputy acts for who is away, a superior
    for themselves."""

    id: int
    public_id: str
    answers_for: str


@dataclass(frozen=True)
class StandIn:
    """For a group whose people are all away: who does today what it is asked.

    away: the row of who is away, until the end of `until`. `line`: who stands in, the nearest first; its last is
    this person, who has only what all the nearer ones are kept from."""

    group: str
    away: int
    until: dt.date
    line: tuple[Substitute, ...]


@dataclass(frozen=True)
class Actor:
    """The person (or the runtime itself) that acts, with everything rights are judged by.

    `id` is the row's; `subordinates` everybody below them in the org tree; `epoch` changes when
    sessions must end; `principal` is the row of whoever is away and for whom they act."""

    id: int
    public_id: str
    username: str
    names: Mapping[str, str] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()
    language: str = i18n.DEFAULT
    epoch: int = 0
    superior: int | None = None
    subordinates: frozenset[int] = frozenset()
    grants: frozenset[Grant] = frozenset()
    stands_in: tuple[StandIn, ...] = ()
    principal: int | None = None

    def name(self, language: str | None = None) -> str:
        return i18n.label(language or self.language, dict(self.names), self.username)

    def may(self, verb: str, kind: str) -> bool:
        return any(grant.verb == verb and grant.kind == kind for grant in self.grants)


# The runtime when no person is behind it: timers, messages, set-up.
SYSTEM = Actor(0, "", "system", {"zh_Hans": "系统", "zh_Hant": "系統", "en": "System"})


def require(actor: Actor, verb: str, kind: str) -> None:
    """Raise NotGranted unless some grant of the actor names the verb and the kind."""
    if actor is not SYSTEM and not actor.may(verb, kind):
        raise NotGranted(verb=verb, kind=kind)


MIN_PASSWORD = 8
MAX_PASSWORD = 1024  # what is longer counts up to here, when it is set as when it is tried
_hasher = PasswordHasher()
# Verified against when the name is unknown, so that timing tells nothing.
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(username: str, password: str) -> str:
    """An argon2id hash. Raises PasswordTooWeak."""
    if len(password) < MIN_PASSWORD or password.casefold() == username.casefold():
        raise PasswordTooWeak(least=MIN_PASSWORD)
    return _hasher.hash(password[:MAX_PASSWORD])


def verify_password(stored: str | None, password: str) -> bool:
    """Whether `password` is the one hashed in `stored`; as slow when there is none."""
    try:
        return _hasher.verify(stored or _NOBODY, password[:MAX_PASSWORD]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
