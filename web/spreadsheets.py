"""Tables as files: CSV that spreadsheets do not take for formulas, and Excel.

Not here: what is in them (reports.py)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter

CSV = "text/csv; charset=utf-8"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a spreadsheet may take a cell for a formula by, also after what it strips in front.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with a mark, by which Excel reads Chinese; numbers without grouping, days as 2026-03-31."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for row in (head, *rows):
        writer.writerow([_plain(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def as_excel(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """One sheet; numbers and days are such, and no text is ever a formula or a link."""
    out = io.BytesIO()
    # The library writes to temporary files otherwise; a report has a few hundred rows.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet(_sheet_name(title))
        bold = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for column, word in enumerate(head):
            sheet.write_string(0, column, word, bold)
            sheet.set_column(column, column, max(12, min(40, 2 * len(word))))
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, bool) or cell is None:
                    sheet.write_string(number, column, "" if cell is None else str(cell))
                elif isinstance(cell, (int, Decimal)):
                    sheet.write_number(number, column, float(cell))
                elif isinstance(cell, dt.date):
                    sheet.write_datetime(number, column, dt.datetime.combine(cell, dt.time.min), day)
                else:
                    sheet.write_string(number, column, str(cell))
    return out.getvalue()


def _plain(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, (int, Decimal)) and not isinstance(cell, bool):
        return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
    text = str(cell)
    return f"'{text}" if text.lstrip(" \u3000").startswith(_DANGEROUS) else text


def _sheet_name(title: str) -> str:
    """What Excel takes for one: 31 characters at most, none of those that it forbids."""
    return "".join(each for each in title if each not in "[]:*?/\\'")[:31] or "1"
