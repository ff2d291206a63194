"""What the machines of the demo plant do, as a pure function of seed, machine and calendar time.

Every random number comes from a stream of its own, keyed by what it is for: seed, machine, purpose, and the day or
the cycle. So any stretch of time can be made at any later moment, and continues exactly what was made before.

Time is counted in marks: steps of ten minutes since 1970, UTC. A machine lives in cycles. In each one something
wears (a bearing, the cooling, or the lighting circuit), slowly first and then faster; a warning is raised, the
machine fails, and maintenance makes it as new. Sometimes maintenance comes before the failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from src.database.tables import EPOCH
from src.sensors.events import Event, EventKind
from src.sensors.quantities import LUX, PLANT_QUANTITIES, TEMPERATURE, VIBRATION, Quantity
from src.sensors.readings import DataQuality

MARK = timedelta(minutes=10)
MARKS_A_HOUR = 6
MARKS_A_DAY = 144

_KINDS_OF_MACHINE = ("Press", "Pump", "Fan", "Mixer", "Conveyor", "Compressor")

# What a random stream is for. The numbers are part of the plant: changing one changes all its history.
_MACHINE, _CYCLE, _NOISE, _WEATHER, _FAULTS, _OUTAGE = range(6)
_PLANT = 1_000_000  # stands for "all machines" where a stream has a machine


@dataclass(frozen=True)
class _Wear:
    """What a fully worn part does to each quantity."""

    note: str
    light_lost: float  # share of the lamps
    flicker: float  # share of the lamps, standard deviation
    heat: float  # °C at full load
    shaking: float  # mm/s at full load


_WEARS = (
    _Wear("Bearing wear", light_lost=0.06, flicker=0.01, heat=13.0, shaking=6.0),
    _Wear("Cooling blocked", light_lost=0.04, flicker=0.01, heat=31.0, shaking=2.0),
    _Wear("Lighting circuit failing", light_lost=0.58, flicker=0.12, heat=11.0, shaking=1.5),
)


@dataclass(frozen=True)
class _Cycle:
    """One life of a machine between two overhauls; all times in marks."""

    wear: _Wear
    drift_start: int
    warning: int
    failure: int  # equal to `maintenance` where that came in time
    maintenance: int
    end: int  # of the maintenance


@dataclass(frozen=True)
class MachineReadings:
    """Readings of one quantity of one machine.

    Attributes
    ----------
    marks : ndarray of int64, shape (n,)
        When, in steps of ten minutes since 1970; with gaps where the sensor sent nothing.
    values : ndarray of float64, shape (n,)
        NaN where the sensor sent no value.
    quality : ndarray of int64, shape (n,)
        `DataQuality` codes.
    """

    marks: np.ndarray
    values: np.ndarray
    quality: np.ndarray


def machine_name(machine: int) -> str:
    """Name the machine with that index, from 0."""
    return f"{_KINDS_OF_MACHINE[machine % len(_KINDS_OF_MACHINE)]} {machine + 1}"


def machine_events(seed: int, machine: int, start: int, end: int) -> list[Event]:
    """All events of a machine that go on at some time in the marks from `start` up to, not including, `end`."""
    events = []
    for cycle in _cycles(seed, machine, start, end):
        for kind, begins, ends in (
            (EventKind.WARNING, cycle.warning, cycle.failure),
            (EventKind.FAILURE, cycle.failure, cycle.maintenance),
            (EventKind.MAINTENANCE, cycle.maintenance, cycle.end),
        ):
            if begins < ends and begins < end and ends > start:
                events.append(
                    Event(machine_name(machine), kind, EPOCH + begins * MARK, EPOCH + ends * MARK, cycle.wear.note)
                )
    return events


def machine_readings(seed: int, machine: int, start: int, end: int) -> dict[str, MachineReadings]:
    """Make a machine's readings, by quantity, for the marks from `start` up to, not including, `end`."""
    first_day, last_day = start // MARKS_A_DAY, -(-end // MARKS_A_DAY)
    marks = np.arange((first_day - 1) * MARKS_A_DAY, last_day * MARKS_A_DAY)  # a day more: heat lags behind load
    asked = (marks >= start) & (marks < end)
    readings = {}
    outage = _outages(seed, machine, marks)
    for number, (name, values) in enumerate(_true_values(seed, machine, marks).items()):
        values, quality, sent = _with_sensor_faults(seed, machine, number, PLANT_QUANTITIES[name], marks, values)
        kept = asked & sent & ~outage
        readings[name] = MachineReadings(marks[kept], values[kept], quality[kept])
    return readings


