"""Intervals from the errors that forecasts have made: wide where they were wrong, and as often right as they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.evaluation.backtests import Backtest
from src.evaluation.forecast_metrics import coverage

_SMOOTHED_OVER = 5
_RATIO_PLACES = np.linspace(0.0, 1.0, 201)
_LEVELS, _FACTORS = (0.80, 0.95), (1.05, 1.15)
"""Past errors are a little smaller than those to come; by so much the intervals are wider."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class IntervalWidths:
    """How far from a forecast the actual value may lie.

    Attributes
    ----------
    scale : ndarray of float64, shape (horizon,)
        The usual error of each step ahead.
    ratios : ndarray of float64
        Quantiles of the errors in units of the scale, over all windows and steps.
    """

    scale: Floats
    ratios: Floats

    @property
    def horizon(self) -> int:
        """Steps ahead for which there were errors to learn from."""
        return len(self.scale)

    def half_width(self, level: float, periods: int) -> Floats:
        """Return half the width of the interval of each step ahead, shape (periods,).

        Beyond the horizon they grow with the root of the steps, as the errors of a random walk do.

        Parameters
        ----------
        level : float
            Share of the actual values that the interval is to hold, between 0 and 1.
        """
        steps = np.arange(1, periods + 1)
        scale = self.scale[np.minimum(steps, self.horizon) - 1] * np.sqrt(np.maximum(steps / self.horizon, 1.0))
        return scale * np.interp(level, _RATIO_PLACES, self.ratios) * np.interp(level, _LEVELS, _FACTORS)


def calibrate(errors: Floats) -> IntervalWidths:
    """Learn widths from the absolute errors of rolling windows.

    The scale of a step is half the mean error of all steps and half the mean error of that step, smoothed over its
    neighbours; the errors in units of it are pooled.

    Parameters
    ----------
    errors : array of float, shape (n_windows, horizon)
        NaN where nothing was observed; at least one was.
    """
    seen = ~np.isnan(errors)
    mean = float(errors[seen].mean())
    counts = seen.sum(axis=0)
    sums = np.where(seen, errors, 0.0).sum(axis=0)
    by_step = np.divide(sums, counts, out=np.full(len(counts), mean), where=counts > 0)
    scale = 0.5 * mean + 0.5 * _smoothed(by_step)
    ratios = np.divide(errors, scale, out=np.zeros_like(errors), where=scale > 0)[seen]
    return IntervalWidths(scale, np.quantile(ratios, _RATIO_PLACES))


def _smoothed(values: Floats) -> Floats:
    padded = np.pad(values, _SMOOTHED_OVER // 2, mode="edge")
    return np.convolve(padded, np.full(_SMOOTHED_OVER, 1 / _SMOOTHED_OVER), mode="valid")


def coverage_of_windows(backtest: Backtest, level: float) -> float | None:
    """Return how much of each window the interval holds that was learned from the other windows, on average.

    None where there are fewer than two windows with observed values.
    """
    errors = backtest.errors
    with_values = np.flatnonzero(~np.isnan(errors).all(axis=1))
    if len(with_values) < 2:
        return None
    held = []
    for window in with_values:
        others = with_values[with_values != window]
        width = calibrate(errors[others]).half_width(level, errors.shape[1])
        forecast = backtest.forecasts[window]
        held.append(coverage(backtest.actual[window], forecast - width, forecast + width))
    return float(np.mean([share for share in held if share is not None]))
