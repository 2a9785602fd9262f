"""The variables of a case: one store, by scope, never a copy per task.

A scope has an id: the root is "", any other has the id of the activity that owns it and
ends with it (a called process: that id and "/called"). A name is looked up from the inside
outwards; a called process is isolated. A write goes to the nearest scope that holds the
name, else to the process instance. Nothing here knows tokens, diagrams or expressions.

Values are kept in canonical form (values.py), copied on the way in, and never changed in
place, so nobody outside holds a reference through which a case could change. One that was
stored is read only when it is asked for; until it is written it is stored again as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.values import Value, from_json, to_json

ROOT = ""
Report = Callable[[str, str, Value, Value, str], None]
CREATE, UPDATE, DELETE = "create", "update", "delete"
_PLAIN = (str, bool, type(None))


def canonical(value: Value, path: str = "value") -> Value:
    """`value` as it will be read back from storage, sharing nothing with it. Raises NotAValue."""
    if isinstance(value, _PLAIN):
        return value
    return from_json(to_json(value, path))


PART = "$part"  # the tag of a value that lies elsewhere, by the digest of its content
Fetch = Callable[[str], Any]


def _nowhere(digest: str) -> Any:
    raise LookupError(digest)


class Variables:
    """Names → values of one scope. `plain`: those not read yet, in plain JSON; `fetch`: the plain JSON of
    a value that lies elsewhere."""

    def __init__(self, plain: Mapping[str, Any] | None = None, fetch: Fetch = _nowhere) -> None:
        self._plain: dict[str, Any] = dict(plain or {})
        self._fetch = fetch
        self._read: dict[str, Value] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._read or name in self._plain

    def __iter__(self) -> Iterator[str]:
        return iter({**self._plain, **self._read})

    def __getitem__(self, name: str) -> Value:
        if name not in self._read:
            self._read[name] = from_json(self._whole(self._plain[name]))
        return self._read[name]

    def __setitem__(self, name: str, value: Value) -> None:
        self._plain.pop(name, None)
        self._read[name] = value

    def pop(self, name: str) -> Value:
        value = self[name]
        self._plain.pop(name, None)
        del self._read[name]
        return value

    def state(self, whole: bool) -> dict[str, Any]:
        """Plain JSON, names in order; `whole`: also of what lies elsewhere."""
        for name, value in self._read.items():
            if name not in self._plain:
                self._plain[name] = to_json(value)
        found = {name: self._plain[name] for name in sorted(self._plain)}
        return {name: self._whole(plain) for name, plain in found.items()} if whole else found

    def _whole(self, plain: Any) -> Any:
        return self._fetch(plain[PART]) if type(plain) is dict and PART in plain else plain


@dataclass
class Scope:
    """`parent` None: the root, or a called process's root. Names that begin a scope are `values`."""

    id: str
    parent: str | None
    values: Variables = field(default_factory=Variables)


class Scopes:
    """All scopes of a case, with a journal so that a failed step leaves nothing behind.

    `report(scope, name, old, new, kind)` hears each change that is not quiet."""

    def __init__(self, report: Report) -> None:
        self._scopes: dict[str, Scope] = {ROOT: Scope(ROOT, None)}
        self._journal: list[Callable[[], Any]] = []
        self._report = report

    def __contains__(self, scope: str) -> bool:
        return scope in self._scopes

    def open(self, scope: str, parent: str | None) -> None:
        """A new scope inside `parent`; isolated if None."""
        self._scopes[scope] = Scope(scope, parent)
        self._journal.append(lambda: self._scopes.pop(scope))

    def end(self, scope: str) -> None:
        """The scope and its variables are gone; nothing is left if it never was."""
        ended = self._scopes.pop(scope, None)
        if ended is not None:
            self._journal.append(lambda: self._scopes.__setitem__(scope, ended))

    def put(self, scope: str, name: str, value: Value, *, quiet: bool = False) -> None:
        """Write `name` in this very scope. Raises NotAValue."""
        values = self._scopes[scope].values
        new = canonical(value, name)
        if name in values:
            old = values[name]
            if type(old) is type(new) and old == new and to_json(old) == to_json(new):
                return
            self._journal.append(lambda: values.__setitem__(name, old))
            kind = UPDATE
        else:
            old, kind = None, CREATE
            self._journal.append(lambda: values.pop(name))
        values[name] = new
        if not quiet:
            self._report(scope, name, old, new, kind)

    def remove(self, scope: str, name: str) -> None:
        """The nearest variable of this name, seen from `scope`, is gone; nothing if there is none."""
        held = self.holder(scope, name)
        if held is None:
            return
        old = held.values.pop(name)
        self._journal.append(lambda: held.values.__setitem__(name, old))
        self._report(held.id, name, old, None, DELETE)

    def write(self, scope: str, name: str, value: Value) -> None:
        """Write `name` where it is held, seen from `scope`; else at the root that `scope` sees."""
        for seen in self._outwards(scope):
            holder = seen
            if name in seen.values:
                break
        self.put(holder.id, name, value)

    def holder(self, scope: str, name: str) -> Scope | None:
        """The nearest scope that holds `name`."""
        # Written out: this is asked for every name of every expression.
        current: str | None = scope
        while current is not None:
            seen = self._scopes[current]
            if name in seen.values:
                return seen
            current = seen.parent
        return None

    def sees(self, scope: str, other: str) -> bool:
        """Whether what is in `other` can be seen from `scope`."""
        return any(seen.id == other for seen in self._outwards(scope))

    def visible(self, scope: str, *, local: bool = False) -> dict[str, Value]:
        """All that is seen from `scope` (`local`: only its own), names in order; a copy."""
        return {name: canonical(held.values[name]) for name, held in self._holders(scope, local).items()}

    def names(self, scope: str) -> list[str]:
        """The names that are seen from `scope`, in order."""
        return list(self._holders(scope, False))

    def _holders(self, scope: str, local: bool) -> dict[str, Scope]:
        found: dict[str, Scope] = {}
        for seen in self._outwards(scope):
            for name in seen.values:
                found.setdefault(name, seen)
            if local:
                break
        return {name: found[name] for name in sorted(found)}

    def _outwards(self, scope: str) -> Iterator[Scope]:
        current: str | None = scope
        while current is not None:
            seen = self._scopes[current]
            yield seen
            current = seen.parent

    def mark(self) -> int:
        """Where the journal stands, for `undo`."""
        return len(self._journal)

    def undo(self, mark: int) -> None:
        """Take back all changes since `mark`, the last first."""
        while len(self._journal) > mark:
            self._journal.pop()()

    def settle(self) -> None:
        """The step stands: forget how to undo it."""
        self._journal.clear()

    def state(self, whole: bool = True) -> list[dict[str, Any]]:
        """Plain JSON data, the outer before the inner; `whole`: with the content of what lies elsewhere."""
        return [
            {"id": scope.id, "parent": scope.parent, "values": scope.values.state(whole)}
            for scope in self._scopes.values()
        ]

    def restore(self, rows: list[Mapping[str, Any]], fetch: Fetch | None = None) -> None:
        """What `state` gave, in place of all there is."""
        self._scopes = {
            row["id"]: Scope(row["id"], row["parent"], Variables(row["values"], fetch or _nowhere))
            for row in rows
        }
        self._journal.clear()
