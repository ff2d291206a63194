"""The engine, used on the demo plant as requirement document 001 describes it, for sensors that were never trained."""

from __future__ import annotations

import gc
import time
from datetime import datetime

import pytest
from sqlalchemy import Engine

from src.ml.ml_engine import create_ml_engine
from src.sensors.demo_plant import load_demo_plant
from src.sensors.sensor_manager import create_sensor_manager

DAYS = 10


@pytest.fixture
def plant(engine: Engine) -> Engine:
    """The demo plant, with fewer days than a person gets."""
    load_demo_plant(days=DAYS, engine=engine)
    return engine


def test_the_calls_of_the_overview(plant: Engine) -> None:
    engine = create_ml_engine()
    found = engine.detect_anomalies(sensor_id=1)
    assert isinstance(found["is_anomaly"], bool)
    assert 0 <= found["anomaly_score"] <= 1
    assert {"value", "historical_average", "historical_std"} <= found.keys()
    assert engine.forecast_sensor(sensor_id=1, periods=24).keys() >= {"forecast", "metrics", "summary"}
    engine.train_anomaly_detector(sensor_id=1, hours=168, contamination=0.1)
    engine.train_forecaster(sensor_id=1, hours=72)
    assert len(engine.get_sensor_history(1, 24)) == 24 * 6
    assert engine.get_ml_status()["total_sensors"] == 18


def test_watching_all_sensors_once_around(plant: Engine) -> None:
    engine, sensor_mgr = create_ml_engine(), create_sensor_manager()
    sensors = sensor_mgr.get_enabled_sensors()
    assert len(sensors) == 18
    for sensor in sensors:
        result = engine.detect_anomalies(sensor.sensor_id)
        assert f"{sensor.display_name}: {result['anomaly_score']:.4f}"
        engine.save_prediction(
            sensor_id=sensor.sensor_id,
            model_type="ANOMALY_DETECTOR",
            prediction_timestamp=result["timestamp"],
            anomaly_score=result["anomaly_score"],
            is_anomaly=True,
        )
        assert engine.get_predictions(sensor.sensor_id, "ANOMALY_DETECTOR")[0].is_anomaly


def test_a_forecast_and_what_to_print_of_it(plant: Engine) -> None:
    result = create_ml_engine().forecast_sensor(sensor_id=2, periods=24)
    forecast, metrics, summary = result["forecast"], result["metrics"], result["summary"]
    assert summary["trend_direction"] in ("increasing", "decreasing", "stable")
    assert f"{summary['volatility']:.2f} {metrics['mape']:.2f} {metrics['rmse']:.4f}"
    assert min(forecast["lower_bound"]) <= max(forecast["forecasted_values"]) <= max(forecast["upper_bound"])


def test_a_prediction_saved_and_read_again(plant: Engine) -> None:
    engine = create_ml_engine()
    engine.save_prediction(
        sensor_id=1,
        model_type="FORECASTER",
        prediction_timestamp=datetime.now(),  # noqa: DTZ005 - as the document has it: without a zone
        forecasted_value=55.2,
        confidence_low=51.0,
        confidence_high=59.4,
    )
    predictions = engine.get_predictions(sensor_id=1, model_type="FORECASTER", limit=100)
    assert predictions[0].forecasted_value == 55.2


def test_retraining_everything_at_a_fixed_time(plant: Engine) -> None:
    from apscheduler.schedulers.background import BackgroundScheduler

    engine, results = create_ml_engine(), []
    scheduler = BackgroundScheduler()
    scheduler.add_job(lambda: results.append(engine.retrain_all_models()), "cron", hour=2, minute=0)
    scheduler.add_job(lambda: results.append(engine.retrain_all_models()), "date")  # now: nobody waits until two
    scheduler.start()
    try:
        until = time.monotonic() + 120
        while not results and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        scheduler.shutdown()
    assert (results[0]["anomaly_detectors"], results[0]["forecasters"], results[0]["failed"]) == (18, 18, 0)
    gc.collect()
    assert create_ml_engine().detect_anomalies(18)["model_version"] == 1
