"""Forecast metrics in the published definitions, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from src.evaluation.forecast_metrics import (
    coverage,
    forecast_metrics,
    mape_is_meaningless,
    mape_remark,
    naive_scale,
)

ACTUAL = np.array([100.0, 200.0, 50.0])
FORECAST = np.array([110.0, 180.0, 50.0])


def test_metrics_are_those_of_the_definitions() -> None:
    training = np.array([1.0, 5.0, 3.0, 9.0])  # two steps apart: 2 and 4, on average 3
    scores = forecast_metrics(ACTUAL, FORECAST, training, season=2)
    assert scores["mae"] == pytest.approx(10.0)
    assert scores["rmse"] == pytest.approx((500 / 3) ** 0.5)
    assert scores["mape"] == pytest.approx(100 * (0.1 + 0.1) / 3)
    assert scores["smape"] == pytest.approx(200 * (10 / 210 + 20 / 380) / 3)
    assert scores["mase"] == pytest.approx(10 / 3)


def test_the_naive_has_a_mase_of_one_on_its_own_training_part() -> None:
    values = np.random.default_rng(1).normal(50, 5, 200)
    scores = forecast_metrics(values[24:], values[:-24], values, season=24)
    assert scores["mase"] == pytest.approx(1.0)


def test_what_was_not_observed_does_not_count() -> None:
    actual, training = np.array([100.0, np.nan, 50.0]), np.array([1.0, np.nan, 2.0, 4.0])
    scores = forecast_metrics(actual, FORECAST, training, season=1)
    assert scores["mae"] == pytest.approx(5.0)
    assert scores["mase"] == pytest.approx(5.0 / 2.0)
    assert coverage(actual, FORECAST - 1, FORECAST + 1) == 0.5


def test_without_any_observed_value_there_is_no_score() -> None:
    nothing = np.full(3, np.nan)
    assert set(forecast_metrics(nothing, FORECAST, ACTUAL, 1).values()) == {None}
    assert coverage(nothing, FORECAST, FORECAST) is None


@pytest.mark.parametrize("actual", [[0.0, 10.0, 20.0], [0.0, 0.0, 0.0], [0.001, 10.0, -10.0], []])
def test_mape_is_no_number_and_says_so_where_values_are_near_zero(actual: list[float]) -> None:
    assert mape_is_meaningless(np.array(actual))
    assert "MAPE is meaningless" in str(mape_remark(np.array(actual))[0])
    if actual:
        assert forecast_metrics(np.array(actual), np.zeros(3), ACTUAL, 1)["mape"] is None


def test_mape_says_nothing_where_it_means_something() -> None:
    assert mape_remark(np.array([-20.0, 19.0, 22.0])) == []


@pytest.mark.parametrize("training", [[5.0, 5.0, 5.0], [5.0], []])
def test_mase_is_no_number_where_the_naive_makes_no_error_or_cannot_be_tried(training: list[float]) -> None:
    assert forecast_metrics(ACTUAL, FORECAST, np.array(training), season=1)["mase"] is None


def test_a_series_shorter_than_a_season_has_no_scale() -> None:
    assert naive_scale(ACTUAL, 24) is None


def test_a_perfect_forecast_of_zeros_has_a_smape_of_zero() -> None:
    assert forecast_metrics(np.zeros(3), np.zeros(3), ACTUAL, 1)["smape"] == 0.0
