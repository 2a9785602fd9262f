"""Bringing a database to this version: Alembic, driven from here and never from a folder of the user."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from runtime import clock
from runtime.store.db import Transaction

FOLDER = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


@cache
def head() -> str | None:
    """The newest revision that this version knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def known(revision: str) -> bool:
    """Whether this version can bring tables of `revision` to its own."""
    return revision in {each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions()}


def current(engine: Engine) -> bool:
    """Whether the database is at this version."""
    with engine.connect().execution_options(reading=True) as connection:
        return MigrationContext.configure(connection).get_current_revision() == head()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Create or change the tables, up to a revision; all or nothing."""
    config = _config()
    with engine.begin() as connection:
        # Of two machines that begin at once the second waits, and finds nothing left to do.
        Transaction(connection, clock.now()).alone("migrate")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
