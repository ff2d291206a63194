"""Fixtures for all tests: settings that point into a temporary folder."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from src.config import Settings, get_settings
from src.database.engine import engine_for, writing
from src.database.migrate import upgrade_database


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
def empty_engine(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[sa.Engine]:
    """An empty database of its own for one test, once in SQLite and once in PostgreSQL; the settings name it too.

    In PostgreSQL that is a schema in the database that FAROL_TEST_POSTGRES_URL names, dropped afterwards.
    """
    if request.param == "sqlite":
        yield engine_for(settings.effective_database_url)  # disposed of by `settings`
        return
    server = os.environ.get("FAROL_TEST_POSTGRES_URL")
    if not server:
        pytest.skip("FAROL_TEST_POSTGRES_URL names no PostgreSQL database")
    schema = f"test_{uuid.uuid4().hex}"
    with writing(engine_for(server)) as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    url = sa.make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
    monkeypatch.setenv("FAROL_DATABASE_URL", url.render_as_string(hide_password=False))
    get_settings.cache_clear()
    engine = engine_for(get_settings().effective_database_url)
    yield engine
    engine.dispose()
    with writing(engine_for(server)) as connection:
        connection.execute(sa.schema.DropSchema(schema, cascade=True))
    engine_for(server).dispose()


@pytest.fixture
def engine(empty_engine: sa.Engine) -> sa.Engine:
    """The same, migrated."""
    upgrade_database(empty_engine)
    return empty_engine


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data, or a skip that says what is missing."""
    folder = os.environ.get("FAROL_REAL_DATA")
    if not folder:
        pytest.skip("FAROL_REAL_DATA names no folder of real data")
    return Path(folder)
