"""The model of one product's prices and quantities: what it consists of, and how it is learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from src.pricing.boosted_trees import BoostedTrees
from src.pricing.boosting import BoosterSettings, fit_trees
from src.pricing.product_history import ProductHistory
from src.pricing.recipes import RECIPES, Recipe, TrainingRows, direct_rows, direct_settings, one_step_rows

if TYPE_CHECKING:
    from sklearn.preprocessing import StandardScaler

QUANTITY_SETTINGS = BoosterSettings()


@dataclass(frozen=True, eq=False)
class ProductModel:
    """What was learnt of one product.

    Attributes
    ----------
    recipe_name : str
    country : str
        Whose holidays the features tell.
    one_step : BoostedTrees
        The next day's price, as the recipe has it.
    direct : BoostedTrees, optional
        The change over several days at once, where the recipe has that.
    quantity : BoostedTrees
        log(1 + the next day's quantity).
    scaler : StandardScaler, optional
        What the features of `one_step` go through first, where the recipe has that.
    """

    recipe_name: str
    country: str
    one_step: BoostedTrees
    direct: BoostedTrees | None
    quantity: BoostedTrees
    scaler: StandardScaler | None

    @property
    def recipe(self) -> Recipe:
        """What the trees mean."""
        return RECIPES[self.recipe_name]

    @property
    def contributions(self) -> dict[str, np.ndarray] | None:
        """The mean size of each feature's SHAP value, by which trees; None where it was not kept."""
        trees = {"one_step": self.one_step, "direct": self.direct, "quantity": self.quantity}
        known = {kind: one.contributions for kind, one in trees.items() if one is not None}
        return {kind: sizes for kind, sizes in known.items() if sizes is not None} or None


def fit_product(
    history: ProductHistory, recipe: Recipe, settings: BoosterSettings, country: str, *, explained: bool = False
) -> ProductModel:
    """Learn from all days of a history.

    Parameters
    ----------
    settings : BoosterSettings
        Of the price's models; the quantity's has its own.
    explained : bool
        Keep what each feature contributes.
    """
    rows = one_step_rows(history, recipe, country)
    scaler = _fitted_scaler(rows) if recipe.standardises else None
    prices = rows.features if scaler is None else scaler.transform(rows.features)
    sold, direct = np.log1p(history.quantities[rows.days]), None
    if recipe.has_direct:
        ahead = direct_rows(history, country)
        direct = fit_trees(
            ahead.features, ahead.targets, direct_settings(settings), recipe.objective, explained=explained
        )
    return ProductModel(
        recipe.name,
        country,
        fit_trees(prices, rows.targets, settings, recipe.objective, explained=explained),
        direct,
        fit_trees(rows.features, sold, QUANTITY_SETTINGS, "l1", explained=explained),
        scaler,
    )


def _fitted_scaler(rows: TrainingRows) -> StandardScaler:
    from sklearn.preprocessing import StandardScaler

    with np.errstate(invalid="ignore"):  # of a feature that no day of a short history has
        return StandardScaler().fit(rows.features)
