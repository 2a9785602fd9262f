"""Excel files from outside, read in a child process with limits of time and memory; and templates, written here.

`read` gives each sheet's filled rows as they stand, and what makes the file none that is taken: macros, links to
other files, a zip that unfolds without end. Formulas are no values: they come as such, and whoever asks refuses
them. Not here: what the columns mean (ledger/import_cells.py), reports as Excel files (web/spreadsheets.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import IO

from runtime import values
from runtime.children import PATIENCE, Child, Gone

SECONDS = 8.0  # of a processor, for one file; 5 sheets of 2,000 rows take one
MEMORY = 768 * 1024**2  # bytes that the child may write to
UNFOLDED = 48 * 1024**2  # bytes of all that is in the zip
PARTS = 200  # files in the zip
MOST_SHEETS = 12
MOST_ROWS = 20_000  # filled rows of a sheet
MOST_COLUMNS = 40
LONGEST = 2_000  # characters of a cell

Cell = str | bool | int | Decimal | dt.date | dt.datetime | Mapping[str, str] | None


@dataclass(frozen=True)
class Sheet:
    """`rows`: number as Excel counts it, and its cells; a formula is {"formula": text}, a cell that shows an error
    {"error": "#N/A"}. Blank rows are left out. `more`: there are more rows than are taken."""

    name: str
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]
    more: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Book:
    """`problem`: why nothing was read: not_a_workbook | locked | macros | links | too_large | too_many_sheets |
    damaged | too_slow."""

    sheets: tuple[Sheet, ...] = ()
    problem: str | None = None


def read(content: bytes, seconds: float = SECONDS) -> Book:
    """The file's sheets, or its problem; never raises for what is in it."""
    child = Child("runtime.workbooks.child", bufsize=-1)

    def exchange(source: IO[bytes], target: IO[bytes]) -> bytes | None:
        source.write(len(content).to_bytes(4, "big") + content)
        source.flush()
        answer = target.readline()
        return answer if answer.endswith(b"\n") else None

    try:
        answer = values.loads(child.timed(exchange, seconds * PATIENCE))
    except Gone:
        return Book(problem="too_slow" if child.late else "damaged")
    finally:
        child.end()
    if "problem" in answer:
        return Book(problem=answer["problem"])
    return Book(
        tuple(
            Sheet(
                each["name"],
                tuple((number, tuple(cells)) for number, cells in each["rows"]),
                each["more"],
                each["wide"],
            )
            for each in answer["sheets"]
        )
    )
