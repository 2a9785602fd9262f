"""What goes between the runtime and a process that runs scripts: frames of JSON.

A frame is its length in four bytes, then that many. What the process answers is believed
only after it has been looked at here: its size, its shape, and that each file it gives back
is one that it was given. Not here: the process (child.py), who starts and ends it (pool.py)."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import IO, Any

from runtime import values
from runtime.scripts import offered
from runtime.scripts.errors import (
    ScriptFailed,
    ScriptMalformed,
    ScriptNotAValue,
    ScriptTooBig,
    ScriptTooSlow,
    Thrown,
)
from runtime.values import File, NotAValue, Value

LARGEST_REQUEST = 64 * 1024**2  # bytes
LARGEST_ANSWER = 8 * 1024**2  # bytes: a million characters, each escaped
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class Scripted:
    """What a script gave: the value of its last expression, and what it did to variables.

    `written` goes where each name is held, `local` into the element's own scope; `task`: what it set of
    the user task that it listens to, by the names of offered.SET and offered.ADDED."""

    value: Value
    written: Mapping[str, Value]
    local: Mapping[str, Value]
    removed: frozenset[str]
    task: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """One script. `names` and `facts` as tagged JSON; `check`: only read it. Memory in bytes of heap."""

    source: str
    names: Any
    facts: Any
    seconds: float
    memory: int
    check: bool = False

    def frame(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def read(cls, frame: bytes) -> Request:
        return cls(**json.loads(frame))


def write_frame(target: IO[bytes], data: bytes) -> None:
    rest = memoryview(_LENGTH.pack(len(data)) + data)
    while rest:
        rest = rest[target.write(rest) or 0 :]
    target.flush()


def read_frame(source: IO[bytes], most: int) -> bytes | None:
    """The next frame; None if the other end is gone. Raises ScriptTooBig."""
    head = _read(source, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > most:
        raise ScriptTooBig()
    return _read(source, length)


def _read(source: IO[bytes], length: int) -> bytes | None:
    found = bytearray()
    while len(found) < length:
        piece = source.read(length - len(found))
        if not piece:
            return None
        found += piece
    return bytes(found)


def request(
    source: str, names: Mapping[str, Value], facts: Mapping[str, Value], seconds: float, memory: int
) -> Request:
    """Raises NotAValue."""
    # Inside $map whatever the names are, so that none of them is taken for a tag.
    plain = {name: _exact(values.to_json(value, name)) for name, value in names.items()}
    return Request(source, {"$map": plain}, values.to_json(dict(facts)), seconds, memory)


def _exact(data: Any) -> Any:
    """Integers that a double cannot hold as text: JSON has only doubles in JavaScript."""
    if isinstance(data, list):
        return [_exact(item) for item in data]
    if isinstance(data, dict):
        return {key: _exact(item) for key, item in data.items()}
    if isinstance(data, int) and not isinstance(data, bool) and abs(data) >= 2**53:
        return {"$integer": str(data)}
    return data


def outcome(frame: bytes, asked: Request) -> Scripted | None:
    """What the process answered; None if it was only to check. Raises Thrown and every error of errors.py."""
    try:
        answer = json.loads(frame, parse_float=Decimal, parse_constant=_no_number)
        if answer.get("slow"):
            raise ScriptTooSlow(seconds=f"{asked.seconds:g}")
        if answer.get("big"):
            raise ScriptTooBig()
        if "malformed" in answer:
            raise ScriptMalformed(line=int(answer["line"]), reason=_short(answer["malformed"]))
        if "failed" in answer:
            raise ScriptFailed(line=int(answer["line"]) or "?", reason=_short(answer["failed"]))
        if "refused" in answer:
            raise ScriptNotAValue(reason=_short(answer["refused"]))
        if "thrown" in answer:
            raise Thrown(_short(answer["thrown"]["code"]), _short(answer["thrown"]["message"]))
        return None if asked.check else _scripted(answer["done"], asked)
    except (
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
        RecursionError,
        NotAValue,
    ) as error:
        raise ScriptNotAValue(reason=_short(f"{type(error).__name__}: {error}")) from None


def _scripted(done: Mapping[str, Any], asked: Request) -> Scripted:
    given = set(_files(values.from_json(asked.names)))
    value, written, local, task = (
        values.from_json(done[part]) for part in ("value", "written", "local", "task")
    )
    removed = done["removed"]
    if not all(isinstance(each, dict) for each in (written, local, task)) or not isinstance(removed, list):
        raise TypeError("no map of variables")
    if not task.keys() <= offered.SETTABLE or (task and not asked.facts.get("changing")):
        raise ValueError("a task that may not be changed so")
    for each in (value, written, local, task, removed):
        # What the store could not keep is refused here, where the script is still known.
        values.dumps(each)
        _check(each)
    if not set(_files([value, written, local, task])) <= given:
        raise ValueError("a file that the script was not given")
    if not all(isinstance(name, str) for name in removed):
        raise TypeError("no names")
    return Scripted(value, written, local, frozenset(removed), task)


def _files(value: Value) -> Iterator[File]:
    for part in _walk(value):
        if isinstance(part, File):
            yield part


def _check(value: Value) -> None:
    for part in _walk(value):
        if isinstance(part, str):
            part.encode()
            if "\0" in part:
                raise ValueError("text with a character that cannot be kept")


def _walk(value: Value) -> Iterator[Value]:
    pending = [value]
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, dict):
            pending += part.keys()
            pending += part.values()
        elif isinstance(part, list):
            pending += part


def _no_number(found: str) -> None:
    raise ValueError(f"{found} is no number")


def _short(text: object) -> str:
    told = str(text).encode("utf-8", "replace").decode().replace("\0", "")
    return told if len(told) <= 400 else told[:399] + "…"
