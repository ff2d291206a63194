"""Is the sensor stuck? One value for far longer than it repeats itself by nature."""

from __future__ import annotations

import math

from src.ml.anomalies.nature import AgainAndAgain
from src.notes import Note

LEAST_REPEATS = 8
"""No shorter run of equal values is a flat line."""
LONGER = 3
"""A run of so many times the longest natural one is a flat line."""
_WHILE = 5_000
"""Readings in which long runs that come again and again are natural: they come with days and weeks."""
_ENDS_KNOWN = 500
"""Readings after which the ends of the range are known for ends."""


class FlatLine:
    """One value again and again, for far longer than this sensor repeats itself by nature.

    At the ends of its range, and beyond, a value may stay: switches, saturated sensors and machines at rest do so.
    """

    def __init__(self) -> None:
        self._value, self._run, self._is_fault = math.nan, 0, False
        self._readings, self._longest = 0, 1
        self._flagged = AgainAndAgain(_WHILE)
        self._low, self._high = math.inf, -math.inf

    def check(self, value: float, *, learnt: bool) -> Note | None:
        """Return a note where the value is part of a flat line within the range, else None."""
        self._readings += 1
        if value == self._value:
            self._run += 1
        else:
            self._end_run()
            self._value, self._run, self._is_fault = value, 1, False
        is_within = self._low < value < self._high
        self._low, self._high = min(self._low, value), max(self._high, value)
        natural = max(self._longest, int(self._flagged.natural))
        if not (learnt and is_within and self._run >= max(LEAST_REPEATS, LONGER * natural)):
            return None
        self._is_fault = True
        said = {"value": value, "run": self._run, "natural": natural}
        return Note("Flat line: {value:.6g} for {run:,} readings in a row; by nature it is {natural:,} at most.", said)

    def _end_run(self) -> None:
        if self._is_fault:
            self._flagged.add(self._readings, self._run)
        elif self._low < self._value < self._high or self._readings < _ENDS_KNOWN:
            # How long it rests at an end of its range says nothing about the middle, once the ends are known.
            self._longest = max(self._longest, self._run)
