"""What a model said of one sensor at one time, checked before it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from numbers import Integral, Real
from typing import Any

import numpy as np

from src.errors import InvalidPrediction
from src.sensors.history import LARGEST
from src.sensors.moments import as_utc

_LARGEST_INTEGER = 2**31 - 1


class ModelType(StrEnum):
    """The two kinds of model that a sensor can have."""

    ANOMALY_DETECTOR = "ANOMALY_DETECTOR"
    FORECASTER = "FORECASTER"


@dataclass(frozen=True, kw_only=True)
class SensorPrediction:
    """One prediction for one sensor; two that say the same are equal, whatever their identifiers.

    Attributes
    ----------
    model_type : str
        One of `ModelType`.
    prediction_timestamp : datetime
        The time that it speaks of; without a zone it is taken as UTC.
    forecasted_value, confidence_low, confidence_high : float, optional
        In the sensor's unit.
    anomaly_score : float, optional
        0 (as ever) to 1 (certainly not).
    model_version : int, optional
        Version of the model that said so.
    created_at : datetime, optional
        When it was kept, in UTC.
    """

    sensor_id: int
    model_type: str
    prediction_timestamp: datetime
    forecasted_value: float | None = None
    confidence_low: float | None = None
    confidence_high: float | None = None
    anomaly_score: float | None = None
    is_anomaly: bool | None = None
    model_version: int | None = None
    prediction_id: int | None = field(default=None, compare=False)
    created_at: datetime | None = field(default=None, compare=False)


def checked_prediction(prediction: SensorPrediction) -> SensorPrediction:
    """Return a prediction with plain numbers and its time in UTC.

    Raises
    ------
    InvalidPrediction
        An unknown type of model, a number that is not finite, a score out of 0 to 1, bounds in the wrong order, or
        nothing predicted.
    InvalidPeriod
        A time that cannot be used.
    """
    names = ("forecasted_value", "confidence_low", "confidence_high", "anomaly_score")
    numbers = {name: _finite(name, getattr(prediction, name)) for name in names}
    model_type = checked_model_type(prediction.model_type)
    said = (
        (numbers["forecasted_value"],)
        if model_type == ModelType.FORECASTER
        else (numbers["anomaly_score"], prediction.is_anomaly)
    )
    if all(value is None for value in said):
        raise InvalidPrediction(
            "Nothing is predicted. Give forecasted_value for a forecaster, anomaly_score or is_anomaly for a detector."
        )
    _check_range(**numbers)
    return replace(
        prediction,
        model_type=model_type.value,
        prediction_timestamp=as_utc(prediction.prediction_timestamp),
        is_anomaly=_truth("is_anomaly", prediction.is_anomaly),
        model_version=None if prediction.model_version is None else checked_version(prediction.model_version),
        **numbers,  # type: ignore[arg-type]
    )


def checked_model_type(model_type: str) -> ModelType:
    """Return a type of model.

    Raises
    ------
    InvalidPrediction
        There is no such type.
    """
    if model_type not in list(ModelType):
        raise InvalidPrediction(
            "{model_type!r} is no type of model. Choose one of {types}.",
            model_type=model_type,
            types=", ".join(ModelType),
        )
    return ModelType(model_type)


def checked_version(version: int) -> int:
    """Return the version of a model as a plain integer.

    Raises
    ------
    InvalidPrediction
        It is none.
    """
    if not _is_counting_number(version) or version > _LARGEST_INTEGER:
        raise InvalidPrediction(
            "The version of the model is {version!r}; versions are counted from 1.", version=version
        )
    return int(version)


def checked_limit(limit: int) -> int:
    """Return how many are asked for at most; what is larger than any table means all of them.

    Raises
    ------
    InvalidPrediction
        It is less than 1, or no integer.
    """
    if not _is_counting_number(limit):
        raise InvalidPrediction("The limit is {limit!r}. Ask for at least 1.", limit=limit)
    return min(int(limit), _LARGEST_INTEGER)


def _is_counting_number(number: Any) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool) and int(number) >= 1


def _finite(name: str, value: Any) -> float | None:
    if value is None:
        return None
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not abs(value) <= LARGEST:  # so that NaN is refused too
        raise InvalidPrediction("{field} is {value!r}, which is no finite number.", field=name, value=value)
    return float(value)


def _truth(name: str, value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool | np.bool_):
        raise InvalidPrediction("{field} is {value!r}; it can be true, false or none.", field=name, value=value)
    return None if value is None else bool(value)


def _check_range(
    *,
    forecasted_value: float | None,
    confidence_low: float | None,
    confidence_high: float | None,
    anomaly_score: float | None,
) -> None:
    if anomaly_score is not None and not 0 <= anomaly_score <= 1:
        raise InvalidPrediction("The anomaly score is {score}; scores lie between 0 and 1.", score=anomaly_score)
    if confidence_low is not None and confidence_high is not None and confidence_low > confidence_high:
        raise InvalidPrediction(
            "The lower bound {low} lies above the upper bound {high}.", low=confidence_low, high=confidence_high
        )
