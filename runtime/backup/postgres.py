"""Backups of PostgreSQL, by its own pg_dump and pg_restore (custom format).

The password is handed over in the environment of the tool alone: a command line is seen by everybody."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from runtime.backup.about import COUNTED, About, BackupUnusable, InUse, ToolFailed, ToolMissing
from runtime.store.erasures import RESTORED

MAINTENANCE = "postgres"  # the database from which others are made and renamed


def save(engine: Engine, target: Path, folder: str) -> About:
    """Dump the database as it is at this moment. The counts are of just before."""
    with engine.connect() as connection:
        revision = str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar())
        counts = {
            name: int(connection.execute(sa.text(query)).scalar() or 0) for name, query in COUNTED.items()
        }
    _run("pg_dump", folder, engine, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    found = look(target, folder)
    if found.revision != revision:
        raise ToolFailed(tool="pg_dump", reason=f"the dump is not of version {revision}")
    return replace(found, counts=counts)


def look(file: Path, folder: str) -> About:
    """Of which version it is, and its tombstones; what else is in it only a restore can tell. Raises
    BackupUnusable."""
    asked = [f"--table={name}" for name in ("alembic_version", "people", "admin_log", "erasures")]
    try:
        # Read to its end, so that one that was cut off is refused before anything is replaced.
        _run("pg_restore", folder, None, "--file", os.devnull, str(file))
        told = _run("pg_restore", folder, None, "--data-only", *asked, "--file=-", str(file))
    except ToolFailed as error:
        raise BackupUnusable(file=file, reason=error.params["reason"]) from error
    versions = _rows(told, "alembic_version")
    if not versions:
        raise BackupUnusable(file=file, reason="it holds no installation of Guicheng")
    people, erased = (sorted(_rows(told, name), key=_number) for name in ("people", "erasures"))
    restored = sorted((row for row in _rows(told, "admin_log") if row["action"] == RESTORED), key=_number)
    line = restored[-1]["subject"] if restored else people[0]["public_id"] if people else ""
    links = tuple(row["link"] for row in erased)
    return About(versions[0]["version_num"], {}, file.stat().st_size, line, links)


def _rows(told: str, table: str) -> list[dict[str, str]]:
    """The rows of a table in a script of pg_restore: column → text, as COPY escapes it."""
    found = re.search(rf"^COPY \S*\b{table} \(([^)]*)\) FROM stdin;\n(.*?)^\\\.$", told, re.MULTILINE | re.DOTALL)
    if found is None:
        return []
    columns = found[1].split(", ")
    return [dict(zip(columns, row.split("\t"), strict=True)) for row in found[2].splitlines()]


def _number(row: Mapping[str, str]) -> int:
    return int(row["id"])


def restore(engine: Engine, file: Path, stamp: str, folder: str, settle: Callable[[str], None]) -> list[str]:
    """Make a database out of the dump, settle it, and let it take the place of what stood there, which is kept under
    another name.

    The account must be allowed to make databases. Raises InUse, ToolFailed; then all is as before."""
    name = str(engine.url.database)
    when = stamp.replace("-", "_").lower()
    before, beside = f"{name[:32]}_before_restore_{when}", f"{name[:32]}_restoring_{when}"
    quote = engine.dialect.identifier_preparer.quote_identifier
    engine.dispose()
    server = sa.create_engine(engine.url.set(database=MAINTENANCE), isolation_level="AUTOCOMMIT")
    made = sa.create_engine(engine.url.set(database=beside))
    try:
        with server.connect() as connection:
            _free(connection, name)
            # One that is there already is another restore's, and is not thrown away by this one.
            connection.exec_driver_sql(f"CREATE DATABASE {quote(beside)} TEMPLATE template0")
            try:
                _run("pg_restore", folder, made, "--no-owner", "--no-privileges", "--exit-on-error", str(file))
                settle(made.url.render_as_string(hide_password=False))
                # Both names change at once: at no moment is there no database.
                with server.execution_options(isolation_level="READ COMMITTED").begin() as swap:
                    there = _free(swap, name)
                    if there:
                        swap.exec_driver_sql(f"ALTER DATABASE {quote(name)} RENAME TO {quote(before)}")
                    swap.exec_driver_sql(f"ALTER DATABASE {quote(beside)} RENAME TO {quote(name)}")
            except BaseException:
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {quote(beside)} WITH (FORCE)")
                raise
    except sa.exc.DBAPIError as error:
        raise ToolFailed(tool="PostgreSQL", reason=str(error.orig)) from error
    finally:
        server.dispose()
    return [before] if there else []


def _free(connection: sa.Connection, database: str) -> bool:
    """Whether there is a database of this name. Raises InUse when somebody is connected to it."""
    counted = sa.text(
        "SELECT count(a.pid) FROM pg_database d LEFT JOIN pg_stat_activity a ON a.datname = d.datname"
        " WHERE d.datname = :name GROUP BY d.datname"
    )
    found = connection.execute(counted, {"name": database}).scalar()
    if found:
        raise InUse()
    return found is not None


def _tool(name: str, folder: str) -> str:
    found = shutil.which(name, path=folder or None)
    if found is None:
        raise ToolMissing(tool=name)
    return found


def _run(tool: str, folder: str, engine: Engine | None, *words: str) -> str:
    """What the tool says; connected to the engine's database if one is given. Raises ToolMissing, ToolFailed."""
    command = [_tool(tool, folder), *words]
    environment = dict(os.environ)
    if engine is not None:
        _, options = engine.dialect.create_connect_args(engine.url)
        asked = {name: str(value) for name, value in options.items() if name != "context"}
        password = asked.pop("password", "")
        if password:
            environment["PGPASSWORD"] = password
        connection = " ".join(f"{name}={_quoted(value)}" for name, value in sorted(asked.items()))
        command[1:1] = [f"--dbname={connection}", "--no-password"]
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ToolFailed(tool=tool, reason=done.stderr.strip()[-2000:] or str(done.returncode))
    return done.stdout


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
