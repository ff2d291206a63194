"""A product's model: what it learns from, whether it is worth having, and what it says of the days ahead."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from src.errors import InvalidForecast, InvalidPriceTraining, InvalidSettings
from src.pricing import training, tuning
from src.pricing.backtesting import backtest_product, first_days, product_windows
from src.pricing.boosting import BoosterSettings
from src.pricing.features import CALENDAR_FEATURES, FEATURES, calendar_features, price_features
from src.pricing.product_forecast import predict_prices
from src.pricing.product_history import ProductHistory
from src.pricing.product_model import ProductModel, fit_product
from src.pricing.quantities import blended_quantity, mean_quantities
from src.pricing.recipes import (
    BLEND,
    DOCUMENT,
    RECIPES,
    Recipe,
    direct_rows,
    direct_weights,
    one_step_rows,
    recipe_named,
)
from src.pricing.stepping import forecast_products
from src.pricing.training import TrainedProduct, TrainingOrder, pool_errors, train_product
from tests.unit.product_samples import constant, predictable, product, rising
from tests.unit.test_house import HEAVY, packages_loaded_after

SMALL = BoosterSettings(n_estimators=15, learning_rate=0.2)


@pytest.fixture(autouse=True)
def small_boosters(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipes as they are, with fewer trees."""
    for name, recipe in (("blend", BLEND), ("document", DOCUMENT)):
        monkeypatch.setitem(RECIPES, name, replace(recipe, settings=SMALL))
    monkeypatch.setattr("src.pricing.product_model.QUANTITY_SETTINGS", SMALL)


def fitted(history: ProductHistory, recipe: Recipe = BLEND) -> ProductModel:
    return fit_product(history, recipe, SMALL, "BR")


def trained(history: ProductHistory, recipe: str = "blend", trials: int = 0) -> TrainedProduct:
    return train_product(TrainingOrder(history, recipe, trials))


# What is learnt from


def test_one_step_rows_are_all_days_but_the_first_with_the_change_or_the_price() -> None:
    history = product(50)
    changes, levels = (one_step_rows(history, recipe, "BR") for recipe in (BLEND, DOCUMENT))
    assert changes.features.shape == levels.features.shape == (49, 45)
    np.testing.assert_allclose(history.prices[0] * np.exp(np.cumsum(changes.targets)), history.prices[1:])
    np.testing.assert_array_equal(levels.targets, history.prices[1:])


def test_direct_rows_know_the_days_up_to_their_origin_and_the_calendar_of_their_target() -> None:
    history = product(90)
    rows = direct_rows(history, "BR", (3, 14))
    assert rows.features.shape == (87 + 76, 46)
    origin, ahead = 40, 14
    row = 87 + origin
    features = price_features(history.dates, history.prices[None], history.quantities[None])[0]
    np.testing.assert_array_equal(rows.features[row, 11:45], features[origin + 1, 11:])
    np.testing.assert_array_equal(rows.features[row, :11], calendar_features(history.dates[[origin + ahead]])[0])
    assert rows.features[row, 45] == ahead
    assert rows.targets[row] == pytest.approx(math.log(history.prices[origin + ahead] / history.prices[origin]))


def test_only_days_with_a_row_are_targets_of_the_direct_model() -> None:
    whole = product(90)
    seen = np.arange(0, 90, 2)
    history = ProductHistory.of("SKU", whole.dates[seen], whole.prices[seen], whole.quantities[seen])
    assert set(direct_rows(history, "BR", (3,)).days % 2) == {0}


def test_an_unknown_recipe_is_refused() -> None:
    with pytest.raises(InvalidPriceTraining, match=r"no recipe 'magic'\. Choose one of blend, document"):
        recipe_named("magic")


# Days ahead


def test_the_first_day_ahead_is_what_the_models_say_of_the_next_days_row() -> None:
    history = product(200)
    model = fitted(history)
    known = [np.append(column, np.nan)[None] for column in (history.prices, history.quantities)]
    dates = np.append(history.dates, history.dates[-1] + 1)
    row = price_features(dates, *known)[:, -1:]
    step = model.one_step.predict(row)[0, 0]
    direct = model.direct.predict(np.concatenate([row, [[[1.0]]]], axis=2))[0, 0]
    weight = 0.5 / 14
    paths = forecast_products([model], [history], 1)
    expected = history.prices[-1] * math.exp((1 - weight) * step + weight * direct)
    assert paths.prices[0, 0] == pytest.approx(expected, rel=1e-12)
    modelled = math.expm1(model.quantity.predict(row)[0, 0])
    assert paths.quantities[0, 0] == pytest.approx(0.5 * modelled + 0.5 * mean_quantities([history], 1)[0, 0])


