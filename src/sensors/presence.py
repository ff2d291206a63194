"""Which readings are there: a picture of sensors and time, counted by the database, however many there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from src.database.engine import reading
from src.database.tables import EPOCH, UtcDateTime, sensor_readings, sensors
from src.sensors.reading_stream import Period, expected_interval
from src.sensors.readings import DataQuality, microseconds

MOST_BINS = 96
_MINUTES = (1, 5, 10, 30, 60, 120, 360, 720, 1_440, 2 * 1_440, 7 * 1_440, 14 * 1_440, 30 * 1_440, 90 * 1_440)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Presence:
    """How many readings each sensor has in each bin of time.

    Attributes
    ----------
    sensor_ids : tuple of int
        The rows.
    starts : tuple of datetime
        The columns: when each bin starts, in UTC.
    width : timedelta
        Length of a bin.
    readings : ndarray of int64, shape (sensors, bins)
    not_good : dict of int to ndarray of int64, shape (sensors, bins)
        Of the readings, those with each quality code other than good.
    share : ndarray of float64, shape (sensors, bins)
        Share of the expected readings that are there and good, 0 to 1; NaN where none is expected yet.
    """

    sensor_ids: tuple[int, ...]
    starts: tuple[datetime, ...]
    width: timedelta
    readings: np.ndarray
    not_good: dict[int, np.ndarray]
    share: np.ndarray


def presence(
    sensor_ids: Sequence[int],
    period: Period,
    *,
    intervals: Sequence[float | None] | None = None,
    engine: Engine | None = None,
) -> Presence:
    """Count the readings of some sensors by bins of time; there are at most 96 of these, of a length that people use.

    What is expected of a sensor follows from its own interval (`expected_interval`). Where that is longer than a bin,
    all the bins that it covers up to a reading have the share of that reading.

    Parameters
    ----------
    intervals : sequence of float, optional
        The sensors' own intervals in seconds where they are known already; looked up when not given.
    """
    width = _width(period)
    first = EPOCH + (period.start - EPOCH) // width * width
    starts = [first + place * width for place in range(math.ceil((period.end - first) / width))]
    with reading(engine) as connection:
        if intervals is None:
            intervals = [expected_interval(connection, sensor_id, period) for sensor_id in sensor_ids]
        counted = _count(connection, sensor_ids, starts, width, period)
        not_good = _count_not_good(connection, sensor_ids, starts, width, period)
    good = counted - sum(not_good.values(), np.zeros_like(counted))
    lengths = np.array([_overlap(start, width, period) for start in starts])
    share = np.array([_share(row, interval, lengths) for row, interval in zip(good, intervals, strict=True)])
    return Presence(
        tuple(sensor_ids), tuple(starts), width, counted, not_good, share.reshape(len(sensor_ids), len(starts))
    )


def _width(period: Period) -> timedelta:
    for minutes in _MINUTES:
        if period.seconds / 60 / minutes <= MOST_BINS - 1:  # one more, for the first may begin before the period
            return timedelta(minutes=minutes)
    return timedelta(days=math.ceil(period.seconds / 86_400 / (MOST_BINS - 1)))


def _overlap(start: datetime, width: timedelta, period: Period) -> float:
    """Seconds of a bin that are in the period."""
    return (min(start + width, period.end) - max(start, period.start)) / _SECOND


def _share(good: np.ndarray, interval: float | None, lengths: np.ndarray) -> np.ndarray:
    if interval is None or interval <= 0:
        return np.where(good > 0, 1.0, 0.0)
    covered = min(math.ceil(interval / lengths.max()), good.size)  # bins that one reading stands for
    window = np.ones(covered)
    there = np.convolve(good, window)[: good.size]
    expected = np.convolve(lengths, window)[: good.size] / interval
    # In the first and the last bin, cut off by the period, a reading that could be on either side is no loss.
    least = np.where(lengths < lengths.max(), np.ceil(expected) - 1, np.floor(expected + 1e-6))
    share = np.minimum(there / np.maximum(least, 1), 1)
    return np.where((least < 1) & (there == 0), np.nan, share)


def _count(
    connection: Connection, sensor_ids: Sequence[int], starts: list[datetime], width: timedelta, period: Period
) -> np.ndarray:
    """Count by a range of the key for each cell: several times as fast as grouping all the rows."""
    table = sensor_readings.c
    edges = [(place, max(s, period.start), min(s + width, period.end)) for place, s in enumerate(starts)]
    columns = (sa.column("place", sa.Integer), sa.column("low", UtcDateTime), sa.column("high", UtcDateTime))
    bins = sa.values(*columns, name="edges").data(edges).cte("bins")
    inside = (
        (table.sensor_id == sensors.c.sensor_id) & (table.timestamp >= bins.c.low) & (table.timestamp < bins.c.high)
    )
    count = sa.select(sa.func.count()).select_from(sensor_readings).where(inside).scalar_subquery()
    chosen = sa.select(sensors.c.sensor_id, bins.c.place, count).where(sensors.c.sensor_id.in_(sensor_ids))
    counted = np.zeros((len(sensor_ids), len(starts)), np.int64)
    row_of = {sensor_id: row for row, sensor_id in enumerate(sensor_ids)}
    for sensor_id, place, number in connection.execute(chosen.join_from(sensors, bins, sa.true())):
        counted[row_of[sensor_id], place] = number
    return counted


def _count_not_good(
    connection: Connection, sensor_ids: Sequence[int], starts: list[datetime], width: timedelta, period: Period
) -> dict[int, np.ndarray]:
    table = sensor_readings.c
    origin, microsecond = (starts[0] - EPOCH) // timedelta(microseconds=1), timedelta(microseconds=1)
    place = ((microseconds(connection) - origin) // (width // microsecond)).label("place")
    statement = (
        sa.select(table.sensor_id, place, table.data_quality, sa.func.count())
        .where(
            table.sensor_id.in_(sensor_ids),
            table.timestamp >= period.start,
            table.timestamp < period.end,
            table.data_quality != DataQuality.GOOD,
        )
        .group_by(table.sensor_id, place, table.data_quality)
    )
    row_of = {sensor_id: row for row, sensor_id in enumerate(sensor_ids)}
    found: dict[int, np.ndarray] = {}
    for sensor_id, place_of, code, count in connection.execute(statement):
        cells = found.setdefault(code, np.zeros((len(sensor_ids), len(starts)), np.int64))
        cells[row_of[sensor_id], int(place_of)] = count
    return dict(sorted(found.items()))
