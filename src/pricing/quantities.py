"""Quantities of the days ahead: half from a model, half from what was sold in the last four weeks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from src.pricing.product_history import ProductHistory

_WEEK, _DAYS = 7, 28
_OF_MODEL = 0.5

Floats = NDArray[np.float64]


def mean_quantities(histories: Sequence[ProductHistory], days: int) -> Floats:
    """Return what the last four weeks say of the next days: the mean of the same day of the week and that of all days.

    Half and half, as far as the history goes back.

    Returns
    -------
    ndarray of float64, shape (n_products, days)
    """
    found = np.empty((len(histories), days))
    for row, history in zip(found, histories, strict=True):
        recent = history.quantities[-_DAYS:]
        same_days = [recent[len(recent) % _WEEK + place :: _WEEK] for place in range(_WEEK)]
        by_weekday = np.array([values.mean() if len(values) else recent.mean() for values in same_days])
        row[:] = (by_weekday[np.arange(days) % _WEEK] + recent.mean()) / 2
    return found


def blended_quantity(modelled: Floats, mean: Floats) -> Floats:
    """Return the quantity of a day.

    Parameters
    ----------
    modelled : array of float
        What the model says: log(1 + quantity).
    mean : array of float
        As `mean_quantities` returns it.
    """
    return _OF_MODEL * np.maximum(np.expm1(modelled), 0.0) + (1 - _OF_MODEL) * mean
