"""A forecast in a few figures."""

from __future__ import annotations

from typing import Any

import numpy as np

from src.ml.forecasting.regular_series import RegularSeries

_STABLE_WITHIN = 0.05


def summarise(forecast: dict[str, Any], series: RegularSeries) -> dict[str, Any]:
    """Say what a forecast expects.

    Parameters
    ----------
    forecast : dict
        As from `TimeSeriesForecaster.forecast`.
    series : RegularSeries
        The history before it.

    Returns
    -------
    dict
        `trend_direction`: `increasing` or `decreasing` where the trend changes over the forecast by more than 5 % of
        the distance between the history's 5th and 95th percentile, else `stable`. `trend_change`, from the first to
        the last step. `volatility`: the standard deviation of the forecast values. `current_value`, the last of the
        history. `mean`, `minimum`, `maximum` of the forecast with `minimum_at` and `maximum_at`. `expected_change`
        from the current value to the last forecast one. `mean_interval_width`. `periods`, `frequency`, `model`. All
        values in the sensor's unit.
    """
    values, trend = np.array(forecast["forecasted_values"]), forecast["trend"]
    observed = series.values[series.observed]
    change, current = trend[-1] - trend[0], float(observed[-1])
    lower, upper = np.array(forecast["lower_bound"]), np.array(forecast["upper_bound"])
    return {
        "trend_direction": _direction(change, float(np.subtract(*np.quantile(observed, [0.95, 0.05])))),
        "trend_change": change,
        "volatility": float(values.std()),
        "current_value": current,
        "mean": float(values.mean()),
        "minimum": float(values.min()),
        "minimum_at": forecast["timestamps"][int(values.argmin())],
        "maximum": float(values.max()),
        "maximum_at": forecast["timestamps"][int(values.argmax())],
        "expected_change": float(values[-1]) - current,
        "mean_interval_width": float((upper - lower).mean()),
        "periods": len(values),
        "frequency": str(series.frequency),
        "model": forecast["model"],
    }


def _direction(change: float, span: float) -> str:
    if abs(change) <= _STABLE_WITHIN * span:
        return "stable"
    return "increasing" if change > 0 else "decreasing"
