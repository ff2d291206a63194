"""All that is to be known of a sensor's forecast at once: what it says, what it rests on, how far to believe it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from src.ml.forecaster import TimeSeriesForecaster
from src.ml.forecasting.results import checked_periods, moments, without_nan
from src.ml.ml_engine import MLEngine
from src.ml.sensor_models.forecasting import CurrentForecaster
from src.ml.sensor_models.limit_crossings import ForecastSteps, LimitCrossing, limit_crossings
from src.ml.sensor_models.metric_grades import Grade, grade, share_of_range, usual_range
from src.notes import Note
from src.sensors.sensor_manager import Sensor
from src.storage.json_values import json_dict

FAST_MODELS = ("auto", "seasonal_naive")
"""Those that are fitted and tried in tens of milliseconds; another one takes seconds for the import alone."""
NEVER_TRIED = "auto_arima"
"""A backtest fits a model eight times, and this one takes minutes each time."""
MOST_HOURS = 2_160
"""Three months; the forecasters learn from four weeks."""

Optionals = tuple[float | None, ...]


@dataclass(frozen=True)
class FittedPast:
    """The hours before a forecast; values in the sensor's unit.

    Attributes
    ----------
    times : tuple of datetime
        When each hour begins, in UTC.
    actual : tuple of float or None
        Means of the good readings; None where there are none.
    fitted : tuple of float or None
        What the model says of each hour: a step ahead, but for Prophet, whose curve knows the whole past, and for hours
        after the training, which were forecast. None where nothing was known before.
    """

    times: tuple[datetime, ...]
    actual: Optionals
    fitted: Optionals


@dataclass(frozen=True)
class Metrics:
    """How a model that learnt nine tenths of the history has forecast the last tenth.

    Attributes
    ----------
    mape, smape : float, optional
        In %; None where it is not defined, which `remarks` explains.
    rmse, mae : float, optional
        In the sensor's unit.
    mase : float, optional
        Below 1 is better than the seasonal naive within the training part.
    coverage_80, coverage_95 : float, optional
        From 0 to 1.
    steps : int
        Hours that were compared.
    model : str
        The one that would have served.
    usual_range : float
        From the 1st to the 99th percentile of the history, in the sensor's unit; what errors are graded by.
    """

    mape: float | None
    smape: float | None
    rmse: float | None
    mae: float | None
    mase: float | None
    coverage_80: float | None
    coverage_95: float | None
    steps: int
    model: str
    usual_range: float
    remarks: tuple[Note, ...] = ()

    def grade(self, metric: str) -> Grade | None:
        """Grade ``mape``, ``rmse`` or ``mae``; see `src.ml.sensor_models.metric_grades.grade`."""
        return grade(metric, getattr(self, metric), self.usual_range)

    def share_of_range(self, metric: str) -> float | None:
        """Return ``rmse`` or ``mae`` in % of the usual range."""
        value = getattr(self, metric)
        return None if value is None else share_of_range(value, self.usual_range)


@dataclass(frozen=True)
class TriedWindow:
    """One window of a backtest: when it begins, and mean absolute errors in the sensor's unit."""

    start: datetime
    mae: float | None
    naive_mae: float | None


@dataclass(frozen=True)
class BacktestReport:
    """What `TimeSeriesForecaster.backtest` reports."""

    model: str
    serving: str
    windows: int
    horizon: int
    mae: float | None
    naive_mae: float | None
    mase: float | None
    naive_mase: float | None
    improvement: float
    is_worth_it: bool
    coverage_80: float | None
    coverage_95: float | None
    verdict: Note
    by_window: tuple[TriedWindow, ...]


@dataclass(frozen=True)
class Summary:
    """What `TimeSeriesForecaster.forecast_summary` says."""

    trend_direction: str
    trend_change: float
    volatility: float
    current_value: float
    mean: float
    minimum: float
    minimum_at: datetime
    maximum: float
    maximum_at: datetime


@dataclass(frozen=True)
class ForecastReport:
    """A forecast of one sensor, with what it rests on.

    Attributes
    ----------
    requested_model, model : str
        What was asked for, and what serves.
    trained_at : datetime, optional
        When that version was trained.
    data_until : datetime
        When the newest whole hour with a reading ends; the forecast goes on from there.
    is_calibrated : bool
        Whether the bands are as wide as errors of the past were.
    past : FittedPast
        All that the model learns from.
    backtest : BacktestReport, optional
        None for `NEVER_TRIED`.
    crossings : tuple of LimitCrossing
        See `limit_crossings`.
    computed_at : datetime
    """

    sensor_id: int
    requested_model: str
    model: str
    model_version: int
    trained_at: datetime | None
    data_until: datetime
    steps: ForecastSteps
    is_calibrated: bool
    summary: Summary
    past: FittedPast
    metrics: Metrics
    backtest: BacktestReport | None
    crossings: tuple[LimitCrossing, ...]
    remarks: tuple[Note, ...]
    computed_at: datetime

    @property
    def coverage(self) -> tuple[float | None, float | None]:
        """Shares of values that bands like these of 80 and 95 % have held: in the backtest, else in the metrics."""
        found = self.backtest if self.is_calibrated and self.backtest else self.metrics
        return found.coverage_80, found.coverage_95

    def against(self, sensor: Sensor) -> ForecastReport:
        """Return the report with the sensor's limits as they are now; they may have changed since."""
        return replace(self, crossings=limit_crossings(sensor, self.steps, self.summary.current_value))

    def to_record(self) -> dict[str, Any]:
        """Return the report as JSON takes it."""
        return json_dict(_REPORT.dump_python(self, mode="json"), "report")

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> ForecastReport:
        """Rebuild a report that `to_record` has written."""
        return _REPORT.validate_python(record)


