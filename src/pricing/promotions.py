"""Days on which a product's price is clearly below its usual level."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

CLEARLY_BELOW = 0.07
"""The share of the usual level by which a price is below it on a promotion."""
_DAYS_AROUND = 21

Floats = NDArray[np.float64]


def usual_prices(prices: Floats) -> Floats:
    """Return the median price of the six weeks around each day, as far as there are that many.

    A price that stays where it has fallen to is usual from its first day on; one that comes back is not.

    Parameters
    ----------
    prices : array of float, shape (n,)
        Of consecutive days.
    """
    padded = np.pad(prices.astype(float), _DAYS_AROUND, constant_values=np.nan)
    return np.nanmedian(sliding_window_view(padded, 2 * _DAYS_AROUND + 1), axis=1)


def promotion_days(prices: Floats) -> NDArray[np.bool_]:
    """Tell for each day whether its price is at least 7 % below the usual one.

    Parameters
    ----------
    prices : array of float, shape (n,)
        Of consecutive days.
    """
    return prices <= (1 - CLEARLY_BELOW) * usual_prices(prices)
