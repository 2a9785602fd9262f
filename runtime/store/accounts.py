"""People, groups, reporting lines, grants, and the audit of changes to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime.store.db import Id, Instant, Tagged, Transaction, metadata
from runtime.store.prepared import Prepared

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    sa.Column("username", sa.String(64), nullable=False, unique=True),
    sa.Column("names", Tagged, nullable=False),  # language → name
    sa.Column("password", sa.String(256)),  # argon2id; NULL: cannot sign in
    sa.Column("superior_id", sa.ForeignKey("people.id"), index=True),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("email", sa.String(320)),  # where the runtime's mail goes; NULL: nowhere
    sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("created_at", Instant, nullable=False),
)

memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column("person_id", sa.ForeignKey("people.id"), primary_key=True),
    sa.Column("group", sa.String(32), primary_key=True, index=True),
)

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("group", sa.String(32), primary_key=True),
    sa.Column("verb", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(32), primary_key=True),
    sa.Column("relation", sa.String(16), primary_key=True),
    sa.Column("fields", sa.String(512), nullable=False, server_default="*"),
)

# Who changed people, groups, grants, calendar and deployments, and how: never updated, never
# deleted. Its newest id is the revision of all of them (household.revision).
admin_log = sa.Table(
    "admin_log",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor_id", sa.ForeignKey("people.id")),  # NULL: the command line
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(64), nullable=False),
    sa.Column("detail", Tagged, nullable=False),
)


@dataclass(frozen=True)
class Organisation:
    """Everybody, small enough to hold: who reports to whom, who is in which group."""

    by_public_id: Mapping[str, Any]
    by_id: Mapping[int, Any]
    groups: Mapping[str, tuple[int, ...]]  # active members, by id
    ever: Mapping[str, frozenset[int]]  # the same, with whoever was in it when they left

    def superior(self, public_id: str) -> str | None:
        person = self.by_public_id.get(public_id)
        above = self.by_id.get(person.superior_id) if person and person.superior_id else None
        return above.public_id if above else None

    def line(self, public_id: str) -> Iterator[str]:
        """Everybody above the person who is here, nearest first; in the place of one who has left, whoever has their
        office now: who is in a group of theirs and reports to the same."""
        seen, above = {public_id}, self.superior(public_id)
        while above and above not in seen:
            seen.add(above)
            here = [one for one in self.in_office_of(above) if one not in seen or one == above]
            yield from here
            seen.update(here)
            above = self.superior(above)

    def in_office_of(self, public_id: str, above: frozenset[str] = frozenset()) -> list[str]:
        """The person, if they are here; else whoever has their office now. above: of whom it is asked already."""
        person = self.by_public_id[public_id]
        if person.active:
            return [public_id]
        places, superior = {person.superior_id}, self.superior(public_id)
        if superior and superior not in above:
            places |= {self.by_public_id[one].id for one in self.in_office_of(superior, above | {public_id})}
        offices = [group for group, members in self.ever.items() if person.id in members]
        held = dict.fromkeys(each for group in offices for each in self.groups.get(group, ()))
        return [self.by_id[each].public_id for each in held if self.by_id[each].superior_id in places]

    def called(self) -> dict[str, list[Any]]:
        """Rows of everybody by each name that they go by and their sign-in name, folded; of those who bear a
        name together, whoever has left counts only when nobody is here."""
        found: dict[str, dict[int, Any]] = {}
        for row in self.by_id.values():
            for name in (row.username, *row.names.values()):
                found.setdefault(name.casefold(), {})[row.id] = row
        here = {name: [row for row in rows.values() if row.active] for name, rows in found.items()}
        return {name: here[name] or list(rows.values()) for name, rows in found.items()}

    def members(self, group: str) -> list[str]:
        return [self.by_id[member].public_id for member in self.groups.get(group, ())]

    def belongs(self, public_id: str, group: str) -> bool:
        """Whether they are in the group, or were in it when they left."""
        person = self.by_public_id.get(public_id)
        return person is not None and person.id in self.ever.get(group, ())


_EVERYBODY = Prepared(
    sa.select(
        people.c.id,
        people.c.public_id,
        people.c.username,
        people.c.names,
        people.c.superior_id,
        people.c.active,
        memberships.c.group,
    )
    .outerjoin(memberships)
    .order_by(people.c.id)
)


def organisation(tx: Transaction) -> Organisation:
    """All people with their groups, in one statement."""
    rows = _EVERYBODY.rows(tx)
    groups: dict[str, list[int]] = {}
    ever: dict[str, set[int]] = {}
    for row in rows:
        if row.group:
            ever.setdefault(row.group, set()).add(row.id)
            if row.active:
                groups.setdefault(row.group, []).append(row.id)
    return Organisation(
        {row.public_id: row for row in rows},
        {row.id: row for row in rows},
        {group: tuple(members) for group, members in groups.items()},
        {group: frozenset(members) for group, members in ever.items()},
    )


def find(tx: Transaction, *, username: str | None = None, public_id: str | None = None) -> Any:
    """The person's row, or None."""
    which = people.c.username == username if username is not None else people.c.public_id == public_id
    return tx.first(sa.select(people).where(which))


