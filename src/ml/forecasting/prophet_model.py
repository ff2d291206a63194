"""Prophet (Taylor & Letham, "Forecasting at scale", The American Statistician 72, 2018): quiet, and always the same."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from src.errors import InvalidForecast
from src.ml.forecasting.model import Bounds, ForecastModel
from src.ml.forecasting.regular_series import RegularSeries
from src.notes import Note

if TYPE_CHECKING:
    import pandas as pd

_SEED = 0
_DRAWS, _MOST_DRAWN = 1_000, 2_000_000
_LEFT_OUT = {
    "yearly": Note("The history is too short to tell a yearly season from it; Prophet goes without."),
    "weekly": Note("The history is too short, or its steps too long, to tell a weekly season; Prophet goes without."),
    "daily": Note("The history is too short, or its steps too long, to tell a daily season; Prophet goes without."),
}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ProphetOptions:
    """What Prophet is asked to look for.

    Attributes
    ----------
    yearly_seasonality, weekly_seasonality, daily_seasonality : bool
        Whether to look for this season, where the history holds it twice. From less it would be a guess that leads
        astray: on three days of hourly values, a yearly season makes the error half as large again.
    n_changepoints : int
        Moments at which the trend may bend, evenly spread over the first 80 % of the history.
    changepoint_prior_scale : float
        How easily it bends.
    """

    yearly_seasonality: bool = True
    weekly_seasonality: bool = True
    daily_seasonality: bool = False
    n_changepoints: int = 25
    changepoint_prior_scale: float = 0.05


class ProphetModel(ForecastModel):
    """A trend that bends, and seasons of sines and cosines."""

    name = "prophet"
    fits_fast = False

    def __init__(self, options: ProphetOptions) -> None:
        self._options = options
        self.notes: tuple[Note, ...] = ()

    def fit(self, series: RegularSeries) -> None:
        """Learn from the values that were observed.

        Raises
        ------
        InvalidForecast
            Prophet cannot be fitted to them.
        """
        history = _table(series.times[series.observed], series.values[series.observed])
        wanted = {name: getattr(self._options, f"{name}_seasonality") for name in _LEFT_OUT}
        model = _prophet()(
            **{f"{name}_seasonality": "auto" if asked else False for name, asked in wanted.items()},
            n_changepoints=self._options.n_changepoints,
            changepoint_prior_scale=self._options.changepoint_prior_scale,
            uncertainty_samples=_DRAWS,
        )
        try:
            with _undisturbed(), tempfile.TemporaryDirectory() as folder:
                model.fit(history, output_dir=folder, seed=_SEED)
        except (RuntimeError, ValueError) as error:
            raise InvalidForecast(
                "{model} cannot be fitted to this series: {reason}. Use auto instead.",
                model=self.name,
                reason=str(error) or type(error).__name__,
            ) from error
        model.stan_fit = model.stan_backend = None  # handles of a process that has ended; they would be pickled
        self.notes = tuple(note for name, note in _LEFT_OUT.items() if wanted[name] and name not in model.seasonalities)
        if "daily" in series.seasons and not wanted["daily"]:
            self.notes += (Note("Prophet is not asked for a daily season, and forecasts all hours of a day alike."),)
        self._fitted = model
        self._series = series

    def predict(self, periods: int) -> Floats:
        """Return the forecast."""
        return self._frame(self._series.times_after(periods))["yhat"].to_numpy()

    def one_step(self, series: RegularSeries) -> Floats:
        """Return the curve through the history; it knows what came later."""
        return self._frame(series.times)["yhat"].to_numpy()

    def bounds(self, periods: int, levels: Sequence[float]) -> list[Bounds] | None:
        """Return quantiles of draws from what Prophet believes; the same draws each time."""
        self._fitted.uncertainty_samples = min(_DRAWS, max(_MOST_DRAWN // periods, 100))
        with _undisturbed(), _seeded():
            draws = self._fitted.predictive_samples(_table(self._series.times_after(periods)))["yhat"]
        ends = [((1 - level) / 2, (1 + level) / 2) for level in levels]
        return [tuple(np.quantile(draws, pair, axis=1)) for pair in ends]

    def trend(self, series: RegularSeries, periods: int) -> Floats | None:
        """Return the piecewise linear trend over the series and the steps that follow."""
        times = np.concatenate([series.times, series.times_after(periods)])
        with _undisturbed():
            frame = self._fitted.setup_dataframe(_table(times))
            return np.asarray(self._fitted.predict_trend(frame))

    def components(self, series: RegularSeries) -> dict[str, Floats] | None:
        """Return the trend and each season over the series."""
        frame = self._frame(series.times)
        return {name: frame[name].to_numpy() for name in ("trend", *self._fitted.seasonalities)}

    def changepoints(self) -> list[tuple[pd.Timestamp, float]]:
        """Return the moments at which the trend bends, with the change of its slope in the sensor's unit a day."""
        import pandas as pd

        model = self._fitted
        changes = model.params["delta"].mean(axis=0) * model.y_scale / (model.t_scale / pd.Timedelta(days=1))
        return [
            (pd.Timestamp(moment), float(change)) for moment, change in zip(model.changepoints, changes, strict=False)
        ]

    def _frame(self, times: NDArray[np.datetime64]) -> pd.DataFrame:
        self._fitted.uncertainty_samples = 0
        with _undisturbed():
            return self._fitted.predict(_table(times))


def _table(times: NDArray[np.datetime64], values: Floats | None = None) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"ds": times} if values is None else {"ds": times, "y": values})


def _prophet() -> Any:
    for name in ("prophet", "cmdstanpy"):
        logging.getLogger(name).disabled = True  # a level would be set anew by the first fit
    with _undisturbed():
        from prophet import Prophet
    return Prophet


@contextmanager
def _undisturbed() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _seeded() -> Iterator[None]:
    """Draw the same numbers each time, and leave those of others as they would have been."""
    state = np.random.get_state()
    np.random.seed(_SEED)
    try:
        yield
    finally:
        np.random.set_state(state)
