"""The other end: one Excel file, looked at as a zip first, then read by openpyxl, and that was all.

`python -m runtime.workbooks.child`: four bytes of length and the file come in by stdin, one line of tagged JSON
goes out. What is wrong beyond the file's own content ends the process, and its parent says so."""

from __future__ import annotations

import datetime as dt
import io
import sys
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

from runtime import values
from runtime.children import allow
from runtime.workbooks import (
    LONGEST,
    MEMORY,
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_SHEETS,
    PARTS,
    SECONDS,
    UNFOLDED,
    Cell,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # an old .xls, or one that is locked by a password
# Parts of a file that runs something, or reaches for something outside of it.
RUNS = ("vbaproject", "activex", "macrosheets", "embeddings", "ctrlprops")
REACHES = ("externallinks", "connections.xml", "querytables", "webextensions", "customdata")


class Refused(Exception):
    """`args[0]`: the problem, see Book."""


def answer(content: bytes) -> dict[str, Any]:
    """What `read` gets, as values."""
    try:
        with _opened(content) as folder:
            _look(folder)
        return {"sheets": list(_sheets(content))}
    except Refused as refused:
        return {"problem": refused.args[0]}


def _opened(content: bytes) -> zipfile.ZipFile:
    if content.startswith(OLE):
        raise Refused("locked")
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Refused("not_a_workbook") from None


def _look(folder: zipfile.ZipFile) -> None:
    """Refuse by what is in the zip, before anything of it is taken for a workbook."""
    parts = folder.infolist()
    names = [part.filename.replace("\\", "/").lower() for part in parts]
    if len(parts) > PARTS or sum(part.file_size for part in parts) > UNFOLDED:
        raise Refused("too_large")
    if "xl/workbook.xml" not in names or "[content_types].xml" not in names:
        raise Refused("not_a_workbook")
    if any(word in name for name in names for word in RUNS):
        raise Refused("macros")
    if any(word in name for name in names for word in REACHES):
        raise Refused("links")
    for part, name in zip(parts, names, strict=True):
        if part.flag_bits & 1:
            raise Refused("locked")
        if name.endswith((".xml", ".rels")):
            _look_at_xml(folder, part, name)


def _look_at_xml(folder: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    try:
        # Never more than it says of itself, and that was counted.
        text = folder.read(part)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        raise Refused("damaged") from None
    # Excel writes neither; with them a page of text unfolds into gigabytes. In UTF-16 they could not be seen.
    if (
        b"<!DOCTYPE" in text
        or b"<!ENTITY" in text
        or text[:2] in (b"\xff\xfe", b"\xfe\xff")
        or b"\0" in text[:64]
    ):
        raise Refused("damaged")
    if name == "[content_types].xml" and b"macroenabled" in text.lower():
        raise Refused("macros")


def _sheets(content: bytes) -> Iterator[dict[str, Any]]:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Not `data_only`: what a formula gave last is no value either, and has to be found.
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
            sheets = [sheet for sheet in book.worksheets if hasattr(sheet, "iter_rows")]
            if len(sheets) > MOST_SHEETS:
                raise Refused("too_many_sheets")
            for sheet in sheets:
                # What it says of its own size may be anything.
                sheet.reset_dimensions()
                yield _sheet(sheet)
        except (Refused, MemoryError):
            raise
        except Exception:
            raise Refused("damaged") from None


def _sheet(sheet: Any) -> dict[str, Any]:
    rows: list[tuple[int, list[Cell]]] = []
    wide = False
    # Two more than are taken: the heading, and one by which it is seen that there are more.
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), 1):
        cells = [_cell(cell) for cell in row]
        while cells and cells[-1] in (None, ""):
            cells.pop()
        if not cells:
            continue
        wide = wide or len(cells) > MOST_COLUMNS
        rows.append((number, cells[:MOST_COLUMNS]))
        if len(rows) > MOST_ROWS + 1:
            break
    more = len(rows) > MOST_ROWS + 1
    return {"name": str(sheet.title)[:64], "rows": rows[: MOST_ROWS + 1], "more": more, "wide": wide}


def _cell(cell: Any) -> Cell:
    value, kind = cell.value, cell.data_type
    if value is None:
        return None
    if kind == "f":
        return {"formula": str(getattr(value, "text", value))[:80]}
    if kind == "e":
        return {"error": str(value)[:20]}
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        # What Excel shows: fifteen digits. The sixteenth is the double's, not the writer's.
        text = format(value, ".15g")
        return Decimal(text) if text not in ("inf", "-inf", "nan") else {"error": text}
    if isinstance(value, int):
        return value
    if isinstance(value, dt.datetime):
        return value.date() if value.time() == dt.time.min else value.replace(tzinfo=dt.UTC)
    if isinstance(value, dt.date):
        return value
    return str(value)[: LONGEST + 1].strip()


def _limit() -> None:
    """As far as the system knows limits: Windows has the clock alone."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        allow(int(SECONDS) + 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> None:
    _limit()
    size = int.from_bytes(sys.stdin.buffer.read(4), "big")
    content = sys.stdin.buffer.read(size)
    sys.stdout.buffer.write(values.dumps(answer(content)).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
