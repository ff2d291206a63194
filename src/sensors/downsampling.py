"""A long series with few points that looks the same: extremes stay, gaps stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Engine

from src.database.engine import reading
from src.database.tables import EPOCH
from src.sensors.quality import GAP
from src.sensors.reading_stream import Period, expected_interval, stream_readings
from src.sensors.readings import DataQuality

MOST_POINTS = 5_000
_MICROSECOND = 1e-6


@dataclass(frozen=True)
class Series:
    """Points to draw; a line through them breaks where a value is NaN.

    Attributes
    ----------
    times : ndarray of datetime64[us], shape (n,)
        In UTC, in order.
    values : ndarray of float64, shape (n,)
    marked_times, marked_values : ndarray
        Readings with a value that are not good, thinned likewise.
    readings : int
        How many there were.
    """

    times: np.ndarray
    values: np.ndarray
    marked_times: np.ndarray
    marked_values: np.ndarray
    readings: int


def series_of_sensor(
    sensor_id: int, period: Period, *, most: int = MOST_POINTS, engine: Engine | None = None
) -> Series:
    """Read a sensor's readings of a period as at most so many points.

    Eight tenths of them are for the good readings, one for gaps (the longest), one for readings that are not good.
    """
    good, marked = Thinner(period, most * 8 // 10), Thinner(period, most // 10)
    readings = 0
    with reading(engine) as connection:
        interval = expected_interval(connection, sensor_id, period)
        breaks = _Breaks(most // 10, interval)
        for part in stream_readings(connection, sensor_id, period):
            readings += part.size
            known = ~np.isnan(part["value"])
            is_good = part["quality"] == DataQuality.GOOD
            for thinner, chosen in ((good, known & is_good), (marked, known & ~is_good)):
                thinner.add(part["time"][chosen], part["value"][chosen])
            breaks.add(part["time"][known & is_good])
    times = np.concatenate([good.times, breaks.times])
    values = np.concatenate([good.values, np.full(breaks.times.size, np.nan)])
    order = np.argsort(times, kind="stable")
    return Series(
        times[order].astype("datetime64[us]"),
        values[order],
        marked.times.astype("datetime64[us]"),
        marked.values,
        readings,
    )


class Thinner:
    """Keeps the first, the lowest, the highest and the last point of each of some equal parts of a period.

    Parts that come one after another give what all at once would.

    Notes
    -----
    The method is M4: U. Jugel, Z. Jerzak, G. Hackenbroich, V. Markl, "M4: A Visualization-Oriented Time Series Data
    Aggregation", VLDB 2014.
    """

    def __init__(self, period: Period, most: int) -> None:
        self._start = (period.start - EPOCH).total_seconds() / _MICROSECOND
        self._buckets = max(most // 4, 1)
        self._width = max(period.seconds / _MICROSECOND / self._buckets, 1.0)
        self._most = most
        self.times = np.array([], np.int64)
        self.values = np.array([], float)

    def add(self, times: np.ndarray, values: np.ndarray) -> None:
        """Take in points that come after those before; values are finite."""
        self.times = np.concatenate([self.times, times])
        self.values = np.concatenate([self.values, values])
        if self.times.size > self._most:
            kept = self._kept()
            self.times, self.values = self.times[kept], self.values[kept]

    def _kept(self) -> np.ndarray:
        bucket = np.clip(((self.times - self._start) / self._width).astype(np.int64), 0, self._buckets - 1)
        by_value = np.lexsort((self.values, bucket))
        ends = [_ends(bucket), by_value[_ends(bucket[by_value])]]
        return np.unique(np.concatenate(ends))


class _Breaks:
    """Where a line has to break: the middles of the longest gaps."""

    def __init__(self, most: int, interval: float | None) -> None:
        self._most = most
        self._gap = GAP * interval / _MICROSECOND if interval else np.inf
        self._last = np.array([], np.int64)
        self._lengths = np.array([], np.int64)
        self.times = np.array([], np.int64)

    def add(self, times: np.ndarray) -> None:
        """Take in times that come after those before."""
        times = np.concatenate([self._last, times])
        self._last = times[-1:]
        steps = np.diff(times)
        wide = steps > self._gap
        self.times = np.concatenate([self.times, times[:-1][wide] + steps[wide] // 2])
        self._lengths = np.concatenate([self._lengths, steps[wide]])
        if self.times.size > self._most:
            longest = np.sort(np.argsort(-self._lengths, kind="stable")[: self._most])
            self.times, self._lengths = self.times[longest], self._lengths[longest]


def _ends(bucket: np.ndarray) -> np.ndarray:
    """Places of the first and the last entry of each bucket, in an array that is ordered by bucket."""
    changes = np.flatnonzero(np.diff(bucket))
    return np.concatenate([[0], changes, changes + 1, [bucket.size - 1]])
