"""What forecasts would have been worth: made at several moments of the past, from what was known then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Forecast = Callable[[int, int], Floats]
"""Takes how many of the first values may be seen, and how many steps are wanted; gives the forecast of these steps."""

WINDOWS = 8


@dataclass(frozen=True)
class RollingWindows:
    """Moments of the past from which as many steps are forecast.

    Attributes
    ----------
    origins : tuple of int
        How many of the first values are known at each moment, the latest moment first.
    horizon : int
        Steps forecast; the values end with the last one's.
    """

    origins: tuple[int, ...]
    horizon: int


@dataclass(frozen=True)
class Backtest:
    """Forecasts of the past beside what came.

    Attributes
    ----------
    forecasts, actual : ndarray of float64, shape (n_windows, horizon)
        NaN in `actual` where nothing was observed.
    """

    forecasts: Floats
    actual: Floats

    @property
    def errors(self) -> Floats:
        """Absolute errors, shape (n_windows, horizon)."""
        return np.abs(self.forecasts - self.actual)

    @property
    def mean_error(self) -> float:
        """Mean of the absolute errors; NaN where nothing was observed."""
        errors = self.errors[~np.isnan(self.errors)]
        return float(errors.mean()) if len(errors) else float("nan")

    @property
    def error_by_window(self) -> list[float | None]:
        """Mean of each window's absolute errors; None where nothing was observed."""
        seen = [errors[~np.isnan(errors)] for errors in self.errors]
        return [float(errors.mean()) if len(errors) else None for errors in seen]


def rolling_windows(length: int, horizon: int, step: int, windows: int = WINDOWS) -> RollingWindows:
    """Lay windows over the later half of a series, each with at least half of the values before it.

    The horizon is shortened to a quarter of the series, and the windows move closer together than `step`, where the
    series is short.

    Parameters
    ----------
    length : int
        Values in the series, at least 4.
    horizon, step : int
        Steps to forecast, and steps between two moments.
    windows : int
        So many moments, at most.
    """
    horizon = max(1, min(horizon, length // 4))
    step = max(1, min(step, (length // 2 - horizon) // max(windows - 1, 1)))
    offsets = [horizon + step * number for number in range(windows)]
    return RollingWindows(tuple(length - offset for offset in offsets if 2 * offset <= length), horizon)


def run_backtest(forecast: Forecast, values: Floats, windows: RollingWindows) -> Backtest:
    """Forecast at each of the windows' moments.

    Parameters
    ----------
    forecast : callable
        Must look at the first values only, as many as it is told.
    values : array of float, shape (n,)
        What came; NaN where nothing was observed.
    """
    horizon = windows.horizon
    forecasts = [forecast(origin, horizon) for origin in windows.origins]
    actual = [values[origin : origin + horizon] for origin in windows.origins]
    return Backtest(np.array(forecasts), np.array(actual))


def improvement(model: Backtest, naive: Backtest) -> float:
    """Return the share of the naive's mean error that a model saves: 0.25 is a quarter, negative is worse.

    Where the naive makes no error, nothing can be saved: 0.
    """
    if not naive.mean_error > 0:
        return 0.0
    return 1 - model.mean_error / naive.mean_error
