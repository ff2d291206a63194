"""Training of one product's model from its history; runs in this process or in a worker.

The latest 30 days are held out: no search sees them, and the reported errors are of a model that did not. What is kept
is learnt from all days afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from src.errors import InvalidPriceTraining
from src.evaluation.backtests import RollingWindows, improvement
from src.evaluation.forecast_metrics import coverage
from src.evaluation.horizon_intervals import LEVELS, ErrorQuantiles
from src.notes import Note
from src.pricing import tuning
from src.pricing.backtesting import (
    ProductBacktest,
    backtest_product,
    first_days,
    fit_windows,
    held_out_metrics,
    product_windows,
)
from src.pricing.boosting import BoosterSettings
from src.pricing.features import FEATURES
from src.pricing.price_forecaster import PriceForecaster
from src.pricing.product_history import ProductHistory
from src.pricing.product_model import ProductModel, fit_product
from src.pricing.recipes import BLEND, Recipe, recipe_named

if TYPE_CHECKING:
    from sklearn.preprocessing import StandardScaler

LEAST_ROWS = 60


@dataclass(frozen=True, eq=False)
class TrainingOrder:
    """A model to be trained.

    Attributes
    ----------
    history : ProductHistory
    recipe : str
        blend, or document for comparison.
    trials : int
        How many hyperparameters to try; with 0 the recipe's own are taken.
    country : str
        Whose holidays count.
    pooled : ErrorQuantiles, optional
        Errors of other products' models as far as they are known: a batch has those of its own products afterwards.
    """

    history: ProductHistory
    recipe: str = BLEND.name
    trials: int = tuning.TRIALS
    country: str = "BR"
    pooled: ErrorQuantiles | None = None


@dataclass(frozen=True, eq=False)
class TrainedProduct:
    """A trained model and what is to be said of it.

    Attributes
    ----------
    sku : str
    forecaster : PriceForecaster
        What is kept.
    metrics : dict of str to float or None
        Of the model on the held-out days: `rmse`, `mae`, `mape`, `mase`, `mase_seasonal`, and how much of these days
        its intervals held, `coverage_80` and `coverage_95`. Over all windows: `error_to_naive`,
        `error_to_seasonal_naive` and `quantity_error_to_seasonal_naive`, below 1 where the model is better.
    training_samples, validation_samples : int
        Days learnt from and days held out, when the metrics were taken.
    features_count : int
    settings : BoosterSettings
    is_tuned : bool
        Whether the settings come from the search.
    notes : tuple of Note
        What was not as usual.
    """

    sku: str
    forecaster: PriceForecaster
    metrics: dict[str, float | None]
    training_samples: int
    validation_samples: int
    features_count: int
    settings: BoosterSettings
    is_tuned: bool
    notes: tuple[Note, ...]

    @property
    def scaler(self) -> StandardScaler | None:
        """What features go through before the model, where the recipe standardises."""
        return self.forecaster.model.scaler

    @property
    def metadata(self) -> dict[str, Any]:
        """What is listed of the model; can be written as JSON."""
        return {
            "sku": self.sku,
            "model_type": "LightGBM",
            "recipe": self.forecaster.model.recipe_name,
            "serves": self.forecaster.serves,
            "metrics": self.metrics,
            "training_samples": self.training_samples,
            "validation_samples": self.validation_samples,
            "features_count": self.features_count,
            "hyperparameters": asdict(self.settings),
            "is_tuned": self.is_tuned,
            "data_until": str(self.forecaster.last_day),
        }


def train_product(order: TrainingOrder) -> TrainedProduct:
    """Train the model of one product.

    Raises
    ------
    InvalidPriceTraining
        There are fewer than 60 days with a price, or no such recipe.
    InvalidSettings
        No holidays are known of the country.
    """
    history, recipe = order.history, recipe_named(order.recipe)
    _check_length(history)
    windows = product_windows(history)
    chosen = _choose_settings(order, recipe, windows)
    held_out = fit_product(first_days(history, windows.origins[0]), recipe, chosen.settings, order.country)
    backtest = backtest_product(history, windows, [held_out, *chosen.earlier_models])
    forecaster = PriceForecaster(
        history.sku,
        fit_product(history, recipe, chosen.settings, order.country, explained=True),
        backtest.beats_naive,
        backtest.log_errors,
        order.pooled,
        history.dates[-1],
    )
    return TrainedProduct(
        sku=history.sku,
        forecaster=forecaster,
        metrics=_metrics(history, backtest) | _coverages(backtest.log_errors, order.pooled),
        training_samples=windows.origins[0],
        validation_samples=windows.horizon,
        features_count=len(FEATURES),
        settings=chosen.settings,
        is_tuned=chosen.is_tuned,
        notes=(*chosen.notes, *_remarks(history, backtest)),
    )


def pool_errors(trained: Sequence[TrainedProduct], others: Sequence[NDArray[np.float64]] = ()) -> list[TrainedProduct]:
    """Give each product of a batch the errors of all of them, for its intervals and for what these hold.

    Parameters
    ----------
    others : sequence of array of float, shape (n_windows, horizon)
        Errors of products that are not in the batch, as `PriceForecaster` has them.
    """
    errors = [*others, *(product.forecaster.log_errors for product in trained)]
    pooled, pooled_before = ErrorQuantiles.of(errors), ErrorQuantiles.of([windows[1:] for windows in errors])
    return [
        replace(
            product,
            forecaster=replace(product.forecaster, pooled=pooled),
            metrics=product.metrics | _coverages(product.forecaster.log_errors, pooled_before),
        )
        for product in trained
    ]


def _check_length(history: ProductHistory) -> None:
    rows = int(history.is_observed.sum())
    if rows < LEAST_ROWS:
        raise InvalidPriceTraining(
            "Product {sku!r} has {rows} days with a price, and {least} are needed to train a model. Until then the "
            "moving average serves.",
            sku=history.sku,
            rows=rows,
            least=LEAST_ROWS,
        )


@dataclass(frozen=True, eq=False)
class _Choice:
    """Hyperparameters, and the models of all windows but the latest that were made with them."""

    settings: BoosterSettings
    earlier_models: list[ProductModel]
    is_tuned: bool
    notes: tuple[Note, ...] = ()


def _choose_settings(order: TrainingOrder, recipe: Recipe, windows: RollingWindows) -> _Choice:
    """Keep what a search has found where it wins on the windows between the search's days and those held out."""
    history, earlier = order.history, replace(windows, origins=windows.origins[1:])
    usual = _Choice(recipe.settings, fit_windows(history, earlier, recipe, recipe.settings, order.country), False)
    if not order.trials:
        return usual
    searched = first_days(history, windows.origins[-1])
    rows = int(searched.is_observed.sum())
    if rows < tuning.LEAST_ROWS or not earlier.origins:
        return replace(usual, notes=(_too_short(rows),))
    found = tuning.search_settings(searched, recipe, order.country, order.trials)
    tuned = _Choice(found, fit_windows(history, earlier, recipe, found, order.country), True)
    before, after = (
        backtest_product(history, earlier, choice.earlier_models).prices.mean_error for choice in (usual, tuned)
    )
    return tuned if after < before else usual


