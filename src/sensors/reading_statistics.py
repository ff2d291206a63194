"""What readings amount to, counted by the database: how many, how good, which values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from src.database.tables import sensor_readings
from src.sensors.bulk import in_parts
from src.sensors.history import is_usable, own_periods
from src.sensors.reading_stream import Period


@dataclass(frozen=True)
class ReadingStatistics:
    """What one sensor's readings of a period amount to; the figures are those of the good ones, in the sensor's unit.

    Attributes
    ----------
    readings, good : int
        All of them, and those that are good and have a value.
    mean, std, minimum, maximum : float
        `std` is the standard deviation of these readings themselves (divided by their number).
    first, last : datetime
        Times of the first and the last good reading, in UTC.
    """

    sensor_id: int
    readings: int
    good: int
    mean: float
    std: float
    minimum: float
    maximum: float
    first: datetime
    last: datetime


def reading_statistics(connection: Connection, periods: Mapping[int, Period]) -> dict[int, ReadingStatistics]:
    """Sum up the readings of some sensors, each of its own period; those without a good reading are left out."""
    found: dict[int, ReadingStatistics] = {}
    for some in map(dict, in_parts(periods.items())):
        rows = connection.execute(_summary(connection, some)).mappings().all()
        deviations = _deviations(connection, some, {row["sensor_id"]: row["mean"] for row in rows})
        for row in rows:
            found[row["sensor_id"]] = ReadingStatistics(**row, std=deviations[row["sensor_id"]])
    return found


def _summary(connection: Connection, periods: Mapping[int, Period]) -> sa.Select:
    table = sensor_readings.c
    is_good = is_usable()
    return (
        _in_periods(connection, periods, dict.fromkeys(periods, 0.0))[0]
        .add_columns(
            sa.func.count().label("readings"),
            sa.func.count().filter(is_good).label("good"),
            sa.func.avg(table.value).filter(is_good).label("mean"),
            sa.func.min(table.value).filter(is_good).label("minimum"),
            sa.func.max(table.value).filter(is_good).label("maximum"),
            sa.func.min(table.timestamp).filter(is_good).label("first"),
            sa.func.max(table.timestamp).filter(is_good).label("last"),
        )
        .having(sa.func.count().filter(is_good) > 0)
    )


def _deviations(connection: Connection, periods: Mapping[int, Period], means: Mapping[int, float]) -> dict[int, float]:
    """Standard deviations, in a second pass: from sums of squares alone, large values with a small spread lose it."""
    if not means:
        return {}
    known = {sensor_id: periods[sensor_id] for sensor_id in means}
    statement, mean = _in_periods(connection, known, means)
    distance = sensor_readings.c.value - mean
    statement = statement.where(is_usable()).add_columns(sa.func.avg(distance * distance))
    return {sensor_id: variance**0.5 for sensor_id, variance in connection.execute(statement)}


def _in_periods(
    connection: Connection, periods: Mapping[int, Period], means: Mapping[int, float]
) -> tuple[sa.Select, sa.ColumnElement[float]]:
    wanted, is_inside = own_periods(connection, periods, sa.column("mean", sa.Float), means)
    sensor_id = sensor_readings.c.sensor_id
    return sa.select(sensor_id).join_from(wanted, sensor_readings, is_inside).group_by(sensor_id), wanted.c.mean