@pytest.mark.parametrize("recipe", [BLEND, DOCUMENT], ids=lambda recipe: recipe.name)
def test_later_days_are_stepped_on_from_the_predictions_before_them(
    monkeypatch: pytest.MonkeyPatch, recipe: Recipe
) -> None:
    monkeypatch.setattr("src.pricing.stepping.direct_weights", np.zeros)  # the stepped path alone
    history = product(200)
    model = fitted(history, recipe)
    paths = forecast_products([model], [history], 5)
    known = [
        np.concatenate([column, path[0, :4], [np.nan]])[None]
        for column, path in ((history.prices, paths.prices), (history.quantities, paths.quantities))
    ]
    row = price_features(history.dates[0] + np.arange(205), *known)[0, -1:]
    predicted = model.one_step.predict((model.scaler.transform(row) if model.scaler else row)[None])[0, 0]
    expected = paths.prices[0, 3] * math.exp(predicted) if recipe is BLEND else predicted
    assert paths.prices[0, 4] == pytest.approx(expected, rel=1e-12)


def test_a_forecast_price_stays_above_0() -> None:
    whole = product(60)
    history = replace(whole, prices=np.linspace(50, 0.2, 60))
    model = fitted(history, DOCUMENT)
    below = replace(model, one_step=replace(model.one_step, value=model.one_step.value - 10))
    np.testing.assert_allclose(forecast_products([below], [history], 4).prices, 0.002)


def test_products_forecast_together_get_what_each_gets_alone() -> None:
    histories = [product(200, 1), product(90, 2), product(45, 3), product(150, 4)]
    models = [
        fitted(history, recipe) for history, recipe in zip(histories, (BLEND, DOCUMENT, BLEND, BLEND), strict=True)
    ]
    together = forecast_products(models, histories, 20)
    for place, (model, history) in enumerate(zip(models, histories, strict=True)):
        alone = forecast_products([model], [history], 20)
        np.testing.assert_allclose(together.prices[place], alone.prices[0], rtol=1e-12)
        np.testing.assert_allclose(together.quantities[place], alone.quantities[0], rtol=1e-12)


def test_the_direct_model_weighs_more_with_each_day_up_to_a_half() -> None:
    weights = direct_weights(30)
    assert weights[0] == pytest.approx(0.5 / 14)
    assert (np.diff(weights[:14]) > 0).all()
    assert (weights[13:] == 0.5).all()


def test_quantities_are_half_the_models_and_a_quarter_each_of_the_weekdays_and_the_months_mean() -> None:
    history = product(100)
    last = history.quantities[-28:]
    expected = [0.5 * last[place::7].mean() + 0.5 * last.mean() for place in range(7)]
    np.testing.assert_allclose(mean_quantities([history], 9)[0], [*expected, *expected[:2]])
    assert blended_quantity(np.log1p([10.0]), np.array([4.0]))[0] == pytest.approx(7.0)
    assert blended_quantity(np.array([-3.0]), np.array([4.0]))[0] == 2.0  # less than nothing is not sold


def test_a_history_of_a_few_days_has_a_mean_too() -> None:
    assert mean_quantities([constant(3)], 10).tolist() == [[3.0] * 10]


# Training


def test_a_year_is_335_days_to_learn_from_and_30_to_judge_by() -> None:
    found = trained(product())
    assert (found.training_samples, found.validation_samples, found.features_count) == (335, 30, 45)
    assert found.forecaster.last_day == product().dates[-1]
    listed = json.loads(json.dumps(found.metadata))
    assert {"rmse", "mae", "mape", "mase", "mase_seasonal"} <= set(listed["metrics"])
    assert listed["hyperparameters"]["n_estimators"] == 15


