"""Migrations on real databases: they give the tables that the code expects, once, whoever starts at the same time."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from src.config import PROJECT_ROOT, get_settings
from src.database.engine import engine_for, reading, writing
from src.database.migrate import current_revision, newest_revision, upgrade_database
from src.database.tables import metadata
from src.errors import DatabaseUnavailable
from src.jobs import queue
from src.ml.repositories import PredictionRepository
from src.ml.sensor_prediction import SensorPrediction
from src.notes import Note
from src.sensors.demo_plant import load_demo_plant
from src.sensors.readings import read_readings

MIGRATE = "from src.database.migrate import upgrade_database; print(upgrade_database())"


@pytest.fixture
def engine(empty_engine: sa.Engine) -> sa.Engine:
    """A database that was migrated for this test alone."""
    upgrade_database(empty_engine)
    return empty_engine


def test_the_newest_revision_is_the_one_alembic_finds():
    config = Config()
    config.set_main_option("script_location", str(PROJECT_ROOT / "src" / "database" / "migrations"))
    assert newest_revision() == ScriptDirectory.from_config(config).get_current_head()


def test_the_migrated_database_has_the_tables_that_the_code_expects(engine):
    # Alembic cannot compare empty defaults on SQLite; the next test sees them there.
    options = {"compare_type": True, "compare_server_default": engine.dialect.name == "postgresql"}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_on_sqlite_the_tables_are_even_written_the_same_way(settings):
    """What a comparison of columns does not see: the clustering of the readings, the names of constraints."""
    migrated = engine_for(settings.effective_database_url)
    upgrade_database(migrated)
    created = engine_for(f"sqlite:///{settings.data_dir / 'created.db'}")
    with writing(created) as connection:
        metadata.create_all(connection)
    assert _definitions(migrated) == _definitions(created)
    created.dispose()


def _definitions(engine: sa.Engine) -> dict[str, str]:
    statement = sa.text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'")
    with reading(engine) as connection:
        return {name: _normalised(sql) for name, sql in connection.execute(statement)}


def _normalised(sql: str) -> str:
    """A table that a migration has written anew has quotes around its name and brackets around its defaults."""
    without_brackets = re.sub(r"DEFAULT \(([^()]*)\)", r"DEFAULT \1", sql.replace('"', ""))
    return re.sub(r"\s+", " ", without_brackets)


def test_migrating_again_does_nothing_and_costs_milliseconds(engine):
    def seconds() -> float:
        started = time.perf_counter()
        assert upgrade_database(engine) is False
        return time.perf_counter() - started

    assert min(seconds() for _ in range(10)) < 0.02


def test_processes_that_migrate_an_empty_database_at_once_all_succeed_and_one_does_it(empty_engine):
    program = [sys.executable, "-c", MIGRATE]
    processes = [
        subprocess.Popen(program, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    outcomes = [process.communicate(timeout=120) for process in processes]
    assert sorted(output.strip() for output, _ in outcomes) == ["False", "False", "False", "True"], outcomes
    with reading(empty_engine) as connection:
        assert current_revision(connection) == newest_revision()


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty_engine, monkeypatch):
    def fail_at_the_end(connection: sa.Connection) -> None:
        run(connection)
        raise OSError("the power went")

    from src.database import migrate

    run = migrate._run_migrations
    monkeypatch.setattr(migrate, "_run_migrations", fail_at_the_end)
    with pytest.raises(OSError, match="power"):
        upgrade_database(empty_engine)
    with reading(empty_engine) as connection:
        assert sa.inspect(connection).get_table_names() == []
    monkeypatch.undo()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(engine):
    with writing(engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable, match="9999"):
        upgrade_database(engine)


def test_starting_does_not_import_alembic_when_there_is_nothing_to_migrate(settings):
    upgrade_database()
    engine_for(get_settings().effective_database_url).dispose()
    program = f"{MIGRATE}; import sys; assert 'alembic' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "False"), done.stderr


def test_titles_of_jobs_from_before_they_were_notes_are_still_read(empty_engine):
    config = Config()
    config.set_main_option("script_location", str(PROJECT_ROOT / "src" / "database" / "migrations"))
    with writing(empty_engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        insert = (
            "INSERT INTO jobs (job_id, kind, title, parameters, state, created_at) VALUES (:id, 'add', :t, '{}', :s, "
        )
        insert += "0)" if connection.dialect.name == "sqlite" else "now())"
        connection.execute(sa.text(insert), {"id": "ab", "t": "Compare {models}: 100 %", "s": "done"})
    assert upgrade_database(empty_engine) is True
    assert str(queue.fetch("ab").title) == "Compare {models}: 100 %"
    long = Note("{source}", {"source": "x" * 1000})
    assert queue.insert("cd", "add", long, {}).title == long


def test_a_plant_from_before_there_were_predictions_keeps_its_readings_and_can_go_back(empty_engine):
    config = Config()
    config.set_main_option("script_location", str(PROJECT_ROOT / "src" / "database" / "migrations"))
    with writing(empty_engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    load_demo_plant(days=1, equipment=1, engine=empty_engine)
    before = len(read_readings(engine=empty_engine))
    assert upgrade_database(empty_engine) is True
    assert len(read_readings(engine=empty_engine)) == before > 0
    PredictionRepository(empty_engine).save(
        SensorPrediction(
            sensor_id=1,
            model_type="FORECASTER",
            prediction_timestamp=datetime(2024, 1, 1, tzinfo=UTC),
            forecasted_value=1.0,
        )
    )
    with writing(empty_engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
    assert len(read_readings(engine=empty_engine)) == before
