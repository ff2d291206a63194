"""Readings in the database: what their quality codes mean, written and read in bulk.

Times cross to the database as integers (microseconds since 1970), never as an object a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import BigInteger, Connection, Engine
from sqlalchemy.exc import IntegrityError

from src.database.engine import reading
from src.database.tables import UtcDateTime, sensor_readings, sensors
from src.errors import InvalidTable, SensorNotFound
from src.sensors.bulk import copy_rows, insert_rows

if TYPE_CHECKING:
    import pandas as pd

_ROWS_AT_ONCE = 5_000
_COPY_OF_TABLE = (
    "CREATE TEMPORARY TABLE new_readings (sensor_id integer, timestamp timestamptz, value float8, "
    "data_quality smallint) ON COMMIT DROP"
)


class DataQuality(IntEnum):
    """What `data_quality` says of a reading; everything but GOOD is kept out of learning."""

    GOOD = 0
    FLAT_LINE = 1  # the sensor repeats one value
    SPIKE = 2  # a value that the equipment cannot have had
    MISSING = 3  # the time is known, the value is not (null)


def add_readings(connection: Connection, readings: pd.DataFrame) -> int:
    """Store readings in bulk, within an open transaction; those that are there already stay as they are.

    Parameters
    ----------
    connection : Connection
        Of `writing()`.
    readings : DataFrame
        `sensor_id` (integer), `timestamp` (with a time zone), `value` (float, NaN for none), `data_quality` (integer).

    Returns
    -------
    int
        How many were new.

    Raises
    ------
    InvalidTable
        The timestamps have no time zone.
    SensorNotFound
        A reading belongs to a sensor that does not exist.
    """
    columns = _columns(readings)
    store = _insert_into_sqlite if connection.dialect.name == "sqlite" else _copy_into_postgresql
    try:
        return store(connection, columns)
    except IntegrityError as error:
        raise SensorNotFound(
            "Some readings belong to sensors that do not exist; the sensors named are {sensor_ids}.",
            sensor_ids=", ".join(map(str, np.unique(columns["sensor_id"]))),
        ) from error


def read_readings(
    sensor_ids: Sequence[int] | None = None,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    good_only: bool = False,
    engine: Engine | None = None,
) -> pd.DataFrame:
    """Read the readings of some sensors, or of all, between `start` (included) and `end` (not included).

    Returns
    -------
    DataFrame
        `sensor_id` (int64), `timestamp` (datetime64[ns, UTC]), `value` (float64, NaN for none) and `data_quality`
        (int64), ordered by sensor and time.
    """
    table = sensor_readings.c
    conditions: list[sa.ColumnElement[bool]] = []
    if sensor_ids is not None:
        conditions.append(table.sensor_id.in_(sensor_ids))
    if start is not None:
        conditions.append(table.timestamp >= start)
    if end is not None:
        conditions.append(table.timestamp < end)
    if good_only:
        conditions.append(table.data_quality == DataQuality.GOOD)
    with reading(engine) as connection:
        statement = sa.select(table.sensor_id, microseconds(connection), table.value, table.data_quality).where(
            *conditions
        )
        result = connection.execute(statement.order_by(table.sensor_id, table.timestamp))
        # By parts, because hundreds of thousands of tuples at once keep the garbage collector busy.
        parts = [_arrays(rows) for rows in result.partitions(_ROWS_AT_ONCE)]
    return _frame(parts)


def count_readings(connection: Connection, limit: int) -> int:
    """Count the stored readings, but no further than `limit`, so that it stays quick however many there are."""
    some = sa.select(sensor_readings.c.sensor_id).limit(limit).subquery()
    return connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def latest_good_readings(
    connection: Connection, sensor_ids: Sequence[int] | None = None, *, before: datetime | None = None
) -> dict[int, tuple[datetime, float]]:
    """Look up the time and the value of the last good reading of each enabled sensor, or of some sensors, by sensor.

    It goes once down the key for each sensor, and reads no history. With `before`, readings from then on do not count.
    """
    given = {"sensor_ids": None if sensor_ids is None else list(sensor_ids), "before": before}
    statement = _latest_good(sensor_ids is not None, before is not None)
    rows = connection.execute(statement, {name: value for name, value in given.items() if value is not None})
    return {sensor_id: (timestamp, value) for sensor_id, timestamp, value in rows if timestamp is not None}


@lru_cache
def _latest_good(are_named: bool, is_limited: bool) -> sa.Select:
    """The query for that, put together once: for one sensor it takes longer than to answer it."""
    table = sensor_readings.c
    good = (table.sensor_id == sensors.c.sensor_id) & (table.data_quality == DataQuality.GOOD)
    if is_limited:
        good &= table.timestamp < sa.bindparam("before", type_=UtcDateTime())
    # A subquery a column, because each is surely one step down the key; a join can become a scan of everything.
    timestamp, value = (
        sa.select(column).where(good).order_by(table.timestamp.desc()).limit(1).scalar_subquery()
        for column in (table.timestamp, table.value)
    )
    named = sensors.c.sensor_id.in_(sa.bindparam("sensor_ids", expanding=True))
    return sa.select(sensors.c.sensor_id, timestamp, value).where(named if are_named else sensors.c.enabled)


def microseconds(
    connection: Connection, column: sa.ColumnElement[datetime] = sensor_readings.c.timestamp
) -> sa.ColumnElement[int]:
    """Return times, those of the readings by default, as the database tells them in microseconds since 1970."""
    if connection.dialect.name == "sqlite":
        return sa.type_coerce(column, BigInteger)
    return sa.cast(sa.extract("epoch", column) * 1_000_000, BigInteger)


def _arrays(rows: Sequence[Any]) -> list[np.ndarray]:
    kinds = (np.int64, np.int64, np.float64, np.int64)  # None becomes NaN
    return [np.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)]


def _frame(parts: list[list[np.ndarray]]) -> pd.DataFrame:
    import pandas as pd

    nothing = [np.array([], np.int64)] * 2 + [np.array([], np.float64), np.array([], np.int64)]
    columns = [np.concatenate(column) for column in zip(nothing, *parts, strict=True)]
    sensor_ids, microseconds, values, quality = columns
    timestamps = pd.DatetimeIndex(microseconds.astype("datetime64[us]").astype("datetime64[ns]"))
    return pd.DataFrame(
        {"sensor_id": sensor_ids, "timestamp": timestamps.tz_localize("UTC"), "value": values, "data_quality": quality}
    )


def _columns(readings: pd.DataFrame) -> dict[str, np.ndarray]:
    import pandas as pd

    timestamps = readings["timestamp"]
    if not isinstance(timestamps.dtype, pd.DatetimeTZDtype):
        raise InvalidTable("The readings' timestamps are {kind}; they need a time zone.", kind=str(timestamps.dtype))
    return {
        "sensor_id": readings["sensor_id"].to_numpy(np.int64),
        "timestamp": timestamps.to_numpy("datetime64[us]").astype(np.int64),
        "value": readings["value"].to_numpy(float, na_value=np.nan),
        "data_quality": readings["data_quality"].to_numpy(np.int64),
    }


def _insert_into_sqlite(connection: Connection, columns: dict[str, np.ndarray]) -> int:
    return insert_rows(connection, "sensor_readings", columns)


def _copy_into_postgresql(connection: Connection, columns: dict[str, np.ndarray]) -> int:
    connection.exec_driver_sql(_COPY_OF_TABLE)
    copy_rows(connection, "new_readings", columns)
    inserted = connection.exec_driver_sql(
        "INSERT INTO sensor_readings SELECT * FROM new_readings ORDER BY sensor_id, timestamp ON CONFLICT DO NOTHING"
    ).rowcount
    connection.exec_driver_sql("DROP TABLE new_readings")
    return inserted