def test_the_held_out_days_are_seen_by_no_model_that_is_judged_on_them(monkeypatch: pytest.MonkeyPatch) -> None:
    learnt_from: list[int] = []

    def spy(history: ProductHistory, *others: object, **more: bool) -> ProductModel:
        learnt_from.append(len(history))
        return fit_product(history, *others, **more)  # type: ignore[arg-type]

    searched: list[int] = []

    def search(history: ProductHistory, *_: object) -> BoosterSettings:
        searched.append(len(history))
        return replace(SMALL, n_estimators=1)

    monkeypatch.setattr("src.pricing.backtesting.fit_product", spy)
    monkeypatch.setattr(training, "fit_product", spy)
    monkeypatch.setattr(tuning, "search_settings", search)
    trained(product(), trials=3)
    assert searched == [245]  # the windows by which what it finds is judged come after it, and the held-out days last
    assert learnt_from == [305, 275, 245, 305, 275, 245, 335, 365]


def test_the_metrics_are_those_of_the_held_out_days() -> None:
    history = product()
    model = fitted(first_days(history, 335))
    forecast = forecast_products([model], [first_days(history, 335)], 30).prices[0]
    errors = forecast - history.prices[335:]
    metrics = trained(history).metrics
    assert metrics["rmse"] == pytest.approx(np.sqrt((errors**2).mean()))
    assert metrics["mae"] == pytest.approx(np.abs(errors).mean())
    assert metrics["mape"] == pytest.approx(100 * np.abs(errors / history.prices[335:]).mean())
    assert metrics["mase"] == pytest.approx(np.abs(errors).mean() / np.abs(np.diff(history.prices[:335])).mean())
    weekly = np.abs(history.prices[7:335] - history.prices[:328]).mean()
    assert metrics["mase_seasonal"] == pytest.approx(np.abs(errors).mean() / weekly)


def test_what_can_be_learnt_serves_and_what_cannot_is_not_worth_a_model() -> None:
    learnt = trained(predictable())
    assert learnt.metrics["error_to_naive"] < 0.5
    assert learnt.forecaster.serves == "LightGBM"
    behind = trained(rising(), "document")
    assert behind.metrics["error_to_naive"] > 1
    assert behind.forecaster.serves == "naive"
    assert any("Not worth a model" in str(note) for note in behind.notes)
    assert not any("Not worth a model" in str(note) for note in learnt.notes)


def test_a_constant_price_is_said_and_forecast() -> None:
    found = trained(constant())
    assert [str(note) for note in found.notes] == ["The price has never changed: the last price serves."]
    (forecast,) = predict_prices([constant()], [found.forecaster], 30)
    assert forecast.model_used == "naive"
    np.testing.assert_allclose(forecast.prices, 5.0)
    np.testing.assert_allclose(forecast.upper_95, 5.0)


def test_too_few_days_with_a_price_are_refused() -> None:
    with pytest.raises(InvalidPriceTraining, match="'SKU001' has 59 days with a price, and 60 are needed"):
        trained(product(59))
    whole, seen = product(200), np.arange(0, 200, 4)
    with pytest.raises(InvalidPriceTraining, match="has 50 days"):
        trained(ProductHistory.of("SKU", whole.dates[seen], whole.prices[seen], whole.quantities[seen]))


@pytest.mark.parametrize("recipe", ["blend", "document"])
def test_sixty_days_are_enough_and_too_few_for_a_search(recipe: str) -> None:
    found = trained(product(60), recipe, trials=5)
    assert found.training_samples + found.validation_samples == 60
    assert not found.is_tuned
    assert any("too short to search" in str(note) for note in found.notes)
    (forecast,) = predict_prices([product(60)], [found.forecaster], 60)
    assert np.isfinite([forecast.prices, forecast.quantities, forecast.lower_95, forecast.upper_95]).all()


def test_a_product_with_long_gaps_is_judged_where_enough_was_known_before() -> None:
    whole = product(600)
    seen = np.concatenate([[0], np.arange(541, 600)])
    history = ProductHistory.of("SKU", whole.dates[seen], whole.prices[seen], whole.quantities[seen])
    assert product_windows(history).origins == (570,)
    found = trained(history, trials=5)
    assert any("too short to search" in str(note) for note in found.notes)
    assert found.metrics["mae"] is not None
    assert found.metrics["coverage_80"] is None  # there is no window to learn an interval from
    assert trained(history, "document").training_samples == 570


