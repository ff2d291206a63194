"""Times and values as callers have them: lists, arrays, or columns of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.errors import InvalidSeries
from src.ml.forecasting.frequency import Times

_LARGEST = 1e100
"""Squares of larger values would be infinite."""

Floats = NDArray[np.float64]


def read_times(timestamps: Any) -> Times:
    """Return times as datetime64[us] in UTC; naive ones are taken as UTC.

    Raises
    ------
    InvalidSeries
        One cannot be read, or is missing.
    """
    if isinstance(timestamps, np.ndarray) and timestamps.dtype.kind == "M" and timestamps.ndim == 1:
        times = timestamps.astype("datetime64[us]")
    else:
        times = _times_of(timestamps)
    missing = np.isnat(times)
    if missing.any():
        raise InvalidSeries("Time {place:,} is missing. Leave its value out.", place=int(missing.argmax()) + 1)
    return times


def _times_of(timestamps: Any) -> Times:
    import pandas as pd  # a second, which arrays of times are spared

    given = timestamps if isinstance(timestamps, pd.DatetimeIndex | pd.Series) else np.asarray(timestamps)
    if given.ndim != 1 or (len(given) and given.dtype.kind in "iufcb"):
        raise InvalidSeries("A list of times is needed, one for each value, and not {kind}.", kind=_shape_said(given))
    try:
        index = pd.DatetimeIndex(pd.to_datetime(given, utc=True, format="ISO8601"))
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidSeries("The times cannot be read: {reason}. Give datetimes.", reason=str(error)) from error
    return index.tz_localize(None).to_numpy().astype("datetime64[us]")


def read_values(values: Any) -> Floats:
    """Return values as numbers, NaN where there is none.

    Raises
    ------
    InvalidSeries
        One is infinite, too large or no number.
    """
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise InvalidSeries("The values are no numbers: {reason}.", reason=str(error)) from error
    if numbers.ndim != 1:
        raise InvalidSeries("A list of numbers is needed, and not {kind}.", kind=_shape_said(numbers))
    wrong = np.flatnonzero(np.abs(numbers) > _LARGEST)
    if len(wrong):
        raise InvalidSeries(
            "Value {place:,} is {value}: infinite, or too large. Leave it out.",
            place=int(wrong[0]) + 1,
            value=float(numbers[wrong[0]]),
        )
    return numbers


def _shape_said(given: Any) -> str:
    return f"{given.dtype} × {'×'.join(map(str, given.shape))}"
