"""Which sensors are meant: identifiers checked before anything is read or written for them."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import Connection

from src.database.identifiers import plain_identifier
from src.database.tables import sensors
from src.errors import SensorNotFound
from src.sensors.bulk import in_parts


def existing_sensors(connection: Connection, sensor_ids: Iterable[int], *, keep: bool = False) -> list[int]:
    """Return the identifiers of some sensors, each once, as plain integers; NumPy's are welcome.

    Parameters
    ----------
    keep : bool
        Let nobody delete these sensors, and whoever keeps them too wait, until the transaction ends.

    Raises
    ------
    SensorNotFound
        No sensor has one of the identifiers.
    """
    wanted = list(dict.fromkeys(_identifier(sensor_id) for sensor_id in sensor_ids))
    column = sensors.c.sensor_id
    for some in in_parts(sorted(wanted)):  # in one order, so that two who keep the same do not wait for each other
        statement = sa.select(column).where(column.in_(some)).order_by(column)
        there = set(connection.scalars(statement.with_for_update(key_share=True) if keep else statement))
        if missing := [sensor_id for sensor_id in some if sensor_id not in there]:
            raise _not_found(missing[0])
    return wanted


def _identifier(sensor_id: object) -> int:
    if number := plain_identifier(sensor_id):
        return number
    raise _not_found(sensor_id)


def _not_found(sensor_id: object) -> SensorNotFound:
    return SensorNotFound("There is no sensor {sensor_id}.", sensor_id=sensor_id)
