"""The one engine of a process, tuned for SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from src.config import get_settings
from src.errors import DatabaseUnavailable, InvalidSettings

SQLITE_BUSY_SECONDS = 30
POSTGRES_CONNECT_SECONDS = 10


def get_engine() -> Engine:
    """Return the engine for the database that the settings name."""
    return engine_for(get_settings().effective_database_url)


@lru_cache(maxsize=8)
def engine_for(url: str) -> Engine:
    """Make an engine, without connecting yet.

    Raises
    ------
    InvalidSettings
        The URL is not one of SQLite or PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number is a plain ValueError
        raise InvalidSettings(
            "FAROL_DATABASE_URL is not a database URL. Write sqlite:///file or postgresql://…"
        ) from None
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            connect_args={} if "connect_timeout" in parsed.query else {"connect_timeout": POSTGRES_CONNECT_SECONDS},
        )
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed)
    raise InvalidSettings(
        "FAROL_DATABASE_URL names {backend!r}; SQLite and PostgreSQL are supported.", backend=parsed.get_backend_name()
    )


def _sqlite_engine(url: sa.URL) -> Engine:
    if url.database and url.database != ":memory:":
        _make_folder(Path(url.database).parent)
    engine = sa.create_engine(url, connect_args={"timeout": SQLITE_BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def tune(connection, _record) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred BEGIN that turns into a write fails at once when another process wrote in between.
        options = connection.get_execution_options()
        connection.exec_driver_sql("BEGIN" if options.get("read_only") else "BEGIN IMMEDIATE")

    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnavailable("The database's folder cannot be made: {reason}.", reason=str(error)) from error


@contextmanager
def reading(engine: Engine | None = None) -> Iterator[Connection]:
    """Open a connection for reading only; it waits for no writer."""
    with _named_failures(), (engine or get_engine()).connect() as connection:
        connection = connection.execution_options(read_only=True)
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine | None = None) -> Iterator[Connection]:
    """Open a transaction for writing: all of it is kept, or none."""
    with _named_failures(), (engine or get_engine()).begin() as connection:
        yield connection


@contextmanager
def separate_connection(engine: Engine | None = None) -> Iterator[Connection]:
    """Open a connection for several transactions, and close it afterwards: its temporary tables go with it.

    A transaction is begun by `beginning`.
    """
    with _named_failures(), (engine or get_engine()).connect() as connection:
        connection.detach()
        yield connection


@contextmanager
def beginning(connection: Connection, *, read_only: bool = False) -> Iterator[None]:
    """Begin a transaction on a separate connection; one for reading only waits for no writer."""
    connection.execution_options(read_only=read_only)
    with connection.begin():
        yield


@contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        if not _is_unavailability(error):
            raise
        raise DatabaseUnavailable(
            "The database does not answer: {reason}. Check FAROL_DATABASE_URL and the disk, then try again.",
            reason=next(iter(str(error.orig).strip().splitlines()), type(error.orig).__name__),
        ) from error


def _is_unavailability(error: DatabaseError) -> bool:
    """Not a mistake in a statement or in its values: those must be seen as what they are."""
    # SQLite says of a file that is no database, or a damaged one, just DatabaseError.
    return isinstance(error, OperationalError) or type(error.orig) is sqlite3.DatabaseError
