"""`guicheng`: the runtime's commands, one file an area. `serve` and `demo` are added by web/cli.py.

Exit status: 0 done · 1 refused or failed · 2 bad input (every problem is printed)."""

from runtime.cli import check, handbook, installation, people, scenarios, tokens, upkeep, work
from runtime.cli.terminal import err, guarded, language, main, opened, out, say, tell_all

__all__ = [
    "check",
    "err",
    "guarded",
    "handbook",
    "installation",
    "language",
    "main",
    "opened",
    "out",
    "people",
    "say",
    "scenarios",
    "tell_all",
    "tokens",
    "upkeep",
    "work",
]
