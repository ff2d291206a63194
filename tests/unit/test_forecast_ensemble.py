"""The median ensemble: its lags, its ridge, its fall-backs, and that it never looks ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from src.ml.forecasting.ensemble import MedianEnsemble
from src.ml.forecasting.lags import around_seasons, fitting, long_run, one_season
from src.ml.forecasting.naive import SeasonalNaive, mean_of_cycles, repeat_season
from src.ml.forecasting.regular_series import RegularSeries, make_regular
from src.ml.forecasting.ridge import PENALTIES, fit_ridge
from src.ml.forecasting.trial import try_model

HOUR = np.arange(1_008)
DAILY = 50 + 10 * np.sin(HOUR * 2 * np.pi / 24)
WEEKLY = np.where(HOUR // 24 % 7 >= 5, -15.0, 0.0)


def hourly(values: np.ndarray, step: timedelta = timedelta(hours=1)) -> RegularSeries:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    return make_regular([start + place * step for place in range(len(values))], values)


def noisy(count: int, seed: int = 0) -> np.ndarray:
    return (DAILY + WEEKLY)[:count] + np.random.default_rng(seed).normal(0, 1, count)


def fitted(series: RegularSeries) -> MedianEnsemble:
    model = MedianEnsemble()
    model.fit(series)
    return model


def notes(values: np.ndarray) -> str:
    return " ".join(str(note) for note in fitted(hourly(values)).notes)


def runs(*pairs: tuple[int, int]) -> list[int]:
    return [lag for first, last in pairs for lag in range(first, last + 1)]


def test_the_lags_of_hourly_values_are_the_known_ones() -> None:
    assert around_seasons(24, 168).tolist() == runs((1, 3), (23, 25), (47, 49), (167, 169), (335, 337))
    assert long_run(24, 168).tolist() == runs((1, 49), (72, 72), (96, 96), (120, 120), (144, 144), (166, 170))
    assert one_season(24, 168).tolist() == runs((1, 25), (47, 49), (167, 169), (335, 337), (503, 505))


@pytest.mark.parametrize(("season", "longer"), [(1, 0), (4, 0), (7, 364), (12, 0), (52, 0), (144, 1008), (288, 2016)])
def test_lags_of_other_seasons_are_few_and_reach_back_a_season(season: int, longer: int) -> None:
    for lag_set in (around_seasons, long_run, one_season):
        lags = lag_set(season, longer)
        assert len(lags) <= 75
        assert lags.min() == 1
        assert season in lags
        assert len(np.unique(lags)) == len(lags)


def test_lags_that_leave_too_few_rows_go() -> None:
    lags = one_season(24, 168)
    assert fitting(lags, 700, 24, 168).max() == 505
    assert fitting(lags, 600, 24, 168).max() == 169
    assert fitting(lags, 200, 24, 168).max() == 49
    assert fitting(lags, 50, 24, 0).max() == 25
    assert fitting(lags, 4, 24, 0).tolist() == [1, 2]
    assert fitting(one_season(288, 0), 450, 288, 0).max() == 289


def test_ridge_with_its_penalty_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import RidgeCV

    values, lags = noisy(300), np.array([1, 2, 24, 25])
    found = fit_ridge(values, np.ones(300, bool), lags, with_logarithm=False)
    rows = np.array([values[place - lags] for place in range(25, 300)])
    means, spreads = rows.mean(axis=0), rows.std(axis=0)
    other = RidgeCV(alphas=PENALTIES).fit((rows - means) / spreads, values[25:])
    np.testing.assert_allclose(found.weights, other.coef_ / spreads, rtol=1e-6)
    expected = other.predict([(values[300 - lags] - means) / spreads])
    np.testing.assert_allclose(found.forecast(1), expected, rtol=1e-9)


def test_what_was_filled_in_is_not_learned() -> None:
    values, observed = noisy(300), np.ones(300, bool)
    observed[200:230] = False
    lags = np.array([1, 24])
    found = fit_ridge(values, observed, lags, with_logarithm=False)
    wrong = values.copy()
    wrong[229] = 1e4  # only as a target: nothing observed follows on lags 1 and 24 of it but two rows
    observed[[230, 253]] = False
    reference = fit_ridge(values, observed, lags, with_logarithm=False)
    np.testing.assert_allclose(fit_ridge(wrong, observed, lags, with_logarithm=False).weights, reference.weights)
    assert not np.allclose(found.weights, fit_ridge(values, np.ones(300, bool), lags, with_logarithm=False).weights)


def test_each_member_repeats_what_it_should() -> None:
    values = np.arange(10.0)
    assert repeat_season(values, 3, 5).tolist() == [7, 8, 9, 7, 8]
    assert mean_of_cycles(values, 4, 5).tolist() == [4, 5, 6, 7, 4]
    assert mean_of_cycles(np.arange(400.0), 10, 2).tolist() == [375, 376]


def test_a_pattern_of_days_and_weeks_is_continued() -> None:
    forecast = fitted(hourly(noisy(840))).predict(168)
    assert np.abs(forecast - (DAILY + WEEKLY)[840:1008]).mean() < 0.7


def test_a_trend_is_followed_where_the_naive_stays_behind() -> None:
    values = DAILY + 0.2 * HOUR
    forecast, naive = fitted(hourly(values[:900])).predict(48), SeasonalNaive()
    naive.fit(hourly(values[:900]))
    assert np.abs(forecast - values[900:948]).mean() < 0.5 * np.abs(naive.predict(48) - values[900:948]).mean()


def test_the_scale_of_the_values_does_not_matter() -> None:
    values = noisy(700)
    forecast = fitted(hourly(values)).predict(48)
    np.testing.assert_allclose(fitted(hourly(values * 1e60)).predict(48), forecast * 1e60, rtol=1e-6)
    np.testing.assert_allclose(fitted(hourly(values * 1e-60)).predict(48), forecast * 1e-60, rtol=1e-6)


@pytest.mark.parametrize("count", [25, 26, 50, 51, 60, 72, 100, 168, 169, 200, 336, 400])
def test_short_histories_are_forecast_within_sight_of_what_was_seen(count: int) -> None:
    series = hourly(noisy(max(count, 50))).head(count)
    forecast = fitted(series).predict(100)
    span = np.ptp(series.values)
    assert np.isfinite(forecast).all()
    assert forecast.min() >= series.values.min() - span
    assert forecast.max() <= series.values.max() + span


def test_a_short_history_is_said() -> None:
    assert "is short: the forecast looks back 36 steps, not 97" not in notes(noisy(700))
    assert "The history of 72 steps is short: the forecast looks back 36 steps" in notes(noisy(72))
    assert "shorter than a week" in notes(noisy(72))
    assert notes(noisy(700)) == ""


@pytest.mark.parametrize(
    "values",
    [
        np.maximum(noisy(400) - 50, 0),
        noisy(400) - 50,
        -noisy(400),
        np.where(np.arange(400) % 24 < 12, 0.0, 5.0),
        np.append(noisy(399), 1e-9),
    ],
    ids=["zeros", "both signs", "negative", "on and off", "next to zero"],
)
def test_zeros_and_negatives_go_without_logarithms_and_it_is_said(values: np.ndarray) -> None:
    assert "logarithms are not taken" in notes(values)
    assert np.isfinite(fitted(hourly(values)).predict(200)).all()


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 1e-300])
def test_a_constant_series_is_continued_and_it_is_said(value: float) -> None:
    values = np.full(100, value)
    np.testing.assert_allclose(fitted(hourly(values)).predict(30), value, rtol=1e-12)
    assert "The values never change" in notes(values)


def test_growth_and_a_level_shift_do_not_run_away() -> None:
    values = np.exp(HOUR[:700] / 100)
    values[600:] *= 3
    forecast = fitted(hourly(values)).predict(2_000)
    assert np.isfinite(forecast).all()
    assert forecast.max() <= np.e * values.max()


@pytest.mark.parametrize(
    "step",
    [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=15), timedelta(hours=6), timedelta(days=1),
     timedelta(days=7), timedelta(seconds=20)],
    ids=str,
)  # fmt: skip
def test_any_frequency_is_forecast_better_than_by_the_naive(step: timedelta) -> None:
    season = hourly(np.zeros(900) + HOUR[:900], step).season
    phase = np.arange(900) * 2 * np.pi / (season if season > 1 else 60)
    values = 20 + 5 * np.sin(phase) + np.random.default_rng(7).normal(0, 1, 900)
    trial = try_model(MedianEnsemble, hourly(values, step))
    assert trial.improvement > 0.1


def test_a_random_walk_is_forecast_about_as_well_as_by_the_naive() -> None:
    walk = 1_000 + np.cumsum(np.random.default_rng(9).normal(0, 1, 700))
    assert try_model(MedianEnsemble, hourly(walk)).improvement > -0.1


def test_gaps_do_not_hinder() -> None:
    values = noisy(700)
    kept = np.random.default_rng(3).permutation(700)[:500]
    kept = np.sort(np.append(kept[(kept < 300) | (kept > 340)], 699))
    start = datetime(2026, 1, 5, tzinfo=UTC)
    series = make_regular([start + timedelta(hours=int(place)) for place in kept], values[kept])
    assert np.abs(fitted(series).predict(48) - (DAILY + WEEKLY)[700:748]).mean() < 1.5


def test_no_window_of_the_past_sees_what_came_after_it() -> None:
    values = noisy(700)
    changed = values.copy()
    changed[652:] = np.random.default_rng(1).normal(500, 50, 48)
    before, after = (try_model(MedianEnsemble, hourly(each), horizon=48) for each in (values, changed))
    np.testing.assert_array_equal(before.model.forecasts[0], after.model.forecasts[0])
    np.testing.assert_array_equal(before.model.forecasts[3:], after.model.forecasts[3:])
    assert not np.array_equal(before.model.actual[0], after.model.actual[0])


def test_a_model_is_shown_nothing_but_what_was_known_at_each_moment() -> None:
    series, seen = hourly(noisy(700)), []

    class Watched(SeasonalNaive):
        def fit(self, series: RegularSeries) -> None:
            seen.append(series)
            super().fit(series)

    try_model(Watched, series, horizon=48)
    assert [len(each) for each in seen] == [700 - offset for offset in range(48, 217, 24)]
    for each in seen:
        np.testing.assert_array_equal(each.values, series.values[: len(each)])
        assert len(each.filled) == len(each.times) == len(each.observed) == len(each)


def test_one_step_forecasts_of_the_history_use_earlier_values_only() -> None:
    series = hourly(noisy(700))
    model = fitted(series)
    first = model.one_step(series)
    assert np.isnan(first[:24]).all()
    assert np.isfinite(first[24:]).all()
    changed = hourly(np.append(series.values[:-1], 1e3))
    np.testing.assert_array_equal(model.one_step(changed), first)
    assert np.abs(first[600:] - series.values[600:]).mean() < 1.2


def test_the_ensemble_is_as_accurate_on_real_hourly_series_as_it_was_found_to_be(real_data) -> None:
    import pandas as pd

    from src.evaluation.forecast_metrics import forecast_metrics

    table = pd.read_csv(next((real_data / "m4_hourly").glob("*.csv")))
    found = []
    for _, rows in table.sort_values(["series", "step"]).groupby("series"):
        training, test = (rows.loc[rows["split"] == split, "value"].to_numpy(float) for split in ("train", "test"))
        found.append(forecast_metrics(test, fitted(hourly(training)).predict(48), training, 24)["mase"])
    assert len(found) == 52
    assert np.mean(found) == pytest.approx(0.748, abs=0.003)
