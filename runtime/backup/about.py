"""What a backup holds, and what can be wrong with one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runtime.errors import Conflict, Failed, Invalid


class BackupExists(Conflict):
    """There is a file {file} already; --force replaces it."""

    code = "backup.exists"


class BackupUnusable(Invalid):
    """The file {file} cannot be used as a backup: {reason}"""

    code = "backup.unusable"


class BackupNewer(Conflict):
    """The backup is of a newer version of the program (tables {revision}) than this one."""

    code = "backup.newer"


class InUse(Conflict):
    """Somebody works with the database. Stop every process of this installation first."""

    code = "backup.in_use"


class ToolMissing(Failed):
    """{tool} is not there: install PostgreSQL's client programs, or name their folder in GUICHENG_PG_BIN."""

    code = "backup.tool_missing"


class ToolFailed(Failed):
    """{tool} failed: {reason}"""

    code = "backup.tool_failed"


@dataclass(frozen=True)
class About:
    """revision: of its tables · counts: table → rows, of what matters · size: bytes · line, links: of the present
    line (store/erasures.Tombstones) and of its tombstones · secret: taken along."""

    revision: str
    counts: dict[str, int]
    size: int
    line: str
    links: tuple[str, ...]
    secret: bool = False


# What is told of a backup, as SQL that every version of the tables answers.
COUNTED = {
    "cases": "SELECT count(*) FROM cases",
    "running": "SELECT count(*) FROM cases WHERE status = 'running'",
    "open tasks": "SELECT count(*) FROM user_tasks WHERE state IN ('ready', 'claimed')",
    "people": "SELECT count(*) FROM people",
    "files": "SELECT count(*) FROM files",
}


def with_secret(about: About) -> About:
    return replace(about, secret=True)
