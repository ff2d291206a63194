"""Metrics of a forecast as good, fair or poor."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

_BOUNDS = {"mape": (10.0, 20.0), "rmse": (5.0, 15.0), "mae": (3.0, 10.0)}
"""Below the first is good, above the second poor; the table of requirement document 001, all in %."""
_USUAL = (0.01, 0.99)
"""A rare spike is not to make every error look small."""


class Grade(StrEnum):
    """How good a metric is."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


def grade(metric: str, value: float | None, usual_range: float) -> Grade | None:
    """Grade one metric of a forecast.

    The document grades RMSE and MAE by absolute numbers and remarks that they depend on the scale of the values. Here
    its numbers are taken as % of the sensor's usual range: an RMSE below 5 % of it is good. For values that range from
    0 to 100 that is the document's own table, and a sensor in another unit gets the same grade.

    Parameters
    ----------
    metric : str
        ``mape``, ``rmse`` or ``mae``.
    value : float, optional
        In % for ``mape``, else in the sensor's unit; None or NaN where it is not defined.
    usual_range : float
        See `usual_range`.

    Returns
    -------
    Grade or None
        None where there is no value, or nothing to hold it against.
    """
    if value is None or value != value:
        return None
    share = value if metric == "mape" else share_of_range(value, usual_range)
    if share is None:
        return None
    good, fair = _BOUNDS[metric]
    if share < good:
        return Grade.GOOD
    return Grade.FAIR if share <= fair else Grade.POOR


def share_of_range(error: float, usual_range: float) -> float | None:
    """Return an error in % of the usual range; None of a range that is nothing, but for no error at all."""
    if error == 0:
        return 0.0
    return 100 * error / usual_range if usual_range > 0 else None


def usual_range(values: NDArray[np.float64]) -> float:
    """Return the distance between the 1st and the 99th percentile of values; NaN does not count, 0 without any."""
    seen = values[~np.isnan(values)]
    return float(np.subtract(*np.quantile(seen, _USUAL[::-1]))) if len(seen) else 0.0
