"""Is it the sensor itself? Rules that come before any detector: what they find is no anomaly of the equipment.

Each rule looks at a reading and those before it. Its limits come from what the sensor has done so far, unless they are
known.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from src.errors import InvalidDetector
from src.ml.anomalies.inputs import in_utc, is_usable
from src.ml.anomalies.unit_shift import UnitShiftRule
from src.notes import Note

LEAST_REPEATS = 8
"""No shorter run of equal values is a flat line."""
LONGER = 3
"""A run of so many times the longest natural one is a flat line."""
FASTER = 10.0
"""A change of so many times the fastest natural one is impossible, unless the next reading confirms it."""
NATURAL_AFTER = 4
"""What happens for the fourth time is the sensor's nature, not a fault."""
STALE = 3.0
"""After so many usual intervals without a reading the sensor is silent."""
LEAST_READINGS = 30
"""From so many readings on limits are drawn; before, only what is known for certain counts."""
_INTERVALS = 99


@dataclass(frozen=True)
class KnownLimits:
    """What is known of a sensor from its description; None, or nothing, where it is not known.

    Attributes
    ----------
    physical_min, physical_max : float, optional
        What the sensor can possibly measure, in its unit.
    fastest_change : float, optional
        The fastest possible change, in its unit a second.
    unit : str
        That of its values, such as "°C".

    Raises
    ------
    InvalidDetector
        The limits are out of order, or the fastest change is not above 0.
    """

    physical_min: float | None = None
    physical_max: float | None = None
    fastest_change: float | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        low, high, change = self.physical_min, self.physical_max, self.fastest_change
        if low is not None and high is not None and not low < high:
            raise InvalidDetector(
                "The physical minimum ({low}) is not below the maximum ({high}). Put them in order.", low=low, high=high
            )
        if change is not None and not change > 0:
            raise InvalidDetector("The fastest change is {change}. Give a number above 0.", change=change)


class FaultRules:
    """Tells sensor faults in readings that come in the order of their times; its state can be pickled.

    Parameters
    ----------
    known : KnownLimits, optional
        Without it the physical range is not asked for.
    from_readings : bool
        Whether limits are drawn from the readings too: flat lines, impossible rates and unit shifts.
    """

    def __init__(self, known: KnownLimits | None = None, *, from_readings: bool = True) -> None:
        self._known = known or KnownLimits()
        self._from_readings = from_readings
        self._good = 0
        self._flat = _FlatLine()
        self._rate = _Rate(self._known.fastest_change)
        self._unit = UnitShiftRule(self._known.unit)
        self._intervals = _Intervals()

    def check(self, time: datetime | np.datetime64, value: float, quality: int = 0) -> Note | None:
        """Return what is wrong with the sensor at this reading, or None; the reading is taken in.

        Parameters
        ----------
        time : datetime or datetime64
            UTC-aware, or a datetime64, which is UTC; after the one before.
        value : float
            NaN where there is none.
        quality : int
            Its quality code; anything but 0 says that its source calls it bad.
        """
        seconds, value = _seconds(time), float(value)
        self._intervals.add(seconds)
        fault = self._unusable(value, quality)
        if fault is None and self._from_readings:
            fault = self._unlike_the_past(seconds, value)
        self._good += fault is None
        return fault

    def check_silence(self, now: datetime | np.datetime64) -> Note | None:
        """Return a note where nothing has come for so long that the sensor is silent, else None."""
        last, usual = self._intervals.last, self._intervals.usual
        if last is None or usual is None or (age := _seconds(now) - last) <= STALE * usual:
            return None
        said = {"minutes": age / 60, "usual": usual / 60}
        return Note("Stale: the last reading is {minutes:,.1f} min old; one comes every {usual:,.1f} min.", said)

    def _unlike_the_past(self, seconds: float, value: float) -> Note | None:
        learnt = self._good >= LEAST_READINGS
        found = (  # each rule takes the reading in, whatever the others say
            self._unit.check(value, learnt=learnt),
            self._flat.check(value, learnt=learnt),
            self._rate.check(seconds, value, self._intervals.usual, learnt=learnt),
        )
        return next((note for note in found if note is not None), None)

    def _unusable(self, value: float, quality: int) -> Note | None:
        if quality != 0:
            return Note("Its source marks the reading as bad (quality code {quality}).", {"quality": int(quality)})
        if not is_usable(value):
            return Note("The reading has no value that can be used.")
        low, high = self._known.physical_min, self._known.physical_max
        if low is not None and value < low:
            return Note("Out of the physical range: {value:.6g} is below {limit:.6g}.", {"value": value, "limit": low})
        if high is not None and value > high:
            return Note("Out of the physical range: {value:.6g} is above {limit:.6g}.", {"value": value, "limit": high})
        return None


