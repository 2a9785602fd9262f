"""Excel files from strangers: what is read of them, and what makes them none that is taken."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal

import pytest

from runtime import workbooks
from runtime.workbooks import child
from runtime.workbooks.write import Written, workbook

PLAIN = workbook([Written("库存", [["编号", "数量"], ["A", "1"]])])


def altered(*, add: dict[str, bytes] | None = None, replace: dict[str, tuple[bytes, bytes]] | None = None) -> bytes:
    """The plain file with other parts in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if replace and name in replace:
                content = content.replace(*replace[name])
            target.writestr(name, content)
        for name, content in (add or {}).items():
            target.writestr(name, content)
    return out.getvalue()


def test_a_child_process_reads_a_file_and_ends() -> None:
    [sheet] = workbooks.read(PLAIN).sheets
    assert (sheet.name, sheet.rows) == ("库存", ((1, ("编号", "数量")), (2, ("A", "1"))))


def test_a_file_that_takes_too_long_is_given_up() -> None:
    assert workbooks.read(PLAIN, seconds=0.0).problem == "too_slow"


BOMB = {"xl/media/picture.bin": b"\0" * (workbooks.UNFOLDED + 1)}
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'
TYPES = "[Content_Types].xml"
MACRO = (b"spreadsheetml.sheet.main+xml", b"macroEnabled.main+xml")


@pytest.mark.parametrize(("content", "problem"), [
    (b"", "not_a_workbook"),
    (b"PK\x03\x04 no zip", "not_a_workbook"),
    (b"<html></html>", "not_a_workbook"),
    (child.OLE + b"\0" * 600, "locked"),
    (altered(add={"xl/vbaProject.bin": b"x"}), "macros"),
    (altered(add={"xl/embeddings/oleObject1.bin": b"x"}), "macros"),
    (altered(replace={TYPES: MACRO}), "macros"),
    (altered(add={"xl/externalLinks/externalLink1.xml": b"<x/>"}), "links"),
    (altered(add={"xl/connections.xml": b"<x/>"}), "links"),
    (altered(add=BOMB), "too_large"),
    (altered(add={f"xl/media/{number}.png": b"" for number in range(workbooks.PARTS)}), "too_large"),
    (altered(add={"xl/worksheets/sheet9.xml": LAUGHS}), "damaged"),
    (altered(add={"xl/worksheets/sheet9.xml": "<!DOCTYPE x>".encode("utf-16")}), "damaged"),
    (altered(replace={"xl/worksheets/sheet1.xml": (b"<sheetData>", b"<sheetData")}), "damaged"),
    (workbook([Written(str(number), [["x"]]) for number in range(workbooks.MOST_SHEETS + 1)]), "too_many_sheets"),
])  # fmt: skip
def test_what_is_no_plain_workbook_is_named(content: bytes, problem: str) -> None:
    assert child.answer(content) == {"problem": problem}


def test_formulas_and_errors_come_as_such_and_figures_as_excel_shows_them() -> None:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("a")
        sheet.write_formula(0, 0, "=1+1", None, 2)
        sheet.write_formula(0, 1, "=NA()", None, "#N/A")
        sheet.write_number(0, 2, 0.1 + 0.2)
        sheet.write_number(0, 3, 12)
        sheet.write_boolean(0, 4, True)
        sheet.write_string(9, 0, "  a  ")
        sheet.write_string(9, workbooks.MOST_COLUMNS, "beyond")
    [first] = child.answer(out.getvalue())["sheets"]
    cells = dict(first["rows"])
    assert cells[1][0] == {"formula": "=1+1"} and cells[1][1] == {"formula": "=NA()"}
    assert cells[1][2:5] == [Decimal("0.3"), 12, True]
    assert cells[10][0] == "a" and len(cells[10]) == workbooks.MOST_COLUMNS and first["wide"]


def test_more_rows_than_are_taken_are_noticed_and_not_read() -> None:
    rows = [["x"]] * (workbooks.MOST_ROWS + 50)
    [sheet] = child.answer(workbook([Written("a", rows)]))["sheets"]
    assert sheet["more"] and len(sheet["rows"]) == workbooks.MOST_ROWS + 1
