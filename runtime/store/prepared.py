"""Statements that are said at every step: built and compiled once, then given to the driver as they are.

    BY_ID = Prepared(sa.select(cases).where(cases.c.id == sa.bindparam("b_id")))
    row = BY_ID.first(tx, b_id=7)

SQLAlchemy builds, keys and looks up a statement each time it is said, and describes what comes back, which
costs several times what the database does with it. Here a statement goes to the driver's cursor; the types
convert as they do there, and errors and who listens to statements are told the same (decision 0029). Not
here: any table, and what is said seldom."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, Protocol

import sqlalchemy as sa

Convert = Callable[[Any], Any]


class Speaker(Protocol):
    """A db.Transaction."""

    @property
    def connection(self) -> sa.Connection: ...


@dataclass(frozen=True)
class _Compiled:
    """For one dialect. `pick`: parameters in their positions, None where they go by name; `fixed`: those that
    stand in the statement itself; `into`, `places`, `out`: how values are converted, by name, by position
    and by column. None is NULL in every type that we have."""

    text: str
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]] | None
    fixed: Mapping[str, Any]
    into: Mapping[str, Convert]
    places: tuple[tuple[int, Convert], ...]
    out: tuple[tuple[int, Convert], ...]

    def given(self, parameters: Mapping[str, Any]) -> Any:
        values = {**self.fixed, **parameters} if self.fixed else parameters
        if self.pick is None:
            into = self.into
            return {name: into[name](value) if name in into else value for name, value in values.items()}
        picked = self.pick(values)
        if not self.places:
            return picked
        row = list(picked)
        for place, convert in self.places:
            if row[place] is not None:
                row[place] = convert(row[place])
        return tuple(row)

    def read(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for position, convert in self.out:
            if values[position] is not None:
                values[position] = convert(values[position])
        return values


class Prepared:
    """`columns`: what an INSERT or UPDATE writes, given by name beside its own parameters."""

    def __init__(self, statement: sa.sql.expression.Executable, columns: Iterable[str] = ()) -> None:
        self._statement: Any = statement
        self._columns = list(columns)
        self._compiled: dict[str, _Compiled] = {}
        selected = getattr(statement, "exported_columns", None) or ()
        self.names = tuple(column.name for column in selected)
        self._types = [column.type for column in selected]

    def all(self, tx: Speaker, **parameters: Any) -> list[list[Any]]:
        """Every row, as a list of its columns."""
        compiled = self._for(tx)
        rows, _ = say(tx.connection, compiled.text, compiled.given(parameters))
        return [compiled.read(row) for row in rows]

    def one(self, tx: Speaker, **parameters: Any) -> list[Any] | None:
        """The only row, as a list of its columns, or None."""
        found = self.all(tx, **parameters)
        return found[0] if found else None

    def rows(self, tx: Speaker, **parameters: Any) -> list[Any]:
        """Every row, by the names of its columns."""
        names = self.names
        return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in self.all(tx, **parameters)]

    def first(self, tx: Speaker, **parameters: Any) -> Any:
        """The only row, by the names of its columns, or None."""
        found = self.rows(tx, **parameters)
        return found[0] if found else None

    def run(self, tx: Speaker, **parameters: Any) -> int:
        """How many rows it changed."""
        compiled = self._for(tx)
        return say(tx.connection, compiled.text, compiled.given(parameters))[1]

    def each(self, tx: Speaker, rows: Sequence[Mapping[str, Any]]) -> None:
        """Once for each of `rows`."""
        compiled = self._for(tx)
        given = [compiled.given(row) for row in rows]
        if len(given) > 1:
            say(tx.connection, compiled.text, given, many=True)
        else:
            say(tx.connection, compiled.text, given[0])

    def _for(self, tx: Speaker) -> _Compiled:
        dialect = tx.connection.dialect
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = self._compile(dialect)
        return found

    def _compile(self, dialect: sa.Dialect) -> _Compiled:
        # As for many rows: what comes back is only what the statement itself asks for.
        compiled = self._statement.compile(
            dialect=dialect,
            column_keys=self._columns or None,
            for_executemany=True,
        )
        # A list whose length is not known here: write in_(listed(…)) or in_([sa.literal(…), …]).
        assert not compiled.post_compile_params, compiled.post_compile_params
        into: dict[str, Convert] = {}
        for bind, name in compiled.bind_names.items():
            convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if convert is not None:
                into[name] = convert
        out = []
        for position, kind in enumerate(self._types):
            convert = kind.dialect_impl(dialect).result_processor(dialect, None)
            if convert is not None:
                out.append((position, convert))
        fixed = {
            name: bind.effective_value for bind, name in compiled.bind_names.items() if not bind.required
        }
        order = tuple(compiled.positiontup or ()) if compiled.positional else None
        places = tuple((place, into[name]) for place, name in enumerate(order or ()) if name in into)
        pick = None if order is None else _picked(order)
        return _Compiled(compiled.string, pick, fixed, into, places, tuple(out))


def _picked(order: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(order) > 1:
        return itemgetter(*order)
    # An itemgetter of one name gives no tuple.
    return lambda values: tuple(values[name] for name in order)


def say(
    connection: sa.Connection, text: str, given: Any = (), *, many: bool = False
) -> tuple[Sequence[Sequence[Any]], int]:
    """A statement as the driver takes it: the rows that come back, and how many were changed.

    Raises what SQLAlchemy would."""
    driver: Any = connection.connection.dbapi_connection
    cursor = driver.cursor()
    try:
        for listener in connection.engine.dispatch.before_cursor_execute:
            listener(connection, cursor, text, given, None, many)
        if many:
            cursor.executemany(text, given)
        else:
            cursor.execute(text, given)
        return cursor.fetchall() if cursor.description is not None else (), cursor.rowcount
    except BaseException as error:
        if isinstance(error, connection.dialect.loaded_dbapi.Error) or not isinstance(error, Exception):
            # It tells what the error means for the connection and to those who listen (db.connect).
            connection._handle_dbapi_exception(error, text, given, cursor, None)
        raise
    finally:
        cursor.close()


def size(values: Collection[Any]) -> int:
    """How many parameters an IN of these values has: a power of two, so that few statements serve all lists."""
    return 1 << max(len(values) - 1, 0).bit_length()


def listed(name: str, parameters: int) -> list[sa.BindParameter[Any]]:
    """The values of an IN of that `size`, which `numbered` gives."""
    return [sa.bindparam(f"{name}{position}") for position in range(parameters)]


def numbered(name: str, values: Collection[Any]) -> dict[str, Any]:
    """Parameter → value, of an IN that is `listed`; the last value as often as there is room, NULL if there is none."""
    given = list(values) or [None]
    given += given[-1:] * (size(given) - len(given))
    return {f"{name}{position}": value for position, value in enumerate(given)}


def row(table: sa.Table, values: Sequence[Any], **more: Any) -> Any:
    """The columns of one table, by name; `more` beside them."""
    return SimpleNamespace(**dict(zip(_names(table), values, strict=True)), **more)


def _names(table: sa.Table) -> tuple[str, ...]:
    found: tuple[str, ...] = table.info.setdefault("names", tuple(table.c.keys()))
    return found
