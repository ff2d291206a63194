"""Can these readings be used? Gaps, duplicates, quality codes, freshness and values, a sensor at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import Connection, Engine

from src.database.engine import reading
from src.sensors.reading_stream import Period, as_datetime, expected_interval, span_of_readings, stream_readings
from src.sensors.readings import DataQuality
from src.sensors.sensor_manager import Sensor

GAP = 1.5
"""A step between two readings that is longer than so many expected ones is a gap."""
NEAR = 0.5
"""Two readings closer than this share of the expected step are one reading sent twice, most likely."""
STALE = 3.0
"""After so many expected steps without a reading a sensor is silent."""
MOST_BINS = 40
_MOST_VALUES = 1_000_000
_MOST_GAPS = 1_000


@dataclass(frozen=True)
class Gap:
    """A stretch without readings, and how many were expected in it."""

    start: datetime
    end: datetime
    missing: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True)
class SensorQuality:
    """What one sensor's readings of a period are like.

    Attributes
    ----------
    readings, good, without_value : int
        All of them; those whose quality code is good; those that have no value.
    interval : float, optional
        Expected seconds between two readings: the median of the last 500 steps. None with fewer than three readings.
    expected : int, optional
        How many readings would be in the period at that interval.
    codes : dict of int to int
        How many readings have each quality code other than good.
    gaps : int
        Steps longer than 1.5 intervals. `longest_gaps` has the longest thousand of them, the longest first.
    missing : int
        Readings that were expected in the gaps.
    near_duplicates : int
        Readings that follow the one before within half an interval.
    repeated : int
        Good readings with the very value of the good one before.
    out_of_range : int, optional
        Values outside the physical range; None where none is known.
    quantiles : tuple of float, optional
        Minimum, quartiles and maximum of the good readings, in the sensor's unit. The quartiles and the histogram
        come from at most a million readings, evenly picked.
    counts, edges : tuple
        Histogram of the good readings, at most 40 bins.
    last : datetime, optional
        Time of the last reading of all, whatever the period.
    age : float, optional
        Seconds since then; negative where it lies in the future.
    """

    sensor: Sensor
    readings: int = 0
    good: int = 0
    without_value: int = 0
    interval: float | None = None
    expected: int | None = None
    codes: dict[int, int] = field(default_factory=dict)
    gaps: int = 0
    missing: int = 0
    longest_gaps: tuple[Gap, ...] = ()
    near_duplicates: int = 0
    repeated: int = 0
    out_of_range: int | None = None
    quantiles: tuple[float, float, float, float, float] | None = None
    counts: tuple[int, ...] = ()
    edges: tuple[float, ...] = ()
    last: datetime | None = None
    age: float | None = None

    @property
    def is_stale(self) -> bool:
        """Whether the sensor is silent: in use, and without a reading for more than three intervals."""
        silent = self.age is None or (self.interval is not None and self.age > STALE * self.interval)
        return self.sensor.enabled and silent

    @property
    def share(self) -> float | None:
        """Share of the expected readings that are there and good, at most 1."""
        return min(self.good / self.expected, 1.0) if self.expected else None


def quality_of_sensors(
    sensors: Sequence[Sensor], period: Period, *, now: datetime | None = None, engine: Engine | None = None
) -> list[SensorQuality]:
    """Look at the readings that some sensors have in a period.

    Parameters
    ----------
    now : datetime, optional
        The moment from which the age of the last reading is told; the present by default.

    Notes
    -----
    All readings of the period are looked at, in parts of 50,000: about 0.7 s a million. Memory does not depend on
    how many there are.
    """
    now = now or datetime.now(UTC)
    with reading(engine) as connection:
        spans = span_of_readings(connection)
        return [_quality(connection, sensor, period, spans.get(sensor.sensor_id), now) for sensor in sensors]


def _quality(
    connection: Connection, sensor: Sensor, period: Period, span: tuple[datetime, datetime] | None, now: datetime
) -> SensorQuality:
    if span is None:
        return SensorQuality(sensor)
    interval = expected_interval(connection, sensor.sensor_id, period)
    tally = _Tally(sensor, interval)
    for part in stream_readings(connection, sensor.sensor_id, period):
        tally.add(part)
    values = np.concatenate(tally.values) if tally.values else np.array([])
    counts, edges = _histogram(values) if values.size else ((), ())
    return SensorQuality(
        sensor=sensor,
        readings=tally.readings,
        good=tally.readings - sum(tally.codes.values()),
        without_value=tally.without_value,
        interval=interval,
        expected=_expected(period, interval),
        codes=dict(sorted(tally.codes.items())),
        gaps=tally.gaps,
        missing=tally.missing,
        longest_gaps=tally.longest_gaps(),
        near_duplicates=tally.near_duplicates,
        repeated=tally.repeated,
        out_of_range=tally.out_of_range if tally.has_range else None,
        quantiles=_quantiles(values, tally.lowest, tally.highest) if values.size else None,
        counts=counts,
        edges=edges,
        last=span[1],
        age=(now - span[1]).total_seconds(),
    )


def _expected(period: Period, interval: float | None) -> int | None:
    """How many readings fit into a period, the one at its start included."""
    if not interval:
        return None
    length, step = period.end - period.start, timedelta(seconds=interval)
    return max(-(-length // step), 1)


def _quantiles(values: np.ndarray, lowest: float, highest: float) -> tuple[float, float, float, float, float]:
    """Minimum, quartiles and maximum: values that were read, for a mean of two may be more than a float holds."""
    low, middle, high = np.percentile(values, [25, 50, 75], method="inverted_cdf").tolist()
    return lowest, low, middle, high, highest


def _histogram(values: np.ndarray) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Counts and edges of as many bins as the square root of the values, at most 40; one where all are about equal."""
    low, high = float(values.min()), float(values.max())
    bins = max(min(round(values.size**0.5), MOST_BINS), 1)
    spread = high - low  # infinite where it is more than a float holds
    if not np.isfinite(spread) or spread <= 1e-12 * max(abs(low), abs(high)):
        return (values.size,), (low, high)
    counts, edges = np.histogram(values, bins)
    return tuple(counts.tolist()), tuple(edges.tolist())


