"""Throw-away installations for scenarios: the demo department with the diagrams and rules of some folders.

Founded once, on SQLite in a temporary folder, and copied for each scenario. They know nothing of the
environment: no mail and no request leaves them, whatever this machine's installation may send."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from runtime import clock, demo
from runtime.bootstrap import Runtime
from runtime.identity import SYSTEM
from runtime.settings import Settings

# A Monday morning at the business place, well before the month's last workday.
START = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)
FOUNDED = START - dt.timedelta(hours=1)


class Ground:
    """`folders`: of diagrams, forms and rules; `scratch`: an empty folder, which the caller removes;
    `beside`: further folders, whose files come after and may replace what those of `folders` brought.

    Raises DeploymentRefused with what must be mended first."""

    def __init__(self, folders: Sequence[Path], scratch: Path, beside: Sequence[Path] = ()) -> None:
        self._scratch, self._number = scratch, 0
        self._homes = {"empty": scratch / "empty"}
        with clock.frozen(FOUNDED), _runtime(self._homes["empty"]) as runtime:
            runtime.upgrade()
            runtime.sync(*folders)
            if beside:
                runtime.deploy(SYSTEM, beside, "cli")
            demo.seed(runtime, books=False, passwords=False)

    @contextmanager
    def installation(self, world: str = "demo") -> Iterator[Runtime]:
        """A new one, at START; the clock stands still and is put back afterwards. `world`: demo | empty books."""
        home = self._copy(self._home(world))
        with clock.frozen(START), _runtime(home) as runtime:
            yield runtime
        shutil.rmtree(home)

    def _home(self, world: str) -> Path:
        if world not in self._homes:
            home = self._homes[world] = self._copy(self._homes["empty"])
            with clock.frozen(FOUNDED), _runtime(home) as runtime:
                runtime.do(demo.open_books, SYSTEM)
        return self._homes[world]

    def _copy(self, home: Path) -> Path:
        self._number += 1
        return Path(shutil.copytree(home, self._scratch / str(self._number)))


@contextmanager
def _runtime(home: Path) -> Iterator[Runtime]:
    runtime = Runtime(Settings.model_construct(home=home, demo=True))
    try:
        yield runtime
    finally:
        runtime.close()
