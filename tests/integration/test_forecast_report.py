"""A forecast with all that is to be known of it, made here or by a job, on real databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from src.errors import InvalidForecast, InvalidSeries, NoReadings, SensorNotFound
from src.ml.ml_engine import MLEngine, create_ml_engine
from src.ml.sensor_models.forecast_job import parameters_for, read_forecast, run
from src.ml.sensor_models.forecast_report import (
    Components,
    ForecastReport,
    forecast_components,
    forecast_report,
)
from src.ml.sensor_models.metric_grades import Grade
from src.sensors.sensor_fields import SensorDescription
from src.sensors.sensor_manager import Sensor, create_sensor_manager
from tests.integration.sensor_samples import HOUR, NOON, store

DAYS = 21


def heat(hours: int = 24 * DAYS, first: int = 0) -> list[float]:
    """A day's swing of 10 around 50, and a little noise; hours as they are numbered from noon."""
    hour = np.arange(first, first + hours)
    noise = np.random.default_rng(3).normal(0, 0.3, 24 * DAYS * 2)[first : first + hours]
    return (50 + 10 * np.cos(2 * np.pi * hour / 24) + noise).tolist()


@pytest.fixture
def sensor(engine: sa.Engine) -> Sensor:
    limits = {"warning_high": 55.0, "critical_high": 90.0, "physical_min": 0.0}
    description = SensorDescription(display_name="Saw heat", equipment="Saw", sensor_type="temperature", **limits)  # type: ignore[arg-type]
    return create_sensor_manager(engine).add(description)


@pytest.fixture
def models(engine: sa.Engine) -> MLEngine:
    return create_ml_engine()


def test_a_report_has_the_forecast_the_past_and_how_far_to_believe_it(
    engine: sa.Engine, sensor: Sensor, models: MLEngine
) -> None:
    store(engine, sensor.sensor_id, heat(), step=HOUR)
    report = forecast_report(models, sensor, 48, "auto")
    assert report.data_until == NOON + DAYS * 24 * HOUR == report.steps.times[0]
    assert len(report.steps.values) == 48
    assert np.allclose(report.steps.values, 50 + 10 * np.cos(2 * np.pi * np.arange(48) / 24), atol=2)
    assert report.past.times[-1] == report.data_until - HOUR
    misses = [abs(a - f) for a, f in zip(report.past.actual, report.past.fitted, strict=True) if a and f]
    assert len(misses) > 300
    assert float(np.mean(misses)) < 1
    assert report.metrics.grade("mape") is Grade.GOOD
    assert report.metrics.grade("rmse") is Grade.GOOD
    assert report.metrics.usual_range == pytest.approx(20, abs=1.5)
    assert report.backtest is not None
    assert len(report.backtest.by_window) == report.backtest.windows
    starts = [window.start for window in report.backtest.by_window]
    assert starts[0] == report.data_until - report.backtest.horizon * HOUR
    assert starts == sorted(starts, reverse=True)
    errors = [window.mae for window in report.backtest.by_window]
    assert np.mean(errors) == pytest.approx(report.backtest.mae)  # type: ignore[arg-type]
    assert report.coverage == (report.backtest.coverage_80, report.backtest.coverage_95)


def test_a_limit_that_is_passed_each_day_is_told_and_what_is_far_is_not(
    engine: sa.Engine, sensor: Sensor, models: MLEngine
) -> None:
    store(engine, sensor.sensor_id, heat(24 * DAYS - 12), step=HOUR)  # until midnight, when it is coolest
    report = forecast_report(models, sensor, 24, "auto")
    (crossing,) = report.crossings
    assert crossing.limit == "warning_high"
    assert not crossing.is_beyond_now
    assert crossing.expected_at is not None
    assert timedelta(hours=6) <= crossing.expected_at - report.data_until <= timedelta(hours=10)
    assert report.against(create_sensor_manager(engine).get_sensor(sensor.sensor_id)) == report


