"""What a model may say of a sensor, before it is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from src.errors import InvalidPeriod, InvalidPrediction
from src.ml.sensor_prediction import SensorPrediction, checked_prediction

NAN, INFINITY = float("nan"), float("inf")
FORECAST = SensorPrediction(
    sensor_id=1,
    model_type="FORECASTER",
    prediction_timestamp=datetime(2024, 3, 1, 12, tzinfo=UTC),
    forecasted_value=55.2,
)


def test_what_can_be_is_left_as_it_is():
    assert checked_prediction(FORECAST) == FORECAST


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "ORACLE"}, "'ORACLE' is no type of model. Choose one of ANOMALY_DETECTOR, FORECASTER"),
        ({"model_type": "forecaster"}, "no type of model"),
        ({"model_type": None}, "no type of model"),
        ({"forecasted_value": NAN}, "forecasted_value is nan"),
        ({"forecasted_value": -INFINITY}, "forecasted_value is -inf"),
        ({"forecasted_value": 10**400}, "no finite number"),
        ({"forecasted_value": True}, "no finite number"),
        ({"forecasted_value": "55.2"}, "forecasted_value is '55.2'"),
        ({"forecasted_value": None}, "Nothing is predicted"),
        ({"confidence_low": INFINITY}, "confidence_low is inf"),
        ({"confidence_high": np.float64("nan")}, "confidence_high"),
        ({"confidence_low": 60.0, "confidence_high": 59.0}, "lower bound 60.0 lies above the upper bound 59.0"),
        ({"anomaly_score": 1.1}, "The anomaly score is 1.1"),
        ({"anomaly_score": -1e-9}, "between 0 and 1"),
        ({"is_anomaly": NAN}, "true, false or none"),
        ({"is_anomaly": "no"}, "true, false or none"),
        ({"model_version": 0}, "version of the model is 0"),
        ({"model_version": 2**40}, "version of the model"),
        ({"model_version": True}, "version of the model"),
    ],
)
def test_what_cannot_be_predicted_is_refused(change, message):
    with pytest.raises(InvalidPrediction, match=message):
        checked_prediction(replace(FORECAST, **change))


def test_a_detector_has_to_say_something_of_the_anomaly():
    with pytest.raises(InvalidPrediction, match="Nothing is predicted"):
        checked_prediction(replace(FORECAST, model_type="ANOMALY_DETECTOR"))


@pytest.mark.parametrize("moment", [pd.NaT, datetime(1, 1, 1, tzinfo=UTC), "today", None, 5])
def test_a_time_that_cannot_be_used_is_refused(moment):
    with pytest.raises(InvalidPeriod, match="cannot be used"):
        checked_prediction(replace(FORECAST, prediction_timestamp=moment))
