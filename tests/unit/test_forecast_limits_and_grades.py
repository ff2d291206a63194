"""Limits that a forecast crosses, and metrics as good, fair or poor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from src.ml.sensor_models.limit_crossings import ForecastSteps, LimitCrossing, limit_crossings
from src.ml.sensor_models.metric_grades import Grade, grade, share_of_range, usual_range
from src.sensors.sensor_fields import SensorDescription

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(step: int) -> datetime:
    return START + timedelta(hours=step)


def steps(*values: float, near: float = 1.0, far: float = 2.0) -> ForecastSteps:
    """A forecast with an 80% band so near, and a 95% band so far."""

    def shifted(by: float) -> tuple[float, ...]:
        return tuple(value + by for value in values)

    times = tuple(at(step) for step in range(len(values)))
    return ForecastSteps(times, values, shifted(-near), shifted(near), shifted(-far), shifted(far))


def sensor(**limits: float) -> SensorDescription:
    return SensorDescription(display_name="heat", equipment="Saw", sensor_type="temperature", **limits)  # type: ignore[arg-type]


def test_a_crossing_tells_when_the_forecast_and_each_band_is_beyond_first() -> None:
    found = limit_crossings(sensor(warning_high=13.5), steps(10, 11, 12, 13, 14, 15))
    assert found == (LimitCrossing("warning_high", 13.5, False, at(4), at(3), at(2)),)
    assert found[0].is_expected


def test_what_only_a_band_reaches_is_not_expected() -> None:
    (found,) = limit_crossings(sensor(critical_low=8.5), steps(12, 11, 10))
    assert (found.expected_at, found.at_80, found.at_95) == (None, None, at(2))
    assert not found.is_expected


def test_a_value_at_the_limit_is_not_beyond_it() -> None:
    assert limit_crossings(sensor(warning_high=12, warning_low=8), steps(10, 10, far=2)) == ()
    assert limit_crossings(sensor(warning_high=12, warning_low=8), steps(10, 10, far=2.001)) != ()


def test_a_sensor_without_limits_crosses_none() -> None:
    assert limit_crossings(sensor(), steps(1e9)) == ()


def test_of_a_physical_limit_only_the_forecast_counts() -> None:
    assert limit_crossings(sensor(physical_min=0), steps(0.5, 0.2)) == ()
    (found,) = limit_crossings(sensor(physical_min=0), steps(0.5, -0.2))
    assert (found.expected_at, found.at_80, found.at_95) == (at(1), None, None)


def test_the_soonest_that_is_expected_comes_first_and_bands_last() -> None:
    limits = sensor(critical_low=-3.5, warning_low=-1.5, warning_high=5, critical_high=7)
    found = limit_crossings(limits, steps(0, 6, 8, -2))
    assert [crossing.limit for crossing in found] == ["warning_high", "critical_high", "warning_low", "critical_low"]
    assert [crossing.is_expected for crossing in found] == [True, True, True, False]


def test_what_is_beyond_now_is_told() -> None:
    (found,) = limit_crossings(sensor(warning_low=5), steps(4, 4), newest=4.9)
    assert found.is_beyond_now
    (found,) = limit_crossings(sensor(warning_low=5), steps(4, 4), newest=5.0)
    assert not found.is_beyond_now


@pytest.mark.parametrize(
    ("metric", "value", "expected"),
    [
        ("mape", 9.99, Grade.GOOD),
        ("mape", 10.0, Grade.FAIR),
        ("mape", 20.0, Grade.FAIR),
        ("mape", 20.01, Grade.POOR),
        ("rmse", 9.9, Grade.GOOD),
        ("rmse", 30.0, Grade.FAIR),
        ("rmse", 30.1, Grade.POOR),
        ("mae", 5.9, Grade.GOOD),
        ("mae", 6.0, Grade.FAIR),
        ("mae", 20.1, Grade.POOR),
        ("mape", None, None),
        ("mae", float("nan"), None),
    ],
)
def test_metrics_are_graded_by_the_documents_table_as_shares_of_the_usual_range(
    metric: str, value: float | None, expected: Grade | None
) -> None:
    assert grade(metric, value, usual_range=200.0) is expected


def test_a_sensor_that_never_moves_is_graded_only_where_there_is_no_error() -> None:
    assert share_of_range(0.0, 0.0) == 0.0
    assert grade("rmse", 0.0, 0.0) is Grade.GOOD
    assert grade("rmse", 0.1, 0.0) is None


def test_the_usual_range_leaves_out_rare_values_and_gaps() -> None:
    values = np.concatenate([np.linspace(0, 100, 1_001), [np.nan] * 5, [1e6]])
    assert usual_range(values) == pytest.approx(98.0, abs=0.2)
    assert usual_range(np.array([np.nan])) == 0.0
