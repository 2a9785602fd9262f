"""What every command uses: the group, the language, errors as sentences, the runtime, answers as JSON.

Not here: any command."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from runtime import i18n, values
from runtime.bootstrap import Runtime
from runtime.cli import findings
from runtime.errors import GuichengError, Invalid, NotFound, Problem
from runtime.identity import SYSTEM, Actor
from runtime.queries import people
from runtime.settings import Settings

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def language() -> str:
    """GUICHENG_LANGUAGE, else what the terminal's locale says."""
    asked = os.environ.get("GUICHENG_LANGUAGE") or os.environ.get("LANG", "")
    if asked in i18n.LANGUAGES:
        return asked
    if asked.startswith(("zh_TW", "zh_HK", "zh_MO")):
        return "zh_Hant"
    return "zh_Hans" if asked.startswith("zh") else "en"


def say(sentence: str, /, **params: Any) -> str:
    return i18n.say(language(), sentence, **params)


def tell_all(problems: Iterable[Problem]) -> None:
    for problem in problems:
        style = "red" if problem.severity == "error" else "yellow"
        err.print(findings.tell(problem, language()), style=style, markup=False)


class NoSuchUser(NotFound):
    """There is no active person {username}. People are added with: guicheng person add"""

    code = "cli.no_such_user"


class NotJson(Invalid):
    """The answers are not JSON: {reason}"""

    code = "cli.not_json"


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Errors of ours become sentences and an exit status."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except GuichengError as error:
            for problem in error.problems:
                err.print(findings.tell(problem, language()), markup=False)
            err.print(say(error.message, **error.params), style="red", markup=False)
            sys.exit(2 if isinstance(error, Invalid) else 1)

    return run


def opened() -> Runtime:
    """The runtime over the installation's database, as it stands. Raises DatabaseBehind."""
    runtime = Runtime(Settings())
    runtime.load()
    return runtime


def acting(runtime: Runtime, username: str) -> Actor:
    actor = runtime.read(people.by_username, SYSTEM, username)
    if actor is None:
        raise NoSuchUser(username=username)
    return actor


def given(text: str) -> dict[str, Any]:
    if text == "-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        text = Path(text[1:]).read_text(encoding="utf-8")
    try:
        # Numbers with a point are read as Decimal: an answer's 0.1 is a tenth.
        data = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise NotJson(reason=error) from None
    if not isinstance(data, dict):
        raise NotJson(reason="{} expected")
    return values.from_json(data)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="guicheng", prog_name="guicheng")
def main() -> None:
    """Guicheng 規程: BPMN diagrams define the work, rule files decide, people do their part.

    \b
    A look around:          guicheng demo
    A real installation:    guicheng init
                            guicheng admin create
                            guicheng serve

    The data lies in the folder GUICHENG_HOME (default: ./var)."""
