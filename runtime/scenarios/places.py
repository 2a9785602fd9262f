"""Which scenario files are meant: by path, by folder, or by the process they are about.

Not here: reading them (read.py)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import NotFound, Problem
from runtime.scenarios.model import Scenario
from runtime.scenarios.problems import problem
from runtime.scenarios.read import SUFFIX, read


class NoSuchScenarios(NotFound):
    """{name} is neither a scenario file, nor a folder of such files, nor a process that has one."""

    code = "scenario.none"


@dataclass(frozen=True)
class Meant:
    """`files` in order; `folders` of theirs that lie outside the shipped ones, and are deployed beside them."""

    files: tuple[Path, ...]
    folders: tuple[Path, ...]


def meant(names: Sequence[str], shipped: Iterable[Path]) -> Meant:
    """The files of these names; of all shipped processes if there is none. Raises NoSuchScenarios."""
    shipped = [folder.resolve() for folder in shipped]
    ours = [file for folder in shipped for file in sorted(folder.rglob(f"*{SUFFIX}"))]
    files: dict[Path, None] = {}
    for name in names:
        files.update(dict.fromkeys(_named(name, ours)))
    if not names:
        files.update(dict.fromkeys(ours))
    apart = {
        file.parent: None for file in files if not any(file.is_relative_to(folder) for folder in shipped)
    }
    return Meant(tuple(files), tuple(apart))


def _named(name: str, ours: Sequence[Path]) -> list[Path]:
    path = Path(name).resolve()
    if path.is_dir():
        found = sorted(path.rglob(f"*{SUFFIX}"))
    elif path.is_file():
        found = [path]
    else:
        found = [file for file in ours if process_of(file) == name]
    if not found:
        raise NoSuchScenarios(name=name)
    return found


def process_of(file: Path) -> str:
    return file.name.removesuffix(SUFFIX)


def read_files(files: Iterable[Path]) -> tuple[list[Scenario], list[Problem]]:
    """Every scenario of the files as far as it can be read, and every problem; files are named by their path from
    here."""
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    for file in files:
        told = Path(os.path.relpath(file)).as_posix()
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            problems.append(problem("unreadable", file=told, line=1, column=1))
            continue
        found, wrong = read(text, told, process_of(file))
        scenarios += found
        problems += wrong
    return scenarios, problems
