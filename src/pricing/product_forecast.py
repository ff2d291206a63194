"""Forecasts of products' prices and quantities, many products together, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.errors import InvalidForecast
from src.pricing.price_forecaster import MOVING_AVERAGE, PriceForecaster
from src.pricing.product_history import Dates, ProductHistory
from src.pricing.quantities import mean_quantities
from src.pricing.stepping import forecast_products

MOST_DAYS_AHEAD = 60
_AVERAGED_DAYS = 7

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PriceForecast:
    """What is forecast of a product.

    Attributes
    ----------
    sku : str
    dates : ndarray of datetime64[D], shape (days,)
        The days after the last one of the history.
    prices, quantities : ndarray of float64, shape (days,)
    lower_80, upper_80, lower_95, upper_95 : ndarray of float64, shape (days,)
        Intervals of the price; NaN where no errors are known to learn them from.
    model_used : str
        LightGBM; naive, where the last price is nearer; moving average, without a model.
    """

    sku: str
    dates: Dates
    prices: Floats
    quantities: Floats
    lower_80: Floats
    upper_80: Floats
    lower_95: Floats
    upper_95: Floats
    model_used: str


def predict_prices(
    histories: Sequence[ProductHistory], forecasters: Sequence[PriceForecaster | None], days_ahead: int
) -> list[PriceForecast]:
    """Forecast products, all of them stepped together.

    Parameters
    ----------
    histories : sequence of ProductHistory
        Up to now; they may have grown since the training.
    forecasters : sequence of PriceForecaster or None
        One a history; without one the mean price of the last seven days serves.
    days_ahead : int
        1 to 60.

    Raises
    ------
    InvalidForecast
        So many days cannot be forecast.
    """
    check_days_ahead(days_ahead)
    pairs = list(zip(histories, forecasters, strict=True))
    modelled = [(history, forecaster) for history, forecaster in pairs if forecaster is not None]
    paths = forecast_products(
        [forecaster.model for _, forecaster in modelled], [history for history, _ in modelled], days_ahead
    )
    found = iter(zip(paths.prices, paths.quantities, strict=True))
    return [
        _moving_average(history, days_ahead) if forecaster is None else _forecast(history, forecaster, *next(found))
        for history, forecaster in pairs
    ]


def check_days_ahead(days_ahead: int) -> None:
    """Refuse what cannot be forecast.

    Raises
    ------
    InvalidForecast
        Not 1 to 60 days.
    """
    if not 1 <= days_ahead <= MOST_DAYS_AHEAD:
        raise InvalidForecast(
            "{days} days ahead cannot be forecast. Ask for 1 to {most}.", days=days_ahead, most=MOST_DAYS_AHEAD
        )


def _forecast(
    history: ProductHistory, forecaster: PriceForecaster, prices: Floats, quantities: Floats
) -> PriceForecast:
    days = len(prices)
    if not forecaster.beats_naive:
        prices = np.full(days, history.prices[-1])
    errors = forecaster.error_quantiles
    factor_80, factor_95 = (np.exp(errors.half_widths(level, days)) for level in (0.80, 0.95))
    return PriceForecast(
        history.sku,
        _dates_after(history, days),
        prices,
        quantities,
        prices / factor_80,
        prices * factor_80,
        prices / factor_95,
        prices * factor_95,
        forecaster.serves,
    )


def _moving_average(history: ProductHistory, days: int) -> PriceForecast:
    prices = np.full(days, history.prices[-_AVERAGED_DAYS:].mean())
    unknown = np.full(days, np.nan)
    return PriceForecast(
        history.sku,
        _dates_after(history, days),
        prices,
        mean_quantities([history], days)[0],
        *(unknown,) * 4,
        MOVING_AVERAGE,
    )


def _dates_after(history: ProductHistory, days: int) -> Dates:
    return history.dates[-1] + np.arange(1, days + 1)
