"""The database as the features see it: two session types, one transaction per step, names for constraints."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import MetaData, event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from app.kit.errors import HubError
from app.kit.json import dumps_text, loads


class Base(DeclarativeBase):
    """Every table of the hub; constraints get predictable names so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ReadSession(AsyncSession):
    """For looking. PostgreSQL itself refuses a write."""


class WriteSession(ReadSession):
    """For changing; fits wherever a ReadSession does."""


class Database:
    """One pool; sessions for reading, and transactions that commit when their block ends well."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._read_engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadSession]:
        """One consistent look at the database: all queries of the block see the same moment."""
        async with ReadSession(self._read_engine, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[WriteSession]:
        """One short transaction: committed when the block ends well, rolled back otherwise."""
        async with WriteSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()


def open_database(
    url: str, *, pool_size: int = 10, application_name: str = "rakor", first_words: str | None = None
) -> Database:
    """Open a pool on a `postgresql://` URL; the driver is asyncpg. JSON numbers stay exact decimals.

    `first_words` is a statement that every new connection says before it is used for anything else.
    """
    settings = {"application_name": application_name, "timezone": "UTC", "jit": "off"}
    engine = create_async_engine(
        driver_url(url, "asyncpg"),
        pool_size=pool_size,
        max_overflow=10,
        pool_pre_ping=True,
        json_serializer=dumps_text,
        json_deserializer=loads,
        connect_args={"server_settings": settings, "timeout": 10, "command_timeout": 120},
    )
    if first_words is not None:
        _say_first(engine, first_words)
    return Database(engine)


def _say_first(engine: AsyncEngine, statement: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def greet(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        try:
            cursor.execute(statement)
            connection.commit()
        except engine.dialect.dbapi.ProgrammingError as error:  # type: ignore[union-attr]  # there is a driver
            connection.rollback()
            # A schema that is older than the program knows no such function yet.
            if getattr(error, "sqlstate", None) != "42883":
                raise
        finally:
            cursor.close()


@asynccontextmanager
async def speaking_plainly(session: ReadSession) -> AsyncIterator[asyncpg.Connection]:
    """The driver's own connection, within the session's transaction: for COPY, and for reads of many rows.

    Everybody above knows the driver's errors as SQLAlchemy tells them.
    """
    connection = await session.connection()
    driver: asyncpg.Connection = (await connection.get_raw_connection()).driver_connection
    if not driver.is_in_transaction():
        # The transaction begins with the first statement that SQLAlchemy sends.
        await connection.exec_driver_sql("SELECT")
    try:
        yield driver
    except asyncpg.PostgresError as error:
        told = DBAPIError("plainly", None, error)
        if driver.is_closed() or is_outage(told):
            told.connection_invalidated = True
            await connection.invalidate(error)
        raise told from error
    except HubError:
        raise
    except BaseException as error:
        # Lost, or broken off in the middle: the pool must not hand this connection out again.
        await connection.invalidate(error)
        if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
            raise DBAPIError("plainly", None, error, connection_invalidated=True) from error
        raise


class Asker:
    """One connection of its own for one small question that is asked all the time: a round trip, and nothing around it."""

    def __init__(self, database: Database, statement: str) -> None:
        url = database.engine.url.render_as_string(hide_password=False)
        self._url = driver_url(url, "")
        self._statement = statement
        self._connection: asyncpg.Connection | None = None
        self._prepared: Any = None
        self._turn = asyncio.Lock()

    async def ask(self) -> Any:
        """The one value that the statement gives, committed by others up to now. A lost connection is opened anew once."""
        async with self._turn:
            if self._prepared is not None:
                try:
                    return await self._prepared.fetchval(timeout=_ASKING_SECONDS)
                except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                    self._let_go()
            try:
                connection = await asyncpg.connect(self._url, timeout=_ASKING_SECONDS, server_settings=_ASKER)
                self._connection = connection
                self._prepared = await connection.prepare(self._statement)
                return await self._prepared.fetchval(timeout=_ASKING_SECONDS)
            except BaseException:
                self._let_go()
                raise

    async def close(self) -> None:
        async with self._turn:
            self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
        self._connection = self._prepared = None


_ASKING_SECONDS = 10.0
_ASKER = {"application_name": "rakor", "default_transaction_read_only": "on", "jit": "off"}


def driver_url(url: str, driver: str) -> str:
    """Name the driver in a PostgreSQL URL, whatever was named before (`postgres://`, `postgresql+psycopg://`, …)."""
    _scheme, separator, rest = url.partition("://")
    if not separator:
        msg = "a database URL looks like postgresql://user:password@host:5432/name"
        raise ValueError(msg)
    return f"postgresql+{driver}://{rest}" if driver else f"postgresql://{rest}"


async def take_turns(session: WriteSession, key: str) -> None:
    """Take turns with every other transaction that names the same key, until this one ends."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


async def write_for_node(session: WriteSession, node_id: int) -> None:
    """Open this transaction for one node's rows: the database refuses to write those of any other, until it ends.

    Said where it was decided that the writer may, not where the rows are written: whatever is mixed up in between is
    refused. A transaction that writes for several nodes says it before each of them.
    """
    await session.execute(text("SELECT set_config('rakor.node', :node, true)"), {"node": str(node_id)})


_OUTAGE_STATES = ("08", "28", "3D", "40", "53", "57P")
"""Classes of SQLSTATE that say nothing of the statement: no connection, no entry, no such database, a deadlock that was
broken up, no room, shutting down or starting up."""


def is_outage(error: BaseException) -> bool:
    """Whether the database was lost (it may come back), rather than having refused a statement (a fault of ours)."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return (
            error.connection_invalidated
            or isinstance(error, OperationalError | InterfaceError)
            or state.startswith(_OUTAGE_STATES)
        )
    return isinstance(error, OSError | TimeoutError | PoolExhausted)


def is_unmigrated(error: BaseException) -> bool:
    """Whether a statement failed because a table or column is not there: the schema is older than the program."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in {"42P01", "42703"}
