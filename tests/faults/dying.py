"""Processes that die at a chosen point of an act: `python -m tests.faults.dying`, spoken to by `Deaths`.

The parent has everything imported and forks for each fault, so that a death costs a tenth of a
second. Nothing cleans up in between: SIGKILL, as a machine that loses its power would."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from runtime import clock, worker
from runtime.bootstrap import Runtime
from runtime.folders import ROOT
from runtime.settings import Settings
from tests.faults import story

# Where an act can be struck.
POINTS = BEFORE_STATEMENT, BEFORE_COMMIT, AFTER_COMMIT = "before statement", "before commit", "after commit"


@dataclass(frozen=True)
class Fate:
    """What became of an act: whether whoever did it heard that it is done; how often each point was passed."""

    acknowledged: bool
    killed: bool
    passed: dict[str, int]


class Deaths:
    """The forking process, as its user sees it."""

    def __enter__(self) -> Deaths:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.dying"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def strike(
        self, settings: Settings, act: str, at: dt.datetime, point: str = "", number: int = 0
    ) -> Fate:
        """Do `act` on this database at this time, and die when `point` comes for the `number`th time."""
        asked = {
            "home": str(settings.home), "database_url": settings.database_url, "act": act,
            "at": at.isoformat(), "point": point, "number": number,
        }  # fmt: skip
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert answer["status"] in (0, -signal.SIGKILL), f"{asked} ended with {answer['status']}"
        return Fate(answer["acknowledged"], answer["status"] != 0, answer["passed"])


def opened(asked: dict[str, Any]) -> Runtime:
    return Runtime(Settings(home=asked["home"], database_url=asked["database_url"], demo=True))


def live(asked: dict[str, Any], tell: int) -> None:
    """One act in this process."""
    # How much a worker does in one transaction goes by the wall's clock, and its heart beats by it: on a slow machine
    # there would be commits that another run does not pass. One job each, and no beat, are the same everywhere.
    worker.HOLD, worker.QUICK, worker.BEAT = -1.0, 3600.0, 3600.0
    runtime = opened(asked)
    with clock.frozen(dt.datetime.fromisoformat(asked["at"])):
        act = {**story.ACTS, **story.PLANTED, **story.APART}[asked["act"]](runtime)
        passed = arm(runtime, asked["point"], asked["number"])
        act()
    os.write(tell, json.dumps(passed).encode())


def arm(runtime: Runtime, point: str, number: int) -> dict[str, int]:
    """Count the points from here on, and die at the chosen one."""
    passed = dict.fromkeys(POINTS, 0)

    def pass_by(here: str) -> None:
        passed[here] += 1
        if here == point and passed[here] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    @sa.event.listens_for(runtime.engine, "before_cursor_execute")
    def statement(*given: Any) -> None:
        pass_by(BEFORE_STATEMENT)

    commit = runtime.engine.dialect.do_commit

    def do_commit(connection: Any) -> None:
        pass_by(BEFORE_COMMIT)
        commit(connection)
        pass_by(AFTER_COMMIT)

    runtime.engine.dialect.do_commit = do_commit  # type: ignore[method-assign]
    return passed


def fork(asked: dict[str, Any]) -> dict[str, Any]:
    """Let a child of its own do it; how it ended."""
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hear)
        status = 1
        with suppress(SystemExit):
            try:
                live(asked, tell)
                status = 0
            except BaseException:
                sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
            finally:
                os._exit(status)
    os.close(tell)
    with os.fdopen(hear) as said:
        passed = said.read()
    _, status = os.waitpid(child, 0)
    return {
        "acknowledged": bool(passed),
        "status": os.waitstatus_to_exitcode(status),
        "passed": json.loads(passed) if passed else {},
    }


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["act"] == "deploy":
            runtime = opened(asked)
            story.deploy(runtime)
            runtime.close()
        sys.stdout.write(json.dumps(fork(asked)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
