"""Asking detectors about the newest readings, of one sensor or of a thousand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pickle import dumps
from typing import Any

import numpy as np
from sqlalchemy import Engine

from src.database.engine import reading
from src.errors import FarolError, NotTrained
from src.ml.anomalies.detection import Detections
from src.ml.anomalies.online_detector import OnlineDetector
from src.ml.repositories import PredictionRepository
from src.ml.sensor_models.judged_past import JudgedPast
from src.ml.sensor_models.orders import detector_orders, no_readings
from src.ml.sensor_models.retraining import Plan, retrain
from src.ml.sensor_models.store import Kept, SensorModels
from src.ml.sensor_models.training import ANOMALY, DetectorSettings, Refused, Trained, detector_name, train
from src.ml.sensor_models.watched_sensor import WatchedSensor
from src.ml.sensor_prediction import ModelType, SensorPrediction
from src.sensors.history import read_all_readings
from src.sensors.reading_stream import Period
from src.sensors.sensor_manager import Sensor

_MOST_TRAINED_HERE = 20
"""More sensors than that are worth the start of worker processes."""
_AFTER = timedelta(microseconds=1)


class Detecting:
    """The detectors of sensors; not to be used by two threads at once."""

    def __init__(self, engine: Engine, models: SensorModels) -> None:
        self._engine = engine
        self._models = models

    def train(self, sensor: Sensor, *, hours: float, contamination: float) -> Kept:
        """Train one detector here and now; the alarm threshold stays the one that the sensor has.

        Raises
        ------
        NoReadings, InvalidReadingValues
            There is nothing, or too little, to learn from.
        """
        before = self._kept([sensor]).get(sensor.sensor_id)
        settings = DetectorSettings() if before is None else DetectorSettings.of(before.version.facts)
        return self._train(sensor, replace(settings, hours=hours, contamination=contamination), before)

    def detect(
        self, sensors: Sequence[Sensor], now: datetime, *, train: bool = True
    ) -> tuple[dict[int, dict[str, Any]], dict[int, FarolError]]:
        """Take in what is new, and say what is to be said of now, by sensor; or why nothing can be said."""
        kept, readings = self._up_to_now(sensors, now)
        missing = [sensor for sensor in sensors if sensor.sensor_id not in kept]
        refused: dict[int, FarolError] = {}
        if missing and train:
            refused = self._train_missing(missing)
            kept |= self._kept([sensor for sensor in missing if sensor.sensor_id not in refused])
        alarms = [
            alarm
            for sensor_id, new in readings.items()
            for alarm in _alarms(kept[sensor_id], kept[sensor_id].model.take_in(new))
        ]
        PredictionRepository(self._engine).save_many(alarms)
        results = {
            sensor.sensor_id: _said(sensor, kept[sensor.sensor_id], now)
            for sensor in sensors
            if sensor.sensor_id in kept
        }
        return results, refused

    def past(self, sensor: Sensor) -> JudgedPast:
        """Return what the sensor's detector, which there must be, has said so far."""
        return self._kept([sensor])[sensor.sensor_id].model.past

    def detector(self, sensor: Sensor) -> OnlineDetector:
        """Return the sensor's detector, which there must be, to look at and not to be changed."""
        return self._kept([sensor])[sensor.sensor_id].model.watch.detector

    def change(self, sensor: Sensor, change: Callable[[OnlineDetector], None]) -> Kept:
        """Change the sensor's detector, which there must be, and keep it as a new version as it is now."""
        kept = self._kept([sensor])[sensor.sensor_id]
        detector = kept.model.watch.detector
        change(detector)
        facts = kept.version.facts | {
            "alarm_threshold": detector.alarm_threshold,
            "alarms_per_week": detector.alarms_per_week,
        }
        return self._save(sensor, Trained(kept.version.name, ANOMALY, dumps(kept.model, protocol=5), facts))

    def _kept(self, sensors: Sequence[Sensor]) -> dict[int, Kept]:
        found = self._models.get(detector_name(sensor.sensor_id) for sensor in sensors)
        return {kept.version.sensor_id: kept for kept in found.values()}

    def _up_to_now(self, sensors: Sequence[Sensor], now: datetime) -> tuple[dict[int, Kept], dict[int, np.ndarray]]:
        """Detectors that know their sensor's history, and the readings that each has not taken in yet."""
        kept = self._kept(sensors)
        until = max(now, datetime.now(UTC)) + _AFTER
        periods = {
            sensor_id: Period(time, until)
            for sensor_id, one in kept.items()
            if (time := one.model.anchor.moment) < until
        }
        with reading(self._engine) as connection:
            since = read_all_readings(connection, periods)
        known = {key: one for key, one in kept.items() if key in since and one.model.anchor.is_in(since[key])}
        return known, {key: since[key][1:] for key in known if len(since[key]) > 1}

    def _train_missing(self, sensors: Sequence[Sensor]) -> dict[int, FarolError]:
        if len(sensors) > _MOST_TRAINED_HERE:
            done = retrain(sensors, Plan(kinds=(ANOMALY,)), self._models, engine=self._engine)
            return {one.sensor_id: NotTrained("{reason}", reason=one.reason) for one in done.refused}
        refused: dict[int, FarolError] = {}
        for sensor in sensors:
            try:
                self._train(sensor, DetectorSettings(), None)
            except FarolError as error:
                refused[sensor.sensor_id] = error
        return refused

    def _train(self, sensor: Sensor, settings: DetectorSettings, before: Kept | None) -> Kept:
        earlier: dict[int, WatchedSensor] = {} if before is None else {sensor.sensor_id: before.model}
        with reading(self._engine) as connection:
            (order,) = detector_orders(connection, [sensor], {sensor.sensor_id: settings}, earlier)
        if isinstance(order, Refused):
            raise no_readings(sensor)
        return self._save(sensor, train(order))

    def _save(self, sensor: Sensor, trained: Trained) -> Kept:
        self._models.save([trained])
        return self._kept([sensor])[sensor.sensor_id]


def _said(sensor: Sensor, kept: Kept, now: datetime) -> dict[str, Any]:
    return {
        "sensor_id": sensor.sensor_id,
        "display_name": sensor.display_name,
        **kept.model.said_of_now(now),
        "model_version": kept.version.version,
        "trained_at": kept.version.trained_at,
    }


def _alarms(kept: Kept, judged: Detections) -> list[SensorPrediction]:
    return [
        SensorPrediction(
            sensor_id=kept.version.sensor_id,
            model_type=ModelType.ANOMALY_DETECTOR,
            prediction_timestamp=judged[place].time,
            anomaly_score=judged[place].anomaly_score,
            is_anomaly=True,
            model_version=kept.version.version,
        )
        for place in np.flatnonzero(judged.is_anomaly).tolist()
    ]
