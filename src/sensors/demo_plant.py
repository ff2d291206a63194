"""The demo plant in the database: loaded once, brought up to now at every start, removed without a trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine

from src.database.app_state import change_state, claim_state, forget_state, get_state
from src.database.engine import reading, writing
from src.database.tables import EPOCH
from src.errors import InvalidDemoPlant
from src.sensors.demo_signals import (
    MARK,
    MARKS_A_DAY,
    MachineReadings,
    machine_events,
    machine_name,
    machine_readings,
)
from src.sensors.events import Event, add_events, delete_events, end_events
from src.sensors.quantities import PLANT_QUANTITIES
from src.sensors.readings import add_readings
from src.sensors.sensor_manager import (
    SensorDescription,
    add_sensors,
    delete_sensors,
    equipment_of_sensors,
    equipment_with_sensors,
)

PLATFORM = "Demo plant"
MAX_DAYS = 730
MAX_EQUIPMENT = 100
MAX_SEED = 2**32 - 1

_STATE_KEY = "demo_plant"


@dataclass(frozen=True)
class DemoPlant:
    """A demo plant as it is in the database.

    Attributes
    ----------
    days, equipment, seed : int
        What it was asked for with.
    start, end : int
        Its readings are those of the marks (ten minutes since 1970, UTC) from `start` up to, not including, `end`.
    sensor_ids : list of dict
        For each machine the identifiers of its sensors, by quantity.
    """

    days: int
    equipment: int
    seed: int
    start: int
    end: int
    sensor_ids: list[dict[str, int]]

    @property
    def until(self) -> datetime:
        """Time of the last readings."""
        return EPOCH + (self.end - 1) * MARK


@dataclass(frozen=True)
class LoadedPlant:
    """What loading came to."""

    plant: DemoPlant
    readings: int
    """How many were stored now."""
    created: bool
    """False where the same plant was there and was only brought up to now."""


def load_demo_plant(
    days: int = 90,
    equipment: int = 6,
    seed: int = 42,
    *,
    clear: bool = False,
    now: datetime | None = None,
    engine: Engine | None = None,
) -> LoadedPlant:
    """Make and store a plant: three sensors a machine, a reading every ten minutes for `days` days up to now.

    The same plant loaded twice, or by two processes at once, is loaded once and then brought up to now.

    Parameters
    ----------
    clear : bool
        Remove the earlier demo plant first; nothing else is removed.
    now : datetime, optional
        Taken as the present; the real one by default.

    Raises
    ------
    InvalidDemoPlant
        A number is out of range, another demo plant is there already, or other sensors are on equipment of its names.
    """
    _check(days, equipment, seed)
    end = _mark_after(now)
    plant = DemoPlant(days, equipment, seed, start=end - days * MARKS_A_DAY, end=end, sensor_ids=[])
    with writing(engine) as connection:
        if clear:
            _remove(connection)
        if not claim_state(connection, _STATE_KEY, asdict(plant)):
            return _continue_same(connection, plant)
        plant = replace(plant, sensor_ids=_add_sensors(connection, equipment))
        change_state(connection, _STATE_KEY, asdict(plant))
        return LoadedPlant(plant, _store(connection, plant, plant.start, plant.end), created=True)


def bring_up_to_now(*, now: datetime | None = None, engine: Engine | None = None) -> int:
    """Add what the demo plant's sensors have read since its last readings, and return how many readings that were.

    Where there is no demo plant, or it is up to now, nothing is written. Several processes may do it at once.
    """
    end = _mark_after(now)
    with reading(engine) as connection:
        plant = _stored(get_state(connection, _STATE_KEY))
    if plant is None or plant.end >= end:
        return 0
    with writing(engine) as connection:
        plant = _stored(get_state(connection, _STATE_KEY, for_change=True))
        return _extend(connection, plant, end)[1] if plant else 0


def clear_demo_plant(*, engine: Engine | None = None) -> bool:
    """Remove the demo plant's sensors, readings and events, and nothing else; return whether there was one."""
    with writing(engine) as connection:
        return _remove(connection)


def get_demo_plant(*, engine: Engine | None = None) -> DemoPlant | None:
    """Return the demo plant that is in the database, or None."""
    with reading(engine) as connection:
        return _stored(get_state(connection, _STATE_KEY))


def _check(days: int, equipment: int, seed: int) -> None:
    for name, value, low, high in (
        ("days", days, 1, MAX_DAYS),
        ("equipment", equipment, 1, MAX_EQUIPMENT),
        ("seed", seed, 0, MAX_SEED),
    ):
        if not low <= value <= high:
            raise InvalidDemoPlant(
                "A demo plant cannot be made with {name} = {value}; choose {low} to {high}.",
                name=name,
                value=value,
                low=low,
                high=high,
            )


