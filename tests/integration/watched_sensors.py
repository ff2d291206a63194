"""Sensors with hourly readings up to the last whole hour, for tests of the engine."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
import sqlalchemy as sa

from tests.integration.sensor_samples import HOUR, add_sensor, store


@lru_cache(maxsize=1)
def newest_hour() -> datetime:
    """When the hour before the present one began; the same for all tests of a run, though the clock goes on."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - HOUR


def usual_values(count: int, seed: int = 0) -> np.ndarray:
    """Hourly values with the season of the day, and noise."""
    rng = np.random.default_rng(seed)
    return 50 + 5 * np.sin(2 * np.pi * np.arange(count) / 24) + rng.normal(0, 1, count)


def watched_sensor(engine: sa.Engine, name: str = "Saw heat", *, hours: int = 200, left_out: int = 0) -> int:
    """Add a sensor with so many hourly readings, but for the last ones, and return its identifier."""
    sensor_id = add_sensor(engine, name)
    start = newest_hour() - (hours - 1) * HOUR
    store(engine, sensor_id, usual_values(hours)[: hours - left_out].tolist(), start=start, step=HOUR)
    return sensor_id


def store_latest(engine: sa.Engine, sensor_id: int, values: list[float | None], *, quality: int = 0) -> None:
    """Store the readings of the last hours."""
    store(engine, sensor_id, values, start=newest_hour() - (len(values) - 1) * HOUR, step=HOUR, quality=quality)