class _Nature:
    """The most that a sensor does by nature: what was no fault, and what happens again and again."""

    def __init__(self) -> None:
        self._believed = 0.0
        self._highest = [0.0] * NATURAL_AFTER  # of all, faults too; a heap

    @property
    def most(self) -> float:
        return max(self._believed, self._highest[0])

    def add(self, amount: float, *, is_fault: bool) -> None:
        heapq.heappushpop(self._highest, amount)
        if not is_fault:
            self._believed = max(self._believed, amount)


class _FlatLine:
    """One value again and again, for far longer than this sensor repeats itself by nature.

    At the ends of its range, and beyond, a value may stay: switches, saturated sensors and machines at rest do so.
    """

    def __init__(self) -> None:
        self._value, self._run, self._is_fault = math.nan, 0, False
        self._runs = _Nature()
        self._low, self._high = math.inf, -math.inf

    def check(self, value: float, *, learnt: bool) -> Note | None:
        """Return a note where the value is part of a flat line within the range, else None."""
        if value == self._value:
            self._run += 1
        else:
            self._runs.add(self._run, is_fault=self._is_fault)
            self._value, self._run, self._is_fault = value, 1, False
        is_within = self._low < value < self._high
        self._low, self._high = min(self._low, value), max(self._high, value)
        natural = max(int(self._runs.most), 1)
        if not (learnt and is_within and self._run >= max(LEAST_REPEATS, LONGER * natural)):
            return None
        self._is_fault = True
        said = {"value": value, "run": self._run, "natural": natural}
        return Note("Flat line: {value:.6g} for {run:,} readings in a row; by nature it is {natural:,} at most.", said)


class _Rate:
    """A jump that is far faster than any before, and that the next reading does not confirm."""

    def __init__(self, fastest_change: float | None) -> None:
        self._known = fastest_change
        self._changes = _Nature()
        self._last: tuple[float, float] | None = None  # time and value of the last reading that was believed
        self._doubted: tuple[float, float] | None = None

    def check(self, seconds: float, value: float, usual: float | None, *, learnt: bool) -> Note | None:
        """Return a note where the change since the last believed reading is impossible, else None."""
        # Two readings that come close together would make a large rate of a small change.
        shortest = (usual or 0.0) / 2
        change = _change(self._last, seconds, value, shortest)
        limit = self._limit(learnt)
        is_confirmed = self._doubted is not None and _change(self._doubted, seconds, value, shortest) <= limit
        is_fault = change > limit and not is_confirmed
        if not (is_confirmed and change > limit):
            self._changes.add(change, is_fault=is_fault)
        if not is_fault:
            self._last, self._doubted = (seconds, value), None
            return None
        self._doubted = seconds, value
        said = {"change": change * 60, "limit": limit * 60}
        return Note("Impossible rate: {change:.4g} a minute, where at most {limit:.4g} can be.", said)

    def _limit(self, learnt: bool) -> float:
        if self._known is not None:
            return self._known
        # A sensor that has stood still so far has shown no rate, so that none is known to be impossible.
        return FASTER * self._changes.most if learnt and self._changes.most > 0 else math.inf


class _Intervals:
    """How often readings come: the median of the latest intervals, taken anew now and then."""

    def __init__(self) -> None:
        self.last: float | None = None
        self.usual: float | None = None
        self._latest: deque[float] = deque(maxlen=_INTERVALS)
        self._until_next = 3

    def add(self, seconds: float) -> None:
        if self.last is not None:
            self._latest.append(seconds - self.last)
            self._until_next -= 1
        self.last = seconds
        if self._until_next == 0:
            self.usual = float(np.median(self._latest))
            self._until_next = max(len(self._latest) // 3, 3)


def _change(before: tuple[float, float] | None, seconds: float, value: float, shortest: float) -> float:
    """Units a second since another reading; 0 where there was none."""
    return 0.0 if before is None else abs(value - before[1]) / max(seconds - before[0], shortest, 1e-6)


def _seconds(time: datetime | np.datetime64) -> float:
    return float(in_utc(time).astype("datetime64[us]").astype(np.int64)) / 1e6
