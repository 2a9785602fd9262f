"""Folders of diagrams, forms, rules and handbooks, read as what may be deployed; those that came with the product.

Not here: checking and deploying them (commands/deploy.py)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runtime.commands import deploy as deploying
from runtime.errors import Invalid, Problem

ROOT = Path(__file__).resolve().parent.parent
LARGEST_SOURCE = 10 * 1024 * 1024  # bytes of one diagram, form or rule file


class NothingThere(Invalid):
    """There is no diagram, form or rule file in {paths}: nothing was done."""

    code = "deployment.nothing_there"


def shipped() -> tuple[Path, ...]:
    """The folders `processes` and `rules` that came with the product."""
    return tuple(folder for folder in (ROOT / "processes", ROOT / "rules") if folder.is_dir())


def handbook_in(folder: Path) -> list[tuple[str, str]]:
    """(name, text) of the handbook in a folder of processes, the file with its clauses first; [] if none."""
    files = sorted((folder / "handbook").glob("handbook*.md"), key=lambda file: (len(file.name), file.name))
    return [
        (file.relative_to(folder.parent).as_posix(), file.read_text(encoding="utf-8")) for file in files
    ]


def shipped_handbook() -> list[tuple[str, str]]:
    """The one that came with the product."""
    return handbook_in(ROOT / "processes")


def files_of(paths: Iterable[Path]) -> list[tuple[str, Path]]:
    """The files to check, each with the name it is deployed by.

    A file in a folder is named relative to the folder's parent: processes/purchase_plan/….bpmn."""
    found = []
    for path in paths:
        if not path.is_dir():
            found.append((path.name, path))
            continue
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            if deploying.kind_of(file.name) is not None:
                found.append((file.relative_to(path.parent).as_posix(), file))
    return found


def read_sources(paths: Iterable[Path]) -> tuple[list[deploying.Source], list[Problem]]:
    """Files and folders as sources, in order of their paths; what cannot be read is a problem."""
    sources, problems = [], []
    for name, file in files_of(paths):
        try:
            # A device or a pipe would never end.
            if not file.is_file():
                problems.append(Problem("no_file", "This is no file", file=name))
            elif file.stat().st_size > LARGEST_SOURCE:
                most = {"most": LARGEST_SOURCE // 1024**2}
                problems.append(
                    Problem("too_large", "The file is larger than {most} MB", "", most, file=name)
                )
            else:
                sources.append(deploying.Source(name, file.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            problems.append(Problem("not_utf8", "The file is not UTF-8 text", file=name))
        except OSError as error:
            why = {"reason": error.strerror or type(error).__name__}
            problems.append(Problem("unreadable", "The file cannot be read: {reason}", "", why, file=name))
    return sources, problems


def named_sources(paths: Iterable[Path]) -> tuple[list[deploying.Source], list[Problem]]:
    """What `read_sources` reads of files and folders that somebody named. Raises NothingThere."""
    named = list(paths)
    sources, problems = read_sources(named)
    if not sources and not problems:
        raise NothingThere(paths=", ".join(str(path) for path in named))
    return sources, problems
