"""What holds on PostgreSQL alone: several processes, connections that break, its own types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Databases, Server


@pytest.fixture(scope="session")
def databases(server: Server) -> Databases:
    """PostgreSQL, whatever the run is over."""
    return Databases(server)


@pytest.fixture
def restarted(server: Server) -> Iterator[Server]:
    """The server, which runs again after the test."""
    yield server
    server.start()


@pytest.fixture(scope="session")
def empty_home(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.conftest import small_firm

    return small_firm(databases, tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="session")
def seeded_home(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.conftest import demo_department

    return demo_department(databases, tmp_path_factory.mktemp("seeded"))
