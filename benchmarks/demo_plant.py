"""The demo plant, made and stored: 90 days of 6 machines, three sensors each, on SQLite and on PostgreSQL.

Wanted: 233,280 times to read at made and stored in at most 5 s (a few of them the plant leaves out, as sensors do),
the training table in at most 1.5 s, the state of the plant in at most 50 ms.
PostgreSQL is measured where FAROL_TEST_POSTGRES_URL names a database, in a schema that is dropped afterwards.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from src.database.engine import engine_for, writing
from src.database.migrate import upgrade_database
from src.sensors.demo_plant import bring_up_to_now, load_demo_plant
from src.sensors.plant_state import plant_state
from src.sensors.training_table import get_dataframe_leituras_sensores

ROUNDS = 3


def main() -> None:
    """Print the median seconds of each step, by database."""
    with tempfile.TemporaryDirectory() as folder:
        _measure("SQLite", engine_for(f"sqlite:///{Path(folder) / 'farol.db'}"))
    server = os.environ.get("FAROL_TEST_POSTGRES_URL")
    if not server:
        print("FAROL_TEST_POSTGRES_URL names no database: PostgreSQL is not measured.")
        return
    with _schema_of_its_own(server) as engine:
        _measure("PostgreSQL", engine)


def _measure(name: str, engine: sa.Engine) -> None:
    print(f"{name}: migrate an empty database {_seconds(lambda: upgrade_database(engine)):.3f} s")
    again = statistics.median(_seconds(lambda: upgrade_database(engine)) for _ in range(20))
    print(f"{name}: migrate when there is nothing to do {1000 * again:.1f} ms")
    for step, run, wanted in (
        ("make and store the plant", lambda: load_demo_plant(clear=True, engine=engine), "at most 5 s"),
        ("bring it up to now when it is", lambda: bring_up_to_now(engine=engine), "a few ms"),
        ("the training table", lambda: get_dataframe_leituras_sensores(engine), "at most 1.5 s"),
        ("the state of the plant", lambda: plant_state(engine=engine), "at most 0.05 s"),
    ):
        seconds = statistics.median(_seconds(run) for _ in range(ROUNDS))
        print(f"{name}: {step} {seconds:.3f} s (wanted: {wanted})")
    print(f"{name}: {plant_state(engine=engine).readings:,} readings")
    engine.dispose()


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


@contextmanager
def _schema_of_its_own(server: str) -> Iterator[sa.Engine]:
    schema = f"benchmark_{uuid.uuid4().hex}"
    with writing(engine_for(server)) as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    url = sa.make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
    try:
        yield engine_for(url.render_as_string(hide_password=False))
    finally:
        with writing(engine_for(server)) as connection:
            connection.execute(sa.schema.DropSchema(schema, cascade=True))


if __name__ == "__main__":
    main()
