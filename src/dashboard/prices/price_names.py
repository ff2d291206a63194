"""What is said of prices in more than one place."""

from __future__ import annotations

import numpy as np

from src.dashboard.locale import LARGEST, _, current_language, number
from src.pricing.price_forecaster import MODEL, MOVING_AVERAGE, NAIVE

_SMALLEST = 0.1
_LARGE = 1_000


def server_name(model_used: str) -> str:
    """Say what forecasts a product's prices."""
    return {MODEL: MODEL, NAIVE: _("last price (naive)"), MOVING_AVERAGE: _("moving average")}[model_used]


def recipe_name(recipe: str) -> str:
    """Say what a recipe is called."""
    return {"blend": _("Blend (default)"), "document": _("Document, for comparison")}.get(recipe, recipe)


def price_format(prices: np.ndarray) -> str:
    """Return how a chart writes prices, as `price_text` does."""
    return ",.2f" if prices.min() >= _SMALLEST else ",.4~g"


def quantity_format(quantities: np.ndarray) -> str:
    """Return how a chart writes quantities: never with a power of ten."""
    return ",.0f" if quantities.max() >= _LARGE else ",.4~g"


def price_text(price: float) -> str:
    """Write a price: with two digits behind the point, more where it is next to nothing."""
    if not _SMALLEST <= price < LARGEST:
        return number(price)
    from babel.numbers import format_decimal

    return format_decimal(price, format="#,##0.00", locale=current_language())
