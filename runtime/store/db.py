"""The database: one engine, one metadata, exact column types, transactions.

Not here: any table (each store or ledger module declares its own), any rule of the
business. SQLite runs with WAL, synchronous=FULL and BEGIN IMMEDIATE for writers;
PostgreSQL by URL."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine, ExceptionContext, Row, make_url
from sqlalchemy.types import TypeDecorator

from runtime import values
from runtime.errors import Invalid
from runtime.store import lending, outages, turns
from runtime.store.prepared import Prepared, say

# One within another has the same name: the innermost is meant, and the driver knows what it is told.
_SAVEPOINT, _UNDO, _RELEASE = "SAVEPOINT part", "ROLLBACK TO SAVEPOINT part", "RELEASE SAVEPOINT part"
WAIT = 5  # seconds for a lock (SQLite: for its one writer to finish), or for a free connection

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class AmountTooLarge(Invalid):
    """The amount {amount} is larger than the books can hold."""

    code = "amount.too_large"


class AmountTooFine(Invalid):
    """The amount {amount} has more than four decimal places."""

    code = "amount.too_fine"


class UnknownDatabase(Invalid):
    """A database is named as postgresql://user:password@host/name; no other kind is known."""

    code = "database.unknown"


class Again(BaseException):
    """The database gave up on the transaction (busy, deadlock, connection cut): `why` says what it means.

    Not an Exception, so that no step takes it for a failure of its own and goes on in what is lost."""

    def __init__(self, why: Exception) -> None:
        self.why = why
        super().__init__(why)


class Exact(TypeDecorator[Decimal]):
    """A Decimal of at most four places, stored as an integer of ten-thousandths.

    Sums in SQL stay exact on both databases; nothing passes through a float."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Any) -> int | None:
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError("a float is not exact")
        scaled = Decimal(value).scaleb(4)
        if not scaled.is_finite() or abs(scaled) > values.MAX_INTEGER:
            raise AmountTooLarge(amount=value)
        stored = int(scaled)
        if stored != scaled:
            raise AmountTooFine(amount=value)
        return stored

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:
        if value is None:
            return None
        value = int(value)
        return Decimal(value).scaleb(-4).normalize() if value % 10_000 else Decimal(value // 10_000)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeDecorator[Decimal]:
        return self


# Of rows that are never done counting: ten million cases a day use up 32 bits within weeks. SQLite's are 64 bits
# wide anyway, and must be called INTEGER there.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Instant(TypeDecorator[dt.datetime]):
    """A moment in UTC, to the microsecond: timestamptz, or sortable ISO text on SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        text = dialect.name == "sqlite"
        return dialect.type_descriptor(sa.String(27) if text else sa.DateTime(timezone=True))

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a moment needs a zone")
        return _sortable(value) if dialect.name == "sqlite" else value.astimezone(dt.UTC)

    def process_result_value(self, value: Any, dialect: Any) -> dt.datetime | None:
        if value is None:
            return None
        return dt.datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(dt.UTC)


@lru_cache(maxsize=1000)
def _sortable(value: dt.datetime) -> str:
    # All that a step writes has one of two moments. The zone is +00:00, six characters.
    return value.astimezone(dt.UTC).isoformat(timespec="microseconds")[:-6] + "Z"


