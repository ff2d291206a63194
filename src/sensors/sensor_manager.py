"""The sensors: which there are, on which equipment, what they measure and within which limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from src.database.engine import get_engine, reading, writing
from src.database.tables import sensor_readings, sensors
from src.errors import DuplicateSensor, SensorNotFound


@dataclass(frozen=True, kw_only=True)
class SensorDescription:
    """A sensor before it has an identifier. All values are in `unit`; None means not known, or no limit."""

    display_name: str
    equipment: str
    sensor_type: str
    unit: str = ""
    platform: str = ""
    physical_min: float | None = None
    physical_max: float | None = None
    warning_low: float | None = None
    warning_high: float | None = None
    critical_low: float | None = None
    critical_high: float | None = None
    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class Sensor(SensorDescription):
    """One measured quantity on one piece of equipment."""

    sensor_id: int


_COLUMNS = [sensors.c[field.name] for field in fields(Sensor)]


class SensorManager:
    """The sensors in one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get_enabled_sensors(self) -> list[Sensor]:
        """Return the sensors that are in use, by identifier."""
        return self._select(sensors.c.enabled)

    def get_all_sensors(self) -> list[Sensor]:
        """Return the sensors that are in use and those that are not, by identifier."""
        return self._select()

    def get_sensor(self, sensor_id: int) -> Sensor:
        """Return one sensor.

        Raises
        ------
        SensorNotFound
            No sensor has that identifier.
        """
        found = self._select(sensors.c.sensor_id == sensor_id)
        if not found:
            raise SensorNotFound("There is no sensor {sensor_id}.", sensor_id=sensor_id)
        return found[0]

    def add(self, description: SensorDescription) -> Sensor:
        """Store a sensor and return it with its identifier.

        Raises
        ------
        DuplicateSensor
            Another sensor has that display name.
        """
        with writing(self._engine) as connection:
            return add_sensors(connection, [description])[0]

    def _select(self, *conditions: sa.ColumnElement[bool]) -> list[Sensor]:
        statement = sa.select(*_COLUMNS).where(*conditions).order_by(sensors.c.sensor_id)
        with reading(self._engine) as connection:
            return [Sensor(**row) for row in connection.execute(statement).mappings()]


def create_sensor_manager(engine: Engine | None = None) -> SensorManager:
    """Return the manager of the sensors in the database that the settings name, or in another one."""
    return SensorManager(engine or get_engine())


def add_sensors(connection: Connection, descriptions: Sequence[SensorDescription]) -> list[Sensor]:
    """Store sensors within a transaction that is open already: all of them, or none.

    Raises
    ------
    DuplicateSensor
        Another sensor has one of the display names.
    """
    return [_add(connection, description) for description in descriptions]


def delete_sensors(connection: Connection, sensor_ids: Sequence[int]) -> None:
    """Delete sensors with all their readings, within an open transaction."""
    connection.execute(sa.delete(sensor_readings).where(sensor_readings.c.sensor_id.in_(sensor_ids)))
    connection.execute(sa.delete(sensors).where(sensors.c.sensor_id.in_(sensor_ids)))


def existing_sensor_ids(connection: Connection) -> set[int]:
    """Look up the identifiers of all sensors."""
    return set(connection.scalars(sa.select(sensors.c.sensor_id)))


def equipment_with_sensors(connection: Connection, equipment: Sequence[str]) -> list[str]:
    """Return those of some pieces of equipment that have a sensor."""
    return list(connection.scalars(sa.select(sensors.c.equipment).distinct().where(sensors.c.equipment.in_(equipment))))


def _add(connection: Connection, description: SensorDescription) -> Sensor:
    values = asdict(description)
    try:
        sensor_id = connection.scalar(sa.insert(sensors).values(**values).returning(sensors.c.sensor_id))
    except IntegrityError:  # asking first would let two writers at once both hear that the name is free
        raise DuplicateSensor(
            "There is a sensor named {name!r} already. Choose another name.", name=description.display_name
        ) from None
    return Sensor(sensor_id=sensor_id, **values)
