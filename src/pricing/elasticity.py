"""How a product's quantity follows its price: the elasticity, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.pricing.product_history import ProductHistory

LEAST_DAYS = 60
LEAST_SPREAD = 0.01
"""Standard deviation of the logarithm of the price, trend and season taken out: with less, nothing can be told."""
_WEEK, _YEAR = 7, 365.2425
_REMEMBERED_DAYS = 7
_NORMAL_95 = 1.959963984540054

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Elasticity:
    """By how many percent the quantity changes where the price is one percent higher.

    Attributes
    ----------
    value : float
        Below 0 where less is sold at a higher price.
    low, high : float
        Its interval of 95 %.
    days : int
        Days that it was taken from.
    """

    value: float
    low: float
    high: float
    days: int

    @property
    def is_certain(self) -> bool:
        """Whether its sign can be told: 0 is not in the interval."""
        return self.low > 0 or self.high < 0


def price_elasticity(history: ProductHistory) -> Elasticity | None:
    """Return the slope of log quantity on log price, with the day of the week, a trend and the year's season.

    Least squares; the interval stands errors that last some days and differ in size (Newey & West, 1987). Days on which
    nothing was sold are left out. What moves price and demand together, such as a promotion that is advertised, is in
    it: it tells what went with the price, not what a price alone would do.

    Returns
    -------
    Elasticity or None
        None from fewer than 60 days, or where the price hardly moves.
    """
    sold = history.is_sold
    if int(sold.sum()) < LEAST_DAYS:
        return None
    days = (history.dates[sold] - history.dates[0]).astype(int)
    controls = _controls(days, history.dates[sold])
    price = _without(controls, np.log(history.prices[sold]))
    if price.std() < LEAST_SPREAD:
        return None
    quantity = _without(controls, np.log(history.quantities[sold]))
    slope = float(price @ quantity / (price @ price))
    scores = price * (quantity - slope * price)
    degrees = len(days) - controls.shape[1] - 1
    variance = _long_run(scores, days) * len(days) / degrees / float(price @ price) ** 2
    margin = _NORMAL_95 * float(np.sqrt(variance))
    return Elasticity(slope, slope - margin, slope + margin, len(days))


def _controls(days: NDArray[np.int64], dates: NDArray[np.datetime64]) -> Floats:
    """A column for each day of the week, the time, and a wave a year: prices and demand have their seasons."""
    since_1970 = dates.astype("datetime64[D]").astype(int)
    weekday = (since_1970 + 3) % _WEEK
    year = 2 * np.pi * since_1970 / _YEAR
    return np.column_stack([weekday[:, None] == np.arange(_WEEK), days / days[-1], np.sin(year), np.cos(year)])


def _without(controls: Floats, values: Floats) -> Floats:
    """What of the values the controls do not explain."""
    return values - controls @ np.linalg.lstsq(controls, values, rcond=None)[0]


def _long_run(scores: Floats, days: NDArray[np.int64]) -> float:
    """The variance of the sum of scores that hang together for some days; by Bartlett's weights, never below 0."""
    by_day = np.zeros(days[-1] + 1)
    by_day[days] = scores
    total = float(by_day @ by_day)
    for lag in range(1, _REMEMBERED_DAYS + 1):
        total += 2 * (1 - lag / (_REMEMBERED_DAYS + 1)) * float(by_day[lag:] @ by_day[:-lag])
    return total
