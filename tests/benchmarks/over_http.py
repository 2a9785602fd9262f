"""The same work over HTTP: one server process as an installation runs it (`guicheng serve`, its own threads
and worker), programs signed in, JSON; a start and three completions a case, by 1, 4 and 16 clients at once.

Each beside the same work through the commands in this process, by as many threads. Not here: the commands
themselves (steps.py), pages."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from runtime.commands import accounts, tokens
from runtime.identity import SYSTEM
from tests.benchmarks.measuring import Figure, Run, bench, percentile, side_by_side
from tests.benchmarks.workplace import ANSWERS, STEPS, Workplace, together, workplace

TARGET = "target 100 instances/s on two quiet cores"
MOST_HTTP = 3.0  # times what the command alone takes
PASSWORD = "correct horse battery"


class Client:
    """One connection that is kept. It costs as little as it can, for it shares the machine with the server."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.head = f"Host: 127.0.0.1\r\nAccept-Language: en\r\n{told}"
        self.taken: list[float] = []
        self.cookies: dict[str, str] = {}

    def call(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json"
    ) -> tuple[int, bytes]:
        """Status and body."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        more = f"Cookie: {cookies}\r\n" if cookies else ""
        if body:
            more += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        elif method == "POST":
            more += "Content-Length: 0\r\n"
        began = time.perf_counter()
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\n{self.head}{more}\r\n".encode() + body)
        data = b""
        while b"\r\n\r\n" not in data:
            got = self.socket.recv(65536)
            if not got:
                raise ConnectionError("the server hung up")
            data += got
        head, _, answer = data.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
        while length and len(answer) < int(length[1]):
            answer += self.socket.recv(65536)
        self.taken.append(time.perf_counter() - began)
        for name, value in re.findall(rb"\r\nset-cookie: ([^=]+)=([^;\r]*)", head, re.IGNORECASE):
            self.cookies[name.decode()] = value.decode()
        return int(head[9:12]), answer

    def json(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.call(method, path, json.dumps(body).encode() if body is not None else b"")
        if status >= 400:
            raise AssertionError((status, answer))
        return json.loads(answer)

    def work(self) -> None:
        """One case of the work, from its start to its end: four requests."""
        task = self.json("POST", "/api/v1/processes/work/start", {})["next_task"]
        for answers in ANSWERS.values():
            task = self.json("POST", f"/api/v1/tasks/{task}/complete", {"answers": answers})["next_task"]
        assert task is None

    def sign_in(self, username: str) -> None:
        """As a browser does; from now on its cookie says who asks."""
        token = re.search(rb'name="csrf-token" content="([^"]+)"', self.call("GET", "/sign-in")[1])
        assert token
        sent = f"username={username}&password={PASSWORD.replace(' ', '+')}&csrf_token={token[1].decode()}"
        status, _ = self.call("POST", "/sign-in", sent.encode(), "application/x-www-form-urlencoded")
        assert status == 302, status
        own = self.json("GET", "/api/v1/session")["csrf_token"]
        self.head += f"X-CSRFToken: {own}\r\n"


@dataclass(frozen=True)
class Server:
    port: int
    process: int

    def seconds(self) -> float | None:
        """Of CPU that its process has used; None where the system does not tell."""
        told = Path(f"/proc/{self.process}/stat")
        if not told.exists():
            return None
        user, kernel = told.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(kernel)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(office: Workplace) -> Iterator[Server]:
    """`guicheng serve` over the office's database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = Path(sys.executable).with_name("guicheng")
    environment = {**os.environ, "GUICHENG_HOME": str(office.runtime.settings.home)}
    log = (office.place / "serve.log").open("wb")
    server = subprocess.Popen(
        [program, "serve", "--port", str(port)], env=environment, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        for _ in range(1200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert server.poll() is None, (office.place / "serve.log").read_text()
                time.sleep(0.1)
        else:
            raise TimeoutError((office.place / "serve.log").read_text())
        yield Server(port, server.pid)
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()


@bench("http", "The work of performance.md over HTTP: one server process, signed in, JSON")
def http(run: Run) -> Iterator[Figure]:
    with workplace() as office:
        office.runtime.do(accounts.set_password, SYSTEM, "spec", PASSWORD)
        made = office.runtime.do(tokens.make, SYSTEM, "spec", "bench", 1)
        bearer = {"Authorization": f"Bearer {made.secret}"}
        with serving(office) as server:
            for clients in (1, 4, 16):
                programs = [Client(server.port, bearer) for _ in range(clients)]
                yield working(office, run, server, programs, f"{clients} by token")
            browser = Client(server.port, {})
            browser.sign_in("spec")
            yield working(office, run, server, [browser], "1 by session")


def working(office: Workplace, run: Run, server: Server, programs: list[Client], what: str) -> Figure:
    clients = len(programs)
    each = max(1, run.size(48, 2) // clients)
    units = each * clients * STEPS
    for program in programs:
        program.work()
        program.taken.clear()

    used: list[float] = []

    def by_http() -> float:
        before = server.seconds()
        took = all_at_once([program.work for program in programs])
        after = server.seconds()
        if before is not None and after is not None:
            used.append((after - before) * 1000 / units)
        return took

    def all_at_once(works: list[Callable[[], object]]) -> float:
        whole, _ = together(clients, [[work] * each for work in works])
        return whole * 1000 / units

    (took, command), ratio = side_by_side(
        run.size(7, 1),
        by_http,
        lambda: all_at_once([office.work] * clients),
    )
    taken = [each for program in programs for each in program.taken]
    note = (
        f"{1000 / took / STEPS:.0f} instances/s, p50 {percentile(taken, 0.5) * 1000:.1f}, "
        f"p95 {percentile(taken, 0.95) * 1000:.1f}; {TARGET}"
    )
    if used:
        note = f"{median(used):.2f} ms CPU of the server, {note}"
    return Figure(what, took, command, most=MOST_HTTP, ratio=ratio, against="the command", note=note)
