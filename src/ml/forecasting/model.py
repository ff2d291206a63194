"""What every model of a forecaster can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from src.ml.forecasting.regular_series import RegularSeries
from src.notes import Note

Floats = NDArray[np.float64]
Bounds = tuple[Floats, Floats]
"""The lower and the upper ends of intervals, a pair a step."""


class ForecastModel(Protocol):
    """A model of one regular series.

    Attributes
    ----------
    name : str
    fits_fast : bool
        Whether it can be fitted anew for each window of a backtest without a wait.
    notes : tuple of Note
        What the last fit had to leave out, or do instead.
    """

    name: str
    fits_fast: bool
    notes: tuple[Note, ...]

    def fit(self, series: RegularSeries) -> None:
        """Learn from a series, in place of what was learned before."""

    def predict(self, periods: int) -> Floats:
        """Return the forecast of the steps that follow the series, shape (periods,)."""

    def one_step(self, series: RegularSeries) -> Floats:
        """Return what fits each value of the series; NaN where nothing was known before it."""

    def bounds(self, periods: int, levels: Sequence[float]) -> list[Bounds] | None:
        """Return the model's own interval of each level; None where it has none."""
        return None

    def trend(self, series: RegularSeries, periods: int) -> Floats | None:
        """Return the model's own trend over the series and the steps that follow; None where it has none."""
        return None

    def components(self, series: RegularSeries) -> dict[str, Floats] | None:
        """Return the model's own trend and seasons over the series, by name; None where it has none."""
        return None
