"""The sensors: which there are, on which equipment, what they measure and within which limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from functools import reduce
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from src.database.activities import record_activity
from src.database.engine import get_engine, reading, writing
from src.database.identifiers import plain_identifier
from src.database.tables import equipment_events, sensor_readings, sensors
from src.errors import ChangedMeanwhile, DuplicateSensor, InvalidSensor, SensorNotFound
from src.notes import Note
from src.sensors.sensor_fields import LABELS, SensorDescription, checked, differences, same_name


class Limit(StrEnum):
    """The limits that a sensor's values are held against."""

    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, kw_only=True)
class Sensor(SensorDescription):
    """One measured quantity on one piece of equipment."""

    sensor_id: int

    def limit_crossed_by(self, value: float) -> Limit | None:
        """Tell which limit a value lies beyond; at the limit itself it does not."""
        for limit, low, high in (
            (Limit.CRITICAL, self.critical_low, self.critical_high),
            (Limit.WARNING, self.warning_low, self.warning_high),
        ):
            if (low is not None and value < low) or (high is not None and value > high):
                return limit
        return None


_COLUMNS = [sensors.c[field.name] for field in fields(Sensor)]
_EQUIPMENT = sensors.c.equipment
_ONE_SENSOR = sa.select(*_COLUMNS).where(sensors.c.sensor_id == sa.bindparam("sensor_id"))
"""Put together once: it takes longer than to answer it."""


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
        found = self._read(_ONE_SENSOR, {"sensor_id": plain_identifier(sensor_id)})
        if not found:
            raise SensorNotFound("There is no sensor {sensor_id}.", sensor_id=sensor_id)
        return found[0]

    def find(self, names: Sequence[str] | None) -> list[Sensor]:
        """Return the sensors of these names, each once, or all where none is named.

        Raises
        ------
        SensorNotFound
            No sensor has one of the names.
        """
        sensors_by_name = {sensor.display_name: sensor for sensor in self.get_all_sensors()}
        if not names:
            return list(sensors_by_name.values())
        for name in names:
            if name not in sensors_by_name:
                raise SensorNotFound("There is no sensor named {name!r}.", name=name)
        return [sensors_by_name[name] for name in dict.fromkeys(names)]

    def add(self, description: SensorDescription, *, actor: str | None = None) -> Sensor:
        """Store a sensor and return it with its identifier.

        Parameters
        ----------
        actor : str, optional
            The person who does it, for the history; None where no person does.

        Raises
        ------
        InvalidSensor
            The description cannot be one, or its machine is there under a slightly different name.
        DuplicateSensor
            Another sensor has that display name, case and blanks aside.
        """
        with writing(self._engine) as connection:
            sensor = add_sensors(connection, [description])[0]
            if actor is not None:
                action = Note("added on {machine}", {"machine": sensor.equipment})
                record_activity(actor, "sensor", sensor.display_name, action, connection)
            return sensor

    def update(self, before: Sensor, description: SensorDescription, *, actor: str) -> Sensor:
        """Change a sensor from what was read to another description, and return it as it is then.

        Parameters
        ----------
        before : Sensor
            As it was read. Where somebody has changed it since, nothing is changed.

        Raises
        ------
        SensorNotFound
            It has been deleted.
        ChangedMeanwhile
            Somebody else has changed it; the message says in what.
        InvalidSensor, DuplicateSensor
            As in `add`.
        """
        with writing(self._engine) as connection:
            _keep_names_to_ourselves(connection)
            _check_unchanged(connection, before)
            description = _checked_against(connection, description, except_for=before.sensor_id)
            after = Sensor(sensor_id=before.sensor_id, **asdict(description))
            changes = differences(before, after)
            if changes:
                values = {name: new for name, _, new in changes}
                connection.execute(_update(before.sensor_id).values(**values))
                record_activity(actor, "sensor", after.display_name, _described(changes), connection)
            return after

    def set_enabled(self, before: Sensor, enabled: bool, *, actor: str) -> Sensor:
        """Take a sensor into use or out of it; its readings stay.

        Raises
        ------
        SensorNotFound, ChangedMeanwhile
            As in `update`.
        """
        after = replace(before, enabled=enabled)
        with writing(self._engine) as connection:
            _check_unchanged(connection, before)
            if enabled != before.enabled:
                connection.execute(_update(before.sensor_id).values(enabled=enabled))
                record_activity(
                    actor,
                    "sensor",
                    before.display_name,
                    Note("taken into use") if enabled else Note("taken out of use"),
                    connection,
                )
        return after

    def delete(self, sensor_id: int, *, actor: str) -> int:
        """Delete a sensor with all its readings, and return how many these were.

        Raises
        ------
        SensorNotFound
            No sensor has that identifier.
        """
        with writing(self._engine) as connection:
            sensor = _locked(connection, sensor_id)
            readings = delete_sensors(connection, [sensor_id])
            action = Note("deleted, with {readings:,} readings", {"readings": readings})
            record_activity(actor, "sensor", sensor.display_name, action, connection)
        return readings

    def _select(self, *conditions: sa.ColumnElement[bool]) -> list[Sensor]:
        return self._read(sa.select(*_COLUMNS).where(*conditions).order_by(sensors.c.sensor_id), {})

    def _read(self, statement: sa.Select, values: dict[str, Any]) -> list[Sensor]:
        with reading(self._engine) as connection:
            return [Sensor(**row) for row in connection.execute(statement, values).mappings()]


