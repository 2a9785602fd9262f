"""docs/api.md says what is so: its examples are sent, in their order, and what it shows is what is answered."""

from __future__ import annotations

import json
import re
import shlex
from decimal import Decimal
from pathlib import Path
from typing import Any

from runtime.commands import accounts
from runtime.identity import SYSTEM
from tests.office import Office
from tests.web.programs import Program, check
from web.api.routes import PREFIX

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
EXAMPLE = re.compile(r"^```curl\n(.*?)\n```\n(?:```json\n(.*?)\n```)?", re.DOTALL | re.MULTILINE)
SERVER = f"http://127.0.0.1:8000{PREFIX}"
ANYTHING = "…"


def filled(text: str, known: dict[str, str]) -> str:
    return re.sub(r"\$([A-Z]+)", lambda hole: known[hole[1]], text)


def compare(told: Any, found: Any, known: dict[str, str], place: str = "answer") -> None:
    """What the page shows is in the answer; "…" stands for anything, $NAME for what is known from then on."""
    if told == ANYTHING:
        return
    if isinstance(told, str) and re.fullmatch(r"\$[A-Z]+", told):
        assert known.setdefault(told[1:], found) == found, place
    elif isinstance(told, dict):
        assert isinstance(found, dict), place
        more = {key: value for key, value in told.items() if key != ANYTHING}
        assert set(more) <= set(found) if ANYTHING in told else set(more) == set(found), (
            place,
            sorted(found),
        )
        for key, value in more.items():
            compare(value, found[key], known, f"{place}.{key}")
    elif isinstance(told, list):
        assert len(told) == len(found), place
        for number, (one, other) in enumerate(zip(told, found, strict=True)):
            compare(one, other, known, f"{place}[{number}]")
    else:
        assert (told, type(told)) == (found, type(found)), place


def send(program: Program, command: str) -> Any:
    """What curl would send, and what is answered."""
    words = shlex.split(command)
    assert words.pop(0) == "curl"
    method, address, headers, data = "GET", "", {}, None
    while words:
        word = words.pop(0)
        if word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            method, data = "POST", words.pop(0)
        elif word != "-s":
            assert word.startswith(SERVER), word
            address = word.removeprefix(SERVER)
    answer = program.client.open(PREFIX + address, method=method, headers=headers, data=data)
    check(method, address, answer)
    return json.loads(answer.data, parse_float=Decimal)


def test_the_examples_of_the_page_do_what_it_says(office: Office) -> None:
    office.runtime.do(accounts.grant, SYSTEM, "supervisor", "send", "message", "any")
    program = Program(office, "chenjie")
    known = {"TOKEN": program.made.secret}
    examples = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
    assert len(examples) >= 8
    for command, told in examples:
        found = send(program, filled(command, known))
        compare(json.loads(told, parse_float=Decimal), found, known)
    assert [row.element for row in office.as_("wangfang").inbox()] == ["review_plan"]
