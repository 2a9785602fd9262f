"""Rule files for tests, written with as little as a test needs to say."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from runtime.rules import rulefile
from runtime.rules.table import RuleFile

Write = Callable[..., str]


def write_file(
    rows: list[str] | str,
    inputs: str = "a: decimal",
    let: str = "",
    outputs: str = "o: text",
    hit: str = "first",
    default: str = "default: {then: {o: none}}",
    examples: str = "",
) -> str:
    """A rule file's text. `rows` are conditions (row r1 gives "r1" for o) or the whole list;
    `inputs` and `outputs` are lines `name: type[, more]`."""

    def fields(lines: str) -> str:
        found = []
        for line in textwrap.dedent(lines).strip().splitlines():
            name, rest = line.strip().split(":", 1)
            kind, _, more = rest.partition(",")
            found.append(f"  {name}: {{type: {kind.strip()}, {names(name)}{',' + more if more else ''}}}")
        return "\n".join(found)

    def names(text: str, stem: str = "name") -> str:
        return f"{stem}: '{text}', {stem}_en: '{text}', {stem}_zh_hant: '{text}'"

    if isinstance(rows, list):
        rows = "\n".join(
            f"  - {{id: r{number}, {names(f'r{number}')}, when: {quote(when)}, then: {{o: r{number}}}, "
            f"{names('x', 'because')}}}"
            for number, when in enumerate(rows, 1)
        )
    else:
        rows = textwrap.indent(textwrap.dedent(rows).strip(), "  ")
    return "\n".join(
        [
            "rule: probe",
            "name: 测试\nname_en: Probe\nname_zh_hant: 測試",
            "owner: manager",
            "clause: 一(三)1",
            "effective_from: 2025-01-01",
            f"inputs:\n{fields(inputs)}" if inputs else "",
            "let:\n" + textwrap.indent(textwrap.dedent(let).strip(), "  ") if let else "",
            f"outputs:\n{fields(outputs)}",
            f"hit: {hit}",
            f"rules:\n{rows}",
            default,
            examples or f"examples: [{{given: {given(inputs)}, refused: true}}]",
        ]
    )


_ZERO = {"decimal": "0", "integer": "0", "text": "x", "boolean": "false", "date": "2025-01-01"}


def given(inputs: str) -> str:
    """Some value for each required input."""
    lines = [line.strip() for line in inputs.strip().splitlines() if "required: false" not in line]
    pairs = (line.split(",", 1)[0].split(":") for line in lines)
    return "{" + ", ".join(f"{name}: {_ZERO[kind.strip()]}" for name, kind in pairs) + "}"


def quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@pytest.fixture
def write() -> Write:
    return write_file


@pytest.fixture
def table() -> Callable[..., RuleFile]:
    """The RuleFile of `write_file`."""

    def make(*args: object, **kwargs: object) -> RuleFile:
        file, found = rulefile.load(write_file(*args, **kwargs))  # type: ignore[arg-type]
        assert file is not None, [str(each) for each in found]
        return file

    return make