class _Tally:
    """Counts over the parts of one sensor's readings."""

    def __init__(self, sensor: Sensor, interval: float | None) -> None:
        self._step = interval * 1e6 if interval else None
        self._low = -np.inf if sensor.physical_min is None else sensor.physical_min
        self._high = np.inf if sensor.physical_max is None else sensor.physical_max
        self._stride = 1
        self._last_time: int | None = None
        self._last_value = np.nan
        self._gaps: list[Gap] = []
        self.has_range = np.isfinite(self._low) or np.isfinite(self._high)
        self.codes: dict[int, int] = {}
        self.values: list[np.ndarray] = []
        self.lowest, self.highest = np.inf, -np.inf
        self.readings = self.without_value = self.gaps = self.missing = 0
        self.near_duplicates = self.repeated = self.out_of_range = 0

    def add(self, part: np.ndarray) -> None:
        """Count one part in; they come in the order of time."""
        value, quality = part["value"], part["quality"]
        self.readings += part.size
        self.without_value += int(np.isnan(value).sum())
        self.out_of_range += int(((value < self._low) | (value > self._high)).sum())
        for code, count in zip(*np.unique(quality[quality != DataQuality.GOOD], return_counts=True), strict=True):
            self.codes[int(code)] = self.codes.get(int(code), 0) + int(count)
        self._add_steps(part["time"])
        good = value[(quality == DataQuality.GOOD) & ~np.isnan(value)]
        if good.size:
            self._add_good(good)

    def longest_gaps(self) -> tuple[Gap, ...]:
        """Return the longest gaps, the longest first."""
        return tuple(sorted(self._gaps, key=lambda gap: (-gap.seconds, gap.start))[:_MOST_GAPS])

    def _add_steps(self, times: np.ndarray) -> None:
        if self._last_time is not None:
            times = np.concatenate([[self._last_time], times])
        self._last_time = int(times[-1])
        if self._step is None:
            return
        steps = np.diff(times)
        self.near_duplicates += int((steps < NEAR * self._step).sum())
        wide = np.flatnonzero(steps > GAP * self._step)
        lost = np.maximum(np.round(steps[wide] / self._step).astype(int) - 1, 1)
        self.gaps += wide.size
        self.missing += int(lost.sum())
        longest = np.argsort(-steps[wide], kind="stable")[:_MOST_GAPS]
        self._gaps += [
            Gap(as_datetime(times[place]), as_datetime(times[place + 1]), int(count))
            for place, count in zip(wide[longest], lost[longest], strict=True)
        ]
        if len(self._gaps) > 4 * _MOST_GAPS:
            self._gaps = list(self.longest_gaps())

    def _add_good(self, good: np.ndarray) -> None:
        self.repeated += int((good == np.concatenate([[self._last_value], good[:-1]])).sum())
        self._last_value = good[-1]
        self.lowest, self.highest = min(self.lowest, float(good.min())), max(self.highest, float(good.max()))
        self.values.append(good[:: self._stride])
        if sum(map(len, self.values)) > _MOST_VALUES:
            self.values = [np.concatenate(self.values)[::2]]
            self._stride *= 2
