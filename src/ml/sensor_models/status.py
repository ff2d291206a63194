"""Which models sensors have, how old they are, and whether they are still as good as when they were trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Engine

from src.database.engine import reading
from src.ml.forecast_accuracy import ForecastAccuracy, forecast_accuracies
from src.ml.sensor_models.store import Version
from src.ml.sensor_models.training import ANOMALY, FORECASTER
from src.notes import Note
from src.sensors.history import latest_periods
from src.sensors.interval_means import IntervalMeans, latest_means
from src.sensors.reading_statistics import ReadingStatistics, reading_statistics
from src.sensors.sensor_manager import Sensor

RECENT = timedelta(hours=24)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_TOLERANCE = 0.05
"""Of the training range: recent readings may go so far beyond it."""


@dataclass(frozen=True)
class ModelState:
    """One model of a sensor, as the status shows it.

    Attributes
    ----------
    data_until : datetime
        Up to when it has learnt.
    model : str
        ``anomaly``, or the forecaster that serves.
    error_at_training, last_error : float, optional
        Mean absolute error in the sensor's unit: in the backtest, and of what this version has issued since.
    drift : Note, optional
        Where the last day's readings have left what it was trained on.
    """

    version: int
    trained_at: datetime | None
    data_until: datetime
    hours: float
    samples: int
    model: str
    alarm_threshold: float | None
    error_at_training: float | None
    last_error: float | None
    drift: Note | None


def read_status(sensors: Sequence[Sensor], versions: Mapping[str, Version], engine: Engine | None) -> dict[str, Any]:
    """Look at the models of some sensors.

    Returns
    -------
    dict
        ``total_sensors``, ``anomaly_detectors``, ``forecasters`` (how many of the sensors have one), ``coverage`` (the
        share that has both, 0 to 1) and ``sensors``, a list of dicts: ``sensor_id``, ``display_name``, ``equipment``,
        ``platform``, ``sensor_type``, ``unit``, ``newest_reading`` (UTC, or None), ``anomaly_detector`` and
        ``forecaster`` (a `ModelState`, or None). Of a sensor's forecasters it is the one that was trained last.
    """
    sensor_ids = [sensor.sensor_id for sensor in sensors]
    with reading(engine) as connection:
        recent = reading_statistics(connection, latest_periods(connection, sensor_ids, RECENT))
        hourly = latest_means(connection, sensor_ids, RECENT)
    accuracies = forecast_accuracies(sensor_ids, engine=engine) if versions else {}
    latest = _latest(sensors, versions)
    rows = [
        _row(
            sensor,
            latest,
            recent.get(sensor.sensor_id),
            hourly.get(sensor.sensor_id),
            accuracies.get(sensor.sensor_id),
        )
        for sensor in sensors
    ]
    both = sum(row["anomaly_detector"] is not None and row["forecaster"] is not None for row in rows)
    return {
        "total_sensors": len(rows),
        "anomaly_detectors": sum(row["anomaly_detector"] is not None for row in rows),
        "forecasters": sum(row["forecaster"] is not None for row in rows),
        "coverage": both / len(rows) if rows else 0.0,
        "sensors": rows,
    }


def _latest(sensors: Sequence[Sensor], versions: Mapping[str, Version]) -> dict[tuple[int, str], Version]:
    """Of each sensor and kind, the version that was trained last; a sensor may have forecasters of several models."""
    by_id = {sensor.sensor_id: sensor for sensor in sensors}
    own = [one for one in versions.values() if one.sensor_id in by_id and one.is_of(by_id[one.sensor_id])]
    return {(one.sensor_id, one.kind): one for one in sorted(own, key=lambda one: one.trained_at or _LONG_AGO)}


def _row(
    sensor: Sensor,
    latest: Mapping[tuple[int, str], Version],
    recent: ReadingStatistics | None,
    hourly: IntervalMeans | None,
    accuracy: ForecastAccuracy | None,
) -> dict[str, Any]:
    names = ("sensor_id", "display_name", "equipment", "platform", "sensor_type", "unit")
    detector, forecaster = (latest.get((sensor.sensor_id, kind)) for kind in (ANOMALY, FORECASTER))
    readings = None if recent is None else (recent.minimum, recent.maximum)
    means = None if hourly is None else (float(np.nanmin(hourly.values)), float(np.nanmax(hourly.values)))
    return {
        **{name: getattr(sensor, name) for name in names},
        "newest_reading": None if recent is None else recent.last,
        "anomaly_detector": None if detector is None else _state(detector, readings, None),
        "forecaster": None if forecaster is None else _state(forecaster, means, accuracy),
    }


def _state(version: Version, recent: tuple[float, float] | None, accuracy: ForecastAccuracy | None) -> ModelState:
    facts = version.facts
    model = facts.get("serving", ANOMALY)
    issued = accuracy.by_version if accuracy else ()
    errors = [one.errors.mae for one in issued if (one.model, one.model_version) == (model, version.version)]
    return ModelState(
        version=version.version,
        trained_at=version.trained_at,
        data_until=datetime.fromisoformat(facts["data_until"]),
        hours=facts["hours"],
        samples=facts["samples"],
        model=model,
        alarm_threshold=facts.get("alarm_threshold"),
        error_at_training=facts.get("mae"),
        last_error=errors[0] if errors else None,
        drift=None if recent is None else _drift(facts["low"], facts["high"], recent),
    )


def _drift(low: float, high: float, recent: tuple[float, float]) -> Note | None:
    margin = _TOLERANCE * (high - low)
    if low - margin <= recent[0] and recent[1] <= high + margin:
        return None
    values = {"low": low, "high": high, "minimum": recent[0], "maximum": recent[1]}
    return Note(
        "The last day went from {minimum:.6g} to {maximum:.6g}; it was trained on {low:.6g} to {high:.6g}.", values
    )
