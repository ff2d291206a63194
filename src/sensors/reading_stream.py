"""Readings of one sensor in bulk, a part at a time: however many there are, memory stays small."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from src.database.tables import EPOCH, activities, sensor_readings, sensors
from src.errors import InvalidPeriod
from src.sensors.readings import microseconds

ROWS_AT_ONCE = 50_000
_STEPS_LOOKED_AT = 500
READING = np.dtype([("time", "<i8"), ("value", "<f8"), ("quality", "<i2")])
"""Microseconds since 1970 (UTC), the value (NaN for none), and the `DataQuality` code."""


@dataclass(frozen=True)
class Period:
    """A stretch of time: `start` belongs to it, `end` no more.

    Raises
    ------
    InvalidPeriod
        It ends before it starts, or at once.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise InvalidPeriod(
                "The period ends at {end}, which is not after its start at {start}. Choose other days.",
                start=f"{self.start.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
                end=f"{self.end.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
            )

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds()


def stream_readings(
    connection: Connection, sensor_id: int, period: Period | None = None, *, rows: int = ROWS_AT_ONCE
) -> Iterator[np.ndarray]:
    """Read a sensor's readings, all or those of a period, in the order of time.

    Yields
    ------
    ndarray of READING, shape (n,)
        At most `rows` at a time. An infinite value, which none of our imports lets in, comes as NaN.
    """
    table = sensor_readings.c
    # No value is infinity on its way: NumPy takes no None into numbers, and the driver's rows go straight into it.
    value = sa.func.coalesce(table.value, sa.literal(float("inf"), sa.Float))
    statement = (
        sa.select(microseconds(connection), value, table.data_quality)
        .where(table.sensor_id == sensor_id, *in_period(period))
        .order_by(table.timestamp)
    )
    with _rows(connection, statement) as found:
        while (part := np.fromiter(islice(found, rows), READING)).size:
            part["value"][np.isinf(part["value"])] = np.nan
            yield part


@contextmanager
def _rows(connection: Connection, statement: sa.Select[Any]) -> Iterator[Iterator[tuple[Any, ...]]]:
    """The rows one by one, without having them all in memory."""
    if connection.dialect.name == "sqlite":  # its driver's cursor reads as it goes, faster than through SQLAlchemy
        with connection.execute(statement) as result:
            yield iter(result.cursor)  # type: ignore[call-overload]
    else:
        with connection.execute(statement.execution_options(stream_results=True)) as result:
            yield map(tuple, result)


def in_period(period: Period | None) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on a reading that is in a period."""
    column = sensor_readings.c.timestamp
    return [column >= period.start, column < period.end] if period else []


def expected_interval(connection: Connection, sensor_id: int, period: Period | None = None) -> float | None:
    """Return the median of the last 500 steps between a sensor's readings, of all or of a period, in seconds.

    None with fewer than three readings.
    """
    column = sensor_readings.c.timestamp
    last = (
        sa.select(microseconds(connection))
        .where(sensor_readings.c.sensor_id == sensor_id, *in_period(period))
        .order_by(column.desc())
        .limit(_STEPS_LOOKED_AT + 1)
    )
    times = np.array(connection.scalars(last).all(), np.int64)
    return float(np.median(-np.diff(times))) / 1e6 if times.size > 2 else None


def span_of_readings(connection: Connection) -> dict[int, tuple[datetime, datetime]]:
    """Look up the times of each sensor's first and last reading; it steps down the key and reads no history."""
    table = sensor_readings.c
    own = table.sensor_id == sensors.c.sensor_id
    first, last = (
        sa.select(table.timestamp).where(own).order_by(order).limit(1).scalar_subquery()
        for order in (table.timestamp, table.timestamp.desc())
    )
    rows = connection.execute(sa.select(sensors.c.sensor_id, first, last))
    return {sensor_id: (start, end) for sensor_id, start, end in rows if start is not None}


def data_version(connection: Connection) -> str:
    """Return a text that is another one once a person has changed something, or a newer reading has come.

    It is quick however much there is. Older readings that a program of your own adds do not change it.
    """
    last_act = connection.scalar(sa.select(sa.func.max(activities.c.activity_id))) or 0
    spans = span_of_readings(connection)
    return f"{last_act}-{hash(tuple(sorted((key, *span) for key, span in spans.items()))):x}"


def as_datetime(time: int) -> datetime:
    """Return microseconds since 1970 as a time."""
    return EPOCH + np.timedelta64(int(time), "us").astype(object)
