"""Trend and seasons of a series, for models that have none of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from src.ml.forecasting.regular_series import RegularSeries

Floats = NDArray[np.float64]
_SHARE_WITHOUT_SEASON = 10


def decompose(series: RegularSeries) -> dict[str, Floats]:
    """Take a series apart by STL (Cleveland et al., Journal of Official Statistics 6, 1990), as statsmodels has it.

    Season after season, the shortest first, each from what is left of the others before it.

    Returns
    -------
    dict of str to ndarray of float64, shape (n_steps,)
        `trend` and the seasons by name, as far as the series holds each twice. Without any, the trend is a moving mean
        over a tenth of it.
    """
    seasons = {name: steps for name, steps in series.seasons.items() if 2 * steps <= len(series)}
    if not seasons:
        return {"trend": moving_mean(series.filled, max(len(series) // _SHARE_WITHOUT_SEASON, 1))}
    from statsmodels.tsa.seasonal import STL

    parts, rest = {}, series.filled
    for name, steps in seasons.items():
        found = STL(rest, period=steps).fit()
        parts[name] = np.asarray(found.seasonal)
        rest = rest - parts[name]
    return {"trend": np.asarray(found.trend), **parts}


def moving_mean(values: Floats, width: int) -> Floats:
    """Return the mean of as many values around each one; of an even number, the outer two count half.

    Towards the ends the window shrinks and stays centred.

    Parameters
    ----------
    values : array of float, shape (n,)
    width : int
        A season's length, so that the season averages out.
    """
    half = np.minimum(width // 2, np.minimum(np.arange(len(values)), np.arange(len(values))[::-1]))
    sums = np.concatenate([[0.0], np.cumsum(values - values[0])])
    places = np.arange(len(values))
    inner = sums[places + half + 1] - sums[places - half]
    weight = 2.0 * half + 1
    if width % 2 == 0:  # the outer two are of the same phase of the season
        inner = inner - (values[places + half] + values[places - half] - 2 * values[0]) / 2
        weight = np.maximum(weight - 1, 1)
        inner[half == 0] = values[half == 0] - values[0]
    return inner / weight + values[0]
