"""Uploads: kept by content until a form holds them."""

from __future__ import annotations

import re
import unicodedata
from math import ceil
from os.path import splitext

import sqlalchemy as sa

from runtime.errors import Invalid
from runtime.identity import Actor
from runtime.store import files
from runtime.store.db import Transaction
from runtime.values import File

MEGABYTE = 1024 * 1024
LARGEST = 10 * MEGABYTE  # bytes, one file
KINDS = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/webp": (b"RIFF",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (b"PK\x03\x04",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (b"PK\x03\x04",),
    "text/plain": (),
    "text/csv": (),
    "application/json": (),
}
# What a name says its file is. Browsers ask the machine that they run on, which calls a CSV file a sheet of Excel.
ENDINGS = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".json": "application/json",
}


class FileTooLarge(Invalid):
    """The file {name} has {size} MB; a file may have {most} MB at most. Save it smaller (a picture or a scan in a
    lower resolution) or as several files, and choose again."""

    code = "file.too_large"
    status = 413

    @classmethod
    def of(cls, name: str, size: int) -> FileTooLarge:
        """`size` in bytes; told in MB, rounded up: no file of 10.0 MB is refused for being above 10."""
        return cls(name=name, size=f"{ceil(size * 10 / MEGABYTE) / 10:g}", most=LARGEST // MEGABYTE)


class FileEmpty(Invalid):
    """The file {name} is empty (0 bytes). Open it to see what it should hold, save it again, and choose again."""

    code = "file.empty"


class FileKindRefused(Invalid):
    """The file {name} is not of a kind that is accepted: PDF, PNG, JPEG, WebP, Word (.docx), Excel (.xlsx), text,
    CSV or JSON. Save it as one of these, and choose again."""

    code = "file.kind_refused"


class FileNotAsNamed(Invalid):
    """The file {name} does not hold what its name says that it is. Open it to see what it is, save it anew as what it
    should be, and choose again."""

    code = "file.not_as_named"


def clean_name(name: str) -> str:
    """A file name that is only a name: no folder, no control or direction characters, at most 120 long."""
    name = re.split(r"[\\/]", name)[-1]
    name = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] != "C")
    name = name.strip(". ")
    stem, dot, suffix = name.rpartition(".")
    if len(name) > 120:
        name = (stem[: 119 - len(suffix)] + dot + suffix) if dot and len(suffix) < 10 else name[:120]
    return name or "file"


def store(tx: Transaction, actor: Actor, name: str, media_type: str, data: bytes) -> File:
    """Keep an upload. Its kind is what its name says, and `media_type` where that says nothing; it is judged by its
    first bytes too.

    Raises FileEmpty, FileTooLarge, FileKindRefused, FileNotAsNamed."""
    name = clean_name(name)
    if not data:
        raise FileEmpty(name=name)
    if len(data) > LARGEST:
        raise FileTooLarge.of(name, len(data))
    named = ENDINGS.get(splitext(name)[1].lower())
    media_type = named or media_type
    magic = KINDS.get(media_type)
    if magic is None:
        raise FileKindRefused(name=name)
    if (magic and not data.startswith(magic)) or (not magic and b"\x00" in data):
        raise FileNotAsNamed(name=name) if named else FileKindRefused(name=name)
    sha256 = files.put(tx, data)
    tx.execute(
        sa.insert(files.file_uses).values(
            sha256=sha256, name=name, media_type=media_type, person_id=actor.id, at=tx.now
        )
    )
    return File(sha256, name, media_type, len(data))
