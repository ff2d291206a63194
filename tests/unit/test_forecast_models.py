"""The models of statsforecast behind the interface of all forecasters."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from src.errors import InvalidForecast
from src.ml.forecaster import TimeSeriesForecaster, create_forecaster
from src.ml.forecasting import statistical
from src.ml.forecasting.statistical import STATISTICAL
from tests.unit.test_house import HEAVY, packages_loaded_after

START = datetime(2026, 1, 5, tzinfo=UTC)


def daily(count: int) -> tuple[list[datetime], np.ndarray]:
    """Values of days, with a pattern of the week."""
    pattern = 20 + 5 * (np.arange(count) % 7 >= 5)
    return [START + timedelta(days=day) for day in range(count)], pattern + np.random.default_rng(0).normal(
        0, 0.5, count
    )


def fitted(model: str, count: int = 70) -> TimeSeriesForecaster:
    return create_forecaster(model).fit(*daily(count))


@pytest.mark.parametrize("model", STATISTICAL)
def test_each_model_continues_the_pattern_with_intervals_and_can_be_kept(model: str) -> None:
    forecaster = fitted(model)
    forecast = forecaster.forecast(14)
    expected = 20 + 5 * (np.arange(70, 84) % 7 >= 5)
    assert np.abs(np.array(forecast["forecasted_values"]) - expected).mean() < 1
    order = [forecast[name] for name in ("lower_95", "lower_80", "forecasted_values", "upper_80", "upper_95")]
    assert (np.diff(order, axis=0) > 0).all()
    assert forecast["lower_bound"] == forecast["lower_95"]
    assert forecast["model"] == model
    content = pickle.dumps(forecaster)
    assert len(content) < 200_000
    assert pickle.loads(content).forecast(14) == forecast
    assert fitted(model).forecast(14) == forecast
    history = forecaster.forecast_with_history(1)
    fit = np.array(history["forecasted_values"][14:70], float)
    assert np.abs(fit - daily(70)[1][14:]).mean() < 1


@pytest.mark.parametrize("model", ["auto_theta", "mstl"])
def test_metrics_components_and_backtest_work_with_them_too(model: str) -> None:
    forecaster = fitted(model)
    assert forecaster.calculate_metrics()["mae"] < 1
    assert set(forecaster.get_components()["seasons"]) == {"weekly"}
    report = forecaster.backtest(windows=2)
    assert report["windows"] == 2
    assert forecaster.forecast(3)["is_calibrated"]


@pytest.mark.parametrize("model", ["auto_ets", "auto_theta", "mstl"])
def test_a_constant_sensor_stays_constant(model: str) -> None:
    forecast = create_forecaster(model).fit(daily(60)[0], [4.0] * 60).forecast(5)
    np.testing.assert_allclose(forecast["forecasted_values"], 4.0, atol=1e-6)


def test_a_history_without_a_season_is_forecast_all_the_same() -> None:
    times = [START + timedelta(seconds=second) for second in range(60)]
    forecast = create_forecaster("mstl").fit(times, np.arange(60)).forecast(3)
    np.testing.assert_allclose(forecast["forecasted_values"], [60, 61, 62], atol=0.5)


def test_a_season_that_is_too_long_for_exponential_smoothing_is_left_out_and_said() -> None:
    times = [START + timedelta(minutes=15 * step) for step in range(200)]
    values = 20 + np.random.default_rng(1).normal(0, 1, 200)
    forecast = create_forecaster("auto_ets").fit(times, values).forecast(3)
    assert "seasons of 24 steps at most; that of 96 is left out" in " ".join(map(str, forecast["remarks"]))


A_FORECAST = """
from datetime import datetime, timedelta
from src.ml.forecaster import create_forecaster

times = [datetime(2026, 1, 1) + timedelta(hours=hour) for hour in range(100)]
forecaster = create_forecaster("auto").fit(times, [hour % 24 for hour in range(100)])
assert len(forecaster.forecast(24)["trend"]) == 24
assert forecaster.calculate_metrics()["mae"] == 0
"""


def test_auto_needs_none_of_the_slow_libraries() -> None:
    loaded = packages_loaded_after(A_FORECAST)
    assert "pandas" in loaded
    assert loaded & {*HEAVY, "statsmodels", "sklearn"} == set()


def test_what_a_library_cannot_fit_is_a_named_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(seasons: list[int]) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setitem(statistical.STATISTICAL, "auto_theta", fails)
    with pytest.raises(InvalidForecast, match="auto_theta cannot be fitted to this series: division by zero"):
        fitted("auto_theta")
