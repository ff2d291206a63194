"""The plant behind a dashboard, as its sensors change it: what comes while somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import sqlalchemy as sa

from src.database.engine import engine_for, writing
from src.ml.forecast_ledger import issue_forecasts
from src.ml.issued_forecast import IssuedForecast
from src.ml.sensor_models.store import SensorModels
from src.ml.sensor_models.training import forecaster_name
from src.sensors.readings import add_readings
from src.sensors.sensor_manager import create_sensor_manager
from tests.e2e.server import Server

_HOUR = timedelta(hours=1)


def sensor_id_of(server: Server, name: str) -> int:
    """Look up a sensor by its name."""
    with _database(server) as engine:
        (sensor,) = create_sensor_manager(engine).find([name])
        return sensor.sensor_id


def add_reading(server: Server, name: str, value: float) -> None:
    """Have a sensor send a value now."""
    readings = {"sensor_id": [sensor_id_of(server, name)], "timestamp": [pd.Timestamp(datetime.now(UTC))]}
    with _database(server) as engine, writing(engine) as connection:
        add_readings(connection, pd.DataFrame(readings | {"value": value, "data_quality": 0}))


def forecast_badly(server: Server, name: str) -> None:
    """Have the ledger say that a sensor's forecaster, in its first version, was far off in hours that are over."""
    sensor_id = sensor_id_of(server, name)
    models = SensorModels(server.folder / "models" / "sensors").versions()
    values = np.full(6, 1e6)
    issued = IssuedForecast(
        sensor_id=sensor_id,
        model=models[forecaster_name(sensor_id, "auto")].facts["serving"],
        model_version=1,
        first_target=datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - 7 * _HOUR,
        interval=_HOUR,
        value=values,
        low_80=values,
        high_80=values,
        low_95=values,
        high_95=values,
    )
    with _database(server) as engine:
        issue_forecasts([issued], engine=engine)


@contextmanager
def _database(server: Server) -> Iterator[sa.Engine]:
    engine = engine_for(server.environment["FAROL_DATABASE_URL"])
    try:
        yield engine
    finally:
        engine.dispose()
