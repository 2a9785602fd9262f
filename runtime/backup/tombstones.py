"""What was erased of the records on people, in a file beside the backups: it outlives the installation.

A backup brings back what was erased after it was made; this file says what that was, by tables, numbers of rows and
days, and nothing about whom. Not here: erasing it again (commands/purge.py)."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.backup.about import About
from runtime.errors import Conflict, Invalid
from runtime.store import erasures
from runtime.store.erasures import Erasure, Tombstones

FORMAT = "guicheng tombstones 1"


class TombstonesUnusable(Invalid):
    """The file {file} holds no tombstones that can be used: {reason}"""

    code = "backup.tombstones_unusable"


class TombstonesOther(Conflict):
    """The tombstones in {file} are another installation's, or of before it was last restored: name another file, or
    move it away."""

    code = "backup.tombstones_other"


class TombstonesBehind(Conflict):
    """The tombstones in {file} end before the backup does: they say nothing of what was erased since. Name a newer
    file (--tombstones), or restore --without-tombstones and have human resources start the retention of records."""

    code = "backup.tombstones_behind"


class TombstonesMissing(Conflict):
    """Nothing says which records on people were erased since this backup, so they would come back: what stands here
    is gone, unreadable or not what was copied. Name the file of tombstones (--tombstones FILE), or restore
    --without-tombstones and have human resources start the retention of records at once."""

    code = "backup.tombstones_missing"


@dataclass(frozen=True)
class Kept:
    """A file of tombstones; `at`: when it was written, so that what was erased later is not in it."""

    tombstones: Tombstones
    at: dt.datetime


def write(file: Path, tombstones: Tombstones, at: dt.datetime) -> None:
    """Keep them in `file`, which is there whole or not at all, for its owner alone.

    Raises TombstonesOther, TombstonesUnusable: what is there is not theirs, and stays."""
    if file.exists():
        there = read(file).tombstones
        if there.lines[0] != tombstones.lines[0] or there.links != tombstones.links[: len(there.links)]:
            raise TombstonesOther(file=file)
    told = {
        "format": FORMAT,
        "lines": list(tombstones.lines),
        "at": at.isoformat(),
        "end": tombstones.links[-1] if tombstones.erased else "",
        "erased": [
            {"told": {**each.told, "digest": erasures.digest(each.rows)}, "rows": each.rows}
            for each in tombstones.erased
        ],
    }
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        json.dump(told, written, default=lambda value: value.isoformat())
        written.flush()
        os.fsync(written.fileno())
    part.replace(file)


def read(file: Path) -> Kept:
    """What is kept in a file. Raises TombstonesUnusable."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise TombstonesUnusable(file=file, reason=str(told["format"]))
        erased, end = [], ""
        for each in told["erased"]:
            stone = _stone(each["told"])
            if stone["digest"] != erasures.digest(each["rows"]):
                raise TombstonesUnusable(file=file, reason=f"digest {stone['run']}")
            end = erasures.link(end, stone)
            erased.append(Erasure(stone, each["rows"], end))
        if end != told["end"]:
            raise TombstonesUnusable(file=file, reason="end")
        lines = [str(line) for line in told["lines"]]
        if not lines:
            raise TombstonesUnusable(file=file, reason="lines")
        return Kept(Tombstones(lines, erased), dt.datetime.fromisoformat(told["at"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TombstonesUnusable(file=file, reason=f"{type(error).__name__}: {error}") from error


def following(about: About, here: Tombstones | None, file: Path | None, kept: Kept | None) -> list[Erasure]:
    """What was erased since a backup was made, by the installation that it replaces (None: it tells nothing) and by
    the file; whichever knows more. Raises TombstonesMissing, TombstonesOther, TombstonesBehind."""
    sources = [each for each in (here, kept.tombstones if kept else None) if each is not None]
    fit = [each for each in sources if _goes_on(each, about)]
    if fit:
        most = max(fit, key=lambda each: len(each.erased))
        return list(most.erased[len(about.links) :])
    if kept is None:
        raise TombstonesMissing()
    if about.line not in kept.tombstones.lines:
        raise TombstonesOther(file=file)
    raise TombstonesBehind(file=file)


def _goes_on(tombstones: Tombstones, about: About) -> bool:
    return about.line in tombstones.lines and tuple(tombstones.links[: len(about.links)]) == about.links


def _stone(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **told,
        "due_by": dt.date.fromisoformat(told["due_by"]),
        "at": dt.datetime.fromisoformat(told["at"]),
    }
