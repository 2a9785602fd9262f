"""A case's state as it lies in the database: one text, and what is large in parts of its own.

A part is stored once under the digest of its content and never changed, so that a step writes
only the parts that it changed: a variable of many lines, a block of the rows of many open
activities. A small case has none, and is one column of one row. Not here: what a state
holds (engine/state.py); it is read here only as lists of rows, and variables in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import orjson
import sqlalchemy as sa

from runtime.errors import Failed
from runtime.store.db import Transaction, metadata
from runtime.store.prepared import Prepared

parts = sa.Table(
    "case_parts",
    metadata,
    sa.Column("case_id", sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),  # SHA-256 of kind and content
    sa.Column("kind", sa.String(8), nullable=False),  # rows | value
    sa.Column("content", sa.Text, nullable=False),  # JSON
)

PART = "$part"
LARGE = 4096  # characters of JSON from which something is a part of its own
MANY = 64  # rows of a list from which it is stored in blocks
BLOCK = 16  # rows of a block, on the average
LISTS = ("scopes", "levels", "tokens")

_READ = Prepared(
    sa.select(parts.c.digest, parts.c.content).where(
        parts.c.case_id == sa.bindparam("b_case"), parts.c.kind == sa.bindparam("b_kind")
    )
)
_DROP = Prepared(
    sa.delete(parts).where(
        parts.c.case_id == sa.bindparam("b_case"), parts.c.digest == sa.bindparam("b_digest")
    )
)


class StateIncomplete(Failed):
    """A part of what the case holds is missing, or is not what was stored."""

    code = "case.incomplete"


@dataclass
class Stored:
    """A state and where its parts are. `data`: as the engine gave it, but for variables that are parts."""

    tx: Transaction
    case_id: int
    data: dict[str, Any] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)  # digests of the parts that the database has
    blocks: dict[str, str] = field(default_factory=dict)  # those of rows: content → digest
    _values: dict[str, str] | None = None

    def fetch(self, digest: str) -> Any:
        """The plain JSON of a variable. All of the case are read together, once, when the first is asked for."""
        if self._values is None:
            self._values = _read(self.tx, self.case_id, "value")
        return _content(self._values, digest)

    def verify(self) -> None:
        """See that all parts are there and unchanged. Raises StateIncomplete."""
        there = {
            digest
            for kind in ("rows", "value")
            for digest, content in _read(self.tx, self.case_id, kind).items()
            if digest == _digest(kind, content.encode())
        }
        if self.held - there:
            raise StateIncomplete()

    def save(self, state: Mapping[str, Any]) -> str:
        """Write the parts that are new and drop those that are no longer needed; the text for the row."""
        text, found = split(state, self.blocks)
        fresh = found.keys() - self.held
        self.tx.insert(
            parts,
            [
                {"case_id": self.case_id, "digest": digest, "kind": kind, "content": content}
                for digest, (kind, content) in found.items()
                if digest in fresh and content is not None
            ],
        )
        gone = sorted(self.held - found.keys())
        if gone:
            _DROP.each(self.tx, [{"b_case": self.case_id, "b_digest": digest} for digest in gone])
        # A block that was dropped now would have to be written again.
        self.held, self.blocks = set(found), {}
        return text


def load(tx: Transaction, case_id: int, text: str) -> Stored:
    """What `save` wrote. Raises StateIncomplete."""
    data = orjson.loads(text)
    held: set[str] = set()
    blocks: dict[str, str] | None = None
    for name in LISTS:
        rows = data[name]
        inside = [row[PART] for row in rows if PART in row]
        if inside:
            held.update(inside)
            blocks = _read(tx, case_id, "rows") if blocks is None else blocks
            data[name] = [
                each for row in rows for each in (_content(blocks, row[PART]) if PART in row else [row])
            ]
    for scope in data["scopes"]:
        held.update(plain[PART] for plain in scope["values"].values() if _is_part(plain))
    return Stored(tx, case_id, data, held, {content: digest for digest, content in (blocks or {}).items()})


def split(
    state: Mapping[str, Any], known: Mapping[str, str] | None = None
) -> tuple[str, dict[str, tuple[str, str | None]]]:
    """The text for the row, and the parts by digest: kind and content (None: one that is stored already).

    `known`: digests of blocks of rows, by content: most of a thousand are as they were."""
    found: dict[str, tuple[str, str | None]] = {}

    def part(kind: str, content: bytes) -> dict[str, str]:
        digest = _digest(kind, content)
        found[digest] = (kind, content.decode())
        return {PART: digest}

    def block(content: bytes) -> dict[str, str]:
        digest = known.get(content.decode()) if known else None
        if digest is None:
            return part("rows", content)
        found[digest] = ("rows", None)
        return {PART: digest}

    lists: dict[str, list[Any]] = {}
    for name in LISTS:
        rows = list(state[name])
        if name == "scopes":
            for number, scope in enumerate(rows):
                apart = {}
                for variable, plain in scope["values"].items():
                    if _is_part(plain):
                        found.setdefault(plain[PART], ("value", None))
                    elif _size(plain, LARGE) >= LARGE:
                        apart[variable] = part("value", orjson.dumps(plain))
                if apart:
                    rows[number] = {**scope, "values": {**scope["values"], **apart}}
        if len(rows) >= MANY:
            rows = [block(orjson.dumps(each)) for each in _blocks(rows)]
        lists[name] = rows
    return orjson.dumps({**state, **lists}).decode(), found


def _digest(kind: str, content: bytes) -> str:
    # With the kind, so that what a person types is never taken for rows of ours.
    return hashlib.sha256(kind.encode() + content).hexdigest()


def _content(found: Mapping[str, str], digest: str) -> Any:
    if digest not in found:
        raise StateIncomplete()
    return orjson.loads(found[digest])


def _blocks(rows: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Rows in their order, cut where an id says so: what comes or goes changes one block, not all behind it."""
    block: list[Mapping[str, Any]] = []
    for row in rows:
        if block and crc32(str(row.get("id", row.get("owner"))).encode()) % BLOCK == 0:
            yield block
            block = []
        block.append(row)
    if block:
        yield block


def _size(plain: Any, enough: int) -> int:
    """About how many characters of JSON; not further than `enough`."""
    if isinstance(plain, str):
        return len(plain)
    if not isinstance(plain, (list, dict)):
        return 8
    size = 0
    for item in plain if isinstance(plain, list) else plain.values():
        size += 8 + _size(item, enough - size)
        if size >= enough:
            break
    return size


def _is_part(plain: Any) -> bool:
    # What people typed with such a name is wrapped (values.py).
    return isinstance(plain, dict) and PART in plain


def _read(tx: Transaction, case_id: int, kind: str) -> dict[str, str]:
    return dict(_READ.all(tx, b_case=case_id, b_kind=kind))
