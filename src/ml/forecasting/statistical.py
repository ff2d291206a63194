"""Exponential smoothing, Theta, ARIMA and seasons taken apart, as statsforecast has them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.errors import InvalidForecast
from src.ml.forecasting.model import Bounds, ForecastModel
from src.ml.forecasting.regular_series import RegularSeries
from src.notes import Note

_LONGEST_ETS_SEASON = 24

Floats = NDArray[np.float64]


def _auto_ets(seasons: list[int]) -> Any:
    from statsforecast.models import AutoETS

    return AutoETS(season_length=seasons[0] if seasons[0] <= _LONGEST_ETS_SEASON else 1)


def _auto_theta(seasons: list[int]) -> Any:
    from statsforecast.models import AutoTheta

    return AutoTheta(season_length=seasons[0])


def _auto_arima(seasons: list[int]) -> Any:
    from statsforecast.models import AutoARIMA

    return AutoARIMA(season_length=seasons[0])


def _mstl(seasons: list[int]) -> Any:
    from statsforecast.models import MSTL, AutoETS

    return MSTL(season_length=seasons) if seasons != [1] else AutoETS(season_length=1)


STATISTICAL: dict[str, Callable[[list[int]], Any]] = {
    "auto_ets": _auto_ets,
    "auto_theta": _auto_theta,
    "mstl": _mstl,
    "auto_arima": _auto_arima,
}


class StatisticalModel(ForecastModel):
    """One of the models of statsforecast, on the values without gaps.

    Parameters
    ----------
    name : str
        A key of `STATISTICAL`.
    """

    fits_fast = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.notes: tuple[Note, ...] = ()

    def fit(self, series: RegularSeries) -> None:
        """Learn from a series.

        Raises
        ------
        InvalidForecast
            The library cannot fit this model to it.
        """
        seasons = [steps for steps in series.seasons.values() if 2 * steps <= len(series)] or [1]
        self.notes = _remarks(self.name, series.season)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._fitted = STATISTICAL[self.name](seasons).fit(series.filled)
        except Exception as error:  # the libraries raise what they like, and all of it means this
            raise InvalidForecast(
                "{model} cannot be fitted to this series: {reason}. Use auto instead.",
                model=self.name,
                reason=str(error) or type(error).__name__,
            ) from error

    def predict(self, periods: int) -> Floats:
        """Return the mean forecast."""
        return self._said(periods)["mean"]

    def bounds(self, periods: int, levels: Sequence[float]) -> list[Bounds] | None:
        """Return the intervals that the model itself believes in."""
        percents = [round(100 * level, 6) for level in levels]
        said = self._said(periods, level=sorted(set(percents)))
        return [(said[f"lo-{percent}"], said[f"hi-{percent}"]) for percent in percents]

    def one_step(self, series: RegularSeries) -> Floats:
        """Return the values as the model fits them."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(self._fitted.predict_in_sample()["fitted"], np.float64)

    def _said(self, periods: int, **options: Any) -> dict[str, Floats]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            said = self._fitted.predict(h=periods, **options)
        return {name: np.asarray(values, np.float64) for name, values in said.items()}


def _remarks(name: str, season: int) -> tuple[Note, ...]:
    if name == "auto_ets" and season > _LONGEST_ETS_SEASON:
        values = {"longest": _LONGEST_ETS_SEASON, "season": season}
        return (Note("AutoETS takes seasons of {longest} steps at most; that of {season} is left out.", values),)
    return ()
