"""The plant's training table: what the sensors of each machine read at one time, and the state it was in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from src.database.engine import reading
from src.errors import NoReadings
from src.sensors.events import Event, EventKind, read_events
from src.sensors.quantities import PLANT_QUANTITIES
from src.sensors.readings import read_readings
from src.sensors.sensor_manager import Sensor, create_sensor_manager

NORMAL = "normal"
STATES = (NORMAL, EventKind.WARNING.value, EventKind.FAILURE.value)

FEATURES = list(PLANT_QUANTITIES)


@dataclass(frozen=True)
class FeatureDetails:
    """What an input field for a feature needs to know. The range is what the sensors can measure, in `unit`."""

    label: str
    unit: str
    physical_min: float | None
    physical_max: float | None


def get_dataframe_leituras_sensores(engine: Engine | None = None) -> pd.DataFrame:
    """Build the training table: a row for each machine and time at which all its quantities have a good reading.

    Only enabled sensors and good readings count. Where a machine has several sensors of one quantity, their mean is
    taken. A time is in the state of the event that goes on then, failure before warning; maintenance is normal.

    Returns
    -------
    DataFrame
        `timestamp` (datetime64[ns, UTC]), `equipment` (str), `lux` (lx), `temperature` (°C), `vibration` (mm/s), all
        float64, and `state` ("normal", "warning" or "failure"); ordered by equipment, as first seen, and time.

    Raises
    ------
    NoReadings
        There is no such row.

    Notes
    -----
    The name is the one that requirement document 000 gives it.
    """
    sensors = [
        sensor for sensor in create_sensor_manager(engine).get_enabled_sensors() if sensor.sensor_type in FEATURES
    ]
    readings = read_readings([sensor.sensor_id for sensor in sensors], good_only=True, engine=engine)
    with reading(engine) as connection:
        events = read_events(connection)
    machines = [
        _machine_table(machine, [sensor for sensor in sensors if sensor.equipment == machine], readings, events)
        for machine in dict.fromkeys(sensor.equipment for sensor in sensors)
    ]
    table = pd.concat(machines, ignore_index=True) if machines else pd.DataFrame()
    if table.empty:
        raise NoReadings(
            "No machine has good readings of {features} yet. Load the demo plant: python -m src data demo",
            features=", ".join(FEATURES),
        )
    return table


def plant_sensor_details(engine: Engine | None = None) -> dict[str, FeatureDetails]:
    """Return the unit and the physical range of each feature of the training table, by its name.

    They are those of the enabled sensors (the widest range among them), or else those of the demo plant's sensors.
    """
    sensors = create_sensor_manager(engine).get_enabled_sensors()
    return {name: _details(name, [sensor for sensor in sensors if sensor.sensor_type == name]) for name in FEATURES}


def plant_units(engine: Engine | None = None) -> dict[str, str]:
    """Return the unit of each feature of the training table, by its name."""
    return {name: details.unit for name, details in plant_sensor_details(engine).items()}


def _details(name: str, sensors: list[Sensor]) -> FeatureDetails:
    quantity = PLANT_QUANTITIES[name]
    if not sensors:
        return FeatureDetails(quantity.label, quantity.unit, quantity.physical_min, quantity.physical_max)
    lows = [sensor.physical_min for sensor in sensors if sensor.physical_min is not None]
    highs = [sensor.physical_max for sensor in sensors if sensor.physical_max is not None]
    return FeatureDetails(quantity.label, sensors[0].unit, min(lows, default=None), max(highs, default=None))


def _machine_table(machine: str, sensors: list[Sensor], readings: pd.DataFrame, events: list[Event]) -> pd.DataFrame:
    columns = [_series(name, [s.sensor_id for s in sensors if s.sensor_type == name], readings) for name in FEATURES]
    table = pd.concat(columns, axis="columns", join="inner")
    timestamps = pd.DatetimeIndex(table.index)
    table.insert(0, "timestamp", timestamps)
    table.insert(1, "equipment", machine)
    table["state"] = _states(timestamps, [event for event in events if event.equipment == machine])
    return table


def _series(name: str, sensor_ids: list[int], readings: pd.DataFrame) -> pd.Series:
    """The readings of one quantity of a machine, by time."""
    chosen = readings[readings["sensor_id"].isin(sensor_ids)]
    series = chosen.set_index("timestamp")["value"].rename(name)
    return series.groupby(level=0).mean() if len(sensor_ids) > 1 else series


def _states(timestamps: pd.DatetimeIndex, events: list[Event]) -> np.ndarray:
    """The state at each of some ordered times, shape (n,)."""
    states = np.full(len(timestamps), NORMAL, dtype=object)
    for kind in STATES[1:]:  # failure last, so that it wins
        for event in events:
            if event.kind == kind:
                begin = timestamps.searchsorted(event.started_at)
                end = len(timestamps) if event.ended_at is None else timestamps.searchsorted(event.ended_at)
                states[begin:end] = kind
    return states
