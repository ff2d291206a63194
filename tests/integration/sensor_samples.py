"""Sensors with readings at ten-minute marks, for tests on real databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import sqlalchemy as sa

from src.database.engine import writing
from src.sensors.readings import add_readings
from src.sensors.sensor_manager import SensorDescription, create_sensor_manager

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
HOUR, TEN_MINUTES = timedelta(hours=1), timedelta(minutes=10)


def add_sensor(engine: sa.Engine, name: str = "Saw heat", *, enabled: bool = True) -> int:
    """Add a sensor on a saw, and return its identifier."""
    description = SensorDescription(display_name=name, equipment="Saw", sensor_type="temperature", enabled=enabled)
    return create_sensor_manager(engine).add(description).sensor_id


def store(
    engine: sa.Engine,
    sensor_id: int,
    values: Sequence[float | None],
    *,
    start: datetime = NOON,
    step: timedelta = TEN_MINUTES,
    quality: Sequence[int] | int = 0,
) -> None:
    """Store a sensor's readings, a step apart."""
    times = [start + place * step for place in range(len(values))]
    frame = pd.DataFrame({"timestamp": times, "value": np.array(values, float), "data_quality": quality})
    with writing(engine) as connection:
        add_readings(connection, frame.assign(sensor_id=sensor_id))
