"""Fixtures for all tests: settings that point into a temporary folder."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa

from src.config import Settings, get_settings
from src.database.engine import engine_for, writing
from src.database.migrate import upgrade_database
from src.database.tables import metadata


@pytest.fixture(autouse=True)
def main_module_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the main module back after a test: AppTest leaves its page there, and a spawned process would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of their own for one test: database, models, data and logs below `tmp_path`."""
    for name in ("MODELS", "DATA", "LOG"):
        monkeypatch.setenv(f"FAROL_{name}_DIR", str(tmp_path / name.lower()))
    # Said aloud, because otherwise the environment or `.env` of whoever runs the tests could name a real database.
    monkeypatch.setenv("FAROL_DATABASE_URL", f"sqlite:///{tmp_path / 'data' / 'farol.db'}")
    get_settings.cache_clear()
    settings = get_settings()
    yield settings
    engine_for(settings.effective_database_url).dispose()
    get_settings.cache_clear()


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """The kind of database that a test runs on: once on each, unless the test names one."""
    return request.param


@pytest.fixture
def empty_engine(dialect: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """A database of its own for one test, without any table; the settings name it too."""
    if dialect == "sqlite":
        yield engine_for(settings.effective_database_url)  # disposed of by `settings`
        return
    with _own_schema() as url:
        engine = _engine_in_the_settings(url, monkeypatch)
        yield engine
        engine.dispose()


@pytest.fixture
def engine(
    dialect: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[sa.Engine]:
    """A migrated database with nothing in it; the settings name it too."""
    if dialect == "sqlite":
        request.getfixturevalue("sqlite_database")
        yield engine_for(settings.effective_database_url)  # disposed of by `settings`
        return
    engine = _engine_in_the_settings(request.getfixturevalue("migrated_schema"), monkeypatch)
    _empty(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_database(settings: Settings, migrated_file: Path) -> None:
    """The SQLite database of the settings, migrated and with nothing in it."""
    file = Path(sa.make_url(settings.effective_database_url).database or "")
    file.parent.mkdir(exist_ok=True)
    shutil.copy(migrated_file, file)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file that is migrated once; each test gets a copy."""
    file = tmp_path_factory.mktemp("migrated") / "farol.db"
    engine = engine_for(f"sqlite:///{file}")
    upgrade_database(engine)
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def migrated_schema() -> Iterator[str]:
    """The URL of a schema in PostgreSQL that is migrated once; each test empties it first."""
    with _own_schema() as url:
        engine = engine_for(url)
        upgrade_database(engine)
        engine.dispose()
        yield url


@contextmanager
def _own_schema() -> Iterator[str]:
    """Make a schema in the database that FAROL_TEST_POSTGRES_URL names, and drop it afterwards."""
    server = os.environ.get("FAROL_TEST_POSTGRES_URL")
    if not server:
        pytest.skip("FAROL_TEST_POSTGRES_URL names no PostgreSQL database")
    schema = f"test_{uuid.uuid4().hex}"
    _on(server, sa.schema.CreateSchema(schema))
    url = sa.make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
    yield url.render_as_string(hide_password=False)
    _on(server, sa.schema.DropSchema(schema, cascade=True))


def _on(server: str, statement: sa.Executable) -> None:
    """Run a statement, and leave no connection behind."""
    engine = engine_for(server)
    with writing(engine) as connection:
        connection.execute(statement)
    engine.dispose()


def _engine_in_the_settings(url: str, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    monkeypatch.setenv("FAROL_DATABASE_URL", url)
    get_settings.cache_clear()
    return engine_for(get_settings().effective_database_url)


def _empty(engine: sa.Engine) -> None:
    """Delete all rows and count from one again; TRUNCATE takes ten times as long for tables as small as these."""
    restart = (
        "SELECT setval(format('%I', sequencename)::regclass, start_value, false)"
        " FROM pg_sequences WHERE schemaname = current_schema()"
    )
    with writing(engine) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))
        connection.execute(sa.text(restart))


@pytest.fixture(scope="session")
def components_found_once() -> Iterator[None]:
    """Let Streamlit search the installed packages for components once; each AppTest would, for half a second."""
    from streamlit.components.v2 import manifest_scanner

    search = cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", search)
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data, or a skip that says what is missing."""
    folder = os.environ.get("FAROL_REAL_DATA")
    if not folder:
        pytest.skip("FAROL_REAL_DATA names no folder of real data")
    return Path(folder)
