"""Intervals by how far ahead a forecast is: own errors and those of all series, mixed."""

from __future__ import annotations

import numpy as np
import pytest

from src.evaluation.horizon_intervals import ErrorQuantiles

RNG = np.random.default_rng(0)


def errors(windows: int, size: float = 1.0, horizon: int = 30) -> np.ndarray:
    return np.abs(RNG.normal(0, size, (windows, horizon))) * np.sqrt(np.arange(1, horizon + 1))


def test_each_bucket_has_the_quantiles_of_its_own_steps() -> None:
    given = errors(8)
    found = ErrorQuantiles.of([given])
    assert found.counts.tolist() == [24, 32, 56, 128]
    np.testing.assert_allclose(found.quantiles[1], np.quantile(given[:, 3:7], [0.80, 0.95]))
    np.testing.assert_allclose(found.quantiles[3], np.quantile(given[:, 14:], [0.80, 0.95]))


def test_several_series_are_taken_together_and_what_was_not_observed_does_not_count() -> None:
    first, second = errors(2), errors(3)
    first[:, :3] = np.nan
    found = ErrorQuantiles.of([first, second])
    assert found.counts[0] == 9
    np.testing.assert_allclose(found.quantiles[0], np.quantile(second[:, :3], [0.80, 0.95]))


def test_own_and_pooled_errors_are_mixed_by_how_many_own_ones_there_are() -> None:
    own, pooled = ErrorQuantiles.of([errors(4, 2.0)]), ErrorQuantiles.of([errors(50)])
    mixed = own.mixed_with(pooled)
    counts = np.array([12, 16, 28, 64])[:, None]
    np.testing.assert_allclose(mixed.quantiles, (counts * own.quantiles + 20 * pooled.quantiles) / (counts + 20))
    assert own.mixed_with(None) is own


def test_without_own_errors_the_pooled_ones_count_alone() -> None:
    nothing = ErrorQuantiles.of([np.full((4, 30), np.nan)])
    assert np.isnan(nothing.quantiles).all()
    pooled = ErrorQuantiles.of([errors(50)])
    np.testing.assert_allclose(nothing.mixed_with(pooled).quantiles, pooled.quantiles)
    own = ErrorQuantiles.of([errors(4)])
    np.testing.assert_allclose(own.mixed_with(nothing).quantiles, own.quantiles)


def test_steps_beyond_those_with_errors_have_wider_intervals() -> None:
    short = ErrorQuantiles.of([errors(6, horizon=12)])
    np.testing.assert_allclose(short.quantiles[3], short.quantiles[2] * np.sqrt(30 / 14))
    widths = short.half_widths(0.80, 60)
    np.testing.assert_allclose(widths[59], widths[29] * np.sqrt(2))
    assert (np.diff(widths[29:]) > 0).all()


def test_each_bucket_is_met_in_its_middle_and_widths_grow_with_the_level() -> None:
    found = ErrorQuantiles.of([errors(300)])
    narrow, wide = (found.half_widths(level, 30) for level in (0.80, 0.95))
    assert (narrow < wide).all()
    assert (np.diff(narrow)[1:21] > 0).all()
    np.testing.assert_allclose(narrow[[1, 10]], found.quantiles[[0, 2], 0])
    assert narrow[4] < found.quantiles[1, 0] < narrow[5]
    np.testing.assert_allclose(narrow[22:], found.quantiles[3, 0])


def test_widths_never_shrink_with_the_steps_and_neighbours_that_would_are_averaged() -> None:
    given = np.repeat([[1.0] * 3 + [5.0] * 4 + [2.0] * 7 + [4.0] * 16], 4, axis=0)
    widths = ErrorQuantiles.of([given]).half_widths(0.80, 30)
    assert (np.diff(widths) >= 0).all()
    np.testing.assert_allclose(widths[5:11], (4 * 5.0 + 7 * 2.0) / 11)
    assert widths[-1] == 4.0
    falling = ErrorQuantiles.of([np.sort(given)[:, ::-1]]).half_widths(0.95, 30)
    np.testing.assert_allclose(falling, falling[0])


def test_steps_without_errors_before_those_with_some_have_the_first_known_width() -> None:
    given = errors(4)
    given[:, :3] = np.nan
    found = ErrorQuantiles.of([given])
    assert found.half_widths(0.80, 30)[0] == found.quantiles[1, 0]
    assert np.isnan(ErrorQuantiles.of([np.full((4, 30), np.nan)]).half_widths(0.80, 5)).all()


@pytest.mark.parametrize(("level", "place"), [(0.80, 0), (0.95, 1)])
def test_intervals_hold_about_as_much_as_they_say(level: float, place: int) -> None:
    pooled = ErrorQuantiles.of([errors(400)])
    held = []
    for _ in range(200):
        widths = ErrorQuantiles.of([errors(4)]).mixed_with(pooled).half_widths(level, 30)
        held.append((errors(1)[0] <= widths).mean())
    assert np.mean(held) == pytest.approx(level, abs=0.03)
