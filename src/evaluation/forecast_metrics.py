"""How far forecasts were off, in the published definitions; values that were not observed (NaN) do not count."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from src.notes import Note

NEAR_ZERO = 0.01
"""Actual values smaller than this share of the mean size make MAPE meaningless."""

Floats = NDArray[np.float64]


def forecast_metrics(actual: Floats, forecast: Floats, training: Floats, season: int) -> dict[str, float | None]:
    """Score a forecast.

    Parameters
    ----------
    actual, forecast : array of float, shape (n_steps,)
        In the sensor's unit; NaN in `actual` where nothing was observed.
    training : array of float, shape (n_training,)
        The values before the forecast, for the scale of MASE.
    season : int
        Steps of a season, 1 where there is none.

    Returns
    -------
    dict of str to float or None
        `mape` and `smape` in %, `rmse` and `mae` in the sensor's unit, `mase` without one. None where a metric is not
        defined: each where nothing was observed, `mape` where `mape_is_meaningless`, `mase` where the seasonal naive
        makes no error in the training part.
    """
    seen = ~np.isnan(actual)
    actual, error = actual[seen], (forecast - actual)[seen]
    if not len(actual):
        return dict.fromkeys(("mape", "rmse", "mae", "mase", "smape"))
    mean_error, scale = float(np.abs(error).mean()), naive_scale(training, season)
    return {
        "mape": None if mape_is_meaningless(actual) else 100 * float(np.abs(error / actual).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "mae": mean_error,
        "mase": mean_error / scale if scale else None,
        "smape": _smape(actual, error),
    }


def naive_scale(training: Floats, season: int) -> float | None:
    """Return the mean absolute error of the seasonal naive within the training part; None where it has none.

    With `season` 24 and hourly values, the scale of MASE in Makridakis, Spiliotis & Assimakopoulos, "The M4
    Competition", International Journal of Forecasting 36 (2020), after Hyndman & Koehler (2006).
    """
    changes = np.abs(training[season:] - training[:-season])
    changes = changes[~np.isnan(changes)]
    return float(changes.mean()) if len(changes) else None


def _smape(actual: Floats, error: Floats) -> float:
    """Twice the absolute error over the sum of sizes, in % (M4); 0 where both are 0."""
    sizes = np.abs(actual) + np.abs(actual + error)
    return 200 * float(np.divide(np.abs(error), sizes, out=np.zeros(len(error)), where=sizes > 0).mean())


def mape_is_meaningless(actual: Floats) -> bool:
    """Tell whether a share of the actual values says nothing, as some of them are next to zero."""
    sizes = np.abs(actual[~np.isnan(actual)])
    return not len(sizes) or float(sizes.min()) <= NEAR_ZERO * float(sizes.mean())


def mape_remark(actual: Floats) -> list[Note]:
    """Say that MAPE is meaningless, where it is."""
    if not mape_is_meaningless(actual):
        return []
    return [Note("MAPE is meaningless here: some of the values are near zero. Look at MAE or MASE.")]


def coverage(actual: Floats, lower: Floats, upper: Floats) -> float | None:
    """Return the share of the observed values within the bounds, both included; None without any."""
    seen = ~np.isnan(actual)
    return float(((actual >= lower) & (actual <= upper))[seen].mean()) if seen.any() else None
