"""The state of the plant now, at a glance: quick enough for a page that is opened often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from src.database.engine import reading
from src.sensors.events import Event, EventKind, read_events
from src.sensors.quality import STALE
from src.sensors.reading_stream import expected_interval
from src.sensors.readings import count_readings, latest_good_readings
from src.sensors.sensor_manager import Limit, Sensor, create_sensor_manager
from src.sensors.training_table import NORMAL

_MOST_READINGS_COUNTED = 500_000


@dataclass(frozen=True)
class LatestReading:
    """The last good reading of a sensor, in its unit; `crossed` is the limit that it lies beyond, if any."""

    sensor_id: int
    display_name: str
    sensor_type: str
    unit: str
    value: float
    timestamp: datetime
    crossed: Limit | None = None


@dataclass(frozen=True)
class MachineState:
    """One machine now: "normal", "warning" or "failure", and since when, where an event says so."""

    equipment: str
    state: str
    since: datetime | None
    latest: list[LatestReading]
    """One a sensor that has a good reading."""

    @property
    def data_as_of(self) -> datetime | None:
        """Time of the machine's last good reading."""
        return max((reading.timestamp for reading in self.latest), default=None)


@dataclass(frozen=True)
class PlantState:
    """All machines with an enabled sensor, in the order of their first one."""

    machines: list[MachineState]
    sensors: int
    readings: int
    readings_exact: bool
    """False where there are more readings than were counted."""
    is_stale: bool = False
    """Whether three readings in a row have not come from the sensor that sent the last one."""

    @property
    def data_as_of(self) -> datetime | None:
        """Time of the last good reading of all."""
        return max((machine.data_as_of for machine in self.machines if machine.data_as_of), default=None)


def plant_state(*, now: datetime | None = None, engine: Engine | None = None) -> PlantState:
    """Look up each machine's state and latest values, and how much data there is.

    Parameters
    ----------
    now : datetime, optional
        The moment whose events count; the present by default.
    """
    now = now or datetime.now(UTC)
    sensors = create_sensor_manager(engine).get_enabled_sensors()
    with reading(engine) as connection:
        latest = latest_good_readings(connection)
        events = read_events(connection, going_on_at=now)
        counted = count_readings(connection, _MOST_READINGS_COUNTED + 1)
        stale = _is_stale(connection, latest, now)
    return PlantState(
        machines=[
            _machine_state(machine, [sensor for sensor in sensors if sensor.equipment == machine], latest, events)
            for machine in dict.fromkeys(sensor.equipment for sensor in sensors)
        ],
        sensors=len(sensors),
        readings=min(counted, _MOST_READINGS_COUNTED),
        readings_exact=counted <= _MOST_READINGS_COUNTED,
        is_stale=stale,
    )


def _is_stale(connection: Connection, latest: dict[int, tuple[datetime, float]], now: datetime) -> bool:
    if not latest:
        return False
    newest = max(latest, key=lambda sensor_id: latest[sensor_id][0])
    interval = expected_interval(connection, newest) or 0.0
    return interval > 0 and (now - latest[newest][0]).total_seconds() > STALE * interval


def _machine_state(
    machine: str, sensors: list[Sensor], latest: dict[int, tuple[datetime, float]], events: list[Event]
) -> MachineState:
    going_on = {event.kind: event for event in events if event.equipment == machine}
    event = going_on.get(EventKind.FAILURE) or going_on.get(EventKind.WARNING)
    readings = [
        LatestReading(
            sensor.sensor_id,
            sensor.display_name,
            sensor.sensor_type,
            sensor.unit,
            value,
            timestamp,
            sensor.limit_crossed_by(value),
        )
        for sensor in sensors
        if sensor.sensor_id in latest
        for timestamp, value in [latest[sensor.sensor_id]]
    ]
    return MachineState(machine, event.kind if event else NORMAL, event.started_at if event else None, readings)
