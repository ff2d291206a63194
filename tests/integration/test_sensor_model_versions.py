"""Versions of a sensor's model, also where nothing about the model itself is new."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import sqlalchemy as sa

from src.ml.ml_engine import MLEngine
from tests.integration.sensor_samples import add_sensor, store


def test_a_detector_trained_anew_on_the_same_readings_is_another_version(engine: sa.Engine, tmp_path: Path) -> None:
    saw = add_sensor(engine)
    store(engine, saw, np.random.default_rng(1).normal(5, 1, 200).tolist())
    ml = MLEngine(engine, tmp_path / "sensors")
    first, second = (ml.train_anomaly_detector(saw, hours=hours) for hours in (168, 672))
    assert [(one["version"], one["hours"]) for one in (first, second)] == [(1, 168), (2, 672)]
    assert ml.detect_anomalies(saw)["model_version"] == 2