def test_an_unknown_recipe_or_country_trains_nothing() -> None:
    with pytest.raises(InvalidPriceTraining, match="no recipe"):
        trained(product(), "magic")
    with pytest.raises(InvalidSettings, match="FAROL_HOLIDAYS"):
        train_product(TrainingOrder(product(), trials=0, country="XX"))


def test_days_without_a_row_are_said_and_do_not_count_in_errors() -> None:
    whole = product()
    seen = np.delete(np.arange(365), [100, 350])
    history = ProductHistory.of("SKU", whole.dates[seen], whole.prices[seen], whole.quantities[seen])
    found = trained(history)
    assert "On 2 days there is no row: the price before is carried on." in map(str, found.notes)
    assert np.isnan(found.forecaster.log_errors).sum() == 1  # day 350 is in the latest window, day 100 in none


def test_the_same_order_gives_the_same_model_and_a_worker_can_return_it() -> None:
    first, second = (pickle.loads(pickle.dumps(trained(product()))) for _ in range(2))
    assert first.metrics == second.metrics
    forecasts = [predict_prices([product()], [found.forecaster], 10)[0] for found in (first, second)]
    np.testing.assert_array_equal(forecasts[0].prices, forecasts[1].prices)


def test_only_the_documents_recipe_has_a_scaler() -> None:
    assert trained(product(120)).scaler is None
    scaler = trained(product(120), "document").scaler
    np.testing.assert_allclose(
        scaler.mean_[:11], calendar_features(product(120).dates[1:]).mean(axis=0), err_msg=str(CALENDAR_FEATURES)
    )
    assert scaler.n_features_in_ == len(FEATURES)


# Tuning


def test_the_search_stays_in_the_documents_space_and_finds_the_same_twice() -> None:
    first, second = (tuning.search_settings(predictable(150), BLEND, "BR", trials=6) for _ in range(2))
    assert first == second
    assert 1 <= first.n_estimators <= 1000
    assert 0.01 <= first.learning_rate <= 0.3
    assert 3 <= first.max_depth <= 12
    assert 20 <= first.num_leaves <= 200
    assert 10 <= first.min_child_samples <= 100
    assert 0.6 <= first.subsample <= 1.0
    assert 0.6 <= first.colsample_bytree <= 1.0
    assert 1e-8 <= first.reg_alpha <= 10
    assert 1e-8 <= first.reg_lambda <= 10


def test_the_documents_recipe_is_searched_by_the_level_of_the_price() -> None:
    assert isinstance(tuning.search_settings(predictable(150), DOCUMENT, "BR", trials=2), BoosterSettings)


@pytest.mark.parametrize(
    ("found", "kept"), [(replace(SMALL, n_estimators=60), True), (replace(SMALL, n_estimators=1), False)]
)
def test_what_a_search_found_is_kept_only_where_it_wins_several_days_ahead(
    monkeypatch: pytest.MonkeyPatch, found: BoosterSettings, kept: bool
) -> None:
    monkeypatch.setattr(tuning, "search_settings", lambda *_: found)
    result = trained(predictable(), trials=1)
    assert result.is_tuned == kept
    assert result.settings == (found if kept else SMALL)


# Intervals


def test_a_batch_shares_its_errors_and_each_product_keeps_its_own() -> None:
    calm, wild = product(seed=1), product(seed=2)
    wild = replace(wild, prices=10 * (wild.prices / 10) ** 4)
    alone = [trained(calm), trained(wild)]
    pooled = pool_errors(alone)
    for before, after in zip(alone, pooled, strict=True):
        np.testing.assert_array_equal(before.forecaster.log_errors, after.forecaster.log_errors)
    calm_width, wild_width = (found.forecaster.error_quantiles.half_widths(0.95, 30) for found in pooled)
    assert (calm_width < wild_width).all()
    assert (calm_width >= alone[0].forecaster.error_quantiles.half_widths(0.95, 30)).all()
    assert {"coverage_80", "coverage_95"} <= set(pooled[0].metrics)


def test_a_product_trained_alone_takes_the_errors_that_are_known_of_others() -> None:
    pooled = pool_errors([trained(product(seed=seed)) for seed in (1, 2)])[0].forecaster.pooled
    found = train_product(TrainingOrder(product(seed=3), trials=0, pooled=pooled)).forecaster
    expected = replace(found, pooled=None).error_quantiles.mixed_with(pooled)
    np.testing.assert_array_equal(found.error_quantiles.quantiles, expected.quantiles)


