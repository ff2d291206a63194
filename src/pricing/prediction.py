"""Forecasts of products by SKU, from the history in the database and the models that are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from src.database.engine import get_engine
from src.errors import FarolError, InvalidProductHistory, ModelNotFound
from src.notes import Note
from src.pricing.model_manager import create_model_manager
from src.pricing.price_forecaster import MODEL, PriceForecaster
from src.pricing.product_forecast import PriceForecast, check_days_ahead, predict_prices
from src.pricing.products import ProductRepository

_MOST_IN_MEMORY = 1_000


@dataclass(frozen=True, eq=False)
class PricePrediction:
    """What is forecast of a product, and by what.

    Attributes
    ----------
    forecast : PriceForecast
    version : str, optional
        Of the model, such as ``20251016T193000Z``; None without one.
    metrics : dict
        What its training said of it.
    remark : Note, optional
        Why a model that there is was not used.
    """

    forecast: PriceForecast
    version: str | None
    metrics: Mapping[str, Any]
    remark: Note | None = None

    @property
    def model_used(self) -> str:
        """``LightGBM_v20251016T193000Z``, or what serves in place of a model."""
        serves = self.forecast.model_used
        return f"{serves}_v{self.version}" if serves == MODEL else serves


def predict_prices_for_product(sku: str, days_ahead: int = 30) -> PricePrediction:
    """Forecast a product's prices and quantities; see `PricePredictor.predict`."""
    return _predictor(get_engine()).predict([sku], days_ahead)[sku]


@lru_cache(maxsize=4)
def _predictor(engine: Engine) -> PricePredictor:
    return PricePredictor(engine)


class PricePredictor:
    """Forecasts products; threads may share one. Models stay in memory, a new version is noticed.

    Parameters
    ----------
    engine : Engine, optional
        The database of the settings when not given.
    """

    def __init__(self, engine: Engine | None = None) -> None:
        self._products = ProductRepository(engine)
        self._manager = create_model_manager(engine=engine)
        self._memory: OrderedDict[str, tuple[str, PriceForecaster]] = OrderedDict()  # by SKU, with the version
        self._lock = threading.Lock()

    def predict(self, skus: Iterable[str], days_ahead: int = 30) -> dict[str, PricePrediction]:
        """Forecast products from the day after each one's last, all of them stepped together.

        Parameters
        ----------
        days_ahead : int
            1 to 60.

        Raises
        ------
        InvalidForecast
            So many days cannot be forecast.
        ProductNotFound, InvalidProductHistory
            No product has one of the SKUs, or it has no day with a price.
        """
        check_days_ahead(days_ahead)
        wanted = list(dict.fromkeys(skus))
        histories = self._products.histories(wanted)
        if empty := [sku for sku in wanted if sku not in histories]:
            raise InvalidProductHistory("Product {sku!r} has no day with a price yet.", sku=empty[0])
        facts = self._manager.facts()
        with self._lock:
            forecasters, refused = self._forecasters(wanted, facts)
        forecasts = predict_prices(
            [histories[sku] for sku in wanted], [forecasters.get(sku) for sku in wanted], days_ahead
        )
        return {one.sku: _prediction(one, facts, forecasters, refused) for one in forecasts}

    def contributions(self, sku: str) -> dict[str, NDArray[np.float64]] | None:
        """Return what each feature contributes to a product's model; see `ProductModel.contributions`.

        None without a model, or where that was not kept.
        """
        with self._lock:
            forecasters, _refused = self._forecasters([sku], self._manager.facts())
        return forecasters[sku].model.contributions if sku in forecasters else None

    def _forecasters(
        self, skus: Sequence[str], facts: Mapping[str, Mapping[str, Any]]
    ) -> tuple[dict[str, PriceForecaster], dict[str, FarolError]]:
        versions = {sku: facts[sku]["version"] for sku in skus if sku in facts}
        missing = [sku for sku, version in versions.items() if self._memory.get(sku, ("",))[0] != version]
        loaded, refused = self._manager.load_many(missing)
        for sku, model in loaded.items():
            assert isinstance(model.model, PriceForecaster)  # signed: nothing else is ever saved there
            self._memory[sku] = (model.metadata["version"], model.model)
        found = {sku: self._memory[sku][1] for sku in versions if sku in self._memory and sku not in refused}
        for sku in found:
            self._memory.move_to_end(sku)
        while len(self._memory) > _MOST_IN_MEMORY:
            self._memory.popitem(last=False)
        return found, {sku: error for sku, error in refused.items() if not isinstance(error, ModelNotFound)}


def _prediction(
    forecast: PriceForecast,
    facts: Mapping[str, Mapping[str, Any]],
    forecasters: Mapping[str, PriceForecaster],
    refused: Mapping[str, FarolError],
) -> PricePrediction:
    sku = forecast.sku
    if sku not in forecasters:
        return PricePrediction(forecast, None, {}, Note.of(refused[sku]) if sku in refused else None)
    return PricePrediction(forecast, facts[sku]["version"], facts[sku]["metrics"])
