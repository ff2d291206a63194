"""The median of five plain forecasts, which no single one of them beats: what `auto` means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from src.ml.forecasting.lags import LagSet, around_seasons, fitting, long_run, one_season
from src.ml.forecasting.model import ForecastModel
from src.ml.forecasting.naive import cycle_of, mean_of_cycles, repeat_season
from src.ml.forecasting.regular_series import RegularSeries
from src.ml.forecasting.ridge import RidgeAutoregression, fit_ridge
from src.notes import Note

MEMBERS: tuple[tuple[LagSet, bool], ...] = ((around_seasons, True), (long_run, True), (one_season, False))
"""Of the three autoregressions, the lags and whether logarithms are taken."""
_WIDEST_LOGARITHM = 1e4
_CYCLES_KEPT = 4

Floats = NDArray[np.float64]


class MedianEnsemble(ForecastModel):
    """Three ridge autoregressions, the mean of the same hour of the week over four weeks, and the seasonal naive.

    Of each step the median of the five counts: one that goes astray is outvoted. Nothing is chosen and nothing is
    trained across series.
    """

    name = "auto"
    fits_fast = True

    def fit(self, series: RegularSeries) -> None:
        """Learn the autoregressions, and keep what is repeated.

        Parameters
        ----------
        series : RegularSeries
            At least four values.
        """
        values, season = series.filled, series.season
        self._season, self._cycle = season, cycle_of(series)
        takes_logarithm = _takes_logarithm(values)
        self._members = [
            _autoregression(series, lag_set, with_logarithm=with_logarithm and takes_logarithm)
            for lag_set, with_logarithm in MEMBERS
        ]
        self._recent = values[-_CYCLES_KEPT * max(self._cycle, season) :].copy()
        self.notes = tuple(_remarks(series, self._members, self._cycle, takes_logarithm=takes_logarithm))

    def predict(self, periods: int) -> Floats:
        """Return the median forecast of each of the next steps."""
        forecasts = [member.forecast(periods) for member in self._members]
        forecasts.append(mean_of_cycles(self._recent, self._cycle, periods))
        forecasts.append(repeat_season(self._recent, self._season, periods))
        return np.median(forecasts, axis=0)

    def one_step(self, series: RegularSeries) -> Floats:
        """Return for each value what would have been forecast a step before; NaN in the first season.

        Where the longer lags reach before the first value, the median is of the members that are left.
        """
        values, count = series.filled, len(series)
        earlier = [member.one_step(values) for member in self._members]
        cycles = [_shifted(values, number * self._cycle) for number in range(1, _CYCLES_KEPT + 1)]
        naive = _shifted(values, self._season)
        members = np.array([*earlier, _mean_of_known(cycles), naive])
        fitted = np.full(count, np.nan)
        fitted[self._season :] = np.nanmedian(members[:, self._season :], axis=0)
        return fitted


def _autoregression(series: RegularSeries, lag_set: LagSet, *, with_logarithm: bool) -> RidgeAutoregression:
    season, longer = series.season, series.longer_season
    lags = fitting(lag_set(season, longer), len(series), season, longer)
    return fit_ridge(series.filled, series.observed, lags, with_logarithm=with_logarithm)


def _takes_logarithm(values: Floats) -> bool:
    """Whether all values are positive, and none so small that its logarithm would outweigh all others."""
    return bool(values.min() > 0) and float(values.max()) <= _WIDEST_LOGARITHM * float(values.min())


def _remarks(
    series: RegularSeries, members: list[RidgeAutoregression], cycle: int, *, takes_logarithm: bool
) -> list[Note]:
    season, longer = series.season, series.longer_season
    notes = []
    if series.filled.min() == series.filled.max():
        notes.append(Note("The values never change: the forecast repeats them, and its intervals have no width."))
    elif not takes_logarithm:
        notes.append(Note("Some values are zero, negative or very small: logarithms are not taken."))
    if season == 1:
        notes.append(Note("The history holds no season twice: the forecast is made from the last values alone."))
    wanted = max(int(lag_set(season, longer).max()) for lag_set, _ in MEMBERS)
    longest = max(int(member.lags.max()) for member in members)
    if longest < wanted:
        notes.append(
            Note(
                "The history of {steps:,} steps is short: the forecast looks back {lag:,} steps, not {wanted:,}.",
                {"steps": len(series), "lag": longest, "wanted": wanted},
            )
        )
    usual = series.frequency.seasons.get("weekly", 0)
    if usual > cycle:
        notes.append(Note("The history is shorter than a week: the mean of earlier days stands for that of weeks."))
    return notes


def _shifted(values: Floats, steps: int) -> Floats:
    return np.concatenate([np.full(min(steps, len(values)), np.nan), values[:-steps]])


def _mean_of_known(columns: list[Floats]) -> Floats:
    known = ~np.isnan(columns)
    sums, counts = np.where(known, columns, 0.0).sum(axis=0), known.sum(axis=0)
    return np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)
