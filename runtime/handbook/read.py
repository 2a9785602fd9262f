"""Handbook files, read: one Markdown file a language, every problem at once, each at its line.

A file begins with a head (language, title, effective_from); each heading begins with a clause's id; a
paragraph that begins with → names what carries the clause out. Not here: whether that exists (check.py)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from runtime import i18n
from runtime.errors import Problem
from runtime.handbook import markdown
from runtime.handbook.model import Carrier, Clause, Handbook
from runtime.handbook.problems import problem

LARGEST, MOST = 1_000_000, 2_000
HEAD = ("language", "title", "effective_from")
KINDS = ("process", "task", "rule", "report", "page", "right", "clause")
_HEAD = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_ID = re.compile(r"(\S{1,32})[ \t]+(\S.*)")
_CARRIERS = re.compile(r"^→[ \t]*(.*)$", re.MULTILINE)
_CARRIER = re.compile(r"(\w+):([^\s,，、]+)")


@dataclass
class _File:
    name: str
    language: str = ""
    title: str = ""
    effective_from: dt.date | None = None
    entries: list[Clause] = field(default_factory=list)


def read(files: Iterable[tuple[str, str]]) -> tuple[Handbook | None, list[Problem]]:
    """The handbook of these files (name, text), one a language, and what is wrong with them.

    The first file says which clauses there are; the others must have the same. None when there is a problem."""
    found: list[Problem] = []
    read_files = []
    for name, text in files:
        wrong: list[Problem] = []
        read_files.append(_read(name, text, wrong))
        found += sorted(wrong, key=lambda each: each.line)
    if not read_files:
        return None, [problem("no_clauses")]
    if found:
        return None, found
    first, *others = read_files
    languages = {first.language}
    for other in others:
        if other.language in languages:
            found.append(problem("language_twice", file=other.name, line=2, language=other.language))
        languages.add(other.language)
        if other.effective_from != first.effective_from:
            found.append(problem("other_date", file=other.name, line=2, language=other.language))
        _compare(first, other, found)
    if found:
        return None, found
    assert first.effective_from
    entries = [_joined(entry, others) for entry in first.entries]
    titles = {each.language: each.title for each in read_files}
    return Handbook(first.name, titles, first.effective_from, tuple(entries)), []


def _compare(first: _File, other: _File, found: list[Problem]) -> None:
    ours, theirs = ({entry.id: entry for entry in each.entries} for each in (first, other))
    for id, entry in ours.items():
        if id not in theirs:
            found.append(
                problem("not_translated", file=first.name, line=entry.line, clause=id, other=other.name)
            )
    for id, entry in theirs.items():
        if id not in ours:
            found.append(problem("only_here", file=other.name, line=entry.line, clause=id, other=first.name))


def _joined(entry: Clause, others: Sequence[_File]) -> Clause:
    for other in others:
        theirs = next(each for each in other.entries if each.id == entry.id)
        carriers = dict.fromkeys((*entry.carriers, *theirs.carriers))
        entry = replace(
            entry,
            titles={**entry.titles, **theirs.titles},
            texts={**entry.texts, **theirs.texts},
            carriers=tuple(carriers),
        )
    return entry


def _read(name: str, text: str, found: list[Problem]) -> _File:
    file = _File(name)
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    head = _HEAD.match(text)
    if head is None or len(text) > LARGEST:
        code = "too_large" if len(text) > LARGEST else "no_head"
        found.append(problem(code, file=name, line=1, limit=LARGEST, most=MOST))
        return file
    _read_head(file, head[1], found)
    # The head's lines stay as empty ones, so that what follows keeps its place.
    body = "\n" * head[0].count("\n") + text[head.end() :]
    lines = body.split("\n")
    headings = markdown.headings(body)
    if not headings or len(headings) > MOST:
        code = "too_large" if headings else "no_clauses"
        found.append(problem(code, file=name, line=head[0].count("\n") + 1, limit=LARGEST, most=MOST))
        return file
    seen: dict[str, int] = {}
    for number, heading in enumerate(headings):
        after = headings[number + 1] if number + 1 < len(headings) else None
        named = _ID.fullmatch(heading.text)
        if named is None:
            found.append(problem("no_id", file=name, line=heading.line + 1))
            continue
        id, title = named[1], named[2]
        if id in seen:
            found.append(problem("duplicate_id", file=name, line=heading.line + 1, clause=id, first=seen[id]))
            continue
        seen[id] = heading.line + 1
        written = "\n".join(lines[heading.end : after.line if after else len(lines)])
        carriers = tuple(_carriers(written, name, heading.end + 1, found))
        own = _CARRIERS.sub("", written).strip()
        section = after is not None and after.level > heading.level
        if not section and not own:
            found.append(problem("no_text", file=name, line=heading.line + 1, clause=id))
        file.entries.append(
            Clause(
                id,
                heading.level,
                section,
                {file.language: title},
                {file.language: own},
                heading.line + 1,
                carriers,
            )
        )
    return file


def _read_head(file: _File, text: str, found: list[Problem]) -> None:
    given: dict[str, str] = {}
    where: dict[str, int] = {}

    def report(code: str, name: str, **params: Any) -> None:
        found.append(problem(code, file=file.name, line=where.get(name, 1), **params))

    for number, line in enumerate(text.splitlines(), start=2):
        name, _, value = (part.strip() for part in line.partition(":"))
        where[name] = number
        if name in HEAD:
            given[name] = value
        elif name:
            report("unknown_field", name, field=name, known=", ".join(HEAD))
    for name in HEAD:
        if not given.get(name):
            report("missing_field", "", field=name)
    file.title = given.get("title", "")
    file.language = given.get("language", "")
    if file.language and file.language not in i18n.LANGUAGES:
        report("bad_language", "language", text=file.language, known=", ".join(i18n.LANGUAGES))
    if day := given.get("effective_from"):
        try:
            file.effective_from = dt.date.fromisoformat(day)
        except ValueError:
            report("bad_date", "effective_from", text=day)


def _carriers(text: str, file: str, line: int, found: list[Problem]) -> Iterable[Carrier]:
    for match in _CARRIERS.finditer(text):
        at = line + text.count("\n", 0, match.start())
        for word in re.split(r"[\s,，、]+", match[1].strip()):
            parts = _CARRIER.fullmatch(word)
            if parts is None or parts[1] not in KINDS:
                found.append(problem("bad_carrier", file=file, line=at, carrier=word, known=", ".join(KINDS)))
                continue
            key, _, element = parts[2].partition("/") if parts[1] == "task" else (parts[2], "", "")
            yield Carrier(parts[1], key, element)
