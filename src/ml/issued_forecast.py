"""A forecast of one sensor as it was issued, checked before it is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from src.database.tables import EPOCH
from src.errors import InvalidPrediction
from src.ml.sensor_prediction import checked_version
from src.sensors.history import LARGEST
from src.sensors.moments import as_utc

MOST_STEPS = 10_000
STEP_COLUMNS = ("value", "low_80", "high_80", "low_95", "high_95")
_LONGEST_MODEL = 50
_LONGEST_INTERVAL = timedelta(days=366)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class IssuedForecast:
    """One forecast; step k, from 1, is the mean over the interval that starts at `first_target` + (k − 1) intervals.

    Attributes
    ----------
    model, model_version : str and int
        The forecaster's name, as `create_forecaster` knows it, and the version of the trained model.
    first_target : datetime
        When the interval of the first step starts; without a zone it is taken as UTC.
    interval : timedelta
        Whole seconds.
    value, low_80, high_80, low_95, high_95 : ndarray of float64, shape (steps,)
        In the sensor's unit; the bounds at 80 and 95% nominal.
    issued_at : datetime, optional
        The present by default.
    """

    sensor_id: int
    model: str
    model_version: int
    first_target: datetime
    interval: timedelta
    value: np.ndarray
    low_80: np.ndarray
    high_80: np.ndarray
    low_95: np.ndarray
    high_95: np.ndarray
    issued_at: datetime | None = None
    forecast_id: int | None = None

    def __len__(self) -> int:
        return len(self.value)

    @property
    def timestamps(self) -> np.ndarray:
        """Starts of the steps' intervals in UTC, datetime64[us], shape (steps,)."""
        first = np.datetime64((as_utc(self.first_target) - EPOCH) // _MICROSECOND, "us")
        return first + np.arange(len(self)) * np.timedelta64(self.interval // _MICROSECOND, "us")

    @property
    def steps(self) -> np.ndarray:
        """Value and bounds side by side, in the order of `STEP_COLUMNS`, shape (steps, 5)."""
        return np.column_stack([getattr(self, name) for name in STEP_COLUMNS])


def checked_forecast(forecast: IssuedForecast) -> IssuedForecast:
    """Return a forecast with plain numbers and its times in UTC.

    Raises
    ------
    InvalidPrediction
        No steps or more than 10,000, arrays of different lengths, numbers that are not finite, bounds in the wrong
        order, an interval that is not of whole seconds, a model without a name or version.
    InvalidPeriod
        A time that cannot be used.
    """
    arrays = {name: _numbers(name, getattr(forecast, name)) for name in STEP_COLUMNS}
    steps = arrays["value"].size
    for name, array in arrays.items():
        if array.size != steps:
            raise InvalidPrediction(
                "The forecast has {steps} values and {other} of {field}; there has to be one for each.",
                steps=steps,
                other=array.size,
                field=name,
            )
    _check_bounds(arrays)
    first_target = as_utc(forecast.first_target)
    interval = _checked_interval(forecast.interval)
    as_utc(first_target + steps * interval)
    return replace(
        forecast,
        model=_checked_name(forecast.model),
        model_version=checked_version(forecast.model_version),
        first_target=first_target,
        interval=interval,
        issued_at=datetime.now(UTC) if forecast.issued_at is None else as_utc(forecast.issued_at),
        **arrays,  # type: ignore[arg-type]
    )


def _numbers(name: str, given: Any) -> np.ndarray:
    try:
        array = np.array(given, np.float64)
    except (TypeError, ValueError):
        array = np.array([np.nan])
    if array.ndim != 1 or not 1 <= array.size <= MOST_STEPS:
        raise InvalidPrediction(
            "A forecast has 1 to {most:,} steps in a row; {field} has the shape {shape}.",
            most=MOST_STEPS,
            field=name,
            shape=str(array.shape),
        )
    wrong = np.flatnonzero(~(np.abs(array) <= LARGEST))
    if wrong.size:
        raise InvalidPrediction(
            "{field} of step {step} is {value}, which is no finite number.",
            field=name,
            step=int(wrong[0]) + 1,
            value=str(array[wrong[0]]),
        )
    return array


def _check_bounds(arrays: dict[str, np.ndarray]) -> None:
    in_order = [arrays[name] for name in ("low_95", "low_80", "high_80", "high_95")]
    wrong = np.flatnonzero((np.diff(in_order, axis=0) < 0).any(axis=0))
    if wrong.size:
        step = int(wrong[0])
        raise InvalidPrediction(
            "The bounds of step {step} are {bounds}; they have to rise: the lower one of 95%, both of 80%, the upper "
            "one of 95%.",
            step=step + 1,
            bounds=", ".join(str(float(bound[step])) for bound in in_order),
        )


def _checked_interval(interval: timedelta) -> timedelta:
    whole = isinstance(interval, timedelta) and interval.microseconds == 0
    if not whole or not timedelta(0) < interval <= _LONGEST_INTERVAL:
        raise InvalidPrediction(
            "The steps of a forecast are {interval} apart. It has to be a whole number of seconds, up to 366 days.",
            interval=str(interval),
        )
    return timedelta(seconds=interval // timedelta(seconds=1))


def _checked_name(name: str) -> str:
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_MODEL or not name.isprintable():
        raise InvalidPrediction(
            "{name!r} is no name of a model: it has 1 to {most} characters.", name=name, most=_LONGEST_MODEL
        )
    return name
