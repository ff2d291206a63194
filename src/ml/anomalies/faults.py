"""Is it the sensor itself? Rules that come before any detector: what they find is no anomaly of the equipment.

Each rule looks at a reading and those before it. Its limits come from what the sensor has done so far, unless they are
known.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from src.errors import InvalidDetector
from src.ml.anomalies.flat_line import FlatLine
from src.ml.anomalies.impossible_rate import ImpossibleRate
from src.ml.anomalies.inputs import in_utc, is_usable
from src.ml.anomalies.unit_shift import UnitShiftRule
from src.notes import Note

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
        self._flat = FlatLine()
        self._rate = ImpossibleRate(self._known.fastest_change)
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
        if fault is None:
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
        learnt = self._from_readings and self._good >= LEAST_READINGS
        shift, flat = self._unit.check(value, learnt=learnt), self._flat.check(value, learnt=learnt)
        # What is faulty already is no reading to measure a change from: the way back would be too fast.
        return shift or flat or self._rate.check(seconds, value, self._intervals.usual, learnt=learnt)

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


def _seconds(time: datetime | np.datetime64) -> float:
    return float(in_utc(time).astype("datetime64[us]").astype(np.int64)) / 1e6