def _stream(seed: int, machine: int, purpose: int, index: int) -> np.random.Generator:
    return np.random.default_rng([seed, machine, purpose, index])


def _cycles(seed: int, machine: int, start: int, end: int) -> list[_Cycle]:
    rng = _stream(seed, machine, _CYCLE, 0)
    length = int(rng.integers(9 * MARKS_A_DAY, 12 * MARKS_A_DAY))
    offset = int(rng.integers(length))
    return [
        _cycle(_stream(seed, machine, _CYCLE, index + 1), offset + index * length, length)
        for index in range(max((start - offset) // length, 0), (end - offset) // length + 1)
    ]


def _cycle(rng: np.random.Generator, begins: int, length: int) -> _Cycle:
    wear = _WEARS[rng.integers(len(_WEARS))]
    hours = {
        name: int(rng.uniform(low, high) * MARKS_A_HOUR)
        for name, low, high in (("maintenance", 2, 5), ("failure", 9, 14), ("warning", 20, 32), ("drift", 72, 132))
    }
    spare = int(rng.uniform(0.02, 0.20) * length)
    failure = begins + length - spare - hours["maintenance"] - hours["failure"]
    in_time = rng.random() < 0.12
    maintenance = failure if in_time else failure + hours["failure"]
    return _Cycle(
        wear=wear,
        drift_start=failure - hours["drift"],
        warning=failure - hours["warning"],
        failure=failure,
        maintenance=maintenance,
        end=maintenance + hours["maintenance"],
    )


def _true_values(seed: int, machine: int, marks: np.ndarray) -> dict[str, np.ndarray]:
    """What happens at the machine, before any sensor fault; arrays like `marks`."""
    character = _stream(seed, machine, _MACHINE, 0)
    lamps, heat, shaking = 320 + 12 * character.normal(), 25 + character.normal(), 2.0 * character.lognormal(0, 0.05)
    noise = _daily(seed, machine, _NOISE, marks, 4)
    wear, stopped = _wear(seed, machine, marks)
    load = np.where(stopped, 0.0, _load(marks) * (1 + 0.04 * _smooth(seed, machine, 0, marks)))
    strain = 0.6 + 0.4 * load  # wear shows under load, and a little without
    worn_light, worn_flicker, worn_heat, worn_shaking = wear
    light = lamps * (1 - worn_light + worn_flicker * noise[0]) + _daylight(seed, marks)
    ambient = _ambient(seed, marks) + 0.8 * _smooth(seed, machine, 1, marks)
    temperature = ambient + heat * _lagged(load) + worn_heat * _lagged(strain) + 0.7 * noise[1]
    vibration = (shaking * (0.3 + 0.7 * load) + worn_shaking * strain) * np.exp(0.09 * noise[2])
    return {
        LUX.name: np.round(np.clip(light + 6 * noise[3], LUX.physical_min, None), 1),
        TEMPERATURE.name: np.round(temperature, 2),
        VIBRATION.name: np.round(vibration, 3),
    }


def _wear(seed: int, machine: int, marks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far the four effects of wear have come, shape (4, n), and whether the machine stands still, shape (n,)."""
    worn = np.zeros((4, marks.size))
    stopped = np.zeros(marks.size, dtype=bool)
    for cycle in _cycles(seed, machine, int(marks[0]), int(marks[-1]) + 1):
        begin, fail, repair, done = np.searchsorted(
            marks, [cycle.drift_start, cycle.failure, cycle.maintenance, cycle.end]
        )
        drifting, failing = marks[begin:fail], marks[fail:repair]
        severity = ((drifting - cycle.drift_start) / (cycle.failure - cycle.drift_start)) ** 2.2
        severity = np.concatenate([severity, 1.3 + 0.4 * (failing - cycle.failure) / MARKS_A_DAY])
        wear = cycle.wear
        worn[:, begin:repair] = np.outer([wear.light_lost, wear.flicker, wear.heat, wear.shaking], severity)
        stopped[repair:done] = True
    return worn, stopped


def _load(marks: np.ndarray) -> np.ndarray:
    """Return the load that the shifts ask for, 0 to 1: two full ones and a thin night, less at the weekend."""
    hour = (marks % MARKS_A_DAY) / MARKS_A_HOUR
    weekday = (marks // MARKS_A_DAY + 3) % 7  # 1970 began on a Thursday
    load = np.select([hour < 6, hour < 14, hour < 22], [0.55, 0.95, 0.85], 0.55)
    return np.select([weekday == 5, weekday == 6], [0.6 * load, 0.3], load)


def _lagged(load: np.ndarray) -> np.ndarray:
    """Let heat follow load with a time constant of an hour and a half."""
    kernel = np.exp(-np.arange(10 * MARKS_A_HOUR) / (1.5 * MARKS_A_HOUR))
    return np.convolve(load, kernel / kernel.sum())[: load.size]


def _daylight(seed: int, marks: np.ndarray) -> np.ndarray:
    """Light (lx) that falls in through the roof: sun, season and clouds."""
    hour = (marks % MARKS_A_DAY) / MARKS_A_HOUR
    season = 1 + 0.35 * np.sin(2 * np.pi * (marks / MARKS_A_DAY - 80) / 365.25)
    clouds = 0.65 + 0.25 * np.tanh(_smooth(seed, _PLANT, 0, marks))
    return 220 * season * clouds * np.clip(np.sin(np.pi * (hour - 6) / 12), 0, None)


def _ambient(seed: int, marks: np.ndarray) -> np.ndarray:
    """Temperature (°C) of the hall."""
    hour = (marks % MARKS_A_DAY) / MARKS_A_HOUR
    season = 3 * np.sin(2 * np.pi * (marks / MARKS_A_DAY - 110) / 365.25)
    return 20 + season + 2 * np.sin(2 * np.pi * (hour - 9) / 24) + 1.2 * _smooth(seed, _PLANT, 1, marks)


def _daily(seed: int, machine: int, purpose: int, marks: np.ndarray, count: int) -> np.ndarray:
    """White noise with mean 0 and standard deviation 1, shape (count, n); a day's comes from the day's own stream."""
    days = range(int(marks[0]) // MARKS_A_DAY, int(marks[-1]) // MARKS_A_DAY + 1)
    return np.hstack([_stream(seed, machine, purpose, day).standard_normal((count, MARKS_A_DAY)) for day in days])


def _smooth(seed: int, machine: int, number: int, marks: np.ndarray) -> np.ndarray:
    """Noise that changes within hours: straight lines between random values at every third hour, shape (n,)."""
    days = np.arange(int(marks[0]) // MARKS_A_DAY, int(marks[-1]) // MARKS_A_DAY + 2)
    knots = np.concatenate(
        [_stream(seed, machine, _WEATHER + 10 * (number + 1), day).standard_normal(8) for day in days]
    )
    return np.interp(marks, days[0] * MARKS_A_DAY + 18 * np.arange(knots.size), knots)


def _outages(seed: int, machine: int, marks: np.ndarray) -> np.ndarray:
    """When nothing at all comes from the machine, as with a network that is down; shape (n,)."""
    away = np.zeros(marks.size, dtype=bool)
    for day in range(int(marks[0]) // MARKS_A_DAY, int(marks[-1]) // MARKS_A_DAY + 1):
        rng = _stream(seed, machine, _OUTAGE, day)
        if rng.random() < 0.01:
            away[_stretch(rng, marks, day, 2, 12)] = True
    return away


def _with_sensor_faults(
    seed: int, machine: int, number: int, quantity: Quantity, marks: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what the sensor says instead of the truth, how good that is, and whether it sends at all."""
    values, quality = values.copy(), np.full(marks.size, DataQuality.GOOD, dtype=np.int64)
    sent = np.ones(marks.size, dtype=bool)
    span = quantity.physical_max - quantity.physical_min
    for day in range(int(marks[0]) // MARKS_A_DAY, int(marks[-1]) // MARKS_A_DAY + 1):
        rng = _stream(seed, machine, _FAULTS + 10 * (number + 1), day)
        flat, null, gap, spikes = *(rng.random(3) < (0.025, 0.015, 0.01)), rng.poisson(0.15)
        if spikes:
            at = day * MARKS_A_DAY - int(marks[0]) + rng.integers(MARKS_A_DAY, size=spikes)
            values[at] = np.round(quantity.physical_min + span * rng.uniform(0.6, 1.0, spikes), 2)
            quality[at] = DataQuality.SPIKE
        if flat:
            at_flat = _stretch(rng, marks, day, 6, 30)
            values[at_flat] = values[at_flat][0]
            quality[at_flat] = DataQuality.FLAT_LINE
        if null:
            at_null = _stretch(rng, marks, day, 1, 9)
            values[at_null], quality[at_null] = np.nan, DataQuality.MISSING
        if gap:
            sent[_stretch(rng, marks, day, 2, 18)] = False
    return values, quality, sent


def _stretch(rng: np.random.Generator, marks: np.ndarray, day: int, shortest: int, longest: int) -> slice:
    """Choose a stretch of so many marks within one day."""
    length = int(rng.integers(shortest, longest + 1))
    begin = day * MARKS_A_DAY - int(marks[0]) + int(rng.integers(MARKS_A_DAY - length))
    return slice(begin, begin + length)
