"""Did it jump as nothing can? A change far faster than the usual fast ones, that the next reading does not confirm."""

from __future__ import annotations

import heapq
import math
from collections import deque

from src.ml.anomalies.nature import AgainAndAgain
from src.notes import Note

FASTER = 10.0
"""A change of so many times the usual fast ones is impossible, unless the next reading confirms it."""
_WHILE = 500
"""Readings in which jumps that come again and again are natural."""
_CHANGES, _RECKONED_EVERY = 500, 10
"""How many of the latest changes say what is fast, and after how many readings that is reckoned anew."""


class ImpossibleRate:
    """A jump that is far faster than the usual fast ones, and that the next reading does not confirm."""

    def __init__(self, fastest_change: float | None) -> None:
        self._known = fastest_change
        self._readings = 0
        self._latest: deque[float] = deque(maxlen=_CHANGES)
        self._fast = 0.0  # only one change in a hundred was faster
        self._flagged = AgainAndAgain(_WHILE)
        self._last: tuple[float, float] | None = None  # time and value of the last reading that was believed
        self._doubted: tuple[float, float] | None = None

    def check(self, seconds: float, value: float, usual: float | None, *, learnt: bool) -> Note | None:
        """Return a note where the change since the last believed reading is impossible, else None."""
        # Two readings that come close together would make a large rate of a small change.
        shortest = (usual or 0.0) / 2
        change = _change(self._last, seconds, value, shortest)
        limit = self._limit(learnt)
        is_confirmed = self._doubted is not None and _change(self._doubted, seconds, value, shortest) <= limit
        self._take_in(change)
        if change <= limit or is_confirmed:
            self._last, self._doubted = (seconds, value), None
            return None
        self._doubted = seconds, value
        self._flagged.add(self._readings, change)
        said = {"change": change * 60, "limit": limit * 60}
        return Note("Impossible rate: {change:.4g} a minute, where at most {limit:.4g} can be.", said)

    def _take_in(self, change: float) -> None:
        self._readings += 1
        self._latest.append(change)
        if self._readings % _RECKONED_EVERY == 0:
            self._fast = heapq.nlargest(1 + len(self._latest) // 100, self._latest)[-1]

    def _limit(self, learnt: bool) -> float:
        if self._known is not None:
            return self._known
        most = max(self._fast, self._flagged.natural)
        # A sensor that has hardly moved so far has shown no rate, so that none is known to be impossible.
        return FASTER * most if learnt and most > 0 else math.inf


def _change(before: tuple[float, float] | None, seconds: float, value: float, shortest: float) -> float:
    """Units a second since another reading; 0 where there was none."""
    return 0.0 if before is None else abs(value - before[1]) / max(seconds - before[0], shortest, 1e-6)
