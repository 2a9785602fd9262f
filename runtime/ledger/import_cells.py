"""From the sheets of a workbook to the rows of an import: headings found, cells read strictly, all problems at once.

A cell that cannot be read is a finding and None, so that the rest of its row is still judged. Not here: what is
wrong beside single cells and what stands twice (each kind)."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from runtime.delivery.mail import ADDRESS
from runtime.ledger.import_kinds import Column, Finding, Kind, Row, Rows, SheetOf, fold, known_as
from runtime.ledger.inputs import MOST_MONEY, MOST_PIECES
from runtime.workbooks import Book, Cell, Sheet

CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]{0,31}")
GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
YES = frozenset({"yes", "y", "true", "1", "是", "√"})
NO = frozenset({"no", "n", "false", "0", "否"})
EXPLAINED = "Explanations"  # the template's sheet that is not read
MOST_MEASURE = Decimal(1_000_000_000)


class _Unread(Exception):
    """`args[0]`: the problem."""


def rows_of(kind: Kind, book: Book) -> tuple[Rows, list[Finding]]:
    """The file's rows by sheet, and what is wrong with the file, its sheets and cells."""
    if book.problem is not None:
        return {}, [Finding(book.problem)]
    findings: list[Finding] = []
    found: dict[str, list[Row]] = {}
    for sheet in book.sheets:
        if fold(sheet.name) in known_as(EXPLAINED) or not sheet.rows:
            continue
        wanted = next((each for each in kind.sheets if fold(sheet.name) in known_as(each.title)), None)
        # Somebody with one sheet need not know what it has to be called.
        if wanted is None and len(kind.sheets) == 1 and len(book.sheets) <= 2:
            wanted = kind.sheets[0]
        if wanted is None:
            findings.append(Finding("unknown_sheet", sheet.name))
        elif wanted.key in found:
            findings.append(Finding("sheet_twice", sheet.name))
        else:
            found[wanted.key] = list(_rows(wanted, sheet, findings))
    for each in kind.sheets:
        if each.must and each.key not in found:
            findings.append(Finding("sheet_missing", each.key))
    if not findings and not any(found.values()):
        findings.append(Finding("empty"))
    for each in kind.sheets:
        findings.extend(_twice(each, found.get(each.key, ())))
    return found, findings


def _rows(wanted: SheetOf, sheet: Sheet, findings: list[Finding]) -> Iterator[Row]:
    head_row, head = sheet.rows[0]
    places = _places(wanted, head_row, head, findings)
    if sheet.wide:
        findings.append(Finding("too_many_columns", wanted.key))
    if sheet.more or len(sheet.rows) - 1 > wanted.most:
        findings.append(Finding("too_many_rows", wanted.key))
    if places is None:
        return
    for number, cells in sheet.rows[1:]:
        texts = {column.key: _text(cells[place]) for place, column in places.items() if place < len(cells)}
        values: dict[str, Any] = {}
        row = Row(number, values, texts)
        if not any(texts.values()):
            continue
        for place, column in places.items():
            cell = cells[place] if place < len(cells) else None
            try:
                values[column.key] = read(column, cell)
            except _Unread as unread:
                findings.append(
                    Finding(unread.args[0], wanted.key, row, column.key, texts.get(column.key, ""))
                )
        yield row


def _places(
    wanted: SheetOf, head_row: int, head: Sequence[Cell], findings: list[Finding]
) -> dict[int, Column] | None:
    """Place in a row → column; None if so much is missing that rows would only say it again."""
    places: dict[int, Column] = {}
    for place, cell in enumerate(head):
        text = _text(cell)
        if not text:
            continue
        names = {fold(text), fold(re.split(r"[(（]", text)[0])}
        column = next((each for each in wanted.columns if names & known_as(each.heading)), None)
        if column is None:
            findings.append(Finding("unknown_column", wanted.key, head_row, None, text[:80]))
        elif column in places.values():
            findings.append(Finding("column_twice", wanted.key, head_row, column.key, text[:80]))
        else:
            places[place] = column
    missing = [each for each in wanted.columns if each.must and each not in places.values()]
    findings.extend(Finding("column_missing", wanted.key, head_row, each.key) for each in missing)
    return None if missing else places


def read(column: Column, cell: Cell) -> Any:
    """The cell's value as its column has it. Raises _Unread."""
    if isinstance(cell, dict):
        raise _Unread("formula" if "formula" in cell else "error_value")
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        if column.must:
            raise _Unread("missing")
        return None
    return _READERS[column.kind](column, cell)


def _read_text(column: Column, cell: Cell) -> str:
    text = unicodedata.normalize("NFC", _text(cell))
    if len(text) > column.most:
        raise _Unread("too_long")
    if any(unicodedata.category(letter) == "Cc" and letter not in "\n\t" for letter in text):
        raise _Unread("bad_code")
    return text