def test_the_errors_are_those_of_what_serves() -> None:
    history = rising()
    found = trained(history, "document")
    assert found.forecaster.serves == "naive"
    expected = np.abs(np.log(history.prices[209] / history.prices[210:]))
    np.testing.assert_allclose(found.forecaster.log_errors[0], expected, rtol=1e-12)


def test_the_coverage_is_judged_by_intervals_that_did_not_see_the_window() -> None:
    found = trained(product(seed=5))
    errors = found.forecaster.log_errors
    unseen = replace(found.forecaster, log_errors=errors[1:])
    width = unseen.error_quantiles.half_widths(0.80, 30)
    assert found.metrics["coverage_80"] == pytest.approx((errors[0] <= width).mean())


# Prediction


@pytest.mark.parametrize("days", [0, 61, -1])
def test_only_1_to_60_days_can_be_forecast(days: int) -> None:
    with pytest.raises(InvalidForecast, match=rf"{days} days ahead cannot be forecast\. Ask for 1 to 60"):
        predict_prices([product()], [None], days)


def test_a_forecast_begins_on_the_day_after_the_history_and_its_intervals_enclose_it() -> None:
    history, found = predictable(), trained(predictable())
    (forecast,) = predict_prices([history], [found.forecaster], 60)
    assert forecast.dates[0] == history.dates[-1] + 1
    assert len(forecast.dates) == len(forecast.prices) == len(forecast.quantities) == 60
    ends = (forecast.lower_95, forecast.lower_80, forecast.prices, forecast.upper_80, forecast.upper_95)
    assert (np.diff(ends, axis=0) >= 0).all()
    assert (forecast.lower_95 > 0).all()
    assert forecast.model_used == "LightGBM"


def test_a_forecast_follows_a_history_that_has_grown_since_the_training() -> None:
    history = predictable()
    found = trained(first_days(history, 350))
    (forecast,) = predict_prices([history], [found.forecaster], 7)
    assert forecast.dates[0] == history.dates[-1] + 1


def test_without_a_model_the_mean_of_a_week_serves_and_has_no_interval() -> None:
    history, other = product(seed=1), predictable()
    found = trained(other)
    modelled, average = predict_prices([other, history], [found.forecaster, None], 14)
    assert modelled.model_used == "LightGBM"
    assert average.model_used == "moving average"
    np.testing.assert_allclose(average.prices, history.prices[-7:].mean())
    np.testing.assert_allclose(average.quantities, mean_quantities([history], 14)[0])
    assert np.isnan(average.lower_80).all()
    assert [one.model_used for one in predict_prices([product(5)], [None], 3)] == ["moving average"]


def test_a_backtest_compares_with_the_last_price_and_the_last_week() -> None:
    history = predictable(240)
    windows = product_windows(history)
    found = backtest_product(history, windows, [fitted(first_days(history, origin)) for origin in windows.origins])
    assert windows.origins == (210, 180, 150, 120)
    np.testing.assert_array_equal(found.naive.forecasts[0], np.full(30, history.prices[209]))
    np.testing.assert_array_equal(found.seasonal.forecasts[1], np.resize(history.prices[173:180], 30))
    np.testing.assert_array_equal(found.quantities.actual[2], history.quantities[150:180])


def test_forecasting_with_kept_models_needs_no_heavy_library(tmp_path: Path) -> None:
    found, file = trained(product()), tmp_path / "model.pkl"
    file.write_bytes(pickle.dumps((product(), found.forecaster)))
    loaded = packages_loaded_after(
        "import pickle; from pathlib import Path; from src.pricing.product_forecast import predict_prices\n"
        f"history, forecaster = pickle.loads(Path({str(file)!r}).read_bytes())\n"
        "assert predict_prices([history], [forecaster], 14)[0].prices.shape == (14,)"
    )
    assert "holidays" in loaded
    assert loaded & HEAVY == set()


# What matters


def test_the_feature_that_the_price_follows_matters_most() -> None:
    found = fit_product(predictable(), BLEND, SMALL, "BR", explained=True).contributions
    assert found is not None
    assert FEATURES[int(np.argmax(found["one_step"]))] == "day_of_week"
    assert fit_product(predictable(), BLEND, SMALL, "BR").contributions is None
