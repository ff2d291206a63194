"""What is learnt of a product's prices: which targets, from which rows, and what a prediction of them says of a price.

Two recipes behind the same functions. `blend` is the default: a model of the change from one day to the next, stepped
on day by day, and one of the change over several days at once; measured better than the last price. `document` is that
of requirement document 002: the price itself, by squared error; it is worse than the last price on real data, and stays
for comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from src.errors import InvalidPriceTraining
from src.pricing.boosting import BoosterSettings
from src.pricing.features import CALENDAR_FEATURES, calendar_features, price_features
from src.pricing.product_history import Dates, ProductHistory

DIRECT_HORIZONS = (3, 7, 14, 21, 30)
_DIRECT_MIN_CHILD_SAMPLES = 40
_DIRECT_WEIGHT, _FULL_WEIGHT_AFTER = 0.5, 14
_CALENDAR = slice(0, len(CALENDAR_FEATURES))

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Recipe:
    """A way to learn prices.

    Attributes
    ----------
    name : str
    objective : str
        What LightGBM makes small: l1 is the absolute error, l2 the squared one.
    learns_changes : bool
        Whether targets are logarithms of price ratios, or prices.
    has_direct : bool
        Whether a second model learns the change over several days at once.
    standardises : bool
        Whether features are standardised first.
    settings : BoosterSettings
        Those without tuning.
    """

    name: str
    objective: str
    learns_changes: bool
    has_direct: bool
    standardises: bool
    settings: BoosterSettings


BLEND = Recipe("blend", "l1", True, True, False, BoosterSettings())
DOCUMENT = Recipe(
    "document",
    "l2",
    False,
    False,
    True,
    BoosterSettings(n_estimators=300, num_leaves=31, subsample=1.0, colsample_bytree=1.0, reg_lambda=0.0),
)
RECIPES = {recipe.name: recipe for recipe in (BLEND, DOCUMENT)}


def recipe_named(name: str) -> Recipe:
    """Return a recipe.

    Raises
    ------
    InvalidPriceTraining
        There is none of that name.
    """
    if name not in RECIPES:
        raise InvalidPriceTraining(
            "There is no recipe {name!r}. Choose one of {known}.", name=name, known=", ".join(RECIPES)
        )
    return RECIPES[name]


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """What a model learns from.

    Attributes
    ----------
    features : ndarray of float64, shape (n, n_features)
    targets : ndarray of float64, shape (n,)
    days : ndarray of int64, shape (n,)
        The place of each target's day in the history.
    """

    features: Floats
    targets: Floats
    days: NDArray[np.int64]


def one_step_rows(history: ProductHistory, recipe: Recipe, country: str) -> TrainingRows:
    """Return a row for each day but the first; the target is its price, or the change of its logarithm in a day."""
    features = price_features(history.dates, history.prices[None], history.quantities[None], country)[0]
    days = np.arange(1, len(history))
    targets = np.diff(np.log(history.prices)) if recipe.learns_changes else history.prices[1:]
    return TrainingRows(features[1:], targets, days)


def direct_rows(history: ProductHistory, country: str, horizons: tuple[int, ...] = DIRECT_HORIZONS) -> TrainingRows:
    """Return a row for each day and each number of days ahead; the target is the logarithm of the price ratio.

    Only days with a price are targets: carried-on ones would teach that prices hardly change. Measured on products that
    are sold every other day: error against the last price over 30 days 0.89 instead of 0.91.
    """
    after = _with_day_after(history)
    features = price_features(after.dates, after.prices[None], after.quantities[None], country, first=1)[0]
    logarithms = np.log(history.prices)
    parts = []
    for horizon in horizons:
        known = np.flatnonzero(history.is_observed[horizon:])
        if not len(known):
            continue
        rows = direct_features(features[known], history.dates[known + horizon], np.full(len(known), horizon), country)
        parts.append(TrainingRows(rows, logarithms[known + horizon] - logarithms[known], known + horizon))
    return TrainingRows(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.targets for part in parts]),
        np.concatenate([part.days for part in parts]),
    )


def direct_features(next_day: Floats, targets: Dates, ahead: NDArray[np.int64], country: str) -> Floats:
    """Return rows of the direct model: the features of the day after the last known one, with another calendar.

    Parameters
    ----------
    next_day : array of float64, shape (…, 45)
    targets : array of datetime64[D], shape (…)
        The days that are asked for; the calendar's features are theirs.
    ahead : array of int, shape (…)
        How many days after the last known one they are; the 46th feature.
    """
    rows = np.concatenate([next_day, ahead[..., None]], axis=-1)
    rows[..., _CALENDAR] = calendar_features(targets, country)
    return rows


def direct_settings(settings: BoosterSettings) -> BoosterSettings:
    """Return the settings of the direct model, which has a row for each of several horizons: larger leaves."""
    return replace(settings, min_child_samples=max(settings.min_child_samples, _DIRECT_MIN_CHILD_SAMPLES))


def direct_weights(days: int) -> Floats:
    """Return how much of the blend is the direct model's, on each day ahead: from next to nothing up to a half."""
    return _DIRECT_WEIGHT * np.minimum(np.arange(1, days + 1) / _FULL_WEIGHT_AFTER, 1.0)


def _with_day_after(history: ProductHistory) -> ProductHistory:
    return ProductHistory(
        history.sku,
        np.append(history.dates, history.dates[-1] + 1),
        np.append(history.prices, np.nan),
        np.append(history.quantities, np.nan),
        np.append(history.is_observed, False),
    )