class Tagged(TypeDecorator[Any]):
    """A case's value as tagged JSON text (values.py)."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else values.dumps(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else values.loads(value)


@dataclass
class Transaction:
    """One unit of work. `now` is its one business time; `house` what bootstrap wired.

    Written only through here, committed or rolled back by whoever opened it."""

    connection: Connection
    now: dt.datetime
    house: Any = None
    committed: list[Callable[[], None]] = field(default_factory=list)
    memo: dict[Any, Any] = field(default_factory=dict)  # what was asked once need not be asked again

    def execute(self, statement: Any, parameters: Any = None) -> sa.CursorResult[Any]:
        return self.connection.execute(statement, parameters)

    def all(self, statement: Any, parameters: Any = None) -> Sequence[Row[Any]]:
        return self.connection.execute(statement, parameters).all()

    def first(self, statement: Any, parameters: Any = None) -> Row[Any] | None:
        return self.connection.execute(statement, parameters).first()

    def scalar(self, statement: Any, parameters: Any = None) -> Any:
        return self.connection.execute(statement, parameters).scalar()

    def insert(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Many rows in one statement."""
        if rows:
            _insert(table, tuple(rows[0])).each(self, rows)

    def after_commit(self, act: Callable[[], None]) -> None:
        """Do this once the transaction has committed; never if it does not."""
        if act not in self.committed:
            self.committed.append(act)

    def alone(self, *what: str) -> None:
        """From here to its end no other transaction does any of `what`: those that ask wait.

        SQLite has one writer at a time anyway."""
        if self.connection.dialect.name == "postgresql":
            # All in one order, so that no two wait for one another.
            for key in sorted({lock_number(name) for name in what}):
                self.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))

    def plan_anew(self) -> None:
        """From here to its end each statement is planned for what it is given.

        PostgreSQL keeps one plan for all that those said often may be given. SQLite's are the same for all."""
        if self.connection.dialect.name == "postgresql":
            _said(self.connection, "SET LOCAL plan_cache_mode = force_custom_plan")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what the block wrote if it raises."""
        say(self.connection, _SAVEPOINT)
        try:
            yield
        except BaseException:
            # What the database itself has undone has no savepoint to go back to.
            with suppress(sa.exc.SQLAlchemyError, Again):
                say(self.connection, _UNDO)
                say(self.connection, _RELEASE)
            raise
        say(self.connection, _RELEASE)

    @contextmanager
    def inner(self, now: dt.datetime, *, apart: bool = True) -> Iterator[Transaction]:
        """A unit of work of its own, at `now`, that commits with this one. `apart`: it stands or falls alone,
        which costs a savepoint; else whoever opened this one must let all of it fall with it."""
        with self.savepoint() if apart else nullcontext():
            own = Transaction(self.connection, now, self.house)
            yield own
        for act in own.committed:
            self.after_commit(act)


def upsert(tx: Transaction, table: sa.Table) -> Any:
    """An INSERT that knows ON CONFLICT, which SQLAlchemy keeps with each dialect."""
    return upsert_of(tx.connection.dialect.name, table)


def upsert_of(dialect: str, table: sa.Table) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)


def forget_over(tx: Transaction, table: sa.Table, most: int = 100) -> int:
    """Delete some rows of a table whose moment `until` is over; those that somebody is at are left to them. How many.

    Said last in a transaction: it waits for nobody, so that no two wait for one another."""
    (key,) = table.primary_key
    over = sa.select(key).where(table.c.until <= tx.now).limit(most).with_for_update(skip_locked=True)
    return tx.execute(sa.delete(table).where(key.in_(over))).rowcount


@lru_cache(maxsize=1000)
def _insert(table: sa.Table, columns: tuple[str, ...]) -> Prepared:
    return Prepared(sa.insert(table), columns)


def lock_number(name: str) -> int:
    """The number of PostgreSQL's advisory lock `name`: 64 bits, since two names with one number would
    wait for one another, and in no order."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