def receivers(tx: Transaction, ids: Iterable[int]) -> list[Any]:
    """Of these people, if they are active: id, public id, language and email."""
    columns = (people.c.id, people.c.public_id, people.c.language, people.c.email)
    wanted = people.c.id.in_(list(ids))
    return list(tx.all(sa.select(*columns).where(wanted, people.c.active.is_(True)).order_by(people.c.id)))


def groups_of(tx: Transaction, person_id: int) -> frozenset[str]:
    return frozenset(
        tx.connection.execute(
            sa.select(memberships.c.group).where(memberships.c.person_id == person_id)
        ).scalars()
    )


def grants_of(tx: Transaction, groups: Iterable[str]) -> list[Any]:
    return list(tx.all(sa.select(grants).where(grants.c.group.in_([*groups, "*"]))))


def below(tx: Transaction, person_id: int) -> frozenset[int]:
    """Everybody who reports to the person, directly or through others."""
    tree = sa.select(people.c.id).where(people.c.superior_id == person_id).cte("tree", recursive=True)
    # UNION, not UNION ALL: a reporting line that runs in a circle still ends.
    tree = tree.union(sa.select(people.c.id).join(tree, people.c.superior_id == tree.c.id))
    return frozenset(tx.connection.execute(sa.select(tree.c.id)).scalars())


REVISION = sa.select(sa.func.max(admin_log.c.id)).scalar_subquery()
READ_REVISION = Prepared(sa.select(sa.func.max(admin_log.c.id)))


def take_turn(tx: Transaction) -> None:
    """Wait until nobody else changes what the log is about; what is read from now on stays so until the end.

    In the order of their ids they commit, so that the newest id always means all before it."""
    tx.alone("admin_log")


def log_many(tx: Transaction, actor_id: int | None, action: str, about: Mapping[str, Mapping[str, Any]]) -> None:
    """Note the same change of several, each with its own detail."""
    tx.memo["changed"] = True
    take_turn(tx)
    shared = {"at": tx.now, "actor_id": actor_id or None, "action": action}
    tx.insert(admin_log, [{**shared, "subject": subject, "detail": dict(detail)} for subject, detail in about.items()])


def log(tx: Transaction, actor_id: int | None, action: str, subject: str, **detail: Any) -> int:
    """Note a change; its id, which is the revision from then on."""
    # What this transaction sees from now on may yet be rolled back: nobody else may keep it.
    tx.memo["changed"] = True
    take_turn(tx)
    noted = tx.execute(
        sa.insert(admin_log).values(
            at=tx.now, actor_id=actor_id or None, action=action, subject=subject, detail=detail
        )
    )
    return int(noted.inserted_primary_key[0])  # type: ignore[index]
