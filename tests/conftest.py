"""Fixtures of every test: a database that is made once and copied, a clock that is put back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from runtime import clock
from tests.databases import Databases, Server

# A busy machine is no defect: nothing here is judged by how long it takes.
hypothesis.settings.register_profile("guicheng", deadline=None)
hypothesis.settings.load_profile("guicheng")

# A Monday morning at the business place, well before the month's last workday.
START = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="what the tests keep their data in; postgresql comes from a wheel",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database") != "sqlite":
        embedded = [item for item in items if item.get_closest_marker("embedded")]
        config.hook.pytest_deselected(items=embedded)
        items[:] = [item for item in items if item not in embedded]
    # Of several workers none is left alone at the end with a file that takes minutes.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL, whatever this run keeps its data in."""
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Databases:
    """Where this run keeps its data."""
    embedded = request.config.getoption("--database") == "sqlite"
    return Databases(None if embedded else request.getfixturevalue("server"))


@pytest.fixture
def empty_database(databases: Databases, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables; also that of `Settings(home=tmp_path)`."""
    with databases.empty(tmp_path) as url:
        yield url


@pytest.fixture
def still_clock() -> Iterator[None]:
    """Time stands still, and moves only when a test moves it."""
    with clock.frozen(START):
        yield


@pytest.fixture(scope="session")
def seeded_home(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo department, set up once; tests copy it."""
    return demo_department(databases, tmp_path_factory.mktemp("seeded"))


def demo_department(databases: Databases, home: Path) -> Path:
    from tests import office

    with databases.building(home), clock.frozen(START - dt.timedelta(hours=1)):
        runtime = office.found(home)
        runtime.close()
    return home


@pytest.fixture
def seeded(databases: Databases, seeded_home: Path, tmp_path: Path) -> Iterator[Path]:
    """The home of a demo department of this test's own."""
    with databases.copied(seeded_home, tmp_path / "home") as home:
        yield home


@pytest.fixture
def office(seeded: Path, still_clock: None) -> Iterator[object]:
    """The demo department on a Monday morning."""
    from tests.office import Office, Runtime, Settings

    runtime = Runtime(Settings(home=seeded, demo=True))
    runtime.load()
    yield Office(runtime)
    runtime.close()


@pytest.fixture(scope="session")
def blank_home(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's people and processes, and books that are not open yet."""
    from runtime import demo
    from tests import office

    home = tmp_path_factory.mktemp("blank")
    with databases.building(home), clock.frozen(START - dt.timedelta(hours=1)):
        runtime = office.found(home, seeded=False)
        demo.seed(runtime, books=False)
        runtime.close()
    return home


@pytest.fixture
def blank(databases: Databases, blank_home: Path, tmp_path: Path, still_clock: None) -> Iterator[object]:
    """An installation with people and processes, and empty books."""
    from tests.office import Office, Runtime, Settings

    with databases.copied(blank_home, tmp_path / "home") as home:
        runtime = Runtime(Settings(home=home, demo=True))
        yield Office(runtime)
        runtime.close()


@pytest.fixture(scope="session")
def empty_home(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small firm with people and no processes; tests copy it and deploy their own."""
    return small_firm(databases, tmp_path_factory.mktemp("empty"))


def small_firm(databases: Databases, home: Path) -> Path:
    from runtime.bootstrap import Runtime
    from runtime.commands import accounts
    from runtime.identity import SYSTEM
    from runtime.settings import Settings

    with databases.building(home), clock.frozen(START - dt.timedelta(hours=1)):
        runtime = Runtime(Settings(home=home))
        runtime.upgrade()
        for username, group, superior in PEOPLE:
            runtime.do(
                accounts.add_person,
                SYSTEM,
                username,
                {"zh_Hans": username, "en": username.title()},
                groups=[group],
                superior=superior,
            )
        runtime.close()
    return home


# Sign-in name, group, superior. Two specialists, so that a group has more than one.
PEOPLE = [
    ("lead", "division_lead", None),
    ("boss", "manager", "lead"),
    ("sup", "supervisor", "boss"),
    ("spec", "specialist", "sup"),
    ("spec2", "specialist", "sup"),
    ("hr", "hr", "lead"),
    ("money", "finance", "lead"),
    ("buyer", "purchasing", "lead"),
    ("root", "admin", None),
]


@pytest.fixture
def firm(databases: Databases, empty_home: Path, tmp_path: Path, still_clock: None) -> Iterator[object]:
    """The small firm on a Monday morning; `firm.deploy(bpmn(…), …)` gives it processes."""
    from tests.office import Office, Runtime, Settings

    with databases.copied(empty_home, tmp_path / "home") as home:
        runtime = Runtime(Settings(home=home))
        runtime.load()
        yield Office(runtime)
        runtime.close()
