"""Excel files that are filled in by people: sheets with headings, and notes beside them.

Not here: which columns there are (ledger/import_kinds.py)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import xlsxwriter

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Written:
    """A sheet of texts. `must`: headings by their place whose cells have to be filled; `text`: columns that Excel
    must not take for numbers or days; `choices`: what Excel offers, by place."""

    name: str
    rows: Sequence[Sequence[str]]
    must: frozenset[int] = frozenset()
    choices: dict[int, list[str]] = field(default_factory=dict)
    wide: bool = False
    as_text: frozenset[int] = frozenset()


def workbook(sheets: Sequence[Written]) -> bytes:
    """The file; no text in it is a formula or a link."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        head = book.add_format(
            {"bold": True, "bottom": 1, "bg_color": "#E8EEF4", "text_wrap": True, "valign": "top"}
        )
        must = book.add_format(
            {"bold": True, "bottom": 1, "bg_color": "#FBE9D0", "text_wrap": True, "valign": "top"}
        )
        plain = book.add_format({"text_wrap": True, "valign": "top"})
        text = book.add_format({"num_format": "@"})
        for each in sheets:
            sheet = book.add_worksheet(each.name[:31])
            for number, row in enumerate(each.rows):
                for column, cell in enumerate(row):
                    heading = number == 0
                    style = must if heading and column in each.must else head if heading else plain
                    sheet.write_string(number, column, cell, style)
            columns = len(each.rows[0]) if each.rows else 0
            for column in range(columns):
                longest = max(_width(row[column]) for row in each.rows if column < len(row))
                width = max(10, min(60 if each.wide else 24, longest + 2))
                sheet.set_column(column, column, width, text if column in each.as_text else None)
            for column, offered in each.choices.items():
                # Excel takes 255 characters for a list.
                if len(",".join(offered)) <= 255:
                    rule = {"validate": "list", "source": offered, "error_type": "warning"}
                    sheet.data_validation(1, column, 2_000, column, rule)
            sheet.freeze_panes(1, 0)
    return out.getvalue()


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
