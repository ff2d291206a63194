"""Times and values as they come to series of equal steps: what is inferred, averaged, filled and refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest

from src.errors import InvalidSeries
from src.ml.forecasting.regular_series import MOST_STEPS, RegularSeries, make_regular

START = datetime(2026, 1, 1, tzinfo=UTC)


def times(count: int, step: timedelta = timedelta(hours=1), start: datetime = START) -> list[datetime]:
    return [start + number * step for number in range(count)]


def said(series: RegularSeries) -> str:
    return " ".join(str(note) for note in series.notes)


@pytest.mark.parametrize(
    ("step", "name", "seasons"),
    [
        (timedelta(minutes=5), "5 min", {"daily": 288}),
        (timedelta(minutes=10), "10 min", {"daily": 144, "weekly": 1008}),
        (timedelta(minutes=15), "15 min", {"daily": 96, "weekly": 672}),
        (timedelta(hours=1), "1 h", {"daily": 24, "weekly": 168}),
        (timedelta(days=1), "1 d", {"weekly": 7, "yearly": 364}),
        (timedelta(days=7), "7 d", {"yearly": 52}),
        (timedelta(seconds=1), "1 s", {}),
    ],
)
def test_frequency_and_seasons_are_told_from_the_times(step: timedelta, name: str, seasons: dict[str, int]) -> None:
    series = make_regular(times(2_100, step), np.arange(2_100))
    assert str(series.frequency) == name
    assert dict(series.seasons) == seasons
    assert series.times_after(1)[0] == np.datetime64((START + 2_100 * step).replace(tzinfo=None))
    assert series.notes == ()


@pytest.mark.parametrize(
    ("rule", "following", "seasons"),
    [
        ("MS", "2020-01-01", {"yearly": 12}),
        ("M", "2020-01-31", {"yearly": 12}),
        ("QS", "2030-01-01", {"yearly": 4}),
        ("YS", "2070-01-01", {}),
    ],
)
def test_months_are_counted_by_the_calendar(rule: str, following: str, seasons: dict[str, int]) -> None:
    count = {"M": 60, "Q": 60, "Y": 60}[rule[0]]
    stamps = pd.date_range("2015-01-01" if rule[0] != "Y" else "2010-01-01", periods=count, freq=rule, tz="UTC")
    series = make_regular(stamps, np.arange(count))
    assert dict(series.seasons) == seasons
    assert not np.isnan(series.values).any()
    assert str(series.times_after(1)[0])[:10] == following
    np.testing.assert_array_equal(series.times, stamps.tz_localize(None).to_numpy())


def test_the_end_of_a_month_stays_the_end_also_after_february() -> None:
    series = make_regular(pd.date_range("2015-01-31", periods=61, freq="M"), np.arange(61))
    assert [str(time)[:10] for time in series.times_after(3)] == ["2020-02-29", "2020-03-31", "2020-04-30"]


def test_only_seasons_that_the_history_holds_twice_are_used() -> None:
    assert dict(make_regular(times(335), np.arange(335)).seasons) == {"daily": 24}
    assert make_regular(times(60, timedelta(minutes=5)), np.arange(60)).season == 1


def test_rows_are_sorted_and_naive_times_are_utc() -> None:
    stamps = times(60)
    shuffled = np.random.default_rng(0).permutation(60)
    naive = [stamps[place].replace(tzinfo=None) for place in shuffled]
    series = make_regular(naive, shuffled.astype(float))
    np.testing.assert_array_equal(series.values, np.arange(60))
    assert series.start == np.datetime64("2026-01-01")


def test_times_of_any_zone_are_the_same_moments() -> None:
    there = [stamp.astimezone(timezone(timedelta(hours=-3))) for stamp in times(60)]
    assert (make_regular(there, np.arange(60)).times == make_regular(times(60), np.arange(60)).times).all()


@pytest.mark.parametrize("kind", [list, np.array, pd.DatetimeIndex, pd.Series])
def test_times_may_come_as_lists_arrays_or_columns(kind: Any) -> None:
    assert len(make_regular(kind(times(60)), list(range(60)))) == 60


def test_texts_in_iso_form_are_times_too() -> None:
    assert len(make_regular([stamp.isoformat() for stamp in times(60)], np.arange(60))) == 60


def test_values_of_one_time_are_averaged_and_said() -> None:
    series = make_regular([*times(60), START, START], [*range(60), 3, 6])
    assert series.values[0] == 3.0
    assert "2 values share a step" in said(series)


def test_times_that_wobble_are_taken_at_the_nearest_round_step() -> None:
    rng = np.random.default_rng(2)
    wobbling = [stamp + timedelta(seconds=float(rng.uniform(-5, 5))) for stamp in times(300, timedelta(minutes=5))]
    series = make_regular(wobbling, np.arange(300))
    assert str(series.frequency) == "5 min"
    assert len(series) == 300
    assert (series.times == make_regular(times(300, timedelta(minutes=5)), np.arange(300)).times).all()
    assert "not exactly 5 min apart" in said(series)


def test_gaps_stay_gaps_and_are_filled_from_what_was_before_them() -> None:
    kept = [place for place in range(120) if not 60 <= place < 72]
    values = np.sin(np.arange(120) * 2 * np.pi / 24)
    series = make_regular([times(120)[place] for place in kept], values[kept])
    assert np.isnan(series.values[60:72]).all()
    assert "12 of 120 steps" in said(series)
    np.testing.assert_array_equal(series.filled[60:63], values[59])
    np.testing.assert_allclose(series.filled[63:72], values[39:48])
    other = values.copy()
    other[72:] += 100  # what comes after a gap does not change what fills it
    again = make_regular([times(120)[place] for place in kept], other[kept])
    np.testing.assert_array_equal(again.filled[:72], series.filled[:72])


def test_missing_values_are_left_out_and_said() -> None:
    series = make_regular(times(60), [None, np.nan, *range(58)])
    assert len(series) == 58
    assert "2 times have no value" in said(series)


def test_a_very_long_history_is_cut_to_the_newest_steps() -> None:
    count = MOST_STEPS + 500
    series = make_regular(times(count, timedelta(minutes=1)), np.arange(count))
    assert len(series) == MOST_STEPS
    assert series.values[0] == 500
    assert series.times_after(1)[0] == np.datetime64((START + count * timedelta(minutes=1)).replace(tzinfo=None))
    assert "Only the last 50,000 steps" in said(series)


def test_a_value_alone_stays_exactly_as_it_is() -> None:
    values = np.random.default_rng(1).normal(0, 1e-7, 60)
    np.testing.assert_array_equal(make_regular(times(60), values).values, values)


@pytest.mark.parametrize(
    ("stamps", "values", "reason"),
    [
        ([], [], "There are 0 values"),
        (times(49), range(49), "There are 49 values at different times; a forecaster needs at least 50"),
        ([START] * 200, range(200), "There are 1 values at different times"),
        (times(60), [np.nan] * 60, "There are 0 values"),
        (times(60), [*range(20), *[None] * 40], "There are 20 values"),
        (times(60), range(59), "60 times and 59 values"),
        (times(60), [*range(59), np.inf], "Value 60 is inf"),
        (times(60), [-np.inf, *range(59)], "Value 1 is -inf"),
        (times(60), [*range(59), 1e200], "Value 60 is 1e\\+200"),
        (times(60), ["hot"] * 60, "values are no numbers"),
        (times(60), np.zeros((60, 2)), "A list of numbers is needed"),
        (range(60), range(60), "A list of times is needed"),
        (np.zeros((60, 2), "datetime64[us]"), range(60), "A list of times is needed"),
        (["soon"] * 60, range(60), "times cannot be read"),
        (["03/04/2026"] * 60, range(60), "times cannot be read"),
        ([*times(59), None], range(60), "Time 60 is missing"),
        ([*times(59), datetime(9999, 12, 31, tzinfo=UTC)], range(60), "times cannot be read"),
        ([*times(49), START + timedelta(days=9_999)], range(50),
         "Of 50 values, 1 lie within the last 50,000 steps of 1 h"),
        ([*times(120, timedelta(minutes=1)), *times(80, timedelta(hours=2), START + timedelta(days=1))], range(200),
         "too irregular: 200 of 10,921 steps of 1 min"),
    ],
)  # fmt: skip
def test_what_nothing_can_be_learned_from_is_refused(stamps: Any, values: Any, reason: str) -> None:
    with pytest.raises(InvalidSeries, match=reason):
        make_regular(stamps, list(values) if isinstance(values, range) else values)