def _too_short(rows: int) -> Note:
    return Note(
        "The history is too short to search for hyperparameters: {days} days with a price are left for it, and {least} "
        "are needed.",
        {"days": rows, "least": tuning.LEAST_ROWS},
    )


def _metrics(history: ProductHistory, backtest: ProductBacktest) -> dict[str, float | None]:
    return {
        **held_out_metrics(history, backtest),
        "error_to_naive": 1 - improvement(backtest.prices, backtest.naive),
        "error_to_seasonal_naive": 1 - improvement(backtest.prices, backtest.seasonal),
        "quantity_error_to_seasonal_naive": 1 - improvement(backtest.quantities, backtest.seasonal_quantities),
    }


def _coverages(log_errors: NDArray[np.float64], pooled: ErrorQuantiles | None) -> dict[str, float | None]:
    """How much of the latest window is held by intervals that were learnt from the others, of this and other products.

    None without anything to learn from.
    """
    widths = ErrorQuantiles.of([log_errors[1:]]).mixed_with(pooled)
    latest, steps = log_errors[0], log_errors.shape[1]
    found: dict[str, float | None] = {}
    for level in LEVELS:
        width = widths.half_widths(level, steps)
        known = not np.isnan(width).any()
        found[f"coverage_{level * 100:.0f}"] = coverage(latest, -width, width) if known else None
    return found


def _remarks(history: ProductHistory, backtest: ProductBacktest) -> list[Note]:
    notes = []
    if history.prices.min() == history.prices.max():
        notes.append(Note("The price has never changed: the last price serves."))
    elif not backtest.beats_naive:
        notes.append(
            Note(
                "Not worth a model: over {windows} windows its error is {ratio:.2f} times that of the last price, "
                "which serves instead.",
                {"windows": len(backtest.windows.origins), "ratio": 1 - improvement(backtest.prices, backtest.naive)},
            )
        )
    missing = int((~history.is_observed).sum())
    if missing:
        notes.append(Note("On {days} days there is no row: the price before is carried on.", {"days": missing}))
    return notes
