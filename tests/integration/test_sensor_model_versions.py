"""Versions of a sensor's model, also where nothing about the model itself is new."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from src.database.engine import writing
from src.database.tables import sensors
from src.ml.ml_engine import MLEngine
from src.ml.sensor_models import store as store_of_models
from src.ml.sensor_models import training
from src.ml.sensor_models.condition import conditions
from src.ml.sensor_models.readiness import lacks_models
from src.ml.sensor_models.retraining import Plan
from src.ml.sensor_models.store import SensorModels
from src.ml.sensor_models.training import FORMAT
from src.sensors.sensor_manager import Sensor, create_sensor_manager
from tests.integration.sensor_samples import add_sensor, store
from tests.integration.watched_sensors import store_latest, watched_sensor


def test_a_detector_trained_anew_on_the_same_readings_is_another_version(engine: sa.Engine, tmp_path: Path) -> None:
    saw = add_sensor(engine)
    store(engine, saw, np.random.default_rng(1).normal(5, 1, 200).tolist())
    ml = MLEngine(engine, tmp_path / "sensors")
    first, second = (ml.train_anomaly_detector(saw, hours=hours) for hours in (168, 672))
    assert [(one["version"], one["hours"]) for one in (first, second)] == [(1, 168), (2, 672)]
    assert ml.detect_anomalies(saw)["model_version"] == 2


def test_a_model_kept_by_a_farol_that_kept_them_otherwise_is_trained_anew(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saw = add_sensor(engine)
    store(engine, saw, np.random.default_rng(1).normal(5, 1, 200).tolist())
    MLEngine(engine, tmp_path / "sensors").train_anomaly_detector(saw)
    for module in (training, store_of_models):
        monkeypatch.setattr(module, "FORMAT", FORMAT + 1)
    later = MLEngine(engine, tmp_path / "sensors")
    assert later.get_ml_status()["anomaly_detectors"] == 0
    assert later.detect_anomalies(saw)["model_version"] == 2
    assert later.get_ml_status()["anomaly_detectors"] == 1


def test_the_forecaster_that_was_trained_last_is_the_one_that_is_looked_at(engine: sa.Engine, tmp_path: Path) -> None:
    ml = MLEngine(engine, tmp_path / "sensors")
    saw = watched_sensor(engine, left_out=4)
    ml.forecast_sensor(saw, periods=4)
    ml.train_forecaster(saw, model="seasonal_naive")
    status = ml.get_ml_status()
    (row,) = status["sensors"]
    assert (status["forecasters"], row["forecaster"].model, row["forecaster"].version) == (1, "seasonal_naive", 1)
    store_latest(engine, saw, [90.0] * 4)
    (row,) = ml.get_ml_status()["sensors"]
    assert row["forecaster"].last_error is None  # the forecasts are of the other model, whose version is 1 too
    ml.forecast_sensor(saw, model="auto")
    ml.train_forecaster(saw)
    (row,) = ml.get_ml_status()["sensors"]
    assert (row["forecaster"].model, row["forecaster"].version) == ("auto", 2)


def test_a_sensor_with_a_forecaster_of_any_model_has_one(engine: sa.Engine, tmp_path: Path) -> None:
    ml = MLEngine(engine, tmp_path / "sensors")
    saw = watched_sensor(engine)
    ml.train_anomaly_detector(saw)
    ml.train_forecaster(saw, model="seasonal_naive")
    status = ml.get_ml_status()
    assert (status["forecasters"], status["coverage"]) == (1, 1.0)
    assert conditions(status["sensors"][0]) == set()


def test_a_deleted_sensors_models_are_not_its_successors(engine: sa.Engine, tmp_path: Path) -> None:
    ml = MLEngine(engine, tmp_path / "sensors")
    gone = watched_sensor(engine, "gone")
    ml.train_anomaly_detector(gone)
    ml.train_forecaster(gone)
    (known,) = ml.get_ml_status()["sensors"]
    assert known["anomaly_detector"].version == known["forecaster"].version == 1
    create_sensor_manager(engine).delete(gone, actor="Ana")
    heir = _add_with_identifier(engine, "heir", gone)
    status = ml.get_ml_status()
    assert (status["anomaly_detectors"], status["forecasters"], status["coverage"]) == (0, 0, 0.0)
    assert lacks_models(heir, Plan(), SensorModels(tmp_path / "sensors").versions())


def _add_with_identifier(engine: sa.Engine, name: str, sensor_id: int) -> Sensor:
    """Add a sensor as SQLite would, with the identifier of a deleted one; PostgreSQL has to be told to."""
    added = add_sensor(engine, name)
    with writing(engine) as connection:
        connection.execute(sa.update(sensors).where(sensors.c.sensor_id == added).values(sensor_id=sensor_id))
    return create_sensor_manager(engine).get_sensor(sensor_id)
