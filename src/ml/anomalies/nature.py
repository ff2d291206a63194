"""What a sensor does by nature, though it looks like a fault."""

from __future__ import annotations

from collections import deque

NATURAL_AFTER = 3
"""What came so many times within a while is the sensor's nature; from then on it is no fault."""


class AgainAndAgain:
    """What looked like a fault so often within a while that it must be the sensor's nature."""

    def __init__(self, while_: int) -> None:
        self._while = while_
        self._latest: deque[tuple[int, float]] = deque(maxlen=NATURAL_AFTER)
        self.natural = 0.0

    def add(self, at: int, amount: float) -> None:
        """Take in something that looked like a fault, at a reading counted from the first."""
        self._latest.append((at, amount))
        if len(self._latest) == NATURAL_AFTER and at - self._latest[0][0] < self._while:
            self.natural = max(self.natural, min(amount for _, amount in self._latest))
