"""What all shipped forms have in common: what is only read is a table, and money in tables says so.

Not here: that whoever decides sees what was entered (test_deciding_forms.py)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runtime.forms.model import MAX_MONEY
from runtime.ledger import inputs

PROCESSES = Path(__file__).resolve().parents[2] / "processes"


def components(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(PROCESSES.glob("*/*.form")):
        yield from ((path.stem, each) for each in of_form(path) if each["type"] == kind)


def of_form(path: Path) -> Iterator[dict[str, Any]]:
    level = json.loads(path.read_text(encoding="utf-8"))["components"]
    while level:
        yield from level
        level = [inner for each in level for inner in each.get("components", ())]


def test_a_list_of_which_nothing_is_asked_is_a_table_and_no_rows_of_boxes() -> None:
    read = [
        (form, one["path"])
        for form, one in components("dynamiclist")
        if all(field.get("readonly") or field.get("disabled") for field in one["components"])
    ]
    assert read == []


def test_money_in_a_table_is_told_to_be_money() -> None:
    unsaid = [
        (form, column["key"])
        for form, table in components("table")
        for column in table["columns"]
        if any(sign in column["label"] for sign in ("元", "¥", "单价")) and not column.get("currency")
    ]
    assert unsaid == []


def test_no_form_takes_more_than_the_books_can_hold() -> None:
    """What goes on from a form and is refused behind it stops the case, and whoever typed it cannot mend it."""
    assert MAX_MONEY == inputs.MOST_MONEY
    asked = [(form, each) for form, each in components("number") if not each.get("readonly")]
    money = [each.get("validate", {}).get("max", 0) for _, each in asked if "currency" in each.get("properties", {})]
    assert money and max(money) <= inputs.MOST_MONEY
    unbound = [
        (form, each["key"])
        for form, each in asked
        if each.get("appearance", {}).get("suffixAdorner") == "件"
        and each.get("validate", {}).get("max", inputs.MOST_PIECES + 1) > inputs.MOST_PIECES
    ]
    assert unbound == []


def test_to_sign_is_written_as_signing_in_traditional_chinese() -> None:
    """簽, which a converter takes for the 籤 of a label."""
    wrong = [
        (path.name, found)
        for path in sorted([*PROCESSES.glob("*/*.form"), *PROCESSES.glob("*/*.bpmn")])
        for found in re.findall(r".{0,4}(?<!標)籤.{0,4}", path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_whoever_agrees_may_remark_something_with_it() -> None:
    silent = []
    for path in sorted(PROCESSES.glob("*/*.form")):
        every = json.loads(path.read_text(encoding="utf-8"))["components"]
        fields = [each for each in every if not each.get("readonly")]
        asked = {one["key"]: [each["value"] for each in one["values"]] for one in fields if one["type"] == "radio"}
        silent += [
            (path.stem, text["key"])
            for text in fields
            if text["type"] == "textarea"
            for key, verdicts in asked.items()
            if "approve" in verdicts and key in text.get("conditional", {}).get("hide", "")
            and text.get("properties", {}).get("required_if") != f'={key} != "approve"'
        ]  # fmt: skip
    assert silent == []


def test_a_number_that_travels_as_text_is_compared_as_a_number() -> None:
    """FEEL finds no order between "3" and 0, and what is neither true nor false hides a field for good."""
    wrong = []
    for path in sorted(PROCESSES.glob("*/*.form")):
        everything = list(of_form(path))
        texts = {one["key"] for one in everything if one["type"] == "number" and one.get("serializeToString")}
        for one in everything:
            for feel in (one.get("conditional", {}).get("hide", ""), one.get("properties", {}).get("required_if", "")):
                compared = re.findall(r"(?<![\w(])(\w+) *(?:!=|[<>]=?|=) *-?\d", feel)
                wrong += [(path.stem, one.get("key"), feel) for name in compared if name in texts]
    assert wrong == []
