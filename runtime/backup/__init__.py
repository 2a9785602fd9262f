"""Copies of a whole installation, made while people work, and brought back.

`save` and `restore` choose by the database: a file of SQLite (sqlite.py) or PostgreSQL's own
tools (postgres.py). Not here: looking whether what is in it is whole (runtime/doctor)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Engine

from runtime.backup import about, postgres, sqlite
from runtime.backup.about import COUNTED, About, BackupExists, BackupNewer, BackupUnusable
from runtime.store import migrate

__all__ = ["COUNTED", "About", "Installation", "Restored", "look", "restore", "save"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Installation:
    """What is copied or replaced. `pg_bin`: folder of PostgreSQL's tools; "": those on the PATH."""

    engine: Engine
    home: Path
    pg_bin: str = ""

    @property
    def embedded(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def secret(self) -> Path:
        return self.home / "secret"


@dataclass(frozen=True)
class Restored:
    """What stands now, and under which names what stood before is kept."""

    about: About
    kept: list[str]


def secret_of(file: Path) -> Path:
    """Where the secret of a backup lies, if it was taken along."""
    return file.with_name(f"{file.name}.secret")


def save(
    installation: Installation,
    file: Path,
    *,
    force: bool = False,
    with_secret: bool = False,
    progress: Progress = lambda done, total: None,
) -> About:
    """Copy the installation as it stands now into `file`, which is there whole or not at all.

    Readable by its owner alone. Raises BackupExists, BackupUnusable (the copy did not come out
    whole), ToolMissing, ToolFailed."""
    if not force and file.exists():
        raise BackupExists(file=file)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        if installation.embedded:
            sqlite.save(Path(str(installation.engine.url.database)), part, progress)
            found = sqlite.look(part)
        else:
            found = postgres.save(installation.engine, part, installation.pg_bin)
        _settle(part)
        _move(part, file, force)
    finally:
        part.unlink(missing_ok=True)
    if with_secret and installation.secret.exists():
        _copy(installation.secret, secret_of(file))
        found = about.with_secret(found)
    return found


def look(installation: Installation, file: Path) -> About:
    """What is in a backup. Raises BackupUnusable, BackupNewer."""
    if not file.is_file():
        raise BackupUnusable(file=file, reason="it is not there")
    if sqlite.is_one(file) is not installation.embedded:
        raise BackupUnusable(file=file, reason="it is of another kind of database than this installation has")
    found = sqlite.look(file) if installation.embedded else postgres.look(file, installation.pg_bin)
    if not migrate.known(found.revision):
        raise BackupNewer(revision=found.revision)
    return about.with_secret(found) if secret_of(file).exists() else found


def restore(installation: Installation, file: Path, stamp: str, settle: Callable[[str], None]) -> Restored:
    """Put a backup in place of what is there, which is kept beside, named by `stamp`.

    settle: given the URL of the restored database while it still lies beside, does there what must have been done
    before anybody works in it. Raises BackupUnusable, BackupNewer, InUse and whatever `settle` does; then, and where
    it is cut off before the end, nothing has changed."""
    found = look(installation, file)
    if installation.embedded:
        kept = sqlite.restore(file, Path(str(installation.engine.url.database)), stamp, settle)
    else:
        kept = postgres.restore(installation.engine, file, stamp, installation.pg_bin, settle)
    if secret_of(file).exists():
        if installation.secret.exists():
            before = installation.secret.with_name(f"secret.before-restore-{stamp}")
            installation.secret.rename(before)
            kept.append(str(before))
        _copy(secret_of(file), installation.secret)
    return Restored(found, kept)


def _settle(file: Path) -> None:
    """On the disk, and not only on its way there."""
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _move(part: Path, file: Path, force: bool) -> None:
    if force:
        part.replace(file)
    else:
        try:
            # Unlike a rename, this never replaces one that came meanwhile.
            os.link(part, file)
        except FileExistsError:
            raise BackupExists(file=file) from None
        except OSError:  # a file system without links
            part.replace(file)
    with suppress(OSError):  # not every system opens folders
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as written, source.open("rb") as read:
        shutil.copyfileobj(read, written)
        written.flush()
        os.fsync(written.fileno())
    part.replace(target)
