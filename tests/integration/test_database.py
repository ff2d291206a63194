"""The engine on real databases: transactions, times, and what is said when a database does not answer."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from src.config import PROJECT_ROOT
from src.database.engine import engine_for, reading, writing
from src.database.tables import app_state, jobs, sensor_readings
from src.errors import DatabaseUnavailable, InvalidSettings


def _put(connection: sa.Connection, key: str, value: object) -> None:
    connection.execute(sa.insert(app_state).values(key=key, value=value))


def test_a_transaction_that_fails_keeps_nothing(engine):
    def half_of_it() -> None:
        with writing(engine) as connection:
            _put(connection, "half", 1)
            raise RuntimeError("in between")

    with pytest.raises(RuntimeError):
        half_of_it()
    with reading(engine) as connection:
        assert connection.execute(sa.select(app_state)).all() == []


def test_reading_does_not_wait_for_a_writer_and_sees_nothing_unfinished(engine):
    with writing(engine) as writer:
        _put(writer, "unfinished", 1)
        with reading(engine) as reader:
            assert reader.execute(sa.select(app_state)).all() == []


def test_writers_in_several_threads_wait_for_one_another(engine):
    with writing(engine) as connection:
        _put(connection, "count", 0)

    def count_up() -> None:
        for _ in range(20):
            with writing(engine) as connection:
                row = sa.select(app_state.c.value).where(app_state.c.key == "count").with_for_update()
                value = connection.scalar(row)
                connection.execute(sa.update(app_state).values(value=value + 1))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as connection:
        assert connection.scalar(sa.select(app_state.c.value)) == 80


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC),
        datetime(2263, 1, 1, 0, 0, 0, 999_999, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 7, 1, 9, 30, tzinfo=timezone(timedelta(hours=-3))),
    ],
)
def test_a_time_comes_back_to_the_microsecond_and_in_utc(moment, engine):
    with writing(engine) as connection:
        connection.execute(
            sa.insert(jobs).values(job_id="one", kind="test", parameters={}, state="queued", created_at=moment)
        )
    with reading(engine) as connection:
        read = connection.scalar(sa.select(jobs.c.created_at))
    assert read == moment
    assert read.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(engine):
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    row = sa.insert(jobs).values(job_id="one", kind="test", parameters={}, state="queued", created_at=naive)
    with pytest.raises(sa.exc.StatementError, match="no time zone"), writing(engine) as connection:
        connection.execute(row)


def test_a_reading_of_an_unknown_sensor_is_refused(engine):
    row = sa.insert(sensor_readings).values(sensor_id=7, timestamp=datetime(2026, 1, 1, tzinfo=UTC), value=1.0)
    with pytest.raises(sa.exc.IntegrityError), writing(engine) as connection:
        connection.execute(row)


def test_a_file_that_is_no_database_is_named_as_the_reason(tmp_path):
    (tmp_path / "farol.db").write_bytes(b"not a database at all" * 100)
    engine = engine_for(f"sqlite:///{tmp_path / 'farol.db'}")
    with pytest.raises(DatabaseUnavailable, match="file is not a database"), reading(engine):
        pass


def test_a_server_that_is_not_there_is_named_as_the_reason():
    engine = engine_for("postgresql://nobody@127.0.0.1:9/farol")
    with pytest.raises(DatabaseUnavailable, match="port 9 failed"), reading(engine):
        pass


@pytest.mark.parametrize("url", ["mysql://host/farol", "farol", "postgresql://host:port/farol"])
def test_a_url_that_cannot_be_used_is_refused_without_echoing_it(url):
    with pytest.raises(InvalidSettings, match="FAROL_DATABASE_URL") as refused:
        engine_for(url)
    assert url not in str(refused.value)


def test_a_folder_that_cannot_be_made_is_named():
    with pytest.raises(DatabaseUnavailable, match="folder"):
        engine_for(f"sqlite:///{PROJECT_ROOT / 'Makefile' / 'farol.db'}")
