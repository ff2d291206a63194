"""What a forecaster is asked and answers, in plain lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from src.errors import InvalidForecast
from src.ml.forecasting.model import Bounds

MOST_PERIODS = 10_000
_BOUND_NAMES = (("lower_bound", "upper_bound"), ("lower_80", "upper_80"), ("lower_95", "upper_95"))

Floats = NDArray[np.float64]


def checked_periods(periods: object, most: int = MOST_PERIODS) -> int:
    """Return how many steps are wanted.

    Raises
    ------
    InvalidForecast
        It is no whole number from 1 to `most`.
    """
    if isinstance(periods, bool) or not isinstance(periods, int | np.integer) or not 1 <= periods <= most:
        raise InvalidForecast(
            "{periods!r} steps cannot be forecast. Choose a whole number from 1 to {most:,}.",
            periods=periods,
            most=most,
        )
    return int(periods)


def named_bounds(bounds: Sequence[Bounds]) -> dict[str, list[float | None]]:
    """Return the ends of three intervals by name: the one that was asked for, and those of 80 and 95 %."""
    named = zip(_BOUND_NAMES, bounds, strict=True)
    return {name: without_nan(end) for names, ends in named for name, end in zip(names, ends, strict=True)}


def around_fitted(fitted: Floats, actual: Floats, levels: Sequence[float]) -> list[Bounds]:
    """Return bounds around what fits the history that hold so much of it."""
    misses = np.abs(actual - fitted)
    halves = np.quantile(misses[~np.isnan(misses)], levels)
    return [(fitted - half, fitted + half) for half in halves]


def without_nan(values: Floats) -> list[float | None]:
    """Return a list with None where there is no value."""
    return [None if value != value else value for value in values.tolist()]


def moments(times: NDArray[np.datetime64]) -> list[datetime]:
    """Return Python's datetimes in UTC.

    Raises
    ------
    InvalidForecast
        They are beyond what pandas and Prophet can count.
    """
    if times[-1] >= np.datetime64("2262-01-01"):
        raise InvalidForecast("The forecast ends after the year 2261. Choose fewer steps.")
    return [time.replace(tzinfo=UTC) for time in times.tolist()]
