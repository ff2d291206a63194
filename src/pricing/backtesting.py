"""What a product's forecasts would have been worth: made at several moments of its past, from what was known then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.evaluation.backtests import Backtest, RollingWindows, improvement, rolling_windows
from src.evaluation.forecast_metrics import forecast_metrics
from src.pricing.boosting import BoosterSettings
from src.pricing.product_history import ProductHistory
from src.pricing.product_model import ProductModel, fit_product
from src.pricing.recipes import Recipe
from src.pricing.stepping import forecast_products

HORIZON, WINDOWS = 30, 4
SEASON = 7
LEAST_ROWS_BEFORE = 30

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ProductBacktest:
    """Forecasts of a product's past beside what came, the latest window first.

    Attributes
    ----------
    windows : RollingWindows
    prices, naive, seasonal : Backtest
        The model's, the last price, and the last week repeated; days without a row do not count.
    quantities, seasonal_quantities : Backtest
        The model's and the last week repeated; on days without a row nothing was sold.
    """

    windows: RollingWindows
    prices: Backtest
    naive: Backtest
    seasonal: Backtest
    quantities: Backtest
    seasonal_quantities: Backtest

    @property
    def beats_naive(self) -> bool:
        """Whether the model's prices were nearer than the last price, over all windows."""
        return improvement(self.prices, self.naive) > 0

    @property
    def log_errors(self) -> Floats:
        """Absolute errors of the logarithm of what serves, the model or else the naive; (n_windows, horizon)."""
        serving = self.prices if self.beats_naive else self.naive
        return np.abs(np.log(serving.forecasts / serving.actual))


def product_windows(history: ProductHistory) -> RollingWindows:
    """Lay windows of 30 days over a product's past, one after another; the latest one is held out from any search.

    Moments before which there are fewer than 30 days with a row are left out; of a product with 60 such days the latest
    never is.
    """
    windows = rolling_windows(len(history), HORIZON, HORIZON, WINDOWS)
    rows = np.cumsum(history.is_observed)
    origins = tuple(origin for origin in windows.origins if rows[origin - 1] >= LEAST_ROWS_BEFORE)
    return RollingWindows(origins, windows.horizon)


def first_days(history: ProductHistory, days: int) -> ProductHistory:
    """Return what was known after so many days."""
    return ProductHistory(
        history.sku,
        history.dates[:days],
        history.prices[:days],
        history.quantities[:days],
        history.is_observed[:days],
    )


def fit_windows(
    history: ProductHistory, windows: RollingWindows, recipe: Recipe, settings: BoosterSettings, country: str
) -> list[ProductModel]:
    """Learn what could have been learnt at each moment."""
    return [fit_product(first_days(history, origin), recipe, settings, country) for origin in windows.origins]


def backtest_product(history: ProductHistory, windows: RollingWindows, models: list[ProductModel]) -> ProductBacktest:
    """Forecast with the models of these moments, all of them stepped together."""
    known = [first_days(history, origin) for origin in windows.origins]
    days = np.array(windows.origins)[:, None] + np.arange(windows.horizon)
    paths = forecast_products(models, known, windows.horizon)
    prices = np.where(history.is_observed, history.prices, np.nan)[days]
    quantities = history.quantities[days]
    return ProductBacktest(
        windows,
        Backtest(paths.prices, prices),
        Backtest(_repeated([past.prices for past in known], 1, windows.horizon), prices),
        Backtest(_repeated([past.prices for past in known], SEASON, windows.horizon), prices),
        Backtest(paths.quantities, quantities),
        Backtest(_repeated([past.quantities for past in known], SEASON, windows.horizon), quantities),
    )


def _repeated(values: list[Floats], season: int, days: int) -> Floats:
    return np.array([known[-season:][np.arange(days) % min(season, len(known))] for known in values])


def held_out_metrics(history: ProductHistory, backtest: ProductBacktest) -> dict[str, float | None]:
    """Score the latest window: RMSE, MAE, MAPE, and MASE with the error of the naive and of the seasonal naive.

    Returns
    -------
    dict of str to float or None
        `rmse`, `mae` in the price's unit, `mape` in %, `mase` and `mase_seasonal` without one; None where not defined.
    """
    origin = backtest.windows.origins[0]
    training = np.where(history.is_observed, history.prices, np.nan)[:origin]
    actual, forecast = backtest.prices.actual[0], backtest.prices.forecasts[0]
    scores = forecast_metrics(actual, forecast, training, 1)
    seasonal = forecast_metrics(actual, forecast, training, SEASON)
    return {
        **{name: scores[name] for name in ("rmse", "mae", "mape", "mase")},
        "mase_seasonal": seasonal["mase"],
    }