def create_sensor_manager(engine: Engine | None = None) -> SensorManager:
    """Return the manager of the sensors in the database that the settings name, or in another one."""
    return SensorManager(engine or get_engine())


def add_sensors(connection: Connection, descriptions: Sequence[SensorDescription]) -> list[Sensor]:
    """Store sensors within a transaction that is open already: all of them, or none.

    Raises
    ------
    InvalidSensor
        A description cannot be one, or its machine is there under a slightly different name.
    DuplicateSensor
        Another sensor has one of the display names, case and blanks aside.
    """
    _keep_names_to_ourselves(connection)
    return [_add(connection, _checked_against(connection, description)) for description in descriptions]


def delete_sensors(connection: Connection, sensor_ids: Sequence[int]) -> int:
    """Delete sensors with all their readings, within an open transaction; return how many readings these were."""
    deleted = connection.execute(sa.delete(sensor_readings).where(sensor_readings.c.sensor_id.in_(sensor_ids)))
    connection.execute(sa.delete(sensors).where(sensors.c.sensor_id.in_(sensor_ids)))
    return deleted.rowcount


def equipment_of_sensors(connection: Connection) -> dict[int, str]:
    """Look up on which equipment each sensor is, by identifier."""
    return {row.sensor_id: row.equipment for row in connection.execute(sa.select(sensors.c.sensor_id, _EQUIPMENT))}


def equipment_with_sensors(connection: Connection, equipment: Sequence[str]) -> list[str]:
    """Return those of some pieces of equipment that have a sensor."""
    return list(connection.scalars(sa.select(sensors.c.equipment).distinct().where(sensors.c.equipment.in_(equipment))))


def known_equipment(connection: Connection) -> list[str]:
    """Return the names of all equipment that has a sensor or an event."""
    return list(connection.scalars(sa.union(sa.select(_EQUIPMENT), sa.select(equipment_events.c.equipment))))


def _add(connection: Connection, description: SensorDescription) -> Sensor:
    values = asdict(description)
    sensor_id = connection.scalar(sa.insert(sensors).values(**values).returning(sensors.c.sensor_id))
    return Sensor(sensor_id=sensor_id, **values)


def _keep_names_to_ourselves(connection: Connection) -> None:
    """Let nobody else add or change sensors until this transaction ends; in SQLite there is one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE sensors IN SHARE ROW EXCLUSIVE MODE")


def _checked_against(
    connection: Connection, description: SensorDescription, except_for: int | None = None
) -> SensorDescription:
    """Check a description by itself and beside the sensors that are there."""
    description = checked(description)
    names = connection.execute(sa.select(sensors.c.sensor_id, sensors.c.display_name)).all()
    wanted = same_name(description.display_name)
    for sensor_id, name in names:
        if sensor_id != except_for and same_name(name) == wanted:
            raise DuplicateSensor("There is a sensor named {name!r} already. Choose another name.", name=name)
    check_machine_is_spelt_alike(connection, description.equipment)
    return description


def check_machine_is_spelt_alike(connection: Connection, machine: str) -> None:
    """Check that a machine's name is not that of another one but for case and blanks.

    Raises
    ------
    InvalidSensor
        There is such a machine.
    """
    for known in known_equipment(connection):
        if known != machine and same_name(known) == same_name(machine):
            raise InvalidSensor(
                "The machine is {machine!r}, and there is one called {known!r}. Write it the same way, or choose a "
                "name of its own.",
                machine=machine,
                known=known,
            )


def _check_unchanged(connection: Connection, before: Sensor) -> None:
    now = _locked(connection, before.sensor_id)
    if changes := differences(before, now):
        raise ChangedMeanwhile(
            "Somebody has changed the sensor {name!r} since you opened it: {changes}. Nothing of yours is stored; look "
            "at it again.",
            name=before.display_name,
            changes=_described(changes),
        )


def _locked(connection: Connection, sensor_id: int) -> Sensor:
    """Read a sensor that nobody else changes until this transaction ends."""
    statement = sa.select(*_COLUMNS).where(sensors.c.sensor_id == sensor_id).with_for_update()
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise SensorNotFound("There is no sensor {sensor_id}.", sensor_id=sensor_id)
    return Sensor(**row)


def _update(sensor_id: int) -> sa.Update:
    return sa.update(sensors).where(sensors.c.sensor_id == sensor_id)


def _described(changes: Sequence[tuple[str, Any, Any]]) -> Note:
    """Say what was changed, as one note."""
    notes = [
        Note("{field}: {before} → {after}", {"field": LABELS[name], "before": _said(old), "after": _said(new)})
        for name, old, new in changes
    ]
    return reduce(lambda one, other: Note("{one}; {other}", {"one": one, "other": other}), notes)


def _said(value: Any) -> Any:
    if isinstance(value, bool):
        return Note("yes") if value else Note("no")
    return "—" if value in (None, "") else value
