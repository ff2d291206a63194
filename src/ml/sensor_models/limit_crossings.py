"""Which of a sensor's limits a forecast goes beyond, and when first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from src.sensors.sensor_fields import LIMITS, SensorDescription

_LOWER_ENDS = LIMITS[:3]
_PHYSICAL = ("physical_min", "physical_max")


@dataclass(frozen=True)
class ForecastSteps:
    """A forecast, step by step; all values in the sensor's unit.

    Attributes
    ----------
    times : tuple of datetime
        When each step begins, in UTC.
    values, low_80, high_80, low_95, high_95 : tuple of float
    """

    times: tuple[datetime, ...]
    values: tuple[float, ...]
    low_80: tuple[float, ...]
    high_80: tuple[float, ...]
    low_95: tuple[float, ...]
    high_95: tuple[float, ...]


@dataclass(frozen=True)
class LimitCrossing:
    """One limit that a forecast, or a band around it, goes beyond.

    Attributes
    ----------
    limit : str
        The field of the sensor: one of `LIMITS`.
    value : float
        The limit, in the sensor's unit.
    is_beyond_now : bool
        Whether the newest value lies beyond it already.
    expected_at, at_80, at_95 : datetime, optional
        Beginning of the first step at which the forecast, the 80 % band, the 95 % band is beyond; None where it never
        is. Of a physical limit only `expected_at` is told: no value can lie beyond it, and a band that reaches there
        says nothing.
    """

    limit: str
    value: float
    is_beyond_now: bool
    expected_at: datetime | None
    at_80: datetime | None = None
    at_95: datetime | None = None

    @property
    def is_expected(self) -> bool:
        """Whether the forecast itself goes beyond the limit, not just a band around it."""
        return self.expected_at is not None


def limit_crossings(
    sensor: SensorDescription, steps: ForecastSteps, newest: float | None = None
) -> tuple[LimitCrossing, ...]:
    """Tell which limits are crossed by a forecast or by its bands, and when first.

    A value at the limit itself is not beyond it, as in `Sensor.limit_crossed_by`.

    Parameters
    ----------
    newest : float, optional
        The newest value, in the sensor's unit.

    Returns
    -------
    tuple of LimitCrossing
        Those that are expected first, the soonest of them in front; then those that only a band reaches.
    """
    found = []
    for limit in LIMITS:
        value = getattr(sensor, limit)
        if value is None:
            continue
        crossing = _crossing(limit, value, steps, newest)
        if crossing.expected_at or crossing.at_80 or crossing.at_95:
            found.append(crossing)
    return tuple(sorted(found, key=_soonest))


def _crossing(limit: str, value: float, steps: ForecastSteps, newest: float | None) -> LimitCrossing:
    is_low = limit in _LOWER_ENDS

    def first(values: Sequence[float]) -> datetime | None:
        beyond = (value_ < value if is_low else value_ > value for value_ in values)
        return next((time for time, is_beyond in zip(steps.times, beyond, strict=True) if is_beyond), None)

    is_beyond_now = newest is not None and (newest < value if is_low else newest > value)
    if limit in _PHYSICAL:
        return LimitCrossing(limit, value, is_beyond_now, first(steps.values))
    edges = (steps.low_80, steps.low_95) if is_low else (steps.high_80, steps.high_95)
    return LimitCrossing(limit, value, is_beyond_now, first(steps.values), first(edges[0]), first(edges[1]))


def _soonest(crossing: LimitCrossing) -> tuple[bool, bool, datetime]:
    first = crossing.expected_at or crossing.at_80 or crossing.at_95
    assert first is not None  # what is not crossed is not told
    return crossing.expected_at is None, crossing.at_80 is None, first
