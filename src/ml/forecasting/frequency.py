"""How far apart the values of a series are, and how many of them make a day, a week or a year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND
WEEK = 7 * DAY
_USUAL = np.array(
    [n * SECOND for n in (1, 2, 5, 10, 15, 20, 30)]
    + [n * MINUTE for n in (1, 2, 5, 10, 15, 20, 30)]
    + [n * HOUR for n in (1, 2, 3, 4, 6, 8, 12)]
    + [DAY, WEEK]
)
_SNAPS_WITHIN = 0.05
_MONTH = 30.436875 * DAY

Times = NDArray[np.datetime64]
Time = np.datetime64 | Times
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Frequency:
    """The distance of one value to the next: a number of microseconds, or of months.

    Attributes
    ----------
    microseconds, months : int
        One of them is 0.
    at_month_end : bool
        Whether months are counted from their last day.
    """

    microseconds: int = 0
    months: int = 0
    at_month_end: bool = False

    def places(self, times: Times, start: np.datetime64) -> Places:
        """Return to which step each time belongs, counted from a start; between two, the nearer one."""
        if self.months:
            return np.round((_month(times) - _month(start)) / self.months).astype(np.int64)
        return np.round(_microseconds(times, start) / self.microseconds).astype(np.int64)

    def times(self, start: np.datetime64, places: Places) -> Times:
        """Return the times of steps, as datetime64[us]."""
        if not self.months:
            return start + (places * self.microseconds).astype("timedelta64[us]")
        month = start.astype("datetime64[M]") + places * self.months
        length = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64) * DAY
        into = int(_microseconds(start, start.astype("datetime64[M]")))
        day, clock = np.divmod(into, DAY)
        wanted = np.full(len(places), 31 * DAY) if self.at_month_end else np.full(len(places), (day + 1) * DAY)
        return month.astype("datetime64[us]") + (np.minimum(wanted, length) - DAY + clock).astype("timedelta64[us]")

    def anchor(self, start: np.datetime64) -> np.datetime64:
        """Return the start on the round moment next to it, as 12:05:00 for 12:05:03."""
        if self.months:
            return start
        return np.datetime64(int(np.round(int(start.astype(np.int64)) / self.microseconds)) * self.microseconds, "us")

    @property
    def seasons(self) -> dict[str, int]:
        """The seasons by name, with their steps, the shortest first.

        A year of days has 364 of them, so that it begins on the same day of the week.
        """
        if self.months:
            return {"yearly": 12 // self.months} if self.months in (1, 2, 3, 4, 6) else {}
        lengths = {"daily": DAY, "weekly": WEEK, "yearly": 364 * DAY}
        if self.microseconds < DAY:
            del lengths["yearly"]  # too many steps to be told from a history of readings
        return {name: steps for name, length in lengths.items() if (steps := round(length / self.microseconds)) > 1}

    def __str__(self) -> str:
        if self.months:
            return f"{self.months} mo"
        for unit, size in (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", SECOND)):
            if self.microseconds % size == 0:
                return f"{self.microseconds // size} {unit}"
        return f"{self.microseconds / SECOND:g} s"


def infer_frequency(times: Times) -> Frequency:
    """Tell the frequency of sorted, different times; at least two.

    Steps of months where the day of the month stays; otherwise the distance that most neighbours have; without such a
    one, the median distance, rounded to a usual one such as 5 minutes where it is within 5 % of it.
    """
    return _months(times) or Frequency(microseconds=_usual_distance(np.diff(times).astype(np.int64)))


def _usual_distance(distances: Places) -> int:
    known, counts = np.unique(distances, return_counts=True)
    if 2 * counts.max() >= len(distances):
        return int(known[counts.argmax()])
    median = float(np.median(distances))
    nearest = int(_USUAL[np.abs(_USUAL - median).argmin()])
    if abs(nearest - median) <= _SNAPS_WITHIN * nearest:
        return nearest
    return max(round(median / SECOND) * SECOND, 0) or max(round(median), 1)


def _months(times: Times) -> Frequency | None:
    median = float(np.median(np.diff(times).astype(np.int64)))
    months = round(median / _MONTH)
    if median < 27.5 * DAY or abs(median - months * _MONTH) > 2.5 * DAY:
        return None
    days = times.astype("datetime64[D]")
    of_month = (days - times.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    to_end = ((times.astype("datetime64[M]") + 1).astype("datetime64[D]") - days).astype(np.int64)
    if (to_end == 1).all():
        return Frequency(months=months, at_month_end=True)
    return Frequency(months=months) if len(np.unique(of_month)) == 1 else None


def _month(times: Time) -> Any:
    return times.astype("datetime64[M]").astype(np.int64)


def _microseconds(times: Time, start: np.datetime64) -> Any:
    return (times - start).astype("timedelta64[us]").astype(np.int64)
