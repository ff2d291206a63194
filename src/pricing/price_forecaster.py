"""What is kept of a product's training: the model, whether it serves, and the errors it has made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.evaluation.horizon_intervals import ErrorQuantiles
from src.pricing.product_model import ProductModel

MODEL, NAIVE, MOVING_AVERAGE = "LightGBM", "naive", "moving average"


@dataclass(frozen=True, eq=False)
class PriceForecaster:
    """A product's model as it is kept.

    Attributes
    ----------
    sku : str
    model : ProductModel
        Learnt from all days.
    beats_naive : bool
        Whether the model's prices serve; else the last price does. The quantities are the model's in both cases.
    log_errors : ndarray of float64, shape (n_windows, horizon)
        Absolute errors of the logarithm of what serves, the latest window first; NaN on days without a row.
    pooled : ErrorQuantiles, optional
        Those of many products together, as far as they were known.
    last_day : datetime64[D]
        The newest day that was learnt from.
    """

    sku: str
    model: ProductModel
    beats_naive: bool
    log_errors: NDArray[np.float64]
    pooled: ErrorQuantiles | None
    last_day: np.datetime64

    @property
    def serves(self) -> str:
        """What the prices come from."""
        return MODEL if self.beats_naive else NAIVE

    @property
    def error_quantiles(self) -> ErrorQuantiles:
        """Own and pooled errors, mixed: how wide the intervals are."""
        return ErrorQuantiles.of([self.log_errors]).mixed_with(self.pooled)
