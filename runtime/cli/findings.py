"""Problems as lines for people, as JSON and as SARIF 2.1.0 for code scanners.

The shapes are promised in docs/cli.md. Not here: finding the problems (commands/deploy)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from runtime import i18n
from runtime.bpmn.lint import RULES
from runtime.errors import Problem

# The pages of the rules, where the documentation lies beside the code.
PAGES = Path(__file__).resolve().parents[2] / "docs" / "lint"


def sentence(problem: Problem, language: str) -> str:
    return i18n.say(language, problem.message, **problem.params)


def tell(problem: Problem, language: str) -> str:
    """A problem as one line: file:line:column: severity: element: sentence [rule]."""
    place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)
    where = f" {problem.where}:" if problem.where and problem.where not in place else ""
    kind = i18n.say(language, problem.severity)
    return f"{place}: {kind}:{where} {sentence(problem, language)} [{problem.rule}]".lstrip(": ")


def as_text(problems: Iterable[Problem], language: str) -> Iterator[tuple[str, str]]:
    """Lines with their colour: file by file, each under its name, in the order of the file."""
    files = groupby(sorted(problems, key=lambda each: each.file), key=lambda each: each.file)
    for number, (file, group) in enumerate(files):
        found = list(group)
        errors = sum(each.severity == "error" for each in found)
        counted = i18n.say(
            language, "{errors} errors, {warnings} warnings", errors=errors, warnings=len(found) - errors
        )
        yield f"{chr(10) if number else ''}{file or '–'} ({counted})", "bold"
        for each in found:
            yield f"  {tell(each, language)}", "red" if each.severity == "error" else "yellow"


def as_json(problems: Sequence[Problem], language: str, files: int) -> str:
    """{version, files, errors, warnings, problems: [{file, line, column, element, severity, rule, message}]}"""
    errors = sum(each.severity == "error" for each in problems)
    told = {
        "version": 1,
        "files": files,
        "errors": errors,
        "warnings": len(problems) - errors,
        "problems": [
            {
                "file": each.file,
                "line": each.line or None,
                "column": each.column or None,
                "element": each.where or None,
                "severity": each.severity,
                "rule": each.rule,
                "message": sentence(each, language),
            }
            for each in problems
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def as_sarif(problems: Sequence[Problem], language: str) -> str:
    """One run with the rules that spoke and a result a problem. OASIS, SARIF 2.1.0."""
    names = sorted({each.rule for each in problems})
    run = {
        "tool": {
            "driver": {
                "name": "guicheng check",
                "semanticVersion": version("guicheng"),
                "language": {"zh_Hans": "zh-Hans", "zh_Hant": "zh-Hant"}.get(language, "en"),
                "rules": [_rule(name, language, problems) for name in names],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, names.index(each.rule), language) for each in problems],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def _rule(name: str, language: str, problems: Iterable[Problem]) -> dict[str, Any]:
    of_diagrams = RULES.get(name)
    first = next(each for each in problems if each.rule == name)
    short = i18n.say(language, of_diagrams.sentences[0] if of_diagrams else first.message)
    page = PAGES / f"{name}.md"
    text = page.read_text(encoding="utf-8") if page.is_file() else short
    return {
        "id": name,
        "shortDescription": {"text": short},
        "help": {"text": re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text), "markdown": text},
        "defaultConfiguration": {"level": (of_diagrams or first).severity},
    }


def _result(problem: Problem, rule: int, language: str) -> dict[str, Any]:
    place: dict[str, Any] = {}
    if problem.file:
        place["physicalLocation"] = {"artifactLocation": {"uri": quote(problem.file)}}
        if problem.line:
            region = {"startLine": problem.line}
            if problem.column:
                region["startColumn"] = problem.column
            place["physicalLocation"]["region"] = region
    if problem.where:
        place["logicalLocations"] = [{"name": problem.where, "kind": "element"}]
    return {
        "ruleId": problem.rule,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": sentence(problem, language)},
        "locations": [place] if place else [],
    }
