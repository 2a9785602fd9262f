"""A process that works until it is killed: corrections of stock, with a worker beside it.

Run by test_crash.py as `python -m tests.acceptance.at_work HOME`. It prints a line for
each step only after the step has returned: what was printed must never be lost."""

from __future__ import annotations

import sys
from pathlib import Path

from runtime.bootstrap import Runtime
from runtime.commands import cases, user_tasks
from runtime.identity import SYSTEM, Actor
from runtime.queries import inbox, people
from runtime.settings import Settings
from runtime.worker import Worker


def tell(what: str, key: str) -> None:
    sys.stdout.write(f"{what} {key}\n")
    sys.stdout.flush()


def main(home: str) -> None:
    runtime = Runtime(Settings(home=Path(home), demo=True))
    runtime.load()
    worker = Worker(runtime)
    worker.start()

    def person(username: str) -> Actor:
        actor = runtime.read(people.by_username, SYSTEM, username)
        assert actor is not None
        return actor

    specialist, supervisor = person("liyang"), person("chenjie")
    while True:
        # What an earlier life left open comes first.
        waiting = runtime.read(inbox.todo, supervisor, limit=5).rows
        for row in waiting:
            if row.element == "review_correction":
                runtime.do(user_tasks.complete, supervisor, row.id, {"correction_decision": "approve"})
                tell("done", row.id)
        started = runtime.do(
            cases.start,
            specialist,
            "stock_correction",
            {
                "component": "QY-P60-265",
                "warehouse": "SH",
                "difference": "surplus",
                "pieces": 1,
                "reason": "count",
            },
        )
        tell("started", started.case)


if __name__ == "__main__":
    main(sys.argv[1])
