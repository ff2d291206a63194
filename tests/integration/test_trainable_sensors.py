"""Which sensors a model can be trained for, and what is said of the others; in both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from src.errors import InvalidPeriod, InvalidPrediction, SensorNotFound
from src.ml.ml_engine import MLEngine
from src.ml.repositories import ModelTrainingRepository
from src.sensors.demo_plant import load_demo_plant
from tests.integration.sensor_samples import HOUR, NOON, TEN_MINUTES, add_sensor, store

LATER = NOON + timedelta(days=30)


@pytest.fixture
def training(engine: sa.Engine) -> ModelTrainingRepository:
    return ModelTrainingRepository(engine)


def test_each_sensor_that_cannot_be_trained_has_its_reason(engine, training):
    good, few, bad, unused = (
        add_sensor(engine, "good"),
        add_sensor(engine, "few"),
        add_sensor(engine, "bad"),
        add_sensor(engine, "unused", enabled=False),
    )
    store(engine, good, [1.0] * 30, step=HOUR)
    store(engine, few, [1.0] * 29, step=HOUR)
    store(engine, bad, [1.0] * 30, step=HOUR, quality=2)
    store(engine, unused, [1.0] * 30, step=HOUR)
    checks = training.check_sensors("ANOMALY_DETECTOR", until=LATER)
    assert [(check.sensor.sensor_id, check.samples, check.reason and str(check.reason)) for check in checks] == [
        (good, 30, None),
        (few, 29, "There are 29 samples in the 168 hours before the newest good reading; 30 are needed."),
        (bad, 0, "There are no good readings to learn from."),
        (unused, 30, "The sensor is out of use. Take it into use first."),
    ]
    assert [check.newest for check in checks] == [NOON + 29 * HOUR, NOON + 28 * HOUR, None, NOON + 29 * HOUR]
    assert [check.can_be_trained for check in checks] == [True, False, False, False]
    assert [sensor.sensor_id for sensor in training.trainable_sensors("ANOMALY_DETECTOR", until=LATER)] == [good]


@pytest.mark.parametrize(("hours", "trainable"), [(49, False), (50, True)])
def test_a_forecaster_needs_fifty_hours(engine, training, hours, trainable):
    saw = add_sensor(engine)
    store(engine, saw, [1.0] * (6 * hours))
    (check,) = training.check_sensors("FORECASTER", [saw], until=LATER)
    assert (check.samples, check.needed, check.can_be_trained) == (hours, 50, trainable)


def test_a_sensor_can_be_trained_from_the_hours_that_the_engine_learns_from(engine, training):
    saw = add_sensor(engine)
    store(engine, saw, [1.0] * 60, step=timedelta(hours=10))
    (check,) = training.check_sensors("FORECASTER", [saw], until=LATER)
    assert (check.samples, check.can_be_trained) == (60, True)
    assert MLEngine(engine).train_forecaster(saw)["samples"] == 60


def test_samples_are_counted_in_what_is_learnt_from(engine, training):
    saw = add_sensor(engine)
    store(engine, saw, [1.0] * 60)
    for interval, samples in ((HOUR, 10), (TEN_MINUTES, 60), (None, 60), (timedelta(days=1), 1)):
        (check,) = training.check_sensors("FORECASTER", [saw], interval=interval, until=LATER)
        assert check.samples == samples
    (check,) = training.check_sensors("FORECASTER", [saw], hours=4, until=LATER)
    assert check.samples == 4


def test_all_sensors_of_the_demo_plant_can_be_trained(engine, training):
    load_demo_plant(days=8, equipment=2, engine=engine)
    for model_type in ("ANOMALY_DETECTOR", "FORECASTER"):
        assert len(training.trainable_sensors(model_type)) == 6


def test_what_is_asked_for_wrongly_is_named(engine, training):
    with pytest.raises(InvalidPrediction, match="'ORACLE'"):
        training.check_sensors("ORACLE")
    with pytest.raises(SensorNotFound, match="404"):
        training.check_sensors("FORECASTER", [404])
    with pytest.raises(InvalidPeriod):
        training.check_sensors("FORECASTER", hours=0)
    assert training.check_sensors("FORECASTER") == []
