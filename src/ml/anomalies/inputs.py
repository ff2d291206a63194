"""Times and values as they come from outside, made what the detectors count with, or refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from src.errors import InvalidDetector, InvalidReadingValues
from src.notes import Note

_LARGEST = 1e100
_CONTAMINATION = (0.01, 0.5)


def in_utc(time: datetime | np.datetime64) -> np.datetime64:
    """Return a time as a datetime64, which is UTC here.

    Raises
    ------
    InvalidReadingValues
        It is a datetime without a zone.
    """
    if isinstance(time, np.datetime64):
        return time
    if time.tzinfo is None:
        raise InvalidReadingValues("The time {time} has no zone. Give it one, such as UTC.", time=time.isoformat())
    return np.datetime64(time.astimezone(UTC).replace(tzinfo=None), "us")


def in_order(times: Any, values: Any, last: np.datetime64 | None) -> np.ndarray:
    """Return the times of readings as datetime64[us].

    Raises
    ------
    InvalidReadingValues
        They are not one a value, or not each later than the one before, `last` before the first.
    """
    times = np.asarray(times, dtype="datetime64[us]")
    if times.ndim != 1 or times.shape != np.shape(values):
        raise InvalidReadingValues(
            "Times have the shape {times} and values {values}. Give one time for each value.",
            times=str(times.shape),
            values=str(np.shape(values)),
        )
    known = times if last is None else np.concatenate([[last], times])
    wrong = np.flatnonzero(np.isnat(known[1:]) | (known[1:] <= known[:-1]))
    if len(wrong) or np.isnat(known[:1]).any():
        place = int(wrong[0]) if len(wrong) else 0
        raise InvalidReadingValues(
            "The reading at {time} is not after the one at {before}. Give each time once, in order.",
            time=str(known[min(place + 1, len(known) - 1)]),
            before=str(known[place]),
        )
    return times


def is_usable(values: np.ndarray | float) -> np.ndarray:
    """Return which values are numbers that can be squared: not missing, not infinite, below 1e100 in size."""
    return np.asarray(np.abs(values) < _LARGEST)  # NaN is not


def refuse_unusable(values: np.ndarray) -> None:
    """Raise InvalidReadingValues where a value is missing, infinite or absurdly large."""
    wrong = np.flatnonzero(~is_usable(values))
    if len(wrong):
        raise InvalidReadingValues(
            "{count:,} of {all:,} values are missing, infinite or larger than {most:g}; the first is at place {place}. "
            "Leave them out.",
            count=len(wrong),
            all=len(values),
            most=_LARGEST,
            place=int(wrong[0]),
        )


def checked_contamination(contamination: float) -> float:
    """Return an expected share of anomalies that can be used; InvalidDetector unless it is from 0.01 to 0.5."""
    return checked_share(contamination, _CONTAMINATION, Note("contamination"))


def checked_share(value: float, limits: tuple[float, float], name: Note) -> float:
    """Return a number within its limits.

    Raises
    ------
    InvalidDetector
        It is outside, or no number.
    """
    low, high = limits
    if not (isinstance(value, (int, float, np.number)) and low <= value <= high):  # not NaN either
        raise InvalidDetector(
            "The {name} is {value!r}. Give a number from {low} to {high}.", name=name, value=value, low=low, high=high
        )
    return float(value)
