"""Rolling windows of the past and the intervals learned from them: never from what was not known then."""

from __future__ import annotations

import numpy as np
import pytest

from src.evaluation.backtests import Backtest, improvement, rolling_windows, run_backtest
from src.evaluation.intervals import calibrate, coverage_of_windows


def test_windows_are_a_step_apart_and_the_last_ends_with_the_series() -> None:
    windows = rolling_windows(700, horizon=48, step=24)
    assert windows.horizon == 48
    assert windows.origins == tuple(700 - offset for offset in range(48, 217, 24))


@pytest.mark.parametrize("length", [4, 7, 50, 51, 72, 100, 168])
def test_windows_of_a_short_series_are_shorter_and_closer_and_know_half_of_it(length: int) -> None:
    windows = rolling_windows(length, horizon=48, step=24)
    assert 1 <= windows.horizon <= length // 4
    assert windows.origins
    assert all(length / 2 <= origin <= length - windows.horizon for origin in windows.origins)


def test_each_forecast_is_asked_for_what_was_known_and_held_against_what_came() -> None:
    values = np.arange(40.0)
    asked = []

    def forecast(origin: int, horizon: int) -> np.ndarray:
        asked.append((origin, horizon))
        return np.full(horizon, values[origin - 1])

    found = run_backtest(forecast, values, rolling_windows(40, 3, 5, windows=2))
    assert asked == [(37, 3), (32, 3)]
    np.testing.assert_array_equal(found.actual, [[37, 38, 39], [32, 33, 34]])
    np.testing.assert_array_equal(found.errors, [[1, 2, 3], [1, 2, 3]])
    assert found.mean_error == 2.0


def test_the_improvement_is_the_share_of_the_naive_error_that_is_saved() -> None:
    actual = np.zeros((1, 4))
    naive, better, perfect = (Backtest(np.full((1, 4), error), actual) for error in (2.0, 1.5, 0.0))
    assert improvement(better, naive) == 0.25
    assert improvement(naive, better) < 0
    assert improvement(perfect, perfect) == improvement(naive, perfect) == 0.0


def test_intervals_hold_as_much_as_they_say_of_errors_like_those_they_learned_from() -> None:
    rng = np.random.default_rng(3)
    sizes = np.linspace(1, 3, 48)  # errors grow with the steps
    held = {0.80: [], 0.95: []}
    for _ in range(60):
        widths = calibrate(np.abs(rng.normal(0, sizes, (8, 48))))
        errors = np.abs(rng.normal(0, sizes, (20, 48)))
        for level, shares in held.items():
            shares.append((errors <= widths.half_width(level, 48)).mean())
    assert np.mean(held[0.80]) == pytest.approx(0.82, abs=0.03)  # a little more, as past errors are a little small
    assert np.mean(held[0.95]) == pytest.approx(0.97, abs=0.02)


def test_widths_grow_with_the_level_and_with_the_error_of_the_step() -> None:
    errors = np.abs(np.random.default_rng(4).normal(0, np.linspace(1, 10, 24), (8, 24)))
    widths = calibrate(errors)
    narrow, middle, wide = (widths.half_width(level, 24) for level in (0.5, 0.8, 0.95))
    assert (narrow < middle).all()
    assert (middle < wide).all()
    assert middle[-1] > 1.5 * middle[0]


def test_the_widths_are_the_stated_quantiles_and_factors() -> None:
    errors = np.tile(np.arange(1.0, 101.0)[:, None], (1, 5))  # each step has the same errors, 50.5 on average
    widths = calibrate(errors)
    np.testing.assert_allclose(widths.scale, 50.5)
    np.testing.assert_allclose(widths.half_width(0.80, 5), 1.05 * np.quantile(errors, 0.80), rtol=0.005)
    np.testing.assert_allclose(widths.half_width(0.95, 5), 1.15 * np.quantile(errors, 0.95), rtol=0.005)


def test_beyond_the_horizon_widths_grow_with_the_root_of_the_steps() -> None:
    widths = calibrate(np.ones((8, 10)))
    half = widths.half_width(0.8, 40)
    assert half[9] == pytest.approx(half[0])
    assert half[39] == pytest.approx(2 * half[9])


def test_errors_that_are_not_known_do_not_count_and_perfect_forecasts_have_no_width() -> None:
    errors = np.full((8, 6), np.nan)
    errors[0, 0] = errors[3, 5] = 2.0
    assert np.isfinite(calibrate(errors).half_width(0.95, 6)).all()
    assert (calibrate(np.zeros((8, 6))).half_width(0.95, 6) == 0).all()
    assert calibrate(np.ones((8, 1))).half_width(0.8, 3).shape == (3,)


def test_the_coverage_of_a_window_is_judged_by_intervals_learned_from_the_others() -> None:
    actual = np.random.default_rng(5).normal(0, 1, (8, 50))
    actual[0] *= 100  # this window is like no other
    found = coverage_of_windows(Backtest(np.zeros((8, 50)), actual), 0.95)
    assert found is not None
    assert found == pytest.approx(7 / 8, abs=0.03)
    assert coverage_of_windows(Backtest(np.zeros((1, 5)), np.ones((1, 5))), 0.95) is None
