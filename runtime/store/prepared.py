"""Statements that are said at every step: built and compiled once, then given to the driver as they are.

    BY_ID = Prepared(sa.select(cases).where(cases.c.id == sa.bindparam("b_id")))
    row = BY_ID.first(tx, b_id=7)

SQLAlchemy builds, keys and looks up a statement each time it is said, which costs several times what the
database does with it. Here the types convert as they do there; errors and what listens to statements are
the same. Not here: any table, and what is said seldom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    """For one dialect. `order`: parameters by position, None where they go by name; `fixed`: those that
    stand in the statement itself; `into`, `out`: how values are converted, by name and by column."""

    text: str
    order: tuple[str, ...] | None
    fixed: Mapping[str, Any]
    into: Mapping[str, Convert]
    out: tuple[tuple[int, Convert], ...]

    def given(self, parameters: Mapping[str, Any]) -> Any:
        values = {**self.fixed, **parameters} if self.fixed else parameters
        into = self.into
        if self.order is not None:
            return tuple(into[name](values[name]) if name in into else values[name] for name in self.order)
        return {name: into[name](value) if name in into else value for name, value in values.items()}

    def read(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for position, convert in self.out:
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
        found = tx.connection.exec_driver_sql(compiled.text, compiled.given(parameters))
        return [compiled.read(row) for row in found.all()]

    def one(self, tx: Speaker, **parameters: Any) -> list[Any] | None:
        """The only row, as a list of its columns, or None."""
        compiled = self._for(tx)
        row = tx.connection.exec_driver_sql(compiled.text, compiled.given(parameters)).first()
        return None if row is None else compiled.read(row)

    def first(self, tx: Speaker, **parameters: Any) -> Any:
        """The only row, by the names of its columns, or None."""
        row = self.one(tx, **parameters)
        return None if row is None else SimpleNamespace(**dict(zip(self.names, row, strict=True)))

    def run(self, tx: Speaker, **parameters: Any) -> int:
        """How many rows it changed."""
        compiled = self._for(tx)
        return int(tx.connection.exec_driver_sql(compiled.text, compiled.given(parameters)).rowcount)

    def each(self, tx: Speaker, rows: Sequence[Mapping[str, Any]]) -> None:
        """Once for each of `rows`."""
        compiled = self._for(tx)
        given = [compiled.given(row) for row in rows]
        tx.connection.exec_driver_sql(compiled.text, given if len(given) > 1 else given[0])

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
        # A list whose length is not known here: write in_([sa.bindparam(…), …]) or in_([sa.literal(…), …]).
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
        order = tuple(compiled.positiontup) if compiled.positional else None
        fixed = {
            name: bind.effective_value for bind, name in compiled.bind_names.items() if not bind.required
        }
        return _Compiled(compiled.string, order, fixed, into, tuple(out))


def row(table: sa.Table, values: Sequence[Any], **more: Any) -> Any:
    """The columns of one table, by name; `more` beside them."""
    return SimpleNamespace(**dict(zip(_names(table), values, strict=True)), **more)


def _names(table: sa.Table) -> tuple[str, ...]:
    found: tuple[str, ...] = table.info.setdefault("names", tuple(table.c.keys()))
    return found
