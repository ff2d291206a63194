"""The machines: equipment that has sensors or events; it has no table of its own."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from src.database.activities import record_activity
from src.database.engine import reading, writing
from src.database.tables import equipment_events, sensors
from src.errors import InvalidSensor, MachineNotFound
from src.notes import Note
from src.sensors.sensor_fields import checked_text, same_name
from src.sensors.sensor_manager import known_equipment


@dataclass(frozen=True)
class Machine:
    """One machine, with how many sensors and events it has."""

    name: str
    sensors: int
    enabled_sensors: int
    events: int
    open_events: int
    """Events that have no end yet."""


def list_machines(engine: Engine | None = None) -> list[Machine]:
    """Return all machines, in the order of their first sensor; those without a sensor come last, by name."""
    with reading(engine) as connection:
        sensor_counts = _counts(connection, sensors, sa.func.count().filter(sensors.c.enabled), sensors.c.sensor_id)
        is_open = equipment_events.c.ended_at.is_(None)
        event_counts = _counts(
            connection, equipment_events, sa.func.count().filter(is_open), equipment_events.c.event_id
        )
    names = [*sensor_counts, *sorted(event_counts.keys() - sensor_counts.keys())]
    return [Machine(name, *sensor_counts.get(name, (0, 0)), *event_counts.get(name, (0, 0))) for name in names]


def rename_machine(before: str, after: str, *, actor: str, engine: Engine | None = None) -> str:
    """Give a machine another name, in all its sensors and events at once, and return that name.

    Raises
    ------
    MachineNotFound
        There is no machine of the first name.
    InvalidSensor
        The new name is none, or there is a machine of that name, case and blanks aside.
    """
    after = checked_text("equipment", after)
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("LOCK TABLE sensors, equipment_events IN SHARE ROW EXCLUSIVE MODE")
        known = known_equipment(connection)
        if before not in known:
            raise MachineNotFound("There is no machine called {machine!r}.", machine=before)
        for other in known:
            if other != before and same_name(other) == same_name(after):
                raise InvalidSensor(
                    "There is a machine called {machine!r} already. Choose another name.", machine=other
                )
        if after != before:
            for table in (sensors, equipment_events):
                connection.execute(sa.update(table).where(table.c.equipment == before).values(equipment=after))
            record_activity(actor, "machine", after, Note("renamed; it was {machine}", {"machine": before}), connection)
    return after


def _counts(
    connection: Connection, table: sa.Table, counted: sa.ColumnElement[int], key: sa.ColumnElement[int]
) -> dict[str, tuple[int, int]]:
    """Count all rows of each machine, and some of them, in the order of the machines' first rows."""
    machine = table.c.equipment
    statement = sa.select(machine, sa.func.count(), counted).group_by(machine).order_by(sa.func.min(key))
    return {name: (every, some) for name, every, some in connection.execute(statement)}
