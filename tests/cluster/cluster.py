"""Three web processes and three workers on one PostgreSQL, people who work over HTTP, and somebody who kills.

Every process is one that an installation would start; what is killed is killed with SIGKILL and started
again, as whatever supervises it would. Not here: what must hold afterwards (checker.py)."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.folders import ROOT
from tests.databases import Server

LONGEST = float(os.environ.get("GUICHENG_CLUSTER", "10")) + 300  # seconds
RECEIVER = Path(__file__).with_name("receiver.py")
GUICHENG = (sys.executable, "-c", "from web.cli import main; main()")
CORRECTION = {
    "component": "QY-P60-265", "warehouse": "SH", "difference": "surplus", "pieces": 1, "reason": "count",
}  # fmt: skip


def free_port() -> int:
    """One that nobody listens at, and that the system gives to nobody who connects while its program is dead."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as found:
            found.bind(("127.0.0.1", port))
            return port


@dataclass
class Program:
    """One process of the installation, which can be killed and started again."""

    name: str
    words: tuple[str, ...]
    log: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    begun: float = 0.0

    def start(self) -> None:
        self.begun = time.monotonic()
        # A group of its own, so that whatever it started dies with it.
        self.process = subprocess.Popen(
            self.words, cwd=ROOT, stdout=self.log.open("ab"), stderr=subprocess.STDOUT, start_new_session=True
        )

    def answers(self) -> bool:
        """Whether it serves: what only listens has not begun yet."""
        with (
            contextlib.suppress(OSError, http.client.HTTPException),
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=1) as answer,
        ):
            return bool(answer.status == 200)
        return False

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.begun

    def kill(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class Cluster:
    folder: Path
    receiver_port: int
    webs: list[Program] = field(default_factory=list)
    workers: list[Program] = field(default_factory=list)
    slow: float = 0.0  # seconds in which a process of this machine begins to work

    def __enter__(self) -> Cluster:
        for number in range(3):
            port = free_port()
            words = ("-m", "gunicorn", "web.wsgi:app", "--workers=1", "--worker-class=gthread", "--threads=4")
            words = (
                sys.executable,
                *words,
                f"--bind=127.0.0.1:{port}",
                "--timeout=60",
                "--log-level=warning",
            )
            self.webs.append(Program(f"web{number}", words, self.folder / f"web{number}.log", port))
            worker = (*GUICHENG, "work")
            self.workers.append(Program(f"worker{number}", worker, self.folder / f"worker{number}.log"))
        receiver = (sys.executable, str(RECEIVER), str(self.receiver_port), str(self.noted))
        self.receiver = Program("receiver", receiver, self.folder / "receiver.log", self.receiver_port)
        self.receiver.start()
        for program in self.programs:
            program.start()
        return self

    def __exit__(self, *exc: object) -> None:
        for program in [*self.programs, self.receiver]:
            program.kill()

    @property
    def noted(self) -> Path:
        """What the receiver was told."""
        return self.folder / "noted"

    @property
    def programs(self) -> list[Program]:
        return [*self.webs, *self.workers]

    def supervise(self) -> None:
        """Start again what ended by itself: a process that begins while the database is away says so and ends."""
        for program in self.programs:
            if program.process is not None and program.process.poll() is not None:
                program.start()

    def serving(self, seconds: float = 120) -> None:
        """Wait until every web process answers."""
        until = time.monotonic() + seconds
        for web in self.webs:
            while not web.answers():
                self.supervise()
                assert time.monotonic() < until, f"{web.name} does not answer: {web.log.read_text()[-2000:]}"
                time.sleep(0.1)
        self.slow = self.slow or max(web.age for web in self.webs)


@dataclass
class Person(threading.Thread):
    """Works over HTTP with a token: starts, completes, and goes to another process when one does not answer."""

    cluster: Cluster
    token: str
    seed: int
    starts: bool
    over: threading.Event
    started: list[tuple[str, str]] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(name=f"person-{self.seed}", daemon=True)
        self.chance = random.Random(self.seed)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while not self.over.is_set():
            if self.starts:
                self._start()
            else:
                self._work_off()

    def _start(self) -> None:
        key = uuid.UUID(int=self.chance.getrandbits(128)).hex
        process, answers = self.chance.choice([("stock_correction", CORRECTION), ("nap", {}), ("ask_outside", {})])
        # The same key until it is answered: whatever became of an unanswered one, it is one case.
        while not self.over.is_set():
            answer = self._ask(
                "POST", f"/processes/{process}/start", {"answers": answers}, {"Idempotency-Key": key}
            )
            if answer is not None:
                self.started.append((key, answer["case"]))
                return

    def _work_off(self) -> None:
        inbox = self._ask("GET", "/inbox?limit=10")
        tasks = inbox["tasks"] if inbox else []
        self.chance.shuffle(tasks)
        for task in tasks[:5]:
            answers = {"correction_decision": "approve"} if task["element"] == "review_correction" else {}
            if self._ask("POST", f"/tasks/{task['id']}/complete", {"answers": answers}) is not None:
                self.completed.append(task["id"])
        if not tasks:
            time.sleep(0.05)

    def _ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """The answer, or None when it was refused, broke off or nobody was there."""
        port = self.chance.choice(self.cluster.webs).port
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1{path}", data, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        if data:
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
                return json.loads(text) if text else {}
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")
            code = str(error.code)
            with contextlib.suppress(ValueError):
                code = json.loads(said).get("code") or json.loads(said).get("error") or code
            self.told[code] = self.told.get(code, 0) + 1
            if error.code >= 500 and error.code != 503:
                self.broken.append(f"{method} {path}: {error.code} {said[:500]}")
        except (OSError, ValueError):
            self.told["nobody"] = self.told.get("nobody", 0) + 1
            time.sleep(0.02)
        return None


def havoc(
    cluster: Cluster,
    server: Server,
    chance: random.Random,
    restarts: int,
    enough: Callable[[int, float], bool],
) -> list[str]:
    """Kill at random until it is `enough` (of so many kills, in so many seconds); what was done.

    The database goes away `restarts` times, spread over it. Of the web processes two may be dead at once."""
    done: list[str] = []
    begun = time.monotonic()
    while restarts or not enough(len(done), time.monotonic() - begun):
        assert time.monotonic() - begun < LONGEST, f"not enough was done: {done}"
        time.sleep(chance.uniform(0.1, 1.0))
        if restarts and chance.random() < 0.15 and len(done) > 2:
            restarts -= 1
            how = chance.choice(["stop", "kill"])
            getattr(server, how)()
            time.sleep(chance.uniform(0.0, 1.0))
            server.start()
            done.append(f"database {how}")
            continue
        cluster.supervise()
        # What has not begun to work yet is killed in vain.
        program = chance.choice(cluster.programs)
        others = [web for web in cluster.webs if web is not program]
        at_work = program.answers() if program.port else program.age > cluster.slow
        if not at_work or not any(web.answers() for web in others):
            continue
        program.kill()
        time.sleep(chance.uniform(0.0, 0.3))
        program.start()
        done.append(program.name)
    return done