# What each connection to PostgreSQL is told, in milliseconds: how long a lock is waited for, and how
# long somebody who has fallen silent in the middle may keep locks from others.
LIMITS = (("lock_timeout", WAIT * 1000), ("idle_in_transaction_session_timeout", 60_000))
# A machine that vanished is noticed within half a minute; the URL may say otherwise.
REACH = {
    "application_name": "guicheng",
    "connect_timeout": WAIT,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
# What each connection to an embedded database is told.
SQLITE = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={WAIT * 1000}")
# And has at hand: the words that search knows (search.py). It keeps nothing, so each connection has its own, and
# there is nothing to migrate or to copy.
VOCABULARY = "CREATE VIRTUAL TABLE temp.case_search_words USING fts5vocab(main, case_search, row)"


def locate(url: str | URL) -> URL:
    """The address of a database with the driver that we speak through. Raises UnknownDatabase."""
    try:
        address = make_url(url)
    except sa.exc.ArgumentError:
        # What was given may hold a password: it is not repeated.
        raise UnknownDatabase() from None
    if address.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return address.set(drivername="postgresql+psycopg")
    if address.drivername in ("sqlite", "sqlite+pysqlite"):
        return address
    raise UnknownDatabase()


def connect(url: str | URL) -> Engine:
    """An engine for `url`; SQLite's settings are per connection.

    What a failed statement was given stays out of its error: errors are kept, shown and logged."""
    address = locate(url)
    engine = _postgresql(address) if address.get_backend_name() == "postgresql" else _sqlite(address)

    @event.listens_for(engine, "handle_error")
    def give_up(context: ExceptionContext) -> Again | None:
        # What a commit meets is told by `writing`: nobody may run that again without looking.
        if context.connection is None or context.statement is None or context.sqlalchemy_exception is None:
            return None
        writes = context.connection.get_execution_options().get("writing", False)
        if not writes or outages.meaning(context.sqlalchemy_exception) is None:
            return None
        return Again(context.sqlalchemy_exception)

    return engine


def _postgresql(address: URL) -> Engine:
    """Every thread of a process may hold a connection; a stale one is noticed by its first statement,
    and the transaction is run again on a new one."""
    given = address.query.get("options", "")
    options = [*([given] if isinstance(given, str) else given), *(f"-c {name}={ms}" for name, ms in LIMITS)]
    return sa.create_engine(
        address.update_query_dict({"options": " ".join(options).strip()}),
        connect_args=REACH,
        poolclass=lending.Pool,
        pool_size=8,
        max_overflow=56,
        pool_timeout=WAIT,
        hide_parameters=True,
    )


def _sqlite(address: URL) -> Engine:
    # Of each statement the driver keeps what SQLite made of it: there are some hundred, and 128 are its default.
    arguments = {"timeout": WAIT, "check_same_thread": False, "cached_statements": 1000}
    engine = sa.create_engine(
        address, connect_args=arguments, poolclass=lending.Pool, hide_parameters=True
    )
    lending.pool(engine).line = turns.Line(WAIT)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # The driver must not begin on its own: `begin` below decides deferred or immediate.
        connection.isolation_level = None
        for pragma in SQLITE:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(VOCABULARY)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Deferred writers fail with BUSY when two upgrade at once; immediate ones queue.
        if connection.get_execution_options().get("reading", False):
            _said(connection, "BEGIN")
        else:
            turns.begin_writing(connection, WAIT)

    return engine


def _to_write(connection: Connection) -> Connection:
    if connection.dialect.name == "sqlite":
        # Whoever stands in turns.Line asks by themselves; once the turn is theirs nothing makes them wait.
        _said(connection, "PRAGMA busy_timeout=0")
    return connection.execution_options(writing=True)


def _to_write_no_more(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and not connection.invalidated:
        _said(connection, f"PRAGMA busy_timeout={WAIT * 1000}")


def _to_read(connection: Connection) -> Connection:
    if connection.dialect.name == "sqlite":
        _said(connection, "PRAGMA query_only=ON")
        return connection.execution_options(reading=True)
    # Said with BEGIN, so that it costs no round trip.
    return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _to_read_no_more(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and not connection.invalidated:
        _said(connection, "PRAGMA query_only=OFF")


def _said(connection: Connection, setting: str) -> None:
    # By the driver itself: this is no statement of anybody's.
    driver: Any = connection.connection.dbapi_connection
    driver.execute(setting)


WRITING = lending.Use("writing", _to_write, _to_write_no_more)
READING = lending.Use("reading", _to_read, _to_read_no_more)


@contextmanager
def writing(engine: Engine, now: Callable[[], dt.datetime], house: Any = None) -> Iterator[Transaction]:
    """A transaction that commits at the end of the block, or rolls back if it raises.

    Raises outages.Full, outages.Unsure when the commit fails."""
    with lending.pool(engine).line, lending.lent(engine, WRITING) as connection:
        begun = connection.begin()
        # Its time is when its turn has come, so that of two writers the later one is the later one.
        tx = Transaction(connection, now(), house)
        try:
            yield tx
        except BaseException:
            # What is cut off, or was undone by the database itself, has nothing to roll back.
            with suppress(sa.exc.SQLAlchemyError):
                begun.rollback()
            raise
        outages.told(begun.commit)
    for act in tx.committed:
        act()


@contextmanager
def reading(engine: Engine, now: dt.datetime, house: Any = None) -> Iterator[Transaction]:
    """A consistent view; nothing can be written."""
    with lending.lent(engine, READING) as connection, connection.begin():
        yield Transaction(connection, now, house)
