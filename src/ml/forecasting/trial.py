"""Whether a model is worth having: held against the seasonal naive over the same windows of the past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.evaluation.backtests import WINDOWS, Backtest, improvement, rolling_windows, run_backtest
from src.evaluation.forecast_metrics import naive_scale
from src.evaluation.intervals import coverage_of_windows
from src.ml.forecasting.model import ForecastModel
from src.ml.forecasting.naive import SeasonalNaive
from src.ml.forecasting.regular_series import RegularSeries
from src.ml.forecasting.results import moments
from src.notes import Note

_HORIZON_WITHOUT_SEASON = 24
_LONGEST_HORIZON = 600


@dataclass(frozen=True)
class Trial:
    """What a model and the seasonal naive would have forecast.

    Attributes
    ----------
    name : str
        The model's.
    model, naive : Backtest
    scale : float or None
        What a MASE of 1 is in the sensor's unit: the naive's mean error one season ahead in the whole series.
    starts : tuple of datetime
        The first step of each window, in UTC, the latest window first.
    """

    name: str
    model: Backtest
    naive: Backtest
    scale: float | None
    starts: tuple[datetime, ...]

    @property
    def improvement(self) -> float:
        """Share of the naive's mean error that the model saves."""
        return improvement(self.model, self.naive)

    @property
    def is_worth_it(self) -> bool:
        """Whether the model is better than the naive at all."""
        return self.improvement > 0

    @property
    def verdict(self) -> Note:
        """What to think of it."""
        values = {"model": self.name, "windows": len(self.model.forecasts), "share": abs(self.improvement)}
        if self.name == SeasonalNaive.name:
            return Note("This is the seasonal naive itself, which other models are held against.")
        if self.is_worth_it:
            return Note(
                "{model} beats the seasonal naive: its mean error over {windows} windows of the past is {share:.0%} "
                "smaller.",
                values,
            )
        return Note(
            "Not worth a model: over {windows} windows of the past, the mean error of {model} is {share:.0%} larger "
            "than that of the seasonal naive.",
            values,
        )

    def report(self) -> dict[str, Any]:
        """Return the figures: errors in the sensor's unit, shares from 0 to 1, None where there is no such figure."""
        return dict(self._figures)

    @cached_property
    def _figures(self) -> dict[str, Any]:
        # They are asked for with each forecast; made once, they are kept with a forecaster that is pickled.
        return {
            "model": self.name,
            "windows": len(self.model.forecasts),
            "horizon": self.model.forecasts.shape[1],
            "mae": self.model.mean_error,
            "naive_mae": self.naive.mean_error,
            "mase": self.model.mean_error / self.scale if self.scale else None,
            "naive_mase": self.naive.mean_error / self.scale if self.scale else None,
            "improvement": self.improvement,
            "is_worth_it": self.is_worth_it,
            "coverage_80": coverage_of_windows(self.model, 0.80),
            "coverage_95": coverage_of_windows(self.model, 0.95),
            "verdict": self.verdict,
            "by_window": [
                {"start": start, "mae": mae, "naive_mae": naive_mae}
                for start, mae, naive_mae in zip(
                    self.starts, self.model.error_by_window, self.naive.error_by_window, strict=True
                )
            ],
        }


def try_model(
    make: Callable[[], ForecastModel], series: RegularSeries, horizon: int | None = None, windows: int = WINDOWS
) -> Trial:
    """Fit a model anew at several moments of the past, each time on what was known then, and forecast.

    Parameters
    ----------
    make : callable
        Gives a model that has learned nothing yet.
    series : RegularSeries
        At least four values.
    horizon : int, optional
        Steps forecast at each moment, at most a quarter of the series; two seasons when not given.
    windows : int
        Moments, a season apart as far as the series is long enough.
    """
    season = series.season
    wanted = horizon or (2 * season if season > 1 else _HORIZON_WITHOUT_SEASON)
    laid = rolling_windows(len(series), min(wanted, _LONGEST_HORIZON), max(season, wanted // 2), windows)
    model = run_backtest(_forecasting(make, series), series.values, laid)
    naive = run_backtest(_forecasting(SeasonalNaive, series), series.values, laid)
    starts = tuple(moments(series.times[list(laid.origins)]))
    return Trial(make().name, model, naive, naive_scale(series.values, season), starts)


def _forecasting(make: Callable[[], ForecastModel], series: RegularSeries) -> Callable[[int, int], NDArray[np.float64]]:
    def forecast(origin: int, horizon: int) -> NDArray[np.float64]:
        model = make()
        model.fit(series.head(origin))
        return model.predict(horizon)

    return forecast
