"""What the page of one product shows, read once for all of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from src.dashboard.prices.predictor import shared_manager
from src.pricing.elasticity import Elasticity, price_elasticity
from src.pricing.model_manager import ModelVersion
from src.pricing.prediction import PricePrediction
from src.pricing.price_forecaster import NAIVE
from src.pricing.product_forecast import PriceForecast
from src.pricing.product_history import ProductHistory
from src.pricing.products import Product
from src.pricing.promotions import promotion_days


@dataclass(frozen=True, eq=False)
class Outlook:
    """A product, what is known of it, and what is expected.

    Attributes
    ----------
    country : str
        Whose holidays count.
    """

    product: Product
    history: ProductHistory
    prediction: PricePrediction
    country: str

    @property
    def forecast(self) -> PriceForecast:
        """Prices and quantities ahead."""
        return self.prediction.forecast

    @property
    def version(self) -> str | None:
        """Of the model; None without one."""
        return self.prediction.version

    @property
    def is_naive(self) -> bool:
        """Whether there is a model, and the last price is nearer."""
        return self.forecast.model_used == NAIVE

    @property
    def rows(self) -> int:
        """How many days have a price."""
        return int(self.history.is_observed.sum())

    @cached_property
    def promotions(self) -> np.ndarray:
        """For each day of the history, whether its price is clearly below the usual one."""
        return promotion_days(self.history.prices)

    @cached_property
    def elasticity(self) -> Elasticity | None:
        """How the quantity follows the price."""
        return price_elasticity(self.history)

    @cached_property
    def versions(self) -> list[ModelVersion]:
        """The versions of the model, the newest first."""
        return shared_manager().versions(self.product.sku)[::-1] if self.facts else []

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What is listed of the model, one that cannot be loaded too; empty without one."""
        return dict(shared_manager().facts().get(self.product.sku, {}))

    def figure(self, name: str) -> float | None:
        """Return what the training said of the model."""
        value = self.prediction.metrics.get(name)
        return float(value) if isinstance(value, int | float) else None
