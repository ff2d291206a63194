"""The recent past of sensors, of one or of many at once: what models learn from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from src.database.given_rows import given_rows
from src.database.tables import UtcDateTime, sensor_readings
from src.sensors.bulk import in_parts
from src.sensors.moments import as_utc
from src.sensors.reading_stream import READING, Period, stream_readings
from src.sensors.readings import DataQuality, latest_good_readings, microseconds

LARGEST = 1e100
"""No sensor measures more; a value beyond is none, so that squares and sums of values stay finite."""
_AFTER = timedelta(microseconds=1)
_COLUMNS = list(READING.names or ())
_READING_OF_A_SENSOR = np.dtype([("sensor_id", "<i8"), *READING.descr])


@dataclass(frozen=True)
class History:
    """Readings of one sensor that have a value, in the order of time.

    Attributes
    ----------
    timestamps : ndarray of datetime64[us], shape (n,)
        In UTC.
    values : ndarray of float64, shape (n,)
        Finite, in the sensor's unit.
    quality : ndarray of int16, shape (n,)
        The `DataQuality` codes.
    """

    sensor_id: int
    timestamps: np.ndarray
    values: np.ndarray
    quality: np.ndarray

    def __len__(self) -> int:
        return self.values.size


def latest_periods(
    connection: Connection, sensor_ids: Sequence[int], length: timedelta, until: datetime | None = None
) -> dict[int, Period]:
    """Find for each sensor the period of that length that ends with its newest good reading.

    Counted from there and not from now, because the readings of a sensor that is silent, or of a file that was brought
    in, are as good to learn from. Sensors that have no good reading are left out.

    Parameters
    ----------
    until : datetime, optional
        Readings from then on do not count; the present by default, so that a clock that runs fast does no harm.
    """
    newest = newest_times(connection, sensor_ids, until)
    return {sensor_id: Period(time + _AFTER - length, time + _AFTER) for sensor_id, time in newest.items()}


def newest_readings(
    connection: Connection, sensor_ids: Sequence[int], until: datetime | None = None
) -> dict[int, tuple[datetime, float]]:
    """Look up time and value of each sensor's newest good reading; parameters as in `latest_periods`."""
    before = as_utc(until) if until is not None else datetime.now(UTC) + _AFTER
    found: dict[int, tuple[datetime, float]] = {}
    for some in in_parts(sensor_ids):
        latest = latest_good_readings(connection, some, before=before)
        found |= {sensor_id: latest[sensor_id] for sensor_id in some if sensor_id in latest}
    return found


def newest_times(
    connection: Connection, sensor_ids: Sequence[int], until: datetime | None = None
) -> dict[int, datetime]:
    """Look up the time of each sensor's newest good reading; parameters as in `latest_periods`."""
    return {sensor_id: time for sensor_id, (time, _) in newest_readings(connection, sensor_ids, until).items()}


def read_histories(
    connection: Connection,
    periods: Mapping[int, Period],
    *,
    quality: Collection[int] | None = (DataQuality.GOOD,),
) -> dict[int, History]:
    """Read what sensors measured, each in its own period.

    Parameters
    ----------
    quality : collection of int, optional
        The `DataQuality` codes that count; None for all.
    """
    return {sensor_id: _history(connection, sensor_id, period, quality) for sensor_id, period in periods.items()}


def read_all_readings(connection: Connection, periods: Mapping[int, Period]) -> dict[int, np.ndarray]:
    """Read every reading of some sensors, bad ones and those without a value too, each sensor in its own period.

    Returns
    -------
    dict of int to ndarray of `src.sensors.reading_stream.READING`, shape (n,)
        In the order of time; sensors without a reading there are left out.
    """
    found: dict[int, np.ndarray] = {}
    for some in map(dict, in_parts(periods.items())):
        rows = _rows_of(connection, some)
        for part in np.split(rows, np.flatnonzero(np.diff(rows["sensor_id"])) + 1) if rows.size else ():
            found[int(part["sensor_id"][0])] = part[_COLUMNS].astype(READING)
    return found


def _rows_of(connection: Connection, periods: Mapping[int, Period]) -> np.ndarray:
    wanted, is_inside = own_periods(connection, periods, sa.column("unused", sa.Integer), dict.fromkeys(periods, 0))
    table = sensor_readings.c
    value = sa.func.coalesce(table.value, sa.literal(np.inf, sa.Float))  # NumPy takes no None into numbers
    statement = (
        sa.select(table.sensor_id, microseconds(connection), value, table.data_quality)
        .join_from(wanted, sensor_readings, is_inside)
        .order_by(table.sensor_id, table.timestamp)
    )
    with connection.execute(statement) as result:
        rows = np.fromiter(plain_rows(connection, result), _READING_OF_A_SENSOR)
    rows["value"][np.abs(rows["value"]) > LARGEST] = np.nan
    return rows


def plain_rows(connection: Connection, result: sa.CursorResult[Any]) -> Iterator[tuple[Any, ...]]:
    """Hand out rows as the driver has them, for NumPy to take in."""
    return iter(result.cursor) if connection.dialect.name == "sqlite" else map(tuple, result)  # type: ignore[call-overload]


def own_periods(
    connection: Connection, periods: Mapping[int, Period], column: sa.ColumnClause, values: Mapping[int, Any]
) -> tuple[sa.FromClause, sa.ColumnElement[bool]]:
    """Return a table of sensors with their periods and one more column, and that a reading is in its sensor's period.

    It is to be joined with the readings: each sensor's are then read in one sweep over its own range of the key.
    """
    columns = (sa.column("sensor_id", sa.Integer), *(sa.column(name, UtcDateTime) for name in ("low", "high")), column)
    rows = ((key, period.start, period.end, values[key]) for key, period in periods.items())
    wanted, table = given_rows(connection, "wanted", columns, rows), sensor_readings.c
    is_inside = (table.timestamp >= wanted.c.low) & (table.timestamp < wanted.c.high)
    return wanted, (table.sensor_id == wanted.c.sensor_id) & is_inside


def is_usable() -> sa.ColumnElement[bool]:
    """Return that a reading is good and has a value that can be reckoned with."""
    table = sensor_readings.c
    return (table.data_quality == DataQuality.GOOD) & table.value.between(-LARGEST, LARGEST)


def _history(connection: Connection, sensor_id: int, period: Period, quality: Collection[int] | None) -> History:
    parts = list(stream_readings(connection, sensor_id, period))
    if not parts:
        return History(sensor_id, np.array([], "datetime64[us]"), np.array([]), np.array([], np.int16))
    readings = np.concatenate(parts)
    counts = np.abs(readings["value"]) <= LARGEST
    if quality is not None:
        counts &= np.isin(readings["quality"], list(quality))
    readings = readings[counts]
    return History(
        sensor_id,
        readings["time"].astype("datetime64[us]"),
        np.ascontiguousarray(readings["value"]),
        np.ascontiguousarray(readings["quality"]),
    )
