"""A sensor's readings with what was said of them, as few points that look the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Engine

from src.database.engine import reading
from src.ml.sensor_models.judged_past import JudgedPast
from src.notes import Note
from src.sensors.downsampling import MOST_POINTS, Series, Thinner, series_of_sensor
from src.sensors.history import read_all_readings
from src.sensors.reading_stream import Period


@dataclass(frozen=True)
class Marks:
    """Some readings to be marked; arrays of shape (n,), in the order of time.

    Attributes
    ----------
    times : ndarray of datetime64[us]
        UTC.
    values : ndarray of float64
        NaN for a reading without one.
    """

    times: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True)
class JudgedSeries:
    """What a picture of a judged period is drawn from.

    Attributes
    ----------
    readings : Series
        The good readings, thinned.
    score_times, strengths : ndarray
        The smoothed scores, thinned; NaN where the line breaks.
    alarms : Marks
        All of them.
    alarm_strengths : ndarray of float, shape (n_alarms,)
    faults : Marks
        Readings that were faults of the sensor, thinned.
    fault_reasons : tuple of Note
        One for each of these.
    """

    readings: Series
    score_times: np.ndarray
    strengths: np.ndarray
    alarms: Marks
    alarm_strengths: np.ndarray
    faults: Marks
    fault_reasons: tuple[Note, ...]


def judged_series(
    sensor_id: int, past: JudgedPast, period: Period, *, most: int = MOST_POINTS, engine: Engine | None = None
) -> JudgedSeries:
    """Read a sensor's readings of a period, and put what was said of them beside; at most so many points a line."""
    readings = series_of_sensor(sensor_id, period, most=most, engine=engine)
    start, end = (np.datetime64(time.replace(tzinfo=None), "us") for time in (period.start, period.end))
    is_shown = (past.times >= start) & (past.times < end)
    alarms = np.flatnonzero(is_shown & past.is_anomaly)
    faults = sorted(time for time in past.sensor_faults if start <= time < end)
    values = _values(sensor_id, [*past.times[alarms], *faults], period, engine)
    fault_marks = _thinned(np.array(faults, "datetime64[us]"), values[len(alarms) :], period, most // 10)
    scores = _scores(past, is_shown, readings, period, most * 9 // 10)
    return JudgedSeries(
        readings=readings,
        score_times=scores.times,
        strengths=scores.values,
        alarms=Marks(past.times[alarms], values[: len(alarms)]),
        alarm_strengths=past.strengths[alarms].astype(float),
        faults=fault_marks,
        fault_reasons=tuple(past.sensor_faults[time] for time in fault_marks.times),
    )


def _values(sensor_id: int, times: Sequence[np.datetime64], period: Period, engine: Engine | None) -> np.ndarray:
    """The values of the readings at some times; NaN where there is none any more."""
    if not times:
        return np.array([])
    with reading(engine) as connection:
        found = read_all_readings(connection, {sensor_id: period}).get(sensor_id)
    if found is None:
        return np.full(len(times), np.nan)
    wanted = np.array(times, "datetime64[us]").astype(np.int64)
    places = np.minimum(np.searchsorted(found["time"], wanted), len(found) - 1)
    return np.where(found["time"][places] == wanted, found["value"][places], np.nan)


def _thinned(times: np.ndarray, values: np.ndarray, period: Period, most: int) -> Marks:
    """Thin marks as if a reading without a value were 0."""
    thinner = Thinner(period, most)
    thinner.add(times.astype(np.int64), np.nan_to_num(values))
    kept = np.isin(times.astype(np.int64), thinner.times)
    return Marks(times[kept], values[kept])


def _scores(past: JudgedPast, is_shown: np.ndarray, readings: Series, period: Period, most: int) -> Marks:
    chosen = is_shown & ~np.isnan(past.strengths)
    thinner = Thinner(period, most)
    thinner.add(past.times[chosen].astype(np.int64), past.strengths[chosen].astype(float))
    breaks = readings.times[np.isnan(readings.values)].astype(np.int64)  # the line breaks where that of readings does
    times = np.concatenate([thinner.times, breaks])
    values = np.concatenate([thinner.values, np.full(breaks.size, np.nan)])
    order = np.argsort(times, kind="stable")
    return Marks(times[order].astype("datetime64[us]"), values[order])
