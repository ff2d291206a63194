"""Bringing the database's tables to what this version of Farol expects."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine

from src.database.engine import get_engine, reading, writing
from src.errors import DatabaseUnavailable

logger = logging.getLogger(__name__)

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_SECONDS = 120
_ADVISORY_LOCK = 0x4641524F4C  # "FAROL": any number that other applications in the same database do not use
_VERSION_TABLE = sa.table("alembic_version", sa.column("version_num"))


def newest_revision() -> str:
    """The revision that this version of Farol expects: the first four digits of the last migration's file.

    Alembic would tell it too, but importing Alembic takes longer than all else that a start does here.
    """
    return max(path.name[:4] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at; None before the first migration."""
    if not sa.inspect(connection).has_table(_VERSION_TABLE.name):
        return None
    return connection.scalar(sa.select(_VERSION_TABLE.c.version_num))


def upgrade_database(engine: Engine | None = None) -> bool:
    """Migrate to the newest revision, and cost a few milliseconds when that is done already.

    Processes that do it at once wait for one another: behind a lock file beside a SQLite file, behind an advisory
    lock in PostgreSQL. All migrations run in one transaction: after a failure the database is as it was.

    Returns
    -------
    bool
        Whether there was anything to do.

    Raises
    ------
    DatabaseUnavailable
        The database does not answer, stays locked, or comes from a newer version of Farol.
    """
    engine = engine or get_engine()
    with reading(engine) as connection:
        if _is_current(connection):
            return False
    with _one_process_at_a_time(engine), writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
        if _is_current(connection):
            return False
        _run_migrations(connection)
    logger.info("The database was migrated to revision %s.", newest_revision())
    return True


def _is_current(connection: Connection) -> bool:
    revision = current_revision(connection)
    if revision is not None and revision > newest_revision():
        raise DatabaseUnavailable(
            "The database is at revision {revision}, newer than this version of Farol, which knows {known}. "
            "Update Farol, or set FAROL_DATABASE_URL to another database.",
            revision=revision,
            known=newest_revision(),
        )
    return revision == newest_revision()


@contextmanager
def _one_process_at_a_time(engine: Engine) -> Iterator[None]:
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if not file or file == ":memory:":
        yield
        return
    lock = FileLock(f"{file}.migrate.lock", timeout=_LOCK_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        raise DatabaseUnavailable(
            "Another process has been migrating the database for {seconds} seconds. Wait for it, or end it.",
            seconds=_LOCK_SECONDS,
        ) from None
    except OSError as error:
        raise DatabaseUnavailable("The database's folder cannot be written: {reason}.", reason=str(error)) from error
    try:
        yield
    finally:
        lock.release()


def _run_migrations(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
