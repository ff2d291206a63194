"""Forecasts that repeat what was: the yardstick for all others, and often good enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from src.ml.forecasting.model import ForecastModel
from src.ml.forecasting.regular_series import RegularSeries
from src.notes import Note

_CYCLES = 4

Floats = NDArray[np.float64]


def repeat_season(values: Floats, season: int, periods: int) -> Floats:
    """Repeat the last season (seasonal naive); with a season of 1, the last value."""
    return values[-season:][np.arange(periods) % season]


def mean_of_cycles(values: Floats, cycle: int, periods: int) -> Floats:
    """Repeat the mean of the last cycles, four at most: of hourly values by weeks, that of the same hour of the week.

    Parameters
    ----------
    values : array of float, shape (n,)
        At least one cycle.
    """
    count = min(_CYCLES, len(values) // cycle)
    return values[-count * cycle :].reshape(count, cycle).mean(axis=0)[np.arange(periods) % cycle]


def cycle_of(series: RegularSeries) -> int:
    """Return the steps of the longest season up to a week, where there is one of which a cycle is known; or a year."""
    seasons = series.frequency.seasons
    lengths = [seasons.get("weekly", seasons.get("yearly", 1)), series.season]
    return next(length for length in (*lengths, 1) if length <= len(series))


class SeasonalNaive(ForecastModel):
    """The last season, repeated."""

    name = "seasonal_naive"
    fits_fast = True

    def fit(self, series: RegularSeries) -> None:
        """Keep the last season."""
        self._last = series.filled[-series.season :].copy()
        self.notes: tuple[Note, ...] = ()
        if series.season == 1:
            self.notes = (Note("There is no season that the history holds twice: the last value is repeated."),)

    def predict(self, periods: int) -> Floats:
        """Repeat it for so many steps."""
        return repeat_season(self._last, len(self._last), periods)

    def one_step(self, series: RegularSeries) -> Floats:
        """Return for each value the one a season before; NaN in the first season."""
        season = len(self._last)
        return np.concatenate([np.full(season, np.nan), series.filled[:-season]])
