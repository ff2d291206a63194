"""Forecasts of one sensor's values: any of the models behind one interface.

The names of methods, parameters and keys are those of requirement document 001.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.errors import ForecasterNotFitted, InvalidForecast
from src.evaluation.backtests import WINDOWS
from src.evaluation.forecast_metrics import coverage, forecast_metrics, mape_remark
from src.evaluation.intervals import IntervalWidths, calibrate
from src.ml.forecasting.components import decompose, moving_mean
from src.ml.forecasting.ensemble import MedianEnsemble
from src.ml.forecasting.model import Bounds, ForecastModel
from src.ml.forecasting.models import make_model
from src.ml.forecasting.naive import SeasonalNaive
from src.ml.forecasting.prophet_model import ProphetModel, ProphetOptions
from src.ml.forecasting.regular_series import RegularSeries, Times, make_regular
from src.ml.forecasting.results import around_fitted, checked_periods, moments, named_bounds, without_nan
from src.ml.forecasting.summary import summarise
from src.ml.forecasting.trial import Trial, try_model
from src.notes import Note

_LEVELS = (0.80, 0.95)
_SHARE_HELD_OUT = 10

Floats = NDArray[np.float64]


def create_forecaster(
    model: str = "prophet",
    interval_width: float = 0.95,
    yearly_seasonality: bool = True,
    weekly_seasonality: bool = True,
    daily_seasonality: bool = False,
    n_changepoints: int = 25,
    changepoint_prior_scale: float = 0.05,
    horizon: int | None = None,
) -> TimeSeriesForecaster:
    """Return a forecaster that has learned nothing yet.

    Parameters
    ----------
    model : str
        `prophet`, `auto` (the median ensemble), `seasonal_naive`, `auto_ets`, `auto_theta`, `mstl` or `auto_arima`,
        which takes a minute.
    interval_width : float
        Share of the values that `lower_bound` and `upper_bound` are to hold, between 0 and 1.
    yearly_seasonality, weekly_seasonality, daily_seasonality, n_changepoints, changepoint_prior_scale
        For Prophet, see `src.ml.forecasting.prophet_model.ProphetOptions`; the other models find seasons by
        themselves.
    horizon : int, optional
        Steps ahead for which intervals are calibrated; two seasons when not given. Further ahead they grow with the
        root of the steps.

    Raises
    ------
    InvalidForecast
        There is no such model, or an interval or horizon that there cannot be.
    """
    options = ProphetOptions(
        yearly_seasonality, weekly_seasonality, daily_seasonality, n_changepoints, changepoint_prior_scale
    )
    return TimeSeriesForecaster(model, interval_width, options, horizon)


class TimeSeriesForecaster:
    """Learns the history of one sensor, and forecasts it; small enough to be kept by the thousand.

    `auto` and the seasonal naive are fitted anew in rolling windows of the history when they are fitted, so that their
    intervals are as wide as their errors were; with the other models, `calibrate` does so. Where `auto` is no better
    there than the seasonal naive, the naive serves.
    """

    def __init__(self, model: str, interval_width: float, options: ProphetOptions, horizon: int | None = None) -> None:
        make_model(model, options)  # an unknown name is refused here
        if not 0 < interval_width < 1:
            raise InvalidForecast(
                "An interval cannot hold {share} of the values. Choose a share between 0 and 1, such as 0.95.",
                share=interval_width,
            )
        self.requested_model, self.interval_width, self._options = model, float(interval_width), options
        self._horizon = None if horizon is None else checked_periods(horizon)
        self._series: RegularSeries | None = None
        self._model: ForecastModel | None = None
        self._trial: Trial | None = None
        self._windows = 0  # that were asked for; of a short history there are fewer
        self._widths: IntervalWidths | None = None

    @property
    def is_fitted(self) -> bool:
        """Whether it has learned anything."""
        return self._model is not None

    @property
    def model(self) -> str:
        """The name of the model that serves."""
        return self.requested_model if self._model is None else self._model.name

    @property
    def series(self) -> RegularSeries:
        """What was learned from.

        Raises
        ------
        ForecasterNotFitted
            Nothing was.
        """
        if self._series is None:
            raise ForecasterNotFitted("The forecaster has learned nothing yet. Call fit with times and values first.")
        return self._series

    def fit(self, timestamps: Sequence[Any] | Times, values: Sequence[Any] | Floats) -> TimeSeriesForecaster:
        """Learn a history, in place of what was learned before.

        Parameters
        ----------
        timestamps : sequence of datetime, shape (n,)
            At least 50, in any order; naive ones are taken as UTC. Gaps are accepted.
        values : sequence of float, shape (n,)
            In the sensor's unit; None or NaN is no value.

        Raises
        ------
        InvalidSeries
            Nothing can be learned from them.
        InvalidForecast
            The library of the model refuses them.
        """
        return self._learn(make_regular(timestamps, values))

    @property
    def follows_fast(self) -> bool:
        """Whether `continued` can take in what came since without a wait."""
        assert self._model is not None
        return self._model.fits_fast

    @property
    def trial(self) -> dict[str, Any] | None:
        """What the last backtest has shown, as `backtest` reports it; None where there was none."""
        return None if self._trial is None else {**self._trial.report(), "serving": self.model}

    def continued(self, timestamps: Sequence[Any] | Times, values: Sequence[Any] | Floats) -> TimeSeriesForecaster:
        """Return a forecaster that knows what came since too; parameters and errors as in `fit`.

        The model that serves is fitted to it; the calibration stays the one of the training. This one does not change.
        """
        other = TimeSeriesForecaster(self.requested_model, self.interval_width, self._options, self._horizon)
        other._series, other._model = make_regular(timestamps, values), make_model(self.model, self._options)
        other._model.fit(other._series)
        other._trial, other._windows, other._widths = self._trial, self._windows, self._widths
        return other

    def _make(self) -> ForecastModel:
        return make_model(self.requested_model, self._options)

    def _learn(self, series: RegularSeries) -> TimeSeriesForecaster:
        model = self._make()
        model.fit(series)
        self._series, self._model, self._trial, self._widths = series, model, None, None
        if model.fits_fast:
            self.calibrate()
        return self

    def calibrate(self, windows: int = WINDOWS) -> TimeSeriesForecaster:
        """Make the intervals as wide as the errors in rolling windows of the history were.

        Fits the model anew for each window, which takes as long as so many fits. With `auto`, these windows also decide
        anew whether the naive serves.
        """
        trial = self._try(self._horizon, windows)
        serves_naive = self.requested_model == MedianEnsemble.name and not trial.is_worth_it
        name = SeasonalNaive.name if serves_naive else self.requested_model
        if name != self.model:
            self._model = make_model(name, self._options)
            self._model.fit(self.series)
        serving = trial.naive if serves_naive else trial.model
        self._trial, self._windows, self._widths = trial, windows, calibrate(serving.errors)
        return self

    def _try(self, horizon: int | None, windows: int) -> Trial:
        if windows < 1:
            raise InvalidForecast("{windows} windows are none to learn from. Choose at least 1.", windows=windows)
        return try_model(self._make, self.series, horizon, windows)

    def forecast(self, periods: int = 24, *, skip: int = 0) -> dict[str, Any]:
        """Forecast the steps that follow the history.

        Parameters
        ----------
        periods : int
            1 to 10,000 steps of the history's frequency.
        skip : int
            How many steps after the history are over already, and left out.

        Returns
        -------
        dict
            Lists of one entry a step: `timestamps` (UTC), `forecasted_values`, `lower_bound` and `upper_bound` (for
            `interval_width`), `lower_80`, `upper_80`, `lower_95`, `upper_95`, `trend`. Beside them `model`, the one
            that serves, `requested_model`, `interval_width`, `is_calibrated` and `remarks`, a list of notes.

        Raises
        ------
        ForecasterNotFitted
        InvalidForecast
            So many steps cannot be forecast.
        """
        series, periods = self.series, checked_periods(periods) + skip
        values, trend = self._values_and_trend(periods)
        steps = {
            "timestamps": moments(series.times_after(periods)),
            "forecasted_values": values.tolist(),
            **named_bounds(self._bounds(values)),
            "trend": trend[len(series) :].tolist(),
        }
        return {**{name: column[skip:] for name, column in steps.items()}, **self._said(periods)}

    def forecast_with_history(self, periods: int = 24) -> dict[str, Any]:
        """Forecast, and show how the model fits the history before it.

        Returns
        -------
        dict
            As from `forecast`, with the history in front in each list, and `actual_values` and `is_forecast`. In the
            history, `forecasted_values` is what fits each value (a step ahead, but for Prophet, whose curve knows the
            whole history), with bounds as wide as the rest; None where nothing was known before.
        """
        series, periods = self.series, checked_periods(periods)
        assert self._model is not None
        times = moments(np.concatenate([series.times, series.times_after(periods)]))
        values, trend = self._values_and_trend(periods)
        fitted = self._model.one_step(series)
        history, ahead = (
            named_bounds(around_fitted(fitted, series.values, self._all_levels)),
            named_bounds(self._bounds(values)),
        )
        return {
            "timestamps": times,
            "forecasted_values": without_nan(fitted) + values.tolist(),
            **{name: history[name] + ahead[name] for name in ahead},
            "trend": trend.tolist(),
            "actual_values": without_nan(series.values) + [None] * periods,
            "is_forecast": [False] * len(series) + [True] * periods,
            **self._said(periods),
        }

    def calculate_metrics(self) -> dict[str, Any]:
        """Learn the first 90 % of the history, forecast the last 10 %, and compare.

        Returns
        -------
        dict
            `mape` and `smape` in %, `rmse` and `mae` in the sensor's unit, `mase`, `coverage` (of `interval_width`),
            `coverage_80`, `coverage_95` from 0 to 1; NaN where a metric is not defined, which
            `remarks` explains for `mape`. Beside them `steps`, how many were compared, and `model`.
        """
        series = self.series
        cut = len(series) - max(len(series) // _SHARE_HELD_OUT, 1)
        periods = len(series) - cut
        other = TimeSeriesForecaster(self.requested_model, self.interval_width, self._options, periods)
        other._learn(series.head(cut))
        values, _ = other._values_and_trend(periods)
        if self._widths is not None and other._widths is None:
            other.calibrate()
        actual = series.values[cut:]
        scores = forecast_metrics(actual, values, series.values[:cut], series.season)
        held = [coverage(actual, *pair) for pair in other._bounds(values)]
        named = dict(zip(("coverage", "coverage_80", "coverage_95"), held, strict=True))
        return {
            **{name: float("nan") if score is None else score for name, score in {**scores, **named}.items()},
            "steps": int((~np.isnan(actual)).sum()),
            "model": other.model,
            "remarks": mape_remark(actual),
        }

    def forecast_summary(self, periods: int = 24) -> dict[str, Any]:
        """Say in a few figures what is to be expected; see `src.ml.forecasting.summary.summarise`."""
        return summarise(self.forecast(periods), self.series)

    def get_components(self) -> dict[str, Any]:
        """Take the history apart.

        Returns
        -------
        dict
            `timestamps`; `trend`; `seasons`, of each the values by name (`daily`, `weekly`, `yearly`); `source`,
            either `prophet` or `STL`. With Prophet also `changepoints`: pairs of a moment and the change of the slope,
            in the sensor's unit a day.
        """
        series = self.series
        assert self._model is not None
        own = self._model.components(series)
        parts = {name: values.tolist() for name, values in (own or decompose(series)).items()}
        found = {
            "timestamps": moments(series.times),
            "trend": parts.pop("trend"),
            "seasons": parts,
            "source": "STL" if own is None else self._model.name,
        }
        if isinstance(self._model, ProphetModel):
            found["changepoints"] = [
                (moment.to_pydatetime().replace(tzinfo=UTC), change) for moment, change in self._model.changepoints()
            ]
        return found

    def backtest(self, horizon: int | None = None, windows: int = WINDOWS) -> dict[str, Any]:
        """Say by how much the model would have beaten the seasonal naive in the past.

        It is fitted anew at several moments of the history, on what was known then. Without `horizon`, the intervals
        are then those that this has shown to be needed (`calibrate`).

        Parameters
        ----------
        horizon : int, optional
            Steps forecast at each moment, at most a quarter of the history; two seasons when not given.
        windows : int
            Moments.

        Returns
        -------
        dict
            `model`, `windows`, `horizon`, `mae` and `naive_mae` in the sensor's unit, `mase`, `naive_mase`,
            `improvement` (0.25 is a quarter less error), `is_worth_it`, `coverage_80`, `coverage_95` (each window with
            the intervals learned from the others), `verdict` (a note), `by_window` (of each window, the latest first,
            `start`, `mae` and `naive_mae`) and `serving`, the model that serves.
        """
        if horizon is not None:
            trial: Trial | None = self._try(checked_periods(horizon), windows)
        else:
            if self._trial is None or windows != self._windows:
                self.calibrate(windows)
            trial = self._trial
        assert trial is not None
        return {**trial.report(), "serving": self.model}

    @property
    def _all_levels(self) -> tuple[float, ...]:
        return (self.interval_width, *_LEVELS)

    def _values_and_trend(self, periods: int) -> tuple[Floats, Floats]:
        """The forecast, and the trend over history and forecast."""
        series = self.series
        assert self._model is not None
        own = self._model.trend(series, periods)
        if own is not None:
            return self._model.predict(periods), own
        beyond = series.season // 2  # so that the mean is over whole seasons up to the last step
        values = self._model.predict(periods + beyond)
        trend = moving_mean(np.concatenate([series.filled, values]), series.season)
        return values[:periods], trend[: len(series) + periods]

    def _bounds(self, values: Floats) -> list[Bounds]:
        if self._widths is not None:
            halves = [self._widths.half_width(level, len(values)) for level in self._all_levels]
            return [(values - half, values + half) for half in halves]
        assert self._model is not None
        own = self._model.bounds(len(values), self._all_levels)
        assert own is not None  # what has none of its own is calibrated when it is fitted
        return own

    def _said(self, periods: int) -> dict[str, Any]:
        return {
            "model": self.model,
            "requested_model": self.requested_model,
            "interval_width": self.interval_width,
            "is_calibrated": self._widths is not None,
            "remarks": [*self.series.notes, *self._model_notes(), *self._interval_notes(periods)],
        }

    def _model_notes(self) -> list[Note]:
        assert self._model is not None
        notes = list(self._model.notes)
        if self.model != self.requested_model:
            assert self._trial is not None
            notes += [self._trial.verdict, Note("The seasonal naive serves.")]
        return notes

    def _interval_notes(self, periods: int) -> list[Note]:
        if self._widths is None:
            return [Note("The intervals are the model's own. A backtest calibrates them.")]
        if periods > self._widths.horizon:
            values = {"steps": self._widths.horizon}
            return [
                Note("Beyond {steps:,} steps the intervals are not calibrated, but grow as a random walk's do.", values)
            ]
        return []
