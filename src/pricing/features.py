"""The 45 features of a product's day: what the calendar says of it, and what was known the day before.

Names and kinds are those of requirement document 002. It takes `price_vs_ma7` and its like from the day's own price,
which is what is to be predicted; here they are taken a day back.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from src.pricing.holiday_calendar import holidays_around

LAGS = (1, 2, 7, 14, 30)
WINDOWS = (7, 14, 30)
LONGEST = 30
"""Days that the features look back."""

CALENDAR_FEATURES = (
    "day_of_week",
    "day_of_month",
    "week_of_year",
    "month",
    "quarter",
    "is_weekend",
    "is_month_start",
    "is_month_end",
    "is_holiday",
    "days_to_holiday",
    "days_from_holiday",
)
LAG_FEATURES = tuple(f"{name}_lag_{lag}" for name in ("price", "quantity") for lag in LAGS)
ROLLING_FEATURES = tuple(
    f"{name}_{window}"
    for window in WINDOWS
    for name in (
        "price_rolling_mean",
        "price_rolling_std",
        "price_rolling_min",
        "price_rolling_max",
        "quantity_rolling_mean",
        "quantity_rolling_std",
        "quantity_rolling_sum",
    )
)
DERIVED_FEATURES = ("price_vs_ma7", "price_vs_ma30", "price_volatility_7")
FEATURES = CALENDAR_FEATURES + LAG_FEATURES + ROLLING_FEATURES + DERIVED_FEATURES
_PLACE = {name: place for place, name in enumerate(FEATURES)}

Dates = NDArray[np.datetime64]
Floats = NDArray[np.float64]


def price_features(dates: Dates, prices: Floats, quantities: Floats, country: str = "BR", *, first: int = 0) -> Floats:
    """Return the features of each day of many products; the same for training and for each step of a prediction.

    A day's features come from the days before it, and its calendar's from the day itself. A feature that looks further
    back than the history goes is NaN.

    Parameters
    ----------
    dates : array of datetime64[D], shape (d,) or (p, d)
        Consecutive days; in the second form each product has its own.
    prices, quantities : array of float, shape (p, d)
        Those of the last day are looked at by no feature, and may be NaN.
    country : str
        Whose public holidays count; two letters of ISO 3166.
    first : int
        The first day whose features are wanted.

    Returns
    -------
    ndarray of float64, shape (p, d - first, 45)
        In the order of `FEATURES`.

    Raises
    ------
    InvalidSettings
        No holidays are known of the country.
    """
    features = np.empty((prices.shape[0], prices.shape[1] - first, len(FEATURES)))
    features[:, :, : len(CALENDAR_FEATURES)] = calendar_features(dates[..., first:], country)
    _fill_lags_and_windows(features, _days_before(prices, first), _days_before(quantities, first))
    return features


def calendar_features(dates: Dates, country: str = "BR") -> Floats:
    """Return the calendar's features of days, shape (…, 11) in the order of `CALENDAR_FEATURES`.

    Days of the week are counted from Monday as 0; weeks are those of ISO 8601.
    """
    days, places = np.unique(dates, return_inverse=True)
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    weekday = _weekday(days)
    thursday = days + (3 - weekday)  # of the same ISO week, whose year is the week's
    week = (thursday - thursday.astype("datetime64[Y]").astype("datetime64[D]")).astype(int) // 7 + 1
    day_of_month = (days - months.astype("datetime64[D]")).astype(int) + 1
    month = (months - years.astype("datetime64[M]")).astype(int) + 1
    is_month_end = (days + 1).astype("datetime64[M]") != months
    holidays = holidays_around(days, country)
    next_place = np.searchsorted(holidays, days)
    days_to = (holidays[next_place] - days).astype(int)
    days_from = (days - holidays[np.searchsorted(holidays, days, side="right") - 1]).astype(int)
    columns = (
        weekday,
        day_of_month,
        week,
        month,
        (month + 2) // 3,
        weekday >= 5,
        day_of_month == 1,
        is_month_end,
        days_to == 0,
        days_to,
        days_from,
    )
    return np.column_stack(columns).astype(float)[places.reshape(dates.shape)]


def _weekday(days: Dates) -> NDArray[np.int64]:
    return (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday


def _days_before(values: Floats, first: int) -> Floats:
    """The 30 values before each day, the newest last: shape (p, d - first, 30), NaN before the first day."""
    start = max(first - LONGEST, 0)
    missing = np.full((values.shape[0], LONGEST - (first - start)), np.nan)
    return sliding_window_view(np.hstack([missing, values[:, start:-1]]), LONGEST, axis=1)


def _fill_lags_and_windows(features: Floats, prices: Floats, quantities: Floats) -> None:
    for lag in LAGS:
        features[:, :, _PLACE[f"price_lag_{lag}"]] = prices[:, :, -lag]
        features[:, :, _PLACE[f"quantity_lag_{lag}"]] = quantities[:, :, -lag]
    for window in WINDOWS:
        price, quantity = prices[:, :, -window:], quantities[:, :, -window:]
        columns = {
            "price_rolling_mean": price.mean(axis=2),
            "price_rolling_std": price.std(axis=2, ddof=1),
            "price_rolling_min": price.min(axis=2),
            "price_rolling_max": price.max(axis=2),
            "quantity_rolling_mean": quantity.mean(axis=2),
            "quantity_rolling_std": quantity.std(axis=2, ddof=1),
            "quantity_rolling_sum": quantity.sum(axis=2),
        }
        for name, column in columns.items():
            features[:, :, _PLACE[f"{name}_{window}"]] = column
    last, mean_7 = prices[:, :, -1], features[:, :, _PLACE["price_rolling_mean_7"]]
    features[:, :, _PLACE["price_vs_ma7"]] = last / mean_7
    features[:, :, _PLACE["price_vs_ma30"]] = last / features[:, :, _PLACE["price_rolling_mean_30"]]
    features[:, :, _PLACE["price_volatility_7"]] = features[:, :, _PLACE["price_rolling_std_7"]] / mean_7
