"""The sentences about handbooks, by code; each is the key of its translations."""

from __future__ import annotations

from typing import Any

from runtime.errors import Problem

SENTENCES = {
    "handbook.too_large": "A handbook may have at most {limit} characters and {most} headings.",
    "handbook.unreadable": "This cannot be read as a text file in UTF-8.",
    "handbook.no_head": "A handbook begins with its head: a line “---”, then language, title and "
    "effective_from, then “---”.",
    "handbook.unknown_field": "The head has no field “{field}”; it has: {known}.",
    "handbook.missing_field": "The field “{field}” is missing.",
    "handbook.bad_language": "“{text}” is no language; there are: {known}.",
    "handbook.bad_date": "“{text}” is no date, such as 2026-03-31.",
    "handbook.no_clauses": "A handbook needs clauses: headings such as “## 3.1 Buying”.",
    "handbook.no_id": "A heading begins with the clause's id, then a space and its title: “## 3.1 Buying”.",
    "handbook.duplicate_id": "The clause {clause} stands here a second time; first on line {first}.",
    "handbook.no_text": "The clause {clause} has no text.",
    "handbook.language_twice": "Two files are in the language {language}.",
    "handbook.other_date": "The file for {language} is effective from another day than the first file.",
    "handbook.not_translated": "The clause {clause} is missing in {other}.",
    "handbook.only_here": "The clause {clause} is not in the first file, {other}.",
    "handbook.bad_carrier": "“{carrier}” names no carrier: write one of {known}, a colon and a name.",
    "handbook.no_carrier": "Nothing carries out the clause {clause} “{title}”.",
    "handbook.unknown_carrier": "“{carrier}” does not exist.",
    "handbook.unknown_clause": "“{element}” carries out the clause {clause}, which the handbook does not have.",
}


def problem(
    code: str, *, file: str = "", line: int = 0, column: int = 0, severity: str = "error", **params: Any
) -> Problem:
    """The Problem of a code."""
    code = f"handbook.{code}"
    return Problem(code, SENTENCES[code], "", params, file=file, line=line, column=column, severity=severity)