@dataclass(frozen=True)
class Components:
    """A sensor's history taken apart; all values in the sensor's unit.

    Attributes
    ----------
    times : tuple of datetime
        In UTC.
    trend : tuple of float or None
    seasons : dict of str to tuple of float or None
        ``daily``, ``weekly``, ``yearly``, as far as they were found.
    source : str
        ``STL`` or ``prophet``.
    """

    times: tuple[datetime, ...]
    trend: Optionals
    seasons: dict[str, Optionals]
    source: str

    def to_record(self) -> dict[str, Any]:
        """Return the components as JSON takes them."""
        return json_dict(_COMPONENTS.dump_python(self, mode="json"), "components")

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> Components:
        """Rebuild components that `to_record` has written."""
        return _COMPONENTS.validate_python(record)


def forecast_report(
    engine: MLEngine,
    sensor: Sensor,
    periods: int,
    model: str,
    *,
    on_progress: Callable[[float, str], None] | None = None,
) -> ForecastReport:
    """Forecast a sensor, and say all that there is to know of the forecast.

    The forecast is issued: it enters the ledger, as `MLEngine.forecast_sensor` has it.

    Parameters
    ----------
    sensor : Sensor
        With the limits that the forecast is held against.
    periods : int
        Hours, 1 to 2,160.
    model : str
        As `create_forecaster` knows it. `FAST_MODELS` come with the backtest of their training; another one is tried
        over so many hours here, but for `NEVER_TRIED`.
    on_progress : callable, optional
        Called with the share that is done and what is being done: ``forecast`` or ``backtest``.

    Raises
    ------
    SensorNotFound, NoReadings, InvalidSeries
        There is no such sensor, or too little to learn from.
    InvalidForecast
        So many hours cannot be forecast, or there is no such model.
    """
    periods, tell = checked_periods(periods, MOST_HOURS), on_progress or _nobody
    tell(0.05, "forecast")
    issued = engine.forecast_sensor(sensor.sensor_id, periods, model)
    current = engine.current_forecaster(sensor.sensor_id, model)
    tell(0.5, "backtest")
    forecast, steps = issued["forecast"], _steps(issued["forecast"])
    return ForecastReport(
        sensor_id=sensor.sensor_id,
        requested_model=model,
        model=issued["model"],
        model_version=issued["model_version"],
        trained_at=issued["trained_at"],
        data_until=issued["data_until"],
        steps=steps,
        is_calibrated=forecast["is_calibrated"],
        summary=_SUMMARY.validate_python(issued["summary"]),
        past=_past(current),
        metrics=_metrics(issued["metrics"], current.forecaster),
        backtest=_backtest(issued["backtest"], current.forecaster, periods),
        crossings=limit_crossings(sensor, steps, issued["summary"]["current_value"]),
        remarks=tuple(forecast["remarks"]),
        computed_at=datetime.now(UTC),
    )


def forecast_components(engine: MLEngine, sensor_id: int, model: str) -> Components:
    """Take apart what a sensor's forecaster has learnt; raises as `MLEngine.current_forecaster` does."""
    found = engine.current_forecaster(sensor_id, model).forecaster.get_components()
    return Components(
        times=tuple(found["timestamps"]),
        trend=_known(found["trend"]),
        seasons={name: _known(values) for name, values in found["seasons"].items()},
        source=found["source"],
    )


def _nobody(_share: float, _doing: str) -> None:
    """Nobody is told."""


def _steps(forecast: Mapping[str, Any]) -> ForecastSteps:
    return ForecastSteps(
        times=tuple(forecast["timestamps"]),
        values=tuple(forecast["forecasted_values"]),
        low_80=tuple(forecast["lower_80"]),
        high_80=tuple(forecast["upper_80"]),
        low_95=tuple(forecast["lower_95"]),
        high_95=tuple(forecast["upper_95"]),
    )


def _past(current: CurrentForecaster) -> FittedPast:
    times = moments(current.series.timestamps)
    known = current.forecaster.forecast_with_history(max(current.over, 1))
    fitted = dict(zip(known["timestamps"], known["forecasted_values"], strict=True))
    return FittedPast(
        tuple(times), tuple(without_nan(current.series.values)), tuple(fitted.get(time) for time in times)
    )


def _metrics(scores: Mapping[str, Any], forecaster: TimeSeriesForecaster) -> Metrics:
    names = ("mape", "smape", "rmse", "mae", "mase", "coverage_80", "coverage_95")
    return Metrics(
        **dict(zip(names, _known(scores[name] for name in names), strict=True)),
        steps=scores["steps"],
        model=scores["model"],
        usual_range=usual_range(forecaster.series.values),
        remarks=tuple(scores["remarks"]),
    )


def _backtest(trial: Mapping[str, Any] | None, forecaster: TimeSeriesForecaster, periods: int) -> BacktestReport | None:
    if trial is None:
        if forecaster.requested_model == NEVER_TRIED:
            return None
        trial = forecaster.backtest(horizon=periods)
    return _BACKTEST.validate_python(
        {name: _known([value])[0] if isinstance(value, float) else value for name, value in trial.items()}
    )


def _known(values: Any) -> Optionals:
    """Values with None in place of those that are none."""
    return tuple(None if value is None or not math.isfinite(value) else float(value) for value in values)


_REPORT = TypeAdapter(ForecastReport)
_COMPONENTS = TypeAdapter(Components)
_SUMMARY = TypeAdapter(Summary)
_BACKTEST = TypeAdapter(BacktestReport)