def _read_code(column: Column, cell: Cell) -> str:
    text = _text(cell)
    if not CODE.fullmatch(text):
        raise _Unread("bad_code")
    return text


def _read_username(column: Column, cell: Cell) -> str:
    text = _text(cell)
    if not 2 <= len(text) <= 64 or not all(letter.isalnum() or letter in "._-" for letter in text):
        raise _Unread("bad_username")
    return text


def _read_email(column: Column, cell: Cell) -> str:
    text = _text(cell)
    if not ADDRESS.fullmatch(text):
        raise _Unread("bad_email")
    return text


def _read_pieces(column: Column, cell: Cell) -> int:
    number = _number(cell)
    if number != number.to_integral_value():
        raise _Unread("not_whole")
    _check_size(column, number, Decimal(MOST_PIECES))
    return int(number)


def _read_money(column: Column, cell: Cell) -> Decimal:
    number = _number(cell)
    _check_size(column, number, MOST_MONEY)
    return _four_places(number)


def _read_measure(column: Column, cell: Cell) -> Decimal:
    number = _number(cell)
    _check_size(column, number, MOST_MEASURE)
    return _four_places(number)


def _read_date(column: Column, cell: Cell) -> dt.date:
    day: dt.date | None = None
    if isinstance(cell, dt.datetime):
        day = cell.date()
    elif isinstance(cell, dt.date):
        day = cell
    elif isinstance(cell, str) and (found := DAY.fullmatch(unicodedata.normalize("NFKC", cell.strip()))):
        try:
            day = dt.date(*map(int, found.groups()))
        except ValueError:
            day = None
    if day is None:
        raise _Unread("not_a_date")
    if not 1950 <= day.year <= 2100:
        raise _Unread("odd_date")
    return day


def _read_yes_no(column: Column, cell: Cell) -> bool:
    word = _text(cell).casefold()
    if isinstance(cell, bool) or word in YES | NO:
        return cell if isinstance(cell, bool) else word in YES
    raise _Unread("not_yes_or_no")


def _read_choice(column: Column, cell: Cell) -> str:
    word = chosen(column, _text(cell))
    if word is None:
        raise _Unread("not_a_choice")
    return word


def chosen(column: Column, text: str) -> str | None:
    """The word of the column's choices that is meant: itself, or its name in any language."""
    for word, names in column.choices.items():
        if fold(text) in {fold(word), *(fold(name) for name in names.values())}:
            return word
    return None


def _read_list(column: Column, cell: Cell) -> list[str]:
    return list(
        dict.fromkeys(filter(None, (part.strip() for part in re.split(r"[,，、;；\n]", _text(cell)))))
    )


def _number(cell: Cell) -> Decimal:
    if isinstance(cell, bool):
        raise _Unread("not_a_number")
    if isinstance(cell, (int, Decimal)):
        return Decimal(cell)
    if not isinstance(cell, str):
        raise _Unread("not_a_number")
    text = unicodedata.normalize("NFKC", cell).strip().removeprefix("¥").strip()
    if GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not re.fullmatch(r"-?\d{1,30}(\.\d{1,30})?", text):
        raise _Unread("not_a_number")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _Unread("not_a_number") from None


def _check_size(column: Column, number: Decimal, most: Decimal) -> None:
    if number < 0:
        raise _Unread("negative")
    if column.more_than_zero and number == 0:
        raise _Unread("not_more_than_zero")
    if number > most:
        raise _Unread("too_large_number")


def _four_places(number: Decimal) -> Decimal:
    if number != number.quantize(Decimal("0.0001")):
        raise _Unread("too_many_decimals")
    return number


def _text(cell: Cell) -> str:
    """As somebody reads it in Excel."""
    if cell is None:
        return ""
    if isinstance(cell, dict):
        return cell.get("formula") or cell.get("error") or ""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return str(cell).strip()


def _twice(sheet: SheetOf, rows: Sequence[Row]) -> Iterator[Finding]:
    """What stands on an earlier row already, by the columns that make it what it is."""
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(str(row[column] or "").casefold() for column in sheet.unique)
        if not all(key):
            continue
        if key in seen:
            what = " · ".join(str(row[column]) for column in sheet.unique)
            yield Finding("twice", sheet.key, row, sheet.unique[0], f"{what} ({seen[key]})")
        else:
            seen[key] = row.number


_READERS = {
    "text": _read_text,
    "code": _read_code,
    "username": _read_username,
    "email": _read_email,
    "pieces": _read_pieces,
    "money": _read_money,
    "measure": _read_measure,
    "date": _read_date,
    "yes_no": _read_yes_no,
    "choice": _read_choice,
    "list": _read_list,
}
