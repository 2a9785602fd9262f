"""Processes killed and the database restarted while people work: everything accepted is there once, nothing is stuck.

`GUICHENG_CLUSTER` is for how many seconds at least (10 by default), `GUICHENG_SEED` what is random."""

from __future__ import annotations

import collections
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import demo, doctor
from runtime.bootstrap import Runtime
from runtime.commands import tokens
from runtime.identity import SYSTEM
from runtime.settings import Settings
from tests.cluster import checker
from tests.cluster.cluster import Cluster, Person, free_port, havoc
from tests.databases import Databases, Server
from tests.diagrams import bpmn, element, end, start, timer, user
from tests.office import Office

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("GUICHENG_CLUSTER", "10"))
SEED = int(os.environ.get("GUICHENG_SEED", "20260309"))
NAP = bpmn(
    "nap",
    start(),
    timer("sleep", "timeDuration", "PT1S"),
    user("get_up", candidateGroups="supervisor"),
    end(),
)


# Another system is asked; what it does not answer is asked again soon.
URL = '<camunda:inputParameter name="url">http://127.0.0.1:{port}/hook</camunda:inputParameter>'
POSTED = (
    '<camunda:inputParameter name="method">POST</camunda:inputParameter>'
    '<camunda:inputParameter name="body"><camunda:map><camunda:entry key="sku">M8</camunda:entry></camunda:map>'
    "</camunda:inputParameter>"
)


def ask_outside(port: int) -> str:
    inside = (
        f"<extensionElements><camunda:inputOutput>{URL.format(port=port)}{POSTED}</camunda:inputOutput>"
        "<camunda:failedJobRetryTimeCycle>R20/PT1S</camunda:failedJobRetryTimeCycle></extensionElements>"
    )
    call = element("serviceTask", "call", inside, camunda__type="external", camunda__topic="http.request")
    return bpmn("ask_outside", start(), call, user("read", candidateGroups="supervisor"), end())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One of its own, since it is killed."""
    server = Server()
    yield server
    server.close()


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Of the other system, which every process of the installation may ask."""
    found = free_port()
    monkeypatch.setenv("GUICHENG_HTTP_HOSTS", f"http://127.0.0.1:{found}")
    return found


@pytest.fixture
def house(server: Server, tmp_path: Path, port: int) -> Iterator[Runtime]:
    """The demo department, as it would be on its first day."""
    databases = Databases(server)
    with databases.empty(tmp_path / "home"):
        runtime = Runtime(Settings(home=tmp_path / "home", demo=True))
        runtime.upgrade()
        runtime.sync(*runtime.folders())
        demo.seed(runtime)
        Office(runtime).deploy(NAP, ask_outside(port))
        yield runtime
        runtime.close()


def test_killed_at_random_everything_accepted_is_there_once(
    house: Runtime, server: Server, tmp_path: Path, port: int
) -> None:
    url = server.url(house.engine.url.database or "")
    chance, over = random.Random(SEED), threading.Event()
    token = {name: house.do(tokens.make, SYSTEM, name, "cluster", 1).secret for name in ("liyang", "chenjie")}
    with Cluster(tmp_path, port) as cluster:
        cluster.serving()
        people = [Person(cluster, token["liyang"], seed, starts=True, over=over) for seed in range(2)] + [
            Person(cluster, token["chenjie"], seed, starts=False, over=over) for seed in range(10, 13)
        ]
        for person in people:
            person.start()

        def enough(kills: int, seconds: float) -> bool:
            did = sum(len(person.started) + len(person.completed) for person in people)
            return seconds > SECONDS and kills > 8 and did > 60

        done = havoc(cluster, server, chance, max(1, int(SECONDS / 30)), enough)
        cluster.serving()
        over.set()
        for person in people:
            person.join(60)
        # Whatever is due is done by the workers that live, without anybody's help.
        until = time.monotonic() + 180
        while checker.unfinished(url) and time.monotonic() < until:
            cluster.supervise()
            checker.free(url, [program.process.pid for program in cluster.workers if program.process])
            time.sleep(0.2)
    started = [each for person in people for each in person.started]
    completed = [each for person in people for each in person.completed]
    told = sum((collections.Counter(person.told) for person in people), collections.Counter())
    sys.stderr.write(
        f"seed {SEED}: {dict(collections.Counter(done))}; {len(started)} started, {len(completed)} completed, "
        f"told {dict(told)}; {checker.counts(url)}, asked {len(cluster.noted.read_text().splitlines())} times\n"
    )

    assert [said for person in people for said in person.broken] == []
    assert len(started) > 10 and len(completed) > 5
    assert len({case for _, case in started}) == len(started), "one start, two answers"
    assert len(set(completed)) == len(completed), "one completion was accepted twice"
    assert checker.lost(url, started, completed) == []
    assert checker.findings(url) == []
    assert checker.counts(url)["delivered"] > 3
    assert checker.undelivered(url, cluster.noted) == []
    assert list(doctor.examine(house.engine, house.house)) == []
