"""What is told of a product beside its forecast: elasticity, promotions, holidays by name, what matters."""

from __future__ import annotations

import numpy as np
import pytest

from src.pricing.boosting import BoosterSettings, fit_trees
from src.pricing.elasticity import LEAST_DAYS, price_elasticity
from src.pricing.holiday_calendar import holiday_names
from src.pricing.product_history import ProductHistory
from src.pricing.promotions import promotion_days, usual_prices
from src.pricing.shopping_dates import shopping_names
from src.pricing.synthetic_signals import make_signals

DATES = np.datetime64("2026-06-30") - np.arange(400)[::-1]


def history(prices: np.ndarray, quantities: np.ndarray, dates: np.ndarray = DATES) -> ProductHistory:
    return ProductHistory.of("A", dates[-len(prices) :], prices, quantities)


def random_prices(seed: int = 1, days: int = 400) -> np.ndarray:
    return 10 * np.exp(np.random.default_rng(seed).normal(0, 0.1, days))


def test_the_elasticity_is_found_through_week_and_trend() -> None:
    prices = random_prices()
    noise = np.random.default_rng(2).normal(0, 0.1, 400)
    week = 0.5 * ((DATES.astype(int) + 3) % 7 >= 5)
    found = price_elasticity(history(prices, np.exp(3 + np.linspace(0, 2, 400) + week - 1.7 * np.log(prices) + noise)))
    assert found is not None
    assert found.low < -1.7 < found.high
    assert found.high - found.low < 0.3
    assert found.is_certain
    assert found.days == 400


def test_the_interval_of_the_elasticity_holds_the_truth_of_invented_products() -> None:
    signals = make_signals(60, DATES, 7)
    found = [price_elasticity(history(*pair)) for pair in zip(signals.prices, signals.quantities, strict=True)]
    held = [one.low <= true <= one.high for one, true in zip(found, signals.elasticity, strict=True) if one]
    assert len(held) == 60
    assert np.mean(held) >= 0.8  # below 0.95: on Black Friday the price falls while more is wanted
    assert np.mean([one.value for one in found if one]) == pytest.approx(signals.elasticity.mean(), abs=0.2)


def test_where_demand_does_not_follow_the_price_that_cannot_be_told() -> None:
    quantities = np.exp(np.random.default_rng(3).normal(3, 0.3, (60, 400)))
    found = [price_elasticity(history(random_prices(seed), sold)) for seed, sold in enumerate(quantities)]
    certain = np.mean([one.is_certain for one in found if one])
    assert 0 < certain < 0.15  # about one in twenty, by chance


def test_no_elasticity_is_told_from_a_price_that_hardly_moves_or_from_few_days() -> None:
    quantities = np.full(400, 5.0)
    assert price_elasticity(history(np.full(400, 7.0), quantities)) is None
    assert price_elasticity(history(np.geomspace(5, 20, 400), quantities)) is None
    few = LEAST_DAYS - 1
    assert price_elasticity(history(random_prices(days=few), quantities[:few])) is None
    sold = np.where(np.arange(400) < few, 5.0, 0.0)
    assert price_elasticity(history(random_prices(), sold)) is None


def test_days_without_sales_and_without_a_row_are_left_out_of_the_elasticity() -> None:
    prices = random_prices()
    quantities = np.exp(3 - 1.5 * np.log(prices))
    quantities[::5] = 0
    there = np.arange(400) % 7 != 3
    found = price_elasticity(history(prices[there], quantities[there], DATES[there]))
    assert found is not None
    assert found.value == pytest.approx(-1.5, abs=1e-6)


def test_a_price_that_comes_back_is_a_promotion_and_one_that_stays_is_not() -> None:
    prices = np.full(200, 100.0)
    prices[50:57] = 80.0
    prices[120:] = 80.0
    assert np.flatnonzero(promotion_days(prices)).tolist() == list(range(50, 57))


def test_promotions_of_invented_products_are_found() -> None:
    signals = make_signals(60, DATES, 7)
    found = np.array([promotion_days(prices) for prices in signals.prices])
    assert (found & signals.is_promotion).sum() / found.sum() > 0.95
    assert (found & signals.is_promotion).sum() / signals.is_promotion.sum() > 0.75


def test_the_usual_price_of_a_single_day_is_its_own() -> None:
    assert usual_prices(np.array([4.0])).tolist() == [4.0]
    assert promotion_days(np.array([4.0])).tolist() == [False]


def test_holidays_have_names_in_the_readers_language() -> None:
    days = np.arange("2025-12-20", "2026-01-05", dtype="datetime64[D]")
    english, portuguese = (holiday_names(days, "BR", language) for language in ("en", "pt_BR"))
    assert list(english) == list(portuguese) == [np.datetime64("2025-12-25"), np.datetime64("2026-01-01")]
    assert english[np.datetime64("2025-12-25")] == "Christmas Day"
    assert portuguese[np.datetime64("2025-12-25")] == "Natal"


def test_shopping_dates_are_those_of_brazil() -> None:
    days = np.arange("2025-11-20", "2026-01-05", dtype="datetime64[D]")
    expected = {np.datetime64("2025-11-28"): "Black Friday", np.datetime64("2025-12-24"): "Christmas Eve"}
    found = shopping_names(days, "BR")
    assert [(day, str(name)) for day, name in found.items()] == list(expected.items())
    assert shopping_names(days[:3], "BR") == {}
    assert shopping_names(days, "PT") == {}


def test_what_a_target_is_made_of_contributes_most_and_only_when_asked_for() -> None:
    random = np.random.default_rng(4)
    rows = random.normal(size=(300, 4))
    targets = 3 * rows[:, 2] + 0.5 * rows[:, 0]
    assert fit_trees(rows, targets, BoosterSettings(), "l2").contributions is None
    trees = fit_trees(rows, targets, BoosterSettings(), "l2", explained=True)
    assert trees.contributions is not None
    assert trees.contributions.shape == (4,)
    assert np.argsort(-trees.contributions)[:2].tolist() == [2, 0]


def test_contributions_add_up_to_what_is_predicted() -> None:
    rows = np.array([[0.0], [1.0]] * 50)
    trees = fit_trees(rows, rows[:, 0] * 2 - 1, BoosterSettings(subsample=1.0), "l2", explained=True)
    predicted = trees.predict(rows[None])[0]
    assert trees.contributions is not None
    assert trees.contributions[0] == pytest.approx(np.abs(predicted - predicted.mean()).mean(), rel=1e-6)
