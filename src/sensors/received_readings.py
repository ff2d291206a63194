"""Readings that another program sends: all of them are stored, or none, and sent twice they change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Engine

from src.database.engine import beginning, separate_connection
from src.database.tables import EPOCH
from src.errors import InvalidReadings, ReadingsDiffer, SensorNotFound
from src.sensors.existing import existing_sensors
from src.sensors.imports.rows import ReadingArrays
from src.sensors.imports.staging import ArrivedReadings, Difference
from src.sensors.sensor_manager import Sensor, create_sensor_manager

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class ReceivedReading:
    """One reading as it came.

    Attributes
    ----------
    sensor : int or str
        Identifier or name.
    timestamp : datetime
        With a time zone.
    value : float, optional
        Finite; None where the time is known and the value is not.
    quality : int
        A `DataQuality` code; MISSING exactly where there is no value.
    """

    sensor: int | str
    timestamp: datetime
    value: float | None
    quality: int


@dataclass(frozen=True)
class StoredReadings:
    """What became of a batch: how many readings came, and how many of them were new."""

    received: int
    new: int


def store_received(readings: Sequence[ReceivedReading], *, engine: Engine | None = None) -> StoredReadings:
    """Store readings: all of them, or none. What is stored already with the same value and quality stays as it is.

    Raises
    ------
    SensorNotFound
        A reading names a sensor that there is not.
    InvalidReadings
        Two readings of the batch are of the same sensor and time, and say different things.
    ReadingsDiffer
        A reading is stored already with another value or quality.
    """
    named = _named({reading.sensor for reading in readings}, create_sensor_manager(engine).get_all_sensors())
    sensors = list(dict.fromkeys(named.values()))
    numbers = {sensor: number for number, sensor in enumerate(sensors)}
    arrays = _arrays(readings, [numbers[named[reading.sensor]] for reading in readings])
    with separate_connection(engine) as connection:
        with beginning(connection, read_only=True):
            arrived = ArrivedReadings(connection, compare_quality=True)
            _, contradictions = arrived.add(arrays, 1)
        if contradictions.count:
            raise _contradiction(contradictions.first[0], sensors)
        with beginning(connection):
            arrived.lock()
            ids = [sensor.sensor_id for sensor in sensors]
            existing_sensors(connection, ids, keep=True)
            arrived.name_sensors(ids)
            stored = arrived.compare()
            if stored.different:
                raise _stored_otherwise(stored.different, arrived.differences(1, 1)[0], sensors)
            new = arrived.insert()
    return StoredReadings(received=len(readings), new=new)


def _named(wanted: set[int | str], known: Sequence[Sensor]) -> Mapping[int | str, Sensor]:
    """Look up the sensors that are meant; the keys of two may mean the same one."""
    by_key: dict[int | str, Sensor] = {sensor.display_name: sensor for sensor in known}
    by_key |= {sensor.sensor_id: sensor for sensor in known}
    for key in wanted:
        if key in by_key:
            continue
        if isinstance(key, int):
            raise SensorNotFound("There is no sensor {sensor_id}.", sensor_id=key)
        raise SensorNotFound("There is no sensor named {name!r}.", name=key)
    return {key: by_key[key] for key in wanted}


def _arrays(readings: Sequence[ReceivedReading], numbers: Sequence[int]) -> ReadingArrays:
    return ReadingArrays(
        number=np.array(numbers, np.int64),
        timestamp=np.array([(reading.timestamp - EPOCH) // _MICROSECOND for reading in readings], np.int64),
        value=np.array([reading.value for reading in readings], float),  # None becomes NaN
        data_quality=np.array([reading.quality for reading in readings], np.int64),
        row=np.arange(1, len(readings) + 1),
    )


def _contradiction(difference: Difference, sensors: Sequence[Sensor]) -> InvalidReadings:
    return InvalidReadings(
        "Readings {first} and {second} are both of {sensor!r} at {time}, and say different things. Nothing is stored; "
        "send one of them.",
        first=difference.other_row,
        second=difference.row,
        **_described(difference, sensors),
    )


def _stored_otherwise(count: int, difference: Difference, sensors: Sequence[Sensor]) -> ReadingsDiffer:
    return ReadingsDiffer(
        "{count} readings are stored already with another value or quality. The first is number {row}: {sensor!r} has "
        "{value} (quality {quality}) at {time} here, and {other} (quality {other_quality}) is stored. Nothing is "
        "changed; a file that is imported can replace them.",
        count=count,
        row=difference.row,
        value=difference.value,
        quality=difference.data_quality,
        other=difference.other_value,
        other_quality=difference.other_quality,
        **_described(difference, sensors),
    )


def _described(difference: Difference, sensors: Sequence[Sensor]) -> dict[str, str]:
    time = f"{difference.timestamp:%Y-%m-%d %H:%M:%S} UTC"
    return {"sensor": sensors[difference.number].display_name, "time": time}
