"""From sensors to orders: what is to be learnt from is read here, for many sensors at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from src.errors import NoReadings
from src.ml.anomalies.faults import KnownLimits
from src.ml.sensor_models.anchor import Anchor
from src.ml.sensor_models.training import (
    ANOMALY,
    FORECASTER,
    DetectorOrder,
    DetectorSettings,
    ForecasterOrder,
    Refused,
)
from src.ml.sensor_models.watched_sensor import WatchedSensor
from src.notes import Note
from src.sensors.history import newest_readings, read_all_readings
from src.sensors.interval_means import latest_means
from src.sensors.moments import length_of_hours
from src.sensors.reading_stream import Period
from src.sensors.sensor_manager import Sensor

MOST_READINGS = 20_000
"""Of sensors that are read every few seconds; older readings are left out."""
_AFTER = timedelta(microseconds=1)


def no_readings(sensor: Sensor) -> NoReadings:
    """Say that there is nothing to learn from."""
    return NoReadings("The sensor {name!r} has no good readings.", name=sensor.display_name)


def detector_orders(
    connection: Connection,
    sensors: Sequence[Sensor],
    settings: Mapping[int, DetectorSettings],
    earlier: Mapping[int, WatchedSensor],
) -> list[DetectorOrder | Refused]:
    """Read what detectors are to learn from: all readings of so many hours up to the newest good one.

    Parameters
    ----------
    settings : mapping of int to DetectorSettings
        By sensor; the defaults for those that are not in it.
    earlier : mapping of int to WatchedSensor
        The detectors that sensors have.
    """
    chosen = {sensor.sensor_id: settings.get(sensor.sensor_id, DetectorSettings()) for sensor in sensors}
    newest = newest_readings(connection, list(chosen))
    periods = {
        sensor_id: Period(time + _AFTER - length_of_hours(chosen[sensor_id].hours), time + _AFTER)
        for sensor_id, (time, _) in newest.items()
    }
    readings = read_all_readings(connection, periods)
    return [
        DetectorOrder(
            sensor.sensor_id,
            sensor.display_name,
            KnownLimits(sensor.physical_min, sensor.physical_max, unit=sensor.unit),
            readings[sensor.sensor_id][-MOST_READINGS:],
            chosen[sensor.sensor_id],
            (before.anchor, before.past) if (before := earlier.get(sensor.sensor_id)) else None,
        )
        if sensor.sensor_id in readings
        else Refused(sensor.sensor_id, ANOMALY, Note.of(no_readings(sensor)))
        for sensor in sensors
    ]


def forecaster_orders(
    connection: Connection, sensors: Sequence[Sensor], hours: Mapping[int, float], default_hours: float, model: str
) -> list[ForecasterOrder | Refused]:
    """Make the hourly means that forecasters are to learn from; those of `hours` by sensor, or the default."""
    newest = newest_readings(connection, [sensor.sensor_id for sensor in sensors])
    by_hours: dict[float, list[int]] = {}
    for sensor_id in newest:
        by_hours.setdefault(hours.get(sensor_id, default_hours), []).append(sensor_id)
    series = {
        sensor_id: (found, length)
        for length, sensor_ids in by_hours.items()
        for sensor_id, found in latest_means(connection, sensor_ids, length_of_hours(length)).items()
    }
    orders: list[ForecasterOrder | Refused] = []
    for sensor in sensors:
        sensor_id = sensor.sensor_id
        if sensor_id not in series:
            orders.append(Refused(sensor_id, FORECASTER, Note.of(no_readings(sensor))))
            continue
        found, length = series[sensor_id]
        anchor, (times, values) = Anchor.at(*newest[sensor_id]), found.observed
        orders.append(ForecasterOrder(sensor_id, sensor.display_name, times, values, anchor, length, model))
    return orders
