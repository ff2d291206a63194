"""Products with models, trained once for all tests that only look at them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np

from src.pricing.model_manager import PriceModel, create_model_manager
from src.pricing.price_forecaster import PriceForecaster
from src.pricing.product_history import ProductHistory
from src.pricing.products import ProductRepository
from src.pricing.synthetic_history import generate_history
from src.pricing.synthetic_signals import make_signals
from src.pricing.training import TrainedProduct, TrainingOrder, pool_errors, train_product

LAST_DAY = date(2026, 6, 30)
DAYS = 200
BETTER, WORSE, WITHOUT = "SKU001", "SKU002", "SKU003"
"""A product whose model beats the naive, one whose model does not, and one without a model."""


def put_products(products: int = 3, *, until: date = LAST_DAY) -> None:
    """Generate products; those whose models are trained below are the first two."""
    generate_history(products, DAYS, until=until)


def put_models() -> None:
    """Save the models of the first two products."""
    for trained in trained_products():
        put_model(trained)


def put_model(trained: TrainedProduct) -> None:
    """Save one as a new version, as a training without trials does."""
    metadata = trained.metadata | {"trials": 0}
    create_model_manager().save(PriceModel(trained.sku, trained.forecaster, trained.scaler, metadata))


@cache
def trained_products() -> tuple[TrainedProduct, TrainedProduct]:
    """Train two products; of the second it is said that the naive is better, whatever came out."""
    better, worse = pool_errors([train_product(TrainingOrder(_history(place), trials=0)) for place in (0, 1)])
    return _said(better, beats_naive=True, ratio=0.8), _said(worse, beats_naive=False, ratio=1.1)


def _said(trained: TrainedProduct, *, beats_naive: bool, ratio: float) -> TrainedProduct:
    forecaster: PriceForecaster = replace(trained.forecaster, beats_naive=beats_naive)
    return replace(trained, forecaster=forecaster, metrics=trained.metrics | {"error_to_naive": ratio})


def _history(place: int) -> ProductHistory:
    dates = np.datetime64(LAST_DAY) - np.arange(DAYS)[::-1]
    signals = make_signals(place + 1, dates, 42)
    return ProductHistory.of(f"SKU{place + 1:03d}", dates, signals.prices[place], signals.quantities[place])


def history_of(sku: str) -> ProductHistory:
    """Read what is stored."""
    return ProductRepository().histories([sku])[sku]
