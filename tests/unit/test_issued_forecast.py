"""What a forecast has to be, before it is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from src.errors import InvalidPeriod, InvalidPrediction
from src.ml.issued_forecast import STEP_COLUMNS, IssuedForecast, checked_forecast

NAN, INFINITY = float("nan"), float("inf")
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
VALUE = np.array([1.0, 2.0])
FORECAST = IssuedForecast(
    sensor_id=1,
    model="auto",
    model_version=1,
    first_target=NOON,
    interval=timedelta(hours=1),
    value=VALUE,
    low_80=VALUE - 1,
    high_80=VALUE + 1,
    low_95=VALUE - 2,
    high_95=VALUE + 2,
)


def test_lists_and_times_without_a_zone_are_taken_as_arrays_and_utc():
    naive = datetime(2024, 3, 1, 12)  # noqa: DTZ001
    checked = checked_forecast(replace(FORECAST, value=[1, 2], first_target=naive))
    np.testing.assert_array_equal(checked.steps, FORECAST.steps)
    assert checked.first_target == NOON
    assert datetime.now(UTC) - checked.issued_at < timedelta(minutes=5)


def test_bounds_may_touch():
    flat = {name: np.array([3.0]) for name in STEP_COLUMNS}
    assert checked_forecast(replace(FORECAST, **flat)).steps.tolist() == [[3.0] * 5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({name: np.array([]) for name in STEP_COLUMNS}, "1 to 10,000 steps"),
        ({name: np.zeros(10_001) for name in STEP_COLUMNS}, "1 to 10,000 steps"),
        ({"value": np.ones((2, 2))}, "1 to 10,000 steps"),
        ({"value": np.array([1.0, NAN])}, "value of step 2 is nan"),
        ({"low_95": np.array([-INFINITY, 0.0])}, "low_95 of step 1 is -inf"),
        ({"value": ["warm", "hot"]}, "no finite number"),
        ({"value": None}, "1 to 10,000 steps"),
        ({"low_80": np.array([0.0])}, "2 values and 1 of low_80"),
        ({"low_80": np.array([0.0, 9.0])}, "bounds of step 2 are 0.0, 9.0, 3.0, 4.0"),
        ({"high_95": np.array([1.5, 4.0])}, "bounds of step 1"),
        ({"interval": timedelta(0)}, "0:00:00 apart"),
        ({"interval": timedelta(microseconds=1)}, "whole number of seconds"),
        ({"interval": timedelta(days=-1)}, "apart"),
        ({"interval": timedelta(days=400)}, "up to 366 days"),
        ({"interval": 3600}, "3600 apart"),
        ({"model": " "}, "no name of a model"),
        ({"model": "a\0b"}, "no name of a model"),
        ({"model": "x" * 51}, "1 to 50 characters"),
        ({"model_version": 0}, "versions are counted from 1"),
        ({"model_version": None}, "versions are counted from 1"),
    ],
)
def test_a_forecast_that_cannot_be_is_refused(change, message):
    with pytest.raises(InvalidPrediction, match=message):
        checked_forecast(replace(FORECAST, **change))


@pytest.mark.parametrize(
    "change", [{"first_target": pd.NaT}, {"issued_at": "now"}, {"first_target": datetime(2199, 12, 31, 23, tzinfo=UTC)}]
)
def test_a_time_that_cannot_be_used_is_refused(change):
    with pytest.raises(InvalidPeriod, match="cannot be used"):
        checked_forecast(replace(FORECAST, **change))
