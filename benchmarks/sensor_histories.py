"""What models of sensors stand on, for 1,000 sensors with a reading every ten minutes in 168 hours.

Run: ``python -m benchmarks.sensor_histories``. Side by side in one run: hourly means made by the database, as they are
used, and made in NumPy from the readings themselves; wanted: not slower. Then the ledger: a day's forecasts issued for
all sensors, and all that was issued held against the readings. PostgreSQL is measured too where FAROL_TEST_POSTGRES_URL
names a database, in a schema that is dropped afterwards.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Engine

from benchmarks.import_readings import schema_of_its_own
from src.database.engine import engine_for, reading, writing
from src.database.migrate import upgrade_database
from src.database.tables import sensors
from src.ml.forecast_accuracy import forecast_accuracies
from src.ml.forecast_ledger import issue_forecasts
from src.ml.issued_forecast import IssuedForecast
from src.ml.repositories import SensorReadingsRepository
from src.sensors.history import latest_periods, read_histories
from src.sensors.readings import add_readings

SENSORS, HOURS, DAYS_OF_FORECASTS = 1_000, 168, 6
HOUR = timedelta(hours=1)
START = datetime(2024, 3, 1, tzinfo=UTC)
_Result = TypeVar("_Result")


def main() -> int:
    """Measure and print; 1 if the database's means are slower."""
    with TemporaryDirectory() as folder:
        ratios = [_measure("SQLite", engine_for(f"sqlite:///{Path(folder) / 'farol.db'}"))]
        if server := os.environ.get("FAROL_TEST_POSTGRES_URL"):
            with schema_of_its_own(server) as url:
                engine = engine_for(url)
                ratios.append(_measure("PostgreSQL", engine))
                engine.dispose()
        else:
            print("FAROL_TEST_POSTGRES_URL names no database: PostgreSQL is not measured.")
    return int(max(ratios) > 1)


def _measure(name: str, engine: Engine) -> float:
    upgrade_database(engine)
    _fill(engine)
    ids = range(1, SENSORS + 1)
    by_database, series = _best(lambda: SensorReadingsRepository(engine).series_of_sensors(ids, HOURS))
    by_numpy, means = _best(lambda: _means_in_numpy(engine, list(ids)))
    assert all(np.allclose(series[key].values, means[key], equal_nan=True) for key in ids)
    ratio = by_database / by_numpy
    print(f"{name}: hourly means {by_database:.2f} s in the database, {by_numpy:.2f} s in NumPy: ratio {ratio:.2f}")
    issuing = [_timed(lambda day=day: _issue(engine, day))[0] for day in range(DAYS_OF_FORECASTS)]  # type: ignore[misc]
    print(f"{name}: 1,000 forecasts of 24 steps issued in {np.median(issuing):.2f} s")
    seconds, accuracies = _timed(lambda: forecast_accuracies(engine=engine))
    steps = sum(accuracy.errors.steps for accuracy in accuracies.values() if accuracy.errors)
    print(f"{name}: {steps:,} steps held against the readings in {seconds:.2f} s")
    return ratio


def _fill(engine: Engine) -> None:
    times = pd.date_range(START, periods=HOURS * 6, freq="10min")
    rng = np.random.default_rng(0)
    with writing(engine) as connection:
        rows = [
            {"sensor_id": key, "display_name": f"Sensor {key}", "equipment": f"Machine {key // 10}", "sensor_type": "x"}
            for key in range(1, SENSORS + 1)
        ]
        connection.execute(sa.insert(sensors), rows)
        for some in np.array_split(np.arange(1, SENSORS + 1), 10):
            readings = {
                "sensor_id": np.repeat(some, len(times)),
                "timestamp": times[np.tile(np.arange(len(times)), some.size)],
                "value": rng.normal(50, 5, some.size * len(times)),
                "data_quality": (rng.random(some.size * len(times)) < 0.01).astype(int),
            }
            add_readings(connection, pd.DataFrame(readings))


def _means_in_numpy(engine: Engine, ids: list[int]) -> dict[int, np.ndarray]:
    with reading(engine) as connection:
        histories = read_histories(connection, latest_periods(connection, ids, HOURS * HOUR))
    found = {}
    for key, history in histories.items():
        hours = history.timestamps.astype("datetime64[h]").astype(np.int64)
        sums, counts = (np.bincount(hours - hours[0], weights) for weights in (history.values, None))
        with np.errstate(invalid="ignore"):
            found[key] = sums / counts
    return found


def _issue(engine: Engine, day: int) -> None:
    rng = np.random.default_rng(day)
    values = rng.normal(50, 2, (SENSORS, 24))
    issue_forecasts(
        (
            IssuedForecast(
                sensor_id=place + 1,
                model="auto",
                model_version=1,
                first_target=START + day * 24 * HOUR,
                interval=HOUR,
                value=value,
                low_80=value - 3,
                high_80=value + 3,
                low_95=value - 5,
                high_95=value + 5,
            )
            for place, value in enumerate(values)
        ),
        engine=engine,
    )


def _best(act: Callable[[], _Result], runs: int = 3) -> tuple[float, _Result]:
    return min((_timed(act) for _ in range(runs)), key=lambda run: run[0])


def _timed(act: Callable[[], _Result]) -> tuple[float, _Result]:
    started = time.perf_counter()
    result = act()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    sys.exit(main())
