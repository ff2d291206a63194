"""The features of a product's day know nothing of that day but its place in the calendar."""

from __future__ import annotations

import re
import time

import holidays
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InvalidSettings
from src.pricing.features import (
    CALENDAR_FEATURES,
    DERIVED_FEATURES,
    FEATURES,
    LAG_FEATURES,
    ROLLING_FEATURES,
    calendar_features,
    price_features,
)
from tests.unit.product_samples import product

DATES = np.datetime64("2025-01-01") + np.arange(120)
PLACE = {name: place for place, name in enumerate(FEATURES)}


def values(seed: int, products: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(1, 20, (products, len(DATES))), rng.uniform(0, 50, (products, len(DATES)))


def test_there_are_the_45_of_the_document() -> None:
    counts = [len(names) for names in (CALENDAR_FEATURES, LAG_FEATURES, ROLLING_FEATURES, DERIVED_FEATURES)]
    assert counts == [11, 10, 21, 3]
    assert len(set(FEATURES)) == 45
    assert all(re.fullmatch(r"[a-z]+(_[a-z0-9]+)+|month|quarter", name) for name in FEATURES)
    named = {
        "day_of_week", "days_from_holiday", "price_lag_30", "quantity_lag_2", "price_rolling_mean_7",
        "price_rolling_max_30", "quantity_rolling_sum_14", "price_vs_ma7", "price_vs_ma30", "price_volatility_7",
    }  # fmt: skip
    assert named <= set(FEATURES)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1_000), day=st.integers(0, len(DATES) - 1), factor=st.floats(0.1, 10))
def test_no_feature_of_a_day_changes_with_what_comes_on_it_or_later(seed: int, day: int, factor: float) -> None:
    prices, quantities = values(seed)
    before = price_features(DATES, prices, quantities)[:, : day + 1]
    prices[:, day:] *= factor
    quantities[:, day:] = quantities[:, day:] * factor + 1
    np.testing.assert_array_equal(price_features(DATES, prices, quantities)[:, : day + 1], before)


def test_every_feature_but_the_calendars_changes_with_the_days_before() -> None:
    prices, quantities = values(1)
    before = price_features(DATES, prices, quantities)[:, 60]
    rng = np.random.default_rng(2)
    after = price_features(
        DATES, prices * rng.uniform(0.5, 2, prices.shape), quantities + rng.uniform(1, 9, prices.shape)
    )[:, 60]
    unchanged = {name for name in FEATURES if (before == after)[:, PLACE[name]].all()}
    assert unchanged == set(CALENDAR_FEATURES)


def test_lags_and_windows_are_those_of_pandas_a_day_back() -> None:
    prices, quantities = values(3)
    found = price_features(DATES, prices, quantities)[1]
    price, quantity = (pd.Series(column[1]).shift(1) for column in (prices, quantities))
    expected = {
        "price_lag_14": price.shift(13),
        "quantity_lag_30": quantity.shift(29),
        "price_rolling_std_7": price.rolling(7).std(),
        "price_rolling_min_14": price.rolling(14).min(),
        "price_rolling_max_30": price.rolling(30).max(),
        "quantity_rolling_mean_14": quantity.rolling(14).mean(),
        "quantity_rolling_sum_30": quantity.rolling(30).sum(),
        "price_vs_ma7": price / price.rolling(7).mean(),
        "price_vs_ma30": price / price.rolling(30).mean(),
        "price_volatility_7": price.rolling(7).std() / price.rolling(7).mean(),
    }
    for name, column in expected.items():
        np.testing.assert_allclose(found[:, PLACE[name]], column, err_msg=name)


def test_early_days_are_kept_and_miss_what_reaches_before_the_first() -> None:
    features = price_features(DATES, *values(4))
    assert features.shape == (3, 120, 45)
    lag_30 = features[:, :, PLACE["price_lag_30"]]
    assert np.isnan(lag_30[:, :30]).all()
    assert not np.isnan(features[:, 30:]).any()
    assert not np.isnan(features[:, 7:, PLACE["price_rolling_mean_7"]]).any()
    assert not np.isnan(features[:, :, : len(CALENDAR_FEATURES)]).any()


def test_the_calendar_is_that_of_pandas_and_of_the_holidays() -> None:
    dates = np.datetime64("2019-12-20") + np.arange(900)
    index, found = pd.DatetimeIndex(dates), calendar_features(dates)
    known = holidays.country_holidays("BR", years=range(2018, 2024))
    days = sorted(known)
    expected = {
        "day_of_week": index.dayofweek,
        "day_of_month": index.day,
        "week_of_year": index.isocalendar().week,
        "month": index.month,
        "quarter": index.quarter,
        "is_weekend": index.dayofweek >= 5,
        "is_month_start": index.is_month_start,
        "is_month_end": index.is_month_end,
        "is_holiday": [day in known for day in index.date],
        "days_to_holiday": [min((other - day).days for other in days if other >= day) for day in index.date],
        "days_from_holiday": [min((day - other).days for other in days if other <= day) for day in index.date],
    }
    assert tuple(expected) == CALENDAR_FEATURES
    for place, (name, column) in enumerate(expected.items()):
        np.testing.assert_array_equal(found[:, place], np.asarray(column, dtype=float), err_msg=name)


def test_another_country_has_other_holidays_and_an_unknown_one_is_refused() -> None:
    carnival_tuesday_is_none = np.array(["2025-07-04", "2025-09-07"], dtype="datetime64[D]")
    holiday = CALENDAR_FEATURES.index("is_holiday")
    assert calendar_features(carnival_tuesday_is_none, "US")[:, holiday].tolist() == [1, 0]
    assert calendar_features(carnival_tuesday_is_none, "BR")[:, holiday].tolist() == [0, 1]
    with pytest.raises(InvalidSettings, match="FAROL_HOLIDAYS is 'XX'"):
        calendar_features(DATES, "XX")


def test_the_row_of_a_step_ahead_is_the_row_of_training() -> None:
    prices, quantities = values(5)
    training = price_features(DATES, prices, quantities)
    for day in (1, 29, 30, 77, 119):
        seen = slice(max(day - 30, 0), day + 1)
        known = prices[:, seen].copy(), quantities[:, seen].copy()
        for column in known:
            column[:, -1] = np.nan  # not known yet
        step = price_features(DATES[seen], *known, first=known[0].shape[1] - 1)
        np.testing.assert_array_equal(step[:, 0], training[:, day])


def test_each_product_may_have_days_of_its_own() -> None:
    prices, quantities = values(6, products=2)
    shifted = np.stack([DATES, DATES + 40])
    together = price_features(shifted, prices, quantities)
    alone = price_features(shifted[1], prices[1:], quantities[1:])
    np.testing.assert_array_equal(together[1:], alone)


def test_two_hundred_products_of_a_year_take_less_than_a_second_and_a_half() -> None:
    histories = [product(seed=seed) for seed in range(200)]
    prices, quantities = (np.array([getattr(one, name) for one in histories]) for name in ("prices", "quantities"))
    calendar_features(DATES)  # the holidays' import is not counted
    started = time.process_time()
    assert price_features(histories[0].dates, prices, quantities).shape == (200, 365, 45)
    assert time.process_time() - started < 1.5
