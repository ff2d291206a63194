"""Days ahead, one after another, many products together: each day's prediction is what the next day's features see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.pricing.boosted_trees import BoostedTrees
from src.pricing.features import LONGEST, price_features
from src.pricing.product_history import Dates, ProductHistory
from src.pricing.product_model import ProductModel
from src.pricing.quantities import blended_quantity, mean_quantities
from src.pricing.recipes import direct_features, direct_weights

_LEAST_SHARE = 0.01
"""Of the last price: sums of trees that learnt levels may fall below 0, and a price cannot."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Paths:
    """What is forecast of several products.

    Attributes
    ----------
    prices, quantities : ndarray of float64, shape (n_products, days)
    """

    prices: Floats
    quantities: Floats


def forecast_products(models: Sequence[ProductModel], histories: Sequence[ProductHistory], days: int) -> Paths:
    """Forecast the days after each product's history.

    Parameters
    ----------
    models : sequence of ProductModel
        One a history; of any recipes.
    histories : sequence of ProductHistory
        They may end on different days.
    days : int
        At least 1.
    """
    found = Paths(np.empty((len(models), days)), np.empty((len(models), days)))
    kinds = [(model.recipe_name, model.country) for model in models]
    for kind in sorted(set(kinds)):
        places = [place for place, other in enumerate(kinds) if other == kind]
        paths = _forecast_alike([models[place] for place in places], [histories[place] for place in places], days)
        found.prices[places], found.quantities[places] = paths.prices, paths.quantities
    return found


def _forecast_alike(models: list[ProductModel], histories: list[ProductHistory], days: int) -> Paths:
    """Forecast products whose models are of one recipe and country."""
    recipe = models[0].recipe
    walk = _Walk(models, histories, days)
    for day in range(days):
        walk.step(day)
    if recipe.has_direct:
        weights = direct_weights(days)
        stepped = np.log(walk.forecast_prices / walk.last_prices)
        blended = (1 - weights) * stepped + weights * walk.direct_changes()
        return Paths(walk.last_prices * np.exp(blended), walk.forecast_quantities)
    return Paths(walk.forecast_prices, walk.forecast_quantities)


class _Walk:
    """The last days of several products, and the days that are added to them."""

    def __init__(self, models: list[ProductModel], histories: list[ProductHistory], days: int) -> None:
        self._recipe, self._country, self._days = models[0].recipe, models[0].country, days
        self._models = models
        self._dates: Dates = np.array([history.dates[-1] for history in histories])[:, None] + np.arange(
            1 - LONGEST, days + 1
        )
        self._prices = _last_days([history.prices for history in histories], days)
        self._quantities = _last_days([history.quantities for history in histories], days)
        self._mean_quantities = mean_quantities(histories, days)
        self._one_step = BoostedTrees.stacked([model.one_step for model in models])
        self._quantity = BoostedTrees.stacked([model.quantity for model in models])
        self._scale = _scale(models) if self._recipe.standardises else None

    @property
    def last_prices(self) -> Floats:
        return self._prices[:, LONGEST - 1 : LONGEST]

    @property
    def forecast_prices(self) -> Floats:
        return self._prices[:, LONGEST:]

    @property
    def forecast_quantities(self) -> Floats:
        return self._quantities[:, LONGEST:]

    def step(self, day: int) -> None:
        """Add a day, of which nothing is known but its place in the calendar."""
        rows = self._features(day)
        at = LONGEST + day
        modelled = self._quantity.predict(rows)[:, 0]
        self._quantities[:, at] = blended_quantity(modelled, self._mean_quantities[:, day])
        if self._scale is not None:
            mean, deviation = self._scale
            rows = (rows - mean) / deviation
        predicted = self._one_step.predict(rows)[:, 0]
        before, least = self._prices[:, at - 1], _LEAST_SHARE * self.last_prices[:, 0]
        self._prices[:, at] = (
            before * np.exp(predicted) if self._recipe.learns_changes else np.maximum(predicted, least)
        )

    def direct_changes(self) -> Floats:
        """The direct models' change of the logarithm since the last known day, for each day ahead."""
        ahead = np.broadcast_to(np.arange(1, self._days + 1), (len(self._models), self._days))
        next_day = np.repeat(self._features(0), self._days, axis=1)
        rows = direct_features(next_day, self._dates[:, LONGEST:], ahead, self._country)
        return BoostedTrees.stacked([model.direct for model in self._models if model.direct is not None]).predict(rows)

    def _features(self, day: int) -> Floats:
        """The features of a day to come, shape (n_products, 1, 45)."""
        seen = slice(day, day + LONGEST + 1)
        return price_features(
            self._dates[:, seen], self._prices[:, seen], self._quantities[:, seen], self._country, first=LONGEST
        )


def _last_days(values: list[Floats], days: int) -> Floats:
    """The last 30 days of each product, NaN where there were fewer, and room for those to come."""
    found = np.full((len(values), LONGEST + days), np.nan)
    for row, known in zip(found, values, strict=True):
        last = known[-LONGEST:]
        row[LONGEST - len(last) : LONGEST] = last
    return found


def _scale(models: list[ProductModel]) -> tuple[Floats, Floats]:
    """Means and standard deviations of the features in training, shape (n_products, 1, 45) each."""
    scalers = [model.scaler for model in models if model.scaler is not None]
    return np.array([s.mean_ for s in scalers])[:, None], np.array([s.scale_ for s in scalers])[:, None]
