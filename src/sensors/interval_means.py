"""Means of the good readings of each hour, or of another interval, made in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import sqlalchemy as sa
from sqlalchemy import BigInteger, Connection

from src.database.tables import EPOCH, UtcDateTime, sensor_readings
from src.errors import InvalidPeriod
from src.sensors.bulk import in_parts
from src.sensors.history import is_usable, latest_periods, own_periods, plain_rows
from src.sensors.moments import as_utc
from src.sensors.reading_stream import Period

HOUR = timedelta(hours=1)
MOST_INTERVALS = 5_000_000
_SECOND, _MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)
_MEAN = np.dtype([("sensor_id", "<i8"), ("place", "<i8"), ("mean", "<f8")])


@dataclass(frozen=True)
class IntervalMeans:
    """Means of one sensor's good readings over equal intervals, from the first that has a reading to the last.

    Attributes
    ----------
    start : datetime
        When the first interval starts, in UTC; intervals start at whole multiples of their length since 1970.
    interval : timedelta
        Length of an interval.
    values : ndarray of float64, shape (n,)
        In the sensor's unit; NaN where an interval has no good reading.
    """

    sensor_id: int
    start: datetime
    interval: timedelta
    values: np.ndarray

    def __len__(self) -> int:
        return self.values.size

    @property
    def timestamps(self) -> np.ndarray:
        """Starts of the intervals in UTC, datetime64[us], shape (n,)."""
        first = np.datetime64((self.start - EPOCH) // _MICROSECOND, "us")
        return first + np.arange(self.values.size) * np.timedelta64(self.interval // _MICROSECOND, "us")

    @property
    def observed(self) -> tuple[np.ndarray, np.ndarray]:
        """Starts and means of the intervals that have a good reading."""
        known = ~np.isnan(self.values)
        return self.timestamps[known], self.values[known]

    @property
    def end(self) -> datetime:
        """When the last interval ends, which is when the next one would start."""
        return self.start + self.values.size * self.interval


def latest_means(
    connection: Connection,
    sensor_ids: Sequence[int],
    length: timedelta,
    *,
    interval: timedelta = HOUR,
    until: datetime | None = None,
) -> dict[int, IntervalMeans]:
    """Make for each sensor the series of that length that ends with its newest good reading.

    An interval that is not over yet is left out: its mean would be another one later. Sensors without a good reading
    are left out too.

    Parameters
    ----------
    until : datetime, optional
        Intervals that are not over then do not count; the present by default.

    Raises
    ------
    InvalidPeriod
        The interval is shorter than a second, or there would be more than five million.
    """
    _check_interval(length, interval)
    over = floor_to(interval, as_utc(until) if until is not None else datetime.now(UTC))
    periods = latest_periods(connection, sensor_ids, length, over)
    intervals = -(-length // interval)
    whole = {}
    for sensor_id, period in periods.items():
        end = floor_to(interval, period.end - _MICROSECOND) + interval
        whole[sensor_id] = Period(end - intervals * interval, end)
    return means_of_periods(connection, whole, interval=interval)


def means_of_periods(
    connection: Connection, periods: Mapping[int, Period], *, interval: timedelta = HOUR
) -> dict[int, IntervalMeans]:
    """Make series of some sensors, each of its own period; those that have no good reading in it are left out.

    Raises
    ------
    InvalidPeriod
        The interval is shorter than a second, or there would be more than five million.

    Notes
    -----
    The database makes the means: of a reading every ten minutes, a sixth of the rows have to be fetched
    (`benchmarks/sensor_histories.py` holds it beside NumPy).
    """
    for period in periods.values():
        _check_interval(period.end - period.start, interval)
    found: dict[int, IntervalMeans] = {}
    for some in map(dict, in_parts(periods.items())):
        starts = {sensor_id: floor_to(interval, period.start) for sensor_id, period in some.items()}
        means = _means_by_place(connection, some, starts, interval)
        for rows in np.split(means, np.flatnonzero(np.diff(means["sensor_id"])) + 1) if means.size else ():
            sensor_id = int(rows["sensor_id"][0])
            found[sensor_id] = _series(sensor_id, starts[sensor_id], interval, rows)
    return {sensor_id: found[sensor_id] for sensor_id in periods if sensor_id in found}


def _series(sensor_id: int, start: datetime, interval: timedelta, rows: np.ndarray) -> IntervalMeans:
    first, last = int(rows["place"].min()), int(rows["place"].max())
    values = np.full(last - first + 1, np.nan)
    values[rows["place"] - first] = rows["mean"]
    return IntervalMeans(sensor_id, start + first * interval, interval, values)


def _means_by_place(
    connection: Connection, periods: Mapping[int, Period], starts: Mapping[int, datetime], interval: timedelta
) -> np.ndarray:
    wanted, is_inside = own_periods(connection, periods, sa.column("start", UtcDateTime), starts)
    statement = means_query(connection, wanted.c.start, interval).join_from(wanted, sensor_readings, is_inside)
    with connection.execute(statement.order_by("sensor_id")) as result:
        return np.fromiter(plain_rows(connection, result), _MEAN)


def means_query(
    connection: Connection, origin: sa.ColumnElement[datetime] | datetime, interval: timedelta
) -> sa.Select[tuple[int, int, float]]:
    """Return the query for the mean good value of each sensor and interval; which readings, the caller adds.

    Its columns are `sensor_id`, `place` (see `place_of_interval`) and `mean`.
    """
    table = sensor_readings.c
    place = place_of_interval(connection, table.timestamp, origin, interval).label("place")
    return (
        sa.select(table.sensor_id, place, sa.func.avg(table.value).label("mean"))
        .where(is_usable())
        .group_by(table.sensor_id, place)
    )


def place_of_interval(
    connection: Connection,
    time: sa.ColumnElement[datetime],
    origin: sa.ColumnElement[datetime] | datetime,
    interval: timedelta,
) -> sa.ColumnElement[int]:
    """Return in which interval after `origin` a time is, counted from 0; the time is not before `origin`."""
    if connection.dialect.name == "sqlite":
        start = (origin - EPOCH) // _MICROSECOND if isinstance(origin, datetime) else sa.type_coerce(origin, BigInteger)
        return (sa.type_coerce(time, BigInteger) - start) // (interval // _MICROSECOND)
    passed = time - (sa.literal(origin, UtcDateTime) if isinstance(origin, datetime) else origin)
    return sa.cast(sa.func.floor(sa.func.date_part("epoch", passed) / interval.total_seconds()), BigInteger)


def floor_to(interval: timedelta, time: datetime) -> datetime:
    """Return when the interval starts that a time is in."""
    return EPOCH + (time - EPOCH) // interval * interval


def _check_interval(length: timedelta, interval: timedelta) -> None:
    if interval < _SECOND or length / interval > MOST_INTERVALS:
        raise InvalidPeriod(
            "{length} cannot be put into intervals of {interval}: an interval has at least a second, and there are at "
            "most {most:,} of them.",
            length=str(length),
            interval=str(interval),
            most=MOST_INTERVALS,
        )