def _mark_after(now: datetime | None) -> int:
    """The first mark that is still to come."""
    return ((now or datetime.now(UTC)) - EPOCH) // MARK + 1


def _stored(state: Mapping[str, Any] | None) -> DemoPlant | None:
    return DemoPlant(**state) if state else None


def _continue_same(connection: Connection, wanted: DemoPlant) -> LoadedPlant:
    plant = _stored(get_state(connection, _STATE_KEY, for_change=True))
    if plant is None or (plant.days, plant.equipment, plant.seed) != (wanted.days, wanted.equipment, wanted.seed):
        raise InvalidDemoPlant("There is another demo plant already. Add --clear to replace it.")
    return LoadedPlant(*_extend(connection, plant, wanted.end), created=False)


def _extend(connection: Connection, plant: DemoPlant, end: int) -> tuple[DemoPlant, int]:
    if plant.end >= end:
        return plant, 0
    extended = replace(plant, end=end)
    added = _store(connection, plant, plant.end, end)
    change_state(connection, _STATE_KEY, asdict(extended))
    return extended, added


def _add_sensors(connection: Connection, equipment: int) -> list[dict[str, int]]:
    machines = [machine_name(machine) for machine in range(equipment)]
    if taken := equipment_with_sensors(connection, machines):
        raise InvalidDemoPlant(
            "There are other sensors on {equipment} already, which is the name of a machine of the demo plant.",
            equipment=taken[0],
        )
    return [
        {sensor.sensor_type: sensor.sensor_id for sensor in add_sensors(connection, _descriptions(machine))}
        for machine in machines
    ]


def _descriptions(machine: str) -> list[SensorDescription]:
    return [
        SensorDescription(
            display_name=f"{machine} {quantity.label.lower()}",
            equipment=machine,
            platform=PLATFORM,
            sensor_type=quantity.name,
            unit=quantity.unit,
            physical_min=quantity.physical_min,
            physical_max=quantity.physical_max,
            warning_low=quantity.warning_low,
            warning_high=quantity.warning_high,
            critical_low=quantity.critical_low,
            critical_high=quantity.critical_high,
        )
        for quantity in PLANT_QUANTITIES.values()
    ]


def _store(connection: Connection, plant: DemoPlant, start: int, end: int) -> int:
    """Store the readings of the marks from `start` to `end`, and what is known at `end` of the events."""
    existing = equipment_of_sensors(connection)  # someone may have removed a sensor since, or renamed a machine
    added = 0
    for machine, ids in enumerate(plant.sensor_ids):
        ids = {quantity: sensor_id for quantity, sensor_id in ids.items() if sensor_id in existing}
        if ids:
            made = machine_readings(plant.seed, machine, start, end)
            added += add_readings(connection, _frame({ids[quantity]: made[quantity] for quantity in ids}))
            events = _events(plant, machine, start, end, existing)
            _store_events(connection, plant, events, start, end)
    return added


def _events(plant: DemoPlant, machine: int, start: int, end: int, equipment: Mapping[int, str]) -> list[Event]:
    """What happens to a machine, under the name that its first sensor is on now."""
    names = [equipment[sensor_id] for sensor_id in plant.sensor_ids[machine].values() if sensor_id in equipment]
    events = machine_events(plant.seed, machine, start, end)
    return [replace(event, equipment=names[0]) if names else event for event in events]


def _store_events(connection: Connection, plant: DemoPlant, events: list[Event], start: int, end: int) -> None:
    first, last = EPOCH + start * MARK, EPOCH + end * MARK
    known = [event if event.ended_at and event.ended_at <= last else replace(event, ended_at=None) for event in events]
    going_on = [] if start == plant.start else [event for event in known if event.started_at < first]
    end_events(connection, going_on)
    add_events(connection, [event for event in known if event not in going_on])


def _frame(readings: Mapping[int, MachineReadings]) -> pd.DataFrame:
    marks = np.concatenate([one.marks for one in readings.values()])
    minutes = int(MARK.total_seconds()) // 60
    return pd.DataFrame(
        {
            "sensor_id": np.repeat(list(readings), [one.marks.size for one in readings.values()]),
            "timestamp": pd.DatetimeIndex((marks * minutes).astype("datetime64[m]")).tz_localize("UTC"),
            "value": np.concatenate([one.values for one in readings.values()]),
            "data_quality": np.concatenate([one.quality for one in readings.values()]),
        }
    )


def _remove(connection: Connection) -> bool:
    plant = _stored(get_state(connection, _STATE_KEY, for_change=True))
    if plant is None:
        return False
    equipment = equipment_of_sensors(connection)
    for machine in range(plant.equipment):
        delete_events(connection, _events(plant, machine, plant.start, plant.end, equipment))
    delete_sensors(connection, [sensor_id for ids in plant.sensor_ids for sensor_id in ids.values()])
    forget_state(connection, _STATE_KEY)
    return True
