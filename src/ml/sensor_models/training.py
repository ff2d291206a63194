"""Training of one sensor's model from what was read of it; runs in this process or in a worker.

A worker imports this and nothing of the database, so that it is there within a second.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from src.errors import FarolError
from src.ml.anomalies.alarms import DEFAULT_THRESHOLD
from src.ml.anomalies.faults import KnownLimits
from src.ml.anomalies.fitting import CONTAMINATION
from src.ml.anomalies.sensor_watch import learn_sensor
from src.ml.forecaster import create_forecaster
from src.ml.forecasting.results import moments
from src.ml.sensor_models.anchor import Anchor
from src.ml.sensor_models.judged_past import JudgedPast
from src.ml.sensor_models.sensor_forecaster import SensorForecaster
from src.ml.sensor_models.watched_sensor import WatchedSensor
from src.notes import Note

ANOMALY, FORECASTER = "anomaly", "forecaster"
AUTO = "auto"
DETECTOR_HOURS, FORECASTER_HOURS = 168.0, 672.0
"""Hours learnt from: a week is enough to tell what is usual, and four weeks hold the season of the week four times."""
FORMAT = 1
"""Of a model as it is kept; one of another format, from another version of Farol, is trained anew and not read."""


@dataclass(frozen=True)
class DetectorSettings:
    """How a detector is to be trained: on so many hours, the rest as `learn_sensor` has it."""

    hours: float = DETECTOR_HOURS
    contamination: float = CONTAMINATION
    alarm_threshold: float = DEFAULT_THRESHOLD
    alarms_per_week: float | None = None

    @staticmethod
    def of(facts: Mapping[str, Any]) -> DetectorSettings:
        """Return those by which a detector was trained, from what the registry lists of it."""
        return DetectorSettings(**{field.name: facts[field.name] for field in fields(DetectorSettings)})


@dataclass(frozen=True)
class DetectorOrder:
    """A detector to be trained.

    Attributes
    ----------
    sensor : str
        Its display name.
    known : KnownLimits
        From its description.
    readings : ndarray of `src.sensors.reading_stream.READING`, shape (n,)
        In the order of time, bad ones and those without a value too.
    earlier : tuple of Anchor and JudgedPast, optional
        What the detector that this one is to replace knows last, and has said so far.
    """

    sensor_id: int
    sensor: str
    known: KnownLimits
    readings: np.ndarray
    settings: DetectorSettings = DetectorSettings()
    earlier: tuple[Anchor, JudgedPast] | None = None

    kind = ANOMALY


@dataclass(frozen=True)
class ForecasterOrder:
    """A forecaster to be trained.

    Attributes
    ----------
    sensor : str
        Its display name.
    times : ndarray of datetime64[us], shape (n,)
        Starts of whole hours, in UTC, in order.
    values : ndarray of float64, shape (n,)
        The hours' means; hours without one are left out.
    anchor : Anchor
        The newest good reading.
    model : str
        As `create_forecaster` knows it.
    """

    sensor_id: int
    sensor: str
    times: np.ndarray
    values: np.ndarray
    anchor: Anchor
    hours: float = FORECASTER_HOURS
    model: str = AUTO

    kind = FORECASTER


Order = DetectorOrder | ForecasterOrder


@dataclass(frozen=True)
class Trained:
    """A trained model, pickled, with what the registry lists of it."""

    name: str
    kind: str
    content: bytes
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """Why a sensor's model was not trained."""

    sensor_id: int
    kind: str
    reason: Note


def detector_name(sensor_id: int) -> str:
    """Under which name a sensor's detector is kept."""
    return f"{ANOMALY}-{sensor_id}"


def forecaster_name(sensor_id: int, model: str) -> str:
    """Under which name a sensor's forecaster of some model is kept."""
    return f"{FORECASTER}-{sensor_id}-{model}"


def train_all(orders: Sequence[Order]) -> list[Trained | Refused]:
    """Train models one after another; what cannot be learnt from does not keep the others from it."""
    outcomes: list[Trained | Refused] = []
    for order in orders:
        try:
            outcomes.append(train(order))
        except FarolError as error:
            outcomes.append(Refused(order.sensor_id, order.kind, Note.of(error)))
    return outcomes


def train(order: Order) -> Trained:
    """Train one model.

    Raises
    ------
    InvalidReadingValues, InvalidSeries, InvalidForecast
        Nothing can be learnt from what there is.
    """
    model, facts = _detector(order) if isinstance(order, DetectorOrder) else _forecaster(order)
    common = {"format": FORMAT, "sensor_id": order.sensor_id, "sensor": order.sensor}
    return Trained(_name(order), order.kind, pickle.dumps(model, protocol=5), {**common, **facts})


def _name(order: Order) -> str:
    sensor_id = order.sensor_id
    return detector_name(sensor_id) if isinstance(order, DetectorOrder) else forecaster_name(sensor_id, order.model)


def _detector(order: DetectorOrder) -> tuple[WatchedSensor, dict[str, Any]]:
    readings, settings = order.readings, order.settings
    times = readings["time"].astype("datetime64[us]")
    watch, judged = learn_sensor(
        times,
        readings["value"],
        readings["quality"],
        known=order.known,
        contamination=settings.contamination,
        alarm_threshold=settings.alarm_threshold,
        alarms_per_week=settings.alarms_per_week,
    )
    detector = watch.detector
    usable = np.flatnonzero([fault is None for fault in judged.sensor_faults])
    learnt = None if detector.is_learning else times[usable[detector.train_rows - 1]]
    past = JudgedPast.of(judged, learnt)
    if order.earlier is not None and order.earlier[0].is_in(readings):
        past = past.after(order.earlier[1])
    low, high = detector.seen_range
    facts = {
        "hours": settings.hours,
        "samples": detector.seen,
        "data_from": Anchor.of(readings[0]).moment.isoformat(),
        "data_until": Anchor.of(readings[-1]).moment.isoformat(),
        "low": low,
        "high": high,
        "contamination": settings.contamination,
        "alarm_threshold": detector.alarm_threshold,
        "alarms_per_week": settings.alarms_per_week,
    }
    return WatchedSensor(watch, past, judged[len(judged) - 1], Anchor.of(readings[-1])), facts


def _forecaster(order: ForecasterOrder) -> tuple[SensorForecaster, dict[str, Any]]:
    # Whatever a sensor's hours follow, the day is part of it; Prophet by itself would forecast all hours alike.
    forecaster = create_forecaster(order.model, daily_seasonality=True).fit(order.times, order.values)
    series, trial = forecaster.series, forecaster.trial
    observed = series.values[series.observed]
    facts = {
        "hours": order.hours,
        "samples": len(observed),
        "data_from": moments(order.times[:1])[0].isoformat(),
        "data_until": order.anchor.moment.isoformat(),
        "low": float(observed.min()),
        "high": float(observed.max()),
        "model": order.model,
        "serving": forecaster.model,
        "frequency": str(series.frequency),
    }
    if trial is not None:
        names = ("mae", "naive_mae", "improvement", "coverage_80", "coverage_95", "windows", "horizon")
        facts |= {name: _finite(trial[name]) for name in names}
    return SensorForecaster(forecaster, order.anchor), facts


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