def test_a_report_is_the_same_after_it_was_kept(engine: sa.Engine, sensor: Sensor, models: MLEngine) -> None:
    values: list[float | None] = list(heat())
    values[100:110] = [None] * 10
    store(engine, sensor.sensor_id, values, step=HOUR)
    report = forecast_report(models, sensor, 24, "seasonal_naive")
    assert None in report.past.actual
    assert ForecastReport.from_record(report.to_record()) == report
    parts = forecast_components(models, sensor.sensor_id, "seasonal_naive")
    assert list(parts.seasons) == ["daily", "weekly"]
    assert Components.from_record(parts.to_record()) == parts


def test_the_same_report_twice_enters_one_forecast_into_the_ledger(
    engine: sa.Engine, sensor: Sensor, models: MLEngine
) -> None:
    store(engine, sensor.sensor_id, heat(), step=HOUR)
    for _ in range(2):
        forecast_report(models, sensor, 24, "auto")
    store(engine, sensor.sensor_id, heat(24, 24 * DAYS), start=NOON + DAYS * 24 * HOUR, step=HOUR)
    accuracy = models.forecast_accuracy(sensor.sensor_id)
    assert (accuracy.forecasts, accuracy.steps, accuracy.waiting) == (1, 24, 0)


@pytest.mark.parametrize("periods", [0, -1, 2_161, 24.0, True, "24", None])
def test_hours_that_cannot_be_forecast_are_refused(
    periods: Any, engine: sa.Engine, sensor: Sensor, models: MLEngine
) -> None:
    store(engine, sensor.sensor_id, heat(), step=HOUR)
    with pytest.raises(InvalidForecast, match="2,160"):
        forecast_report(models, sensor, periods, "auto")
    assert models.forecast_accuracy(sensor.sensor_id).forecasts == 0


def test_what_cannot_be_forecast_is_refused_by_name(engine: sa.Engine, sensor: Sensor, models: MLEngine) -> None:
    with pytest.raises(NoReadings, match="Saw heat"):
        forecast_report(models, sensor, 24, "auto")
    store(engine, sensor.sensor_id, heat(20), step=HOUR)
    with pytest.raises(InvalidSeries, match="at least 50"):
        forecast_report(models, sensor, 24, "auto")
    with pytest.raises(InvalidForecast, match="'magic'"):
        forecast_report(models, sensor, 24, "magic")


class Job:
    """A job that remembers what it was told."""

    folder = Path()

    def __init__(self) -> None:
        self.told: list[tuple[float, str]] = []

    def report(self, progress: float, message: str, result: dict[str, Any] | None = None) -> None:
        assert result is None
        self.told.append((progress, message))


def test_a_job_forecasts_with_prophet_tries_it_and_takes_the_history_apart(engine: sa.Engine, sensor: Sensor) -> None:
    store(engine, sensor.sensor_id, heat(), step=HOUR)
    job = Job()
    forecast = read_forecast(run(parameters_for(sensor, 12, "prophet"), job))
    assert [message for _, message in job.told] == ["forecast", "backtest", "components"]
    assert [share for share, _ in job.told] == sorted(share for share, _ in job.told)
    assert forecast.report.model == "prophet"
    assert forecast.report.backtest is not None
    assert forecast.report.backtest.horizon == 12
    assert not forecast.report.is_calibrated
    assert forecast.report.coverage == (forecast.report.metrics.coverage_80, forecast.report.metrics.coverage_95)
    assert forecast.components.source == "prophet"

    store(engine, sensor.sensor_id, heat(5, 24 * DAYS), start=NOON + DAYS * 24 * HOUR, step=HOUR)
    later = read_forecast(run(parameters_for(sensor, 12, "prophet"), Job())).report
    assert (later.model_version, later.data_until) == (1, forecast.report.data_until + 5 * HOUR)
    assert later.steps.times[0] == later.data_until
    assert later.past.times[-1] == later.data_until - HOUR
    assert later.past.fitted[-5:] == pytest.approx(forecast.report.steps.values[:5])


def test_a_job_for_a_sensor_that_is_gone_says_so(engine: sa.Engine, sensor: Sensor) -> None:
    create_sensor_manager(engine).delete(sensor.sensor_id, actor="Ana")
    with pytest.raises(SensorNotFound):
        run(parameters_for(sensor, 24, "auto"), Job())
