"""Asking forecasters for what follows the newest readings, and keeping what they said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import Engine

from src.database.engine import reading
from src.ml.forecast_ledger import issue_forecasts
from src.ml.forecaster import TimeSeriesForecaster, create_forecaster
from src.ml.forecasting.results import checked_periods
from src.ml.forecasting.summary import summarise
from src.ml.issued_forecast import IssuedForecast
from src.ml.sensor_models.orders import forecaster_orders, no_readings
from src.ml.sensor_models.store import Kept, SensorModels
from src.ml.sensor_models.training import FORECASTER_HOURS, Refused, forecaster_name, train
from src.sensors.history import read_all_readings
from src.sensors.interval_means import HOUR, IntervalMeans, latest_means
from src.sensors.moments import length_of_hours
from src.sensors.reading_stream import READING, Period
from src.sensors.sensor_manager import Sensor

_AFTER = timedelta(microseconds=1)
_NOTHING = np.empty(0, READING)


@dataclass(frozen=True)
class CurrentForecaster:
    """A sensor's forecaster as it forecasts now.

    Attributes
    ----------
    over : int
        How many steps of its forecast are over already; left out of what is issued.
    series : IntervalMeans
        Hourly means up to the sensor's newest reading; those hours that are over already it has not learnt.
    """

    forecaster: TimeSeriesForecaster
    over: int
    series: IntervalMeans


class Forecasting:
    """The forecasters of sensors; not to be used by two threads at once."""

    def __init__(self, engine: Engine, models: SensorModels) -> None:
        self._engine = engine
        self._models = models

    def train(self, sensor: Sensor, model: str, *, hours: float) -> Kept:
        """Train one forecaster here and now.

        Raises
        ------
        NoReadings, InvalidSeries, InvalidForecast
            There is nothing, or too little, to learn from, or no such model.
        """
        create_forecaster(model)  # an unknown name is refused before anything is read
        with reading(self._engine) as connection:
            (order,) = forecaster_orders(connection, [sensor], {}, hours, model)
        if isinstance(order, Refused):
            raise no_readings(sensor)
        trained = train(order)
        self._models.save([trained])
        return self._models.get([trained.name])[trained.name]

    def forecast(self, sensor: Sensor, periods: int, model: str) -> dict[str, Any]:
        """Forecast so many hours after the newest reading, and enter the forecast into the ledger; see `MLEngine`."""
        periods = checked_periods(periods)
        create_forecaster(model)
        kept, series = self._up_to_now(sensor, model)
        forecaster, skip = kept.model.brought_up_to(series)
        forecast = forecaster.forecast(periods, skip=skip)
        issue_forecasts([_issued(sensor, kept, forecast)], engine=self._engine)
        return {
            "sensor_id": sensor.sensor_id,
            "display_name": sensor.display_name,
            "forecast": forecast,
            "metrics": kept.model.calculate_metrics(),
            "summary": summarise(forecast, forecaster.series),
            "backtest": kept.model.forecaster.trial,
            "model": forecast["model"],
            "model_version": kept.version.version,
            "trained_at": kept.version.trained_at,
            "data_until": series.end,
        }

    def current(self, sensor: Sensor, model: str) -> CurrentForecaster:
        """Return the sensor's forecaster as it forecasts now."""
        kept, series = self._up_to_now(sensor, model)
        forecaster, over = kept.model.brought_up_to(series)
        return CurrentForecaster(forecaster, over, series)

    def _up_to_now(self, sensor: Sensor, model: str) -> tuple[Kept, IntervalMeans]:
        name = forecaster_name(sensor.sensor_id, model)
        kept = self._models.get([name]).get(name)
        series = None if kept is None else self._series(sensor, kept)
        if kept is None or series is None or kept.model.is_outdated(series):
            kept = self.train(sensor, model, hours=FORECASTER_HOURS if kept is None else kept.version.facts["hours"])
            series = self._series(sensor, kept)
            assert series is not None  # it was learnt from just now
        return kept, series

    def _series(self, sensor: Sensor, kept: Kept) -> IntervalMeans | None:
        """The sensor's newest series; None where the forecaster knows another history."""
        time = kept.model.anchor.moment
        with reading(self._engine) as connection:
            there = read_all_readings(connection, {sensor.sensor_id: Period(time, time + _AFTER)})
            if not kept.model.anchor.is_in(there.get(sensor.sensor_id, _NOTHING)):
                return None
            hours = length_of_hours(kept.version.facts["hours"])
            return latest_means(connection, [sensor.sensor_id], hours).get(sensor.sensor_id)


def _issued(sensor: Sensor, kept: Kept, forecast: dict[str, Any]) -> IssuedForecast:
    return IssuedForecast(
        sensor_id=sensor.sensor_id,
        model=forecast["model"],
        model_version=kept.version.version,
        first_target=forecast["timestamps"][0],
        interval=HOUR,
        value=np.array(forecast["forecasted_values"]),
        low_80=np.array(forecast["lower_80"]),
        high_80=np.array(forecast["upper_80"]),
        low_95=np.array(forecast["lower_95"]),
        high_95=np.array(forecast["upper_95"]),
    )
