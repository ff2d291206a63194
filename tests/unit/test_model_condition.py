"""When a sensor's models call for a training."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from src.ml.sensor_models.condition import WORSE, Condition, conditions, error_ratio
from src.ml.sensor_models.status import ModelState
from src.notes import Note

TIME = datetime(2026, 3, 1, tzinfo=UTC)


def state(**changes: Any) -> ModelState:
    facts: dict[str, Any] = {
        **{"version": 1, "trained_at": TIME, "data_until": TIME, "hours": 168.0, "samples": 99, "model": "auto"},
        **{"alarm_threshold": None, "error_at_training": 2.0, "last_error": None, "drift": None},
    }
    return ModelState(**(facts | changes))


@pytest.mark.parametrize(
    ("detector", "forecaster", "found"),
    [
        (state(), state(), set()),
        (None, state(), {Condition.WITHOUT}),
        (state(), None, {Condition.WITHOUT}),
        (state(drift=Note("far")), state(), {Condition.DRIFT}),
        (state(), state(drift=Note("far"), last_error=2 * WORSE + 0.01), {Condition.DRIFT, Condition.WORSE}),
        (state(), state(last_error=2 * WORSE), set()),
        (state(), state(last_error=9.0, error_at_training=None), set()),
        (state(), state(last_error=9.0, error_at_training=0.0), set()),
        (None, None, {Condition.WITHOUT}),
    ],
)
def test_what_is_not_in_order(detector: ModelState | None, forecaster: ModelState | None, found: set) -> None:
    assert conditions({"anomaly_detector": detector, "forecaster": forecaster}) == found


def test_errors_are_compared_where_both_are_known() -> None:
    assert error_ratio(state(last_error=3.0)) == 1.5
    assert error_ratio(state()) is None
    assert error_ratio(None) is None
